/** A scenario as the page shows it: its steps and expectations, in milliseconds. */

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
export const SHARES = new Set(["from", "to", "share", "within"]);
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

/** A scenario's document, as far as it can be read; the core says what is wrong with it. */
export function scenarioOf(file: string, name: string, spec: unknown): Scenario {
  const value = record(spec);
  const traffic = record(value["traffic"]);
  const duration = durationMs(value["duration"]);
  const end = Number.isFinite(duration) ? duration : 60_000;
  return {
    file, name,
    gateway: text(value["gateway"]),
    gateways: [value, ...list(value["otherGateways"]).map(record)].map((one) => ({ cluster: text(one["gateway"]), rate: Number(record(one["traffic"])["rate"] ?? 0) })),
    durationMs: end,
    rate: Number(traffic["rate"] ?? 0),
    arrivals: text(traffic["arrivals"] ?? "constant"),
    steps: list(value["steps"]).flatMap(step),
    expect: list(value["expect"]).map((item) => expectation(record(item), end)),
  };
}

function step(item: unknown, index: number): Step[] {
  const value = record(item);
  const action = ACTIONS.find((name) => value[name] !== undefined && value[name] !== null);
  if (!action) return [];
  const { replicas, status, ratio, latency, ...target } = record(value[action]);
  return [{
    index,
    atMs: durationMs(value["at"] ?? "0s") || 0,
    action,
    target: target as Target,
    ...(replicas === undefined ? {} : { replicas: Number(replicas) }),
    ...(status === undefined ? {} : { status: Number(status) }),
    ...(ratio === undefined ? {} : { ratio: Number(ratio) }),
    ...(latency === undefined ? {} : { latency: text(record(latency)["p50"] ?? latency) }),
    ...(action === "rate" ? { rate: Number(value["rate"]) } : {}),
    ...(value["gateway"] === undefined || value["gateway"] === null ? {} : { gateway: text(value["gateway"]) }),
  }];
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

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
function text(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}
