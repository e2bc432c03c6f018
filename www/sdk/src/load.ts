import { codes, failure, type MeshFailoverError } from "./error.js";
import start from "./generated/bindings.js";

type Input = BufferSource | WebAssembly.Module | Response | URL | string;

/** The module, or where it is: bytes, a URL, a response, or compiled already. */
export type Source = Input | Promise<Input>;

let loading: Promise<void> | undefined;
let ready = false;
let broken: MeshFailoverError | undefined;

/** Loads the module, once: later calls wait for the first, unless that has failed. */
export function load(source: Source | (() => Source | Promise<Source>)): Promise<void> {
  loading ??= instantiate(source).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function instantiate(source: Source | (() => Source | Promise<Source>)): Promise<void> {
  try {
    const input = typeof source === "function" ? source() : source;
    await start({ module_or_path: await input });
    ready = true;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw failure(codes.notLoaded, `the WebAssembly module cannot be loaded: ${reason}`, cause);
  }
}

/** Throws unless the module is there and sound. */
export function ensureReady(): void {
  if (broken) throw broken;
  if (!ready) throw failure(codes.notReady, "not ready: call `await init()` first");
}

/** Remembers that the module is no longer sound: memory that a trap left behind must not be used. */
export function fail(error: MeshFailoverError): MeshFailoverError {
  broken = error;
  return error;
}
