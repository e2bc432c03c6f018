/**
 * The package without an opinion on where its module is: `init` must be told. For places where the bundler's or
 * Node's ways do not fit: edge runtimes, a module that is preloaded, a page with a strict policy.
 */
import { load, type Source } from "./load.js";

export * from "./exports.js";

/** Loads the module, once. Everything else works when this has finished. */
export function init(source: Source): Promise<void> {
  return load(source);
}
