/** The scenario's text: reads its steps and expectations, and changes them without losing a comment. */
import { type Document, isMap, isSeq, parseAllDocuments, type YAMLMap, type YAMLSeq } from "yaml";
import type { SourceFile } from "../core/types";

export const ACTIONS = ["scale", "fail", "slow", "refuse", "blackhole", "unready", "drain", "partition", "replace", "restore", "rate"] as const;
export type ActionName = (typeof ACTIONS)[number];
export interface Target { cluster?: string; service?: string; region?: string; zone?: string; workload?: string; endpoints?: number[] }
export interface Step {
  index: number;
  atMs: number;
  action: ActionName;
  target: Target;
  replicas?: number;
  status?: number;
  ratio?: number;
  latency?: string;
  rate?: number;
  /** Whose rate it is; unset: every gateway's. */
  gateway?: string;
  /** Characters of the file's text. */
  start: number;
  end: number;
}
export interface Expectation {
  fromMs: number;
  toMs: number;
  share: Record<string, number>;
  within: number;
  /** The one gateway it is about; unset: all of them. */
  gateway?: string;
  /** It says more than shares, so it is never the page's to replace. */
  more?: boolean;
}

/** What an expectation that the page wrote consists of. */
const SHARES = new Set(["from", "to", "share", "within"]);
export interface Scenario {
  file: string;
  name: string;
  gateway: string;
  /** All gateways that get traffic, the first one's cluster first. */
  gateways: { cluster: string; rate: number }[];
  durationMs: number;
  rate: number;
  arrivals: string;
  steps: Step[];
  expect: Expectation[];
}

const UNITS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1, us: 0.001, µs: 0.001, ns: 1e-6 };

/** A Go duration such as `1m30s` in milliseconds; NaN if it is none. */
export function durationMs(text: unknown): number {
  const parts = [...String(text).matchAll(/([\d.]+)(h|ms|us|µs|ns|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== String(text)) return NaN;
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (UNITS[unit ?? ""] ?? NaN), 0);
}

/** Milliseconds as a scenario writes them. */
export function durationText(ms: number): string {
  const rounded = Math.round(ms);
  return rounded % 1_000 === 0 ? `${rounded / 1_000}s` : rounded % 100 === 0 ? `${rounded / 1_000}s` : `${rounded}ms`;
}

interface Found { file: SourceFile; documents: Document[]; document: Document; spec: YAMLMap }

function find(files: SourceFile[]): Found | undefined {
  for (const file of files) {
    if (!/kind:\s*Scenario/.test(file.text)) continue;
    const documents = parseAllDocuments(file.text);
    if (!Array.isArray(documents)) continue;
    for (const document of documents) {
      const spec = document.get("spec");
      if (document.get("kind") === "Scenario" && document.errors.length === 0 && isMap(spec)) {
        return { file, documents, document, spec };
      }
    }
  }
  return undefined;
}

/** The first scenario of the files, as far as it can be read; the core says what is wrong with it. */
export function readScenario(files: SourceFile[]): Scenario | undefined {
  const found = find(files);
  if (!found) return undefined;
  const { file, document, spec } = found;
  const plain: unknown = document.toJS();
  const value = record(record(plain)["spec"]);
  const traffic = record(value["traffic"]);
  const duration = durationMs(value["duration"]);
  const end = Number.isFinite(duration) ? duration : 60_000;
  return {
    file: file.name,
    name: text(record(record(plain)["metadata"])["name"]),
    gateway: text(value["gateway"]),
    gateways: [value, ...list(value["otherGateways"]).map(record)].map((one) => ({ cluster: text(one["gateway"]), rate: Number(record(one["traffic"])["rate"] ?? 0) })),
    durationMs: end,
    rate: Number(traffic["rate"] ?? 0),
    arrivals: text(traffic["arrivals"] ?? "constant"),
    steps: steps(spec, list(value["steps"])),
    expect: list(value["expect"]).map((item) => expectation(record(item), end)),
  };
}

function steps(spec: YAMLMap, values: unknown[]): Step[] {
  const nodes = spec.get("steps");
  return values.flatMap((item, index) => {
    const value = record(item);
    const action = ACTIONS.find((name) => value[name] !== undefined);
    if (!action) return [];
    const node = isSeq(nodes) ? nodes.items[index] : undefined;
    const range = isMap(node) ? node.range : undefined;
    const { replicas, status, ratio, latency, ...target } = record(value[action]);
    return [{
      index,
      atMs: durationMs(value["at"] ?? "0s") || 0,
      action,
      target: target as Target,
      ...(replicas === undefined ? {} : { replicas: Number(replicas) }),
      ...(status === undefined ? {} : { status: Number(status) }),
      ...(ratio === undefined ? {} : { ratio: Number(ratio) }),
      ...(latency === undefined ? {} : { latency: text(latency) }),
      ...(action === "rate" ? { rate: Number(value["rate"]) } : {}),
      ...(value["gateway"] === undefined ? {} : { gateway: text(value["gateway"]) }),
      start: range?.[0] ?? 0,
      end: range?.[1] ?? 0,
    }];
  });
}

function expectation(value: Record<string, unknown>, durationOfRun: number): Expectation {
  const share = Object.entries(record(value["share"])).map(([region, percent]) => [region, Number(percent)]);
  return {
    fromMs: value["from"] === undefined ? 0 : durationMs(value["from"]) || 0,
    toMs: value["to"] === undefined ? durationOfRun : durationMs(value["to"]) || durationOfRun,
    share: Object.fromEntries(share) as Record<string, number>,
    within: Number(value["within"] ?? 3),
    ...(value["gateway"] === undefined ? {} : { gateway: text(value["gateway"]) }),
    more: Object.keys(value).some((key) => !SHARES.has(key)),
  };
}

/** A step to be written; `at` comes first, the target in one line as people write it. */
export interface NewStep { atMs: number; action: ActionName; body: Record<string, unknown> }

/** Changes the scenario and returns its file's new text; undefined if there is none that can be read. */
export function editScenario(files: SourceFile[], edit: (spec: YAMLMap, document: Document) => void): SourceFile | undefined {
  const found = find(files);
  if (!found) return undefined;
  edit(found.spec, found.document);
  const written = found.documents.map((document) => document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false }));
  return { name: found.file.name, text: written.join(found.documents.length > 1 ? "---\n" : "").replace(/---\n(?=---\n)/g, "") };
}

