/** What the core answers, as the page reads it: the package's own types, and findings with places in characters. */
import type { SimulateAnswer } from "mesh-failover/slim";

export type { Counts, EndpointFrame, FilterReport, EndpointLane, EndpointSpan, Event as RunEvent, File as SourceFile, Frame, Phase, Severity, TopologyCluster, Verdict } from "mesh-failover/slim";
import type { EndpointSpan, File as SourceFile, FilterReport, Scenario, Severity, TopologyCluster } from "mesh-failover/slim";

export type Arm = "native" | "router";
export type Report = SimulateAnswer;
export type EndpointState = EndpointSpan;

/** Lines and columns from 1, columns in characters; start and end in characters of the file's text. */
export interface Place { file: string; line: number; column: number; start: number; end: number }
export interface TextEdit { file: string; start: number; end: number; text: string }
export interface Fix { title: string; edits: TextEdit[] }
export interface Diagnostic {
  severity: Severity;
  code: string;
  message: string;
  why?: string;
  help?: string;
  path: string;
  place?: Place;
  fix?: Fix;
}
/** Manifests made from an intent, or why there are none. */
export type Rendering = { ok: true; files: SourceFile[]; commands: string } | { ok: false; message: string };
/** What the page itself has to know of the files: the scenario as written, the clusters, whether a region router is attached. */
export interface Reading { scenario: { file: string; name: string; spec: Scenario } | undefined; clusters: TopologyCluster[]; router: boolean }
/** A run of the scenario, or why there is none. */
export type Played = { ok: true; report: Report; tookMs: number; filter?: FilterReport } | { ok: false; message: string };
