/** A played run, made ready to be read at any instant. */
import type { EndpointLane, EndpointState, FilterReport, Frame, Report, RunEvent } from "../core/types";

/** Name under which the core counts answers that no upstream gave. */
export const NONE = "none";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const TOKENS = "abcdef";

export interface Region { name: string; index: number; letter: string; /** CSS colour token. */ token: string; /** Beyond the sixth, colours repeat with a hatch. */ repeats: boolean; /** Its one zone and cluster, or how many zones. */ where: string }
/** Stands where an ejection has no reason: a gateway's dump says that a host is out, not why. */
export const BEFORE_THE_RUN = "BEFORE_THE_RUN";

export interface Ejection { fromMs: number; /** Undefined: not within the run. */ toMs?: number; reason: string; ejections: number }
export interface Lane extends EndpointLane { ejections: Ejection[] }
export interface Run { report: Report; regions: Region[]; lanes: Lane[]; /** By the region's index. */ lanesOf: Lane[][]; gatewayRegion: string; tookMs: number; /** What the filter that ships has decided, if it was asked. */ filter?: FilterReport | undefined }

/** How an endpoint is at an instant; ejection goes before what was done to it. */
export type Condition =
  | { kind: "healthy" | "slow" | "unready" | "draining" | "gone" }
  /** Percent of its region's full weight. */
  | { kind: "ramping"; percent: number }
  | { kind: "ejected"; untilMs?: number }
  | { kind: "failing"; label: string };

export function makeRun(report: Report, gatewayRegion: string, tookMs: number, filter?: FilterReport): Run {
  const seen = new Set(report.endpoints.map((endpoint) => endpoint.region));
  for (const name of Object.keys(report.frames[0]?.regions ?? {})) if (name !== NONE) seen.add(name);
  const names = [...seen].sort((left, right) => Number(right === gatewayRegion) - Number(left === gatewayRegion));
  const ejections = ejectionsByEndpoint(report.events);
  const lanes = report.endpoints.map((endpoint) => ({ ...endpoint, ejections: ejections.get(endpoint.name) ?? [] }));
  const lanesOf = names.map((name) => lanes.filter(({ region }) => region === name));
  const regions = names.map((name, index) => ({
    name, index,
    where: whereOf(lanesOf[index] ?? []),
    letter: LETTERS[index % 26] ?? "?",
    token: TOKENS[index % TOKENS.length] ?? "a",
    repeats: index >= TOKENS.length,
  }));
  return { report, regions, lanes, lanesOf, gatewayRegion, tookMs, filter };
}

function whereOf(lanes: Lane[]): string {
  const zones = new Set(lanes.map(({ zone }) => zone));
  const [first] = lanes;
  return first && lanes.every(({ zone, cluster }) => zone === first.zone && cluster === first.cluster) ? `${first.zone}, ${first.cluster}` : `${zones.size} zones`;
}

/** When an endpoint's condition may become another one, in order. */
export function momentsOf(lanes: Lane[]): number[] {
  const moments = new Set([0]);
  for (const lane of lanes) {
    for (const { fromMs, toMs } of lane.spans) moments.add(fromMs).add(toMs);
    for (const { fromMs, toMs } of lane.ejections) { moments.add(fromMs); if (toMs !== undefined) moments.add(toMs); }
  }
  return [...moments].sort((a, b) => a - b);
}