function sequence(spec: YAMLMap, document: Document, key: "steps" | "expect"): YAMLSeq {
  const known = spec.get(key);
  if (isSeq(known)) { known.flow = false; return known; }
  const made = document.createNode([]) as YAMLSeq;
  const at = key === "steps" ? spec.items.findIndex((pair) => String(pair.key) === "expect") : -1;
  const pair = document.createPair(key, made);
  if (at < 0) spec.set(pair.key, made);
  else spec.items.splice(at, 0, pair as (typeof spec.items)[number]);
  return made;
}

export function addSteps(spec: YAMLMap, document: Document, added: NewStep[]): void {
  const items = sequence(spec, document, "steps");
  for (const { atMs, action, body } of added) {
    const node = document.createNode({ at: durationText(atMs) }) as YAMLMap;
    const value = document.createNode(action === "rate" ? body["rate"] : body);
    if (isMap(value)) {
      value.flow = true;
      for (const pair of value.items) if (isSeq(pair.value)) pair.value.flow = true;
    }
    node.set(document.createNode(action), value);
    const next = items.items.findIndex((item) => isMap(item) && durationMs(item.get("at")) > atMs);
    items.items.splice(next < 0 ? items.items.length : next, 0, node);
  }
}

export function moveStep(spec: YAMLMap, index: number, atMs: number): void {
  const items = spec.get("steps");
  const node = isSeq(items) ? items.items[index] : undefined;
  if (isMap(node)) node.set("at", durationText(atMs));
}

export function removeStep(spec: YAMLMap, index: number): void {
  const items = spec.get("steps");
  if (!isSeq(items)) return;
  items.items.splice(index, 1);
  if (items.items.length === 0) spec.delete("steps");
}

/** Writes the expectations that are of shares alone anew, and leaves the others where they are. */
export function setShares(spec: YAMLMap, document: Document, wanted: Expectation[], durationOfRun: number): void {
  const items = sequence(spec, document, "expect");
  const alone = (item: unknown): boolean => isMap(item) && item.has("share") && item.items.every(({ key }) => SHARES.has(String(key)));
  items.items = items.items.filter((item) => !alone(item));
  for (const { fromMs, toMs, share, within } of wanted) {
    const node = document.createNode({
      from: durationText(fromMs),
      to: durationText(Math.min(toMs, durationOfRun)),
      share,
      within,
    }) as YAMLMap;
    node.flow = true;
    items.items.push(node);
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
function text(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}
