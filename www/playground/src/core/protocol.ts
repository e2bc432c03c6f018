/** What the page and its worker say to each other. */
import type { Policy } from "./policy";
import type { Arm, Diagnostic, Played, Reading, Rendering, SourceFile } from "./types";

export type Ask =
  | { ask: "check"; files: SourceFile[]; istio: string }
  | { ask: "explain"; files: SourceFile[]; istio: string; from: string }
  | { ask: "read"; files: SourceFile[] }
  | { ask: "render"; files: SourceFile[] }
  | { ask: "html"; files: SourceFile[]; istio: string; arm: Arm }
  /** `shipped`: the filter that ships decides in the router's place. */
  | { ask: "simulate"; files: SourceFile[]; istio: string; arm: Arm; shipped?: boolean };
export interface Answers { check: Diagnostic[]; simulate: Played; explain: Policy | undefined; html: string; read: Reading; render: Rendering }
export type Question = { id: number; question: Ask } | { module: WebAssembly.Module }
export type Reply = { id: number; answer: Answers[keyof Answers] } | { id: number; failed: string };
