import type { Diagnostic, Error as CoreError, Location } from "./types.js";

/** Codes of errors that this package adds to the core's; a code never changes its meaning. */
export const codes = {
  /** A function was called before `init()` had finished. */
  notReady: "MF0950",
  /** The module could not be loaded. */
  notLoaded: "MF0951",
  /** The core failed; what was running is lost, the manifests are not. A bug: please report it. */
  internal: "MF0952",
  /** The worker was ended while it was working. */
  terminated: "MF0953",
} as const;

/** Why there is no answer. The one class of errors that this package throws. */
export class MeshFailoverError extends Error {
  override readonly name = "MeshFailoverError";
  /** A stable code, `MF` and four digits. */
  readonly code: string;
  /** What to do about it. */
  readonly help: string | undefined;
  /** The places in the texts that are to blame, and what is wrong with each. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(error: CoreError, options?: ErrorOptions) {
    super(error.message, options);
    this.code = error.code;
    this.help = error.help ?? undefined;
    this.diagnostics = error.diagnostics;
  }

  /** The places alone: files with lines and columns, counted from 1. */
  get positions(): Location[] {
    return this.diagnostics.flatMap(({ location }) => (location ? [location] : []));
  }

  /** The plain value, which can be sent to another thread. */
  toJSON(): CoreError {
    const { code, message, diagnostics } = this;
    const plain = { code, message, diagnostics: [...diagnostics] };
    return this.help === undefined ? plain : { ...plain, help: this.help };
  }
}

/** An error of this package's own making. */
export function failure(code: string, message: string, cause?: unknown): MeshFailoverError {
  const options = cause === undefined ? undefined : { cause };
  return new MeshFailoverError({ code, message, diagnostics: [] }, options);
}
