/** Line icons on a 16 px grid. */
const PATHS = {
  power: "M8 2v6M4.5 4.6a5 5 0 1 0 7 0",
  play: "M5 3.2v9.6l8-4.8z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  toStart: "M4 3.5v9M12.5 3.8v8.4L6.5 8z",
  toEnd: "M12 3.5v9M3.5 3.8v8.4L9.5 8z",
  chevron: "M4.5 6.5 8 10l3.5-3.5",
  left: "M9.5 4.5 6 8l3.5 3.5",
  right: "M6.5 4.5 10 8l-3.5 3.5",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  undo: "M5.5 3 3 5.5 5.5 8M3.2 5.5H10a3 3 0 0 1 0 6H6.5",
  redo: "M10.5 3 13 5.5 10.5 8M12.8 5.5H6a3 3 0 0 0 0 6h3.5",
  link: "M6.8 9.2 9.2 6.8M7.5 4.6l1-1a2.8 2.8 0 0 1 4 4l-1 1M8.5 11.4l-1 1a2.8 2.8 0 0 1-4-4l1-1",
  moon: "M13 9.3A5.5 5.5 0 1 1 6.7 3a4.4 4.4 0 0 0 6.3 6.3z",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  help: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11.2v.1",
  format: "M3 4h10M3 8h6M3 12h8",
  download: "M8 2.5v7M5 7l3 3 3-3M3 13h10",
  panel: "M2.5 3.5h11v9h-11zM6.5 3.5v9",
  wand: "M3 13 10 6M9 3.2l.6 1.2 1.2.6-1.2.6L9 6.8l-.6-1.2-1.2-.6 1.2-.6zM12.5 8.5l.4.8.8.4-.8.4-.4.8-.4-.8-.8-.4.8-.4z",
  lock: "M4 7.5h8v5.5H4zM5.7 7.5V5.3a2.3 2.3 0 0 1 4.6 0v2.2",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3 13.5 13.5",
  zoomIn: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3 13.5 13.5M7 5v4M5 7h4",
  zoomOut: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3 13.5 13.5M5 7h4",
  external: "M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  form: "M3 3h10v4H3zM3 9.5h10v4H3z",
  list: "M6 4h7.5M6 8h7.5M6 12h7.5M2.8 4h.4M2.8 8h.4M2.8 12h.4",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
  why: "M2.5 12.5 6 8.5l2.5 2.5 5-6.5",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  const filled = name === "play";
  return (
    <svg class="icon" viewBox="0 0 16 16" fill={filled ? "currentColor" : "none"} stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" aria-hidden="true">
      <path d="M5 12h4c4 0 3-6 8-6M9 12c4 0 3 6 8 6" />
      <circle cx="4" cy="12" r="2.6" fill="currentColor" stroke="none" />
      <circle cx="19" cy="6" r="2.8" fill="var(--a)" stroke="none" />
      <circle cx="19" cy="18" r="2.8" fill="var(--b)" stroke="none" />
    </svg>
  );
}
