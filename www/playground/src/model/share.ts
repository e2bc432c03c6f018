/** The whole state in the address after `#`: versioned, compressed, never sent anywhere. */
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
  const { title, files, istio } = project.value;
  const state: State = { title, files: files.map(({ name, text }) => [name, text]), istio, view: view.value, at: Math.round(playhead.value) };
  const packed = await bytes(new Blob([JSON.stringify(state)]).stream().pipeThrough(new CompressionStream("deflate-raw")));
  return `${VERSION}.${btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
}

export async function decode(hash: string): Promise<Opened> {
  const [version, body = ""] = hash.replace(/^#/, "").split(".", 2);
  if (version !== VERSION) return { ok: false, message: /^\d+$/.test(version ?? "") ? "This link was made by a newer version of this page. Your own work is still here." : BROKEN };
  try {
    const packed = Uint8Array.from(atob(body.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
    const all = await bytes(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")), MOST_BYTES);
    const state: unknown = JSON.parse(new TextDecoder().decode(all));
    return isState(state) ? { ok: true, state } : { ok: false, message: BROKEN };
  } catch {
    return { ok: false, message: BROKEN };
  }
}

async function bytes(stream: ReadableStream<Uint8Array<ArrayBuffer>>, most = Infinity): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (const reader = stream.getReader();;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    size += value.length;
    if (size > most) throw new RangeError("too large");
    parts.push(value);
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
