/** The package for browsers and bundlers, which find the module by the URL below. */
import { load, type Source } from "./load.js";

export * from "./exports.js";

/**
 * Loads the module, once. Everything else works when this has finished.
 *
 * @param source where the module is, if not beside this file: bytes, a URL, a response, or compiled already
 */
export function init(source?: Source): Promise<void> {
  return load(source ?? (() => new URL("./mesh-failover.wasm", import.meta.url)));
}
