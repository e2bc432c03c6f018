/** What the worker and its client say to each other. */
import type * as api from "./api.js";
import type { Error as CoreError } from "./types.js";

/** The functions that a worker offers. */
export type Functions = Pick<
  typeof api,
  "parse" | "check" | "simulate" | "html" | "explain" | "render" | "envoy" | "version" | "simulation"
>;

/** What is asked of a worker: a function, or a method of a simulation that it holds. */
export interface Question {
  id: number;
  /** A simulation's number, for its methods. */
  simulation?: number;
  name: string;
  arguments: readonly unknown[];
}

/** What a worker answers. */
export type Answer =
  | { id: number; answer: unknown }
  | { id: number; error: CoreError };

/** What came of loading the module; the first thing that a worker says, as number 0. */
export const READY = 0;

/** A port as browsers have it. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  listen(onMessage: (message: unknown) => void, onError: (error: unknown) => void): void;
  close(): void;
}
