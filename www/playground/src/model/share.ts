/** The whole state in the address after `#`: versioned, compressed, never sent anywhere. */
import { strFromU8, strToU8 } from "fflate";
import { project, start, type Project } from "./project";
import { playhead } from "./playback";
import { view, type View } from "./session";

const VERSION = "1";
/** Longer texts are no state of this page: a small link may unpack to very much. */
const MOST_BYTES = 4 * 1024 * 1024;

interface State { title: string; files: [string, string][]; istio: string; view: View; at: number }
export type Opened = { ok: true; state: State } | { ok: false; message: string };

export const BROKEN = "This link cannot be read. Your own work is still here.";

export async function address(): Promise<string> {
  return `${location.href.replace(/[#?].*$/, "")}#${await encode()}`;
}

export async function encode(): Promise<string> {
  const { deflateSync } = await import("fflate");
  const { title, files, istio } = project.value;
  const state: State = { title, files: files.map(({ name, text }) => [name, text]), istio, view: view.value, at: Math.round(playhead.value) };
  const packed = deflateSync(strToU8(JSON.stringify(state)), { level: 9 });
  return `${VERSION}.${btoa(strFromU8(packed, true)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
}

export async function decode(hash: string): Promise<Opened> {
  const { Inflate } = await import("fflate");
  const [version, body = ""] = hash.replace(/^#/, "").split(".", 2);
  if (version !== VERSION) return { ok: false, message: /^\d+$/.test(version ?? "") ? "This link was made by a newer version of this page. Your own work is still here." : BROKEN };
  try {
    const parts: Uint8Array[] = [];
    let size = 0;
    const inflate = new Inflate((part) => {
      size += part.length;
      if (size > MOST_BYTES) throw new RangeError("too large");
      parts.push(part);
    });
    inflate.push(strToU8(atob(body.replace(/-/g, "+").replace(/_/g, "/")), true), true);
    const all = new Uint8Array(size);
    let at = 0;
    for (const part of parts) { all.set(part, at); at += part.length; }
    const state: unknown = JSON.parse(strFromU8(all));
    return isState(state) ? { ok: true, state } : { ok: false, message: BROKEN };
  } catch {
    return { ok: false, message: BROKEN };
  }
}

function isState(value: unknown): value is State {
  if (typeof value !== "object" || value === null) return false;
  const { title, files, istio, view, at } = value as Record<string, unknown>;
  return typeof title === "string" && typeof istio === "string" && typeof at === "number"
    && (view === "native" || view === "router" || view === "compare")
    && Array.isArray(files) && files.length > 0
    && files.every((file) => Array.isArray(file) && file.length === 2 && file.every((part) => typeof part === "string"));
}

export function apply({ title, files, istio, view: wanted, at }: State): void {
  start({ title, files: files.map(([name, text]) => ({ name, text })), istio });
  view.value = wanted;
  playhead.value = at;
}

const KEY = "mesh-failover:work";

/** Keeps the work in this browser. */
export function autosave(now: Project): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ version: VERSION, ...now }));
  } catch {
    // Storage is full or forbidden: the work lives as long as the page.
  }
}

export function saved(): Project | undefined {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? "null") as (Project & { version: string }) | null;
    if (value?.version !== VERSION || !Array.isArray(value.files) || value.files.length === 0) return undefined;
    return { title: value.title, files: value.files, istio: value.istio };
  } catch {
    return undefined;
  }
}
