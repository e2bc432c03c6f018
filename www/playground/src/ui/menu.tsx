/** A menu under a button. */
import { useEffect, useRef } from "preact/hooks";
import { keys } from "./map/menu";

export interface MenuItem { label: string; run: () => void }

export function Menu({ label, items, close }: { label: string; items: MenuItem[]; close: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  const opener = useRef(document.activeElement);
  useEffect(() => {
    ref.current?.querySelector("button")?.focus();
    const outside = (event: PointerEvent): void => {
      if (!ref.current?.parentElement?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
    };
  }, []);
  return (
    <div ref={ref} role="menu" class="popover" aria-label={label} onKeyDown={(event) => keys(event, close)}>
      {items.map(({ label: text, run }) => <button key={text} type="button" role="menuitem" onClick={() => { run(); close(); }}>{text}</button>)}
    </div>
  );
}
