/** Which panels are open, and the theme. Not part of the shared state. */
import { effect, signal } from "@preact/signals";

const narrow = matchMedia("(max-width: 767px)");
const medium = matchMedia("(max-width: 1199px)");

export type Device = "phone" | "tablet" | "desktop";
const deviceNow = (): Device => (narrow.matches ? "phone" : medium.matches ? "tablet" : "desktop");
export const device = signal<Device>(deviceNow());
for (const query of [narrow, medium]) query.addEventListener("change", () => (device.value = deviceNow()));

/** Height beyond that of the design's screen, half of it for the map. */
const DESIGNED_PX = 900;
const spare = (): number => Math.max(0, (innerHeight - DESIGNED_PX) / 2);
export const room = signal(spare());
addEventListener("resize", () => (room.value = spare()));

export type Segment = "run" | "manifests" | "why";
export const segment = signal<Segment>("run");
export const editorOpen = signal(!medium.matches);
export const whyOpen = signal(!medium.matches);
export const problemsOpen = signal(true);
export const galleryOpen = signal(false);
export const helpOpen = signal(false);
export const shareOpen = signal(false);
export const renderOpen = signal(false);
/** Whom a step that is being filled in is for; empty: a region still to be chosen. */
export interface StepFor { name?: string; body?: Record<string, unknown> }
/** The dialog that fills in a step, and for whom. */
export const addStepOpen = signal<StepFor | undefined>(undefined);
export const leftMode = signal<"manifests" | "form">("manifests");
/** The finding whose details are shown, by its place in the list. */
export const selectedProblem = signal(0);
/** The region or endpoint that Why tells more of, by its name. */
export const whyTarget = signal<string | undefined>(undefined);

/** Read by assistive technology, at most once a second. */
export const announcement = signal("");

export type Theme = "light" | "dark";
const KEY = "mesh-failover:theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme | undefined {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : undefined;
  } catch {
    return undefined;
  }
}
export const theme = signal<Theme>(stored() ?? (system.matches ? "dark" : "light"));
system.addEventListener("change", () => { if (!stored()) theme.value = system.matches ? "dark" : "light"; });

export function toggleTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  try { localStorage.setItem(KEY, theme.value); } catch { /* private mode: the choice lasts for this visit */ }
}

export function keepTheme(): () => void {
  return effect(() => { document.documentElement.dataset["theme"] = theme.value; });
}