/** The last of the ascending moments that is not after an instant. */
function lastUpTo(moments: number[], ms: number): number {
  let low = 0;
  let high = moments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((moments[middle] ?? 0) <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** With several gateway pods, an endpoint counts as ejected from the first pod that ejects it to the last that takes it back. */
function ejectionsByEndpoint(events: RunEvent[]): Map<string, Ejection[]> {
  const all = new Map<string, Ejection[]>();
  const open = new Map<string, Set<number>>();
  const close = (name: string, gateway: number, atMs: number): void => {
    const gateways = open.get(name);
    if (!gateways?.delete(gateway) || gateways.size > 0) return;
    const last = all.get(name)?.at(-1);
    if (last) last.toMs = atMs;
  };
  for (const event of events) {
    if (event.event === "ejected" && event.enforced) {
      const gateways = open.get(event.endpoint) ?? new Set();
      open.set(event.endpoint, gateways);
      if (gateways.size === 0) {
        const list = all.get(event.endpoint) ?? [];
        all.set(event.endpoint, [...list, { fromMs: event.atMs, reason: event.reason ?? BEFORE_THE_RUN, ejections: event.ejections }]);
      }
      gateways.add(event.gateway);
    } else if (event.event === "unejected") {
      close(event.endpoint, event.gateway, event.atMs);
    } else if (event.event === "endpoints") {
      for (const name of event.removed ?? []) close(name, event.gateway, event.atMs);
    }
  }
  return all;
}

/** The frame that an instant lies in. */
export function frameIndex(run: Run, ms: number): number {
  const known = begins.get(run.report.frames) ?? run.report.frames.map(({ fromMs }) => fromMs);
  begins.set(run.report.frames, known);
  return lastUpTo(known, ms);
}
const begins = new WeakMap<Frame[], number[]>();

export interface Totals { requests: number; errors: number; regions: Record<string, { requests: number; errors: number }> }

export function totals(frames: Frame[]): Totals {
  const sum: Totals = { requests: 0, errors: 0, regions: {} };
  for (const frame of frames) {
    sum.requests += frame.total.requests;
    sum.errors += frame.total.errors;
    for (const [name, region] of Object.entries(frame.regions)) {
      const known = (sum.regions[name] ??= { requests: 0, errors: 0 });
      known.requests += region.requests;
      known.errors += region.errors;
    }
  }
  return sum;
}

export function framesBetween(run: Run, fromMs: number, toMs: number): Frame[] {
  return run.report.frames.filter((frame) => frame.fromMs >= fromMs - 1e-6 && frame.toMs <= toMs + 1e-6);
}

export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

export function stateAt(lane: Lane, ms: number): EndpointState | undefined {
  return lane.spans.find((span) => span.fromMs <= ms && (ms < span.toMs || span === lane.spans.at(-1) && ms <= span.toMs));
}

export function conditionAt(lane: Lane, ms: number): Condition {
  const state = stateAt(lane, ms);
  if (!state) return { kind: "gone" };
  const ejection = lane.ejections.find(({ fromMs, toMs }) => fromMs <= ms && (toMs === undefined || ms < toMs));
  if (ejection) return ejection.toMs === undefined ? { kind: "ejected" } : { kind: "ejected", untilMs: ejection.toMs };
  switch (state.state) {
    case "ready": return { kind: "healthy" };
    case "failing": return { kind: "failing", label: state.ratio < 1 ? `${state.status}, ${Math.round(state.ratio * 100)}%` : String(state.status) };
    case "refusing": return { kind: "failing", label: "refuses" };
    case "blackholed": return { kind: "failing", label: "silent" };
    case "partitioned": return { kind: "failing", label: "cut off" };
    default: return { kind: state.state };
  }
}

/** Whether requests may go to it. */
export function isUsable(condition: Condition): boolean {
  return condition.kind === "healthy" || condition.kind === "slow" || condition.kind === "failing" || condition.kind === "ramping";
}

/** `share` is undefined where endpoints are too many to be counted one by one. */
/** What the region router has decided of a region: out, or coming back; undefined without a router, or at full weight. */
function routed(run: Run, region: string, ms: number, weight: number): Condition | undefined {
  const events = run.report.events.filter((event) => event.event === "region" && event.region === region);
  const last = events.findLast(({ atMs }) => atMs <= ms);
  if (last?.event !== "region") return undefined;
  if (!last.usable) {
    const next = events.find((event) => event.atMs > ms && event.event === "region" && event.usable);
    return next ? { kind: "ejected", untilMs: next.atMs } : { kind: "ejected" };
  }
  const full = run.report.frames[0]?.regions[region]?.weight ?? 0;
  return weight > 0 && weight < full - NEARLY ? { kind: "ramping", percent: (100 * weight) / full } : undefined;
}

/** Points within which a region is at its full weight. */
const NEARLY = 1.5;

export interface EndpointNow { lane: Lane; condition: Condition; share: number | undefined; errors: number }
export interface RegionNow { region: Region; /** Where the workers send now. */ weight: number; /** Answers of the last second. */ share: number; errorRate: number; endpoints: EndpointNow[]; usable: number }
export interface Instant {
  ms: number;
  frame: Frame;
  regions: RegionNow[];
  errorRate: number;
  p99Ms: number | undefined;
  panicking: boolean;
  noneShare: number;
}

/** The core counts so many endpoints one by one. */
const MOST_COUNTED = 1_000;
/** How long a share is measured for, at most; never across a step. */
const WINDOW_MS = 1_000;

export function instantAt(run: Run, ms: number): Instant {
  const { frames, phases } = run.report;
  const index = frameIndex(run, ms);
  const frame = frames[index] ?? EMPTY;
  const phase = phases.findLast((phase) => phase.fromMs <= ms)?.fromMs ?? 0;
  const window = frames.slice(0, index + 1).filter((past) => past.fromMs >= Math.max(phase, frame.toMs - WINDOW_MS) - 1e-6);
  const sum = totals(window.length > 0 ? window : [frame]);
  const attempts = new Map<string, { requests: number; errors: number }>();
  let allAttempts = 0;
  const known = run.lanes.length <= MOST_COUNTED;
  for (const past of known ? window : []) {
    for (const [name, counts] of Object.entries(past.endpoints ?? {})) {
      const known = attempts.get(name) ?? { requests: 0, errors: 0 };
      attempts.set(name, { requests: known.requests + counts.requests, errors: known.errors + counts.errors });
      allAttempts += counts.requests;
    }
  }
  const regions = run.regions.map((region) => {
    const weight = frame.regions[region.name]?.weight ?? 0;
    const lanes = run.lanesOf[region.index] ?? [];
    const byRouter = routed(run, region.name, ms, weight);
    const uncounted = known ? undefined : uncountedAt(lanes, ms, byRouter);
    const endpoints = uncounted?.endpoints ?? lanes.map((lane) => {
      const own = attempts.get(lane.name) ?? { requests: 0, errors: 0 };
      return { lane, condition: conditionWith(byRouter, lane, ms), share: percent(own.requests, allAttempts), errors: percent(own.errors, own.requests) };
    });
    const own = sum.regions[region.name] ?? { requests: 0, errors: 0 };
    return {
      region, endpoints,
      weight,
      share: percent(own.requests, sum.requests),
      errorRate: percent(own.errors, own.requests),
      usable: uncounted?.usable ?? usableOf(endpoints),
    };
  });
  const none = sum.regions[NONE]?.requests ?? 0;
  return {
    ms, frame, regions,
    errorRate: percent(sum.errors, sum.requests),
    p99Ms: frame.total.p99Ms ?? undefined,
    panicking: frame.panicking > 0,
    noneShare: percent(none, sum.requests),
  };
}

const usableOf = (endpoints: EndpointNow[]): number => endpoints.filter(({ condition }) => isUsable(condition)).length;

function conditionWith(byRouter: Condition | undefined, lane: Lane, ms: number): Condition {
  const alone = conditionAt(lane, ms);
  return byRouter && alone.kind === "healthy" ? byRouter : alone;
}

interface Uncounted { endpoints: EndpointNow[]; usable: number }
interface Steady { moments: number[]; key: string; found: Uncounted }
const steady = new WeakMap<Lane[], Steady>();

/** Endpoints that are too many to be counted one by one: between two moments at which one changes, they are what they were. */
function uncountedAt(lanes: Lane[], ms: number, byRouter: Condition | undefined): Uncounted {
  const last = steady.get(lanes);
  const moments = last?.moments ?? momentsOf(lanes);
  const at = lastUpTo(moments, ms);
  // What ends at a moment is still there in it.
  const key = `${at} ${moments[at] === ms} ${JSON.stringify(byRouter)}`;
  if (last?.key === key) return last.found;
  const endpoints = lanes.map((lane) => ({ lane, condition: conditionWith(byRouter, lane, ms), share: undefined, errors: 0 }));
  const found = { endpoints, usable: usableOf(endpoints) };
  steady.set(lanes, { moments, key, found });
  return found;
}

const EMPTY: Frame = { fromMs: 0, toMs: 0, total: { requests: 0, errors: 0 }, retries: 0, regions: {}, panicking: 0 };
