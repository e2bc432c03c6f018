/** The package for Node, which reads the module from its file. */
import { readFile } from "node:fs/promises";
import { load, type Source } from "./load.js";

export * from "./exports.js";

/**
 * Loads the module, once. Everything else works when this has finished.
 *
 * @param source where the module is, if not beside this file: bytes, a URL, a response, or compiled already
 */
export function init(source?: Source): Promise<void> {
  const own = new URL("./mesh-failover.wasm", import.meta.url);
  return load(source ?? (() => readFile(own)));
}
