/** The guide's table: what each state of the clusters should give, and what it gave. */
import { framesBetween, percent, totals, type Run } from "./run";
import type { Expectation, Scenario, Step } from "./scenario";

export interface Column {
  title: string;
  short: string;
  expected: Record<string, number>;
  /** Undefined: not tried yet. */
  measured?: { shares: Record<string, number>; fromMs: number; toMs: number; met: boolean; tookMs: number | undefined; fails: boolean };
}

const DOWN = new Set(["fail", "slow", "refuse", "blackhole", "unready", "drain", "partition"]);

/** Which region a step is about, if it is about one. */
export function regionOfStep(run: Run, step: Step): string | undefined {
  const { region, cluster, zone, workload } = step.target;
  if (region) return region;
  return run.lanes.find((lane) =>
    (!cluster || lane.cluster === cluster) && (!zone || lane.zone === zone) && (!workload || lane.workload === workload))?.region;
}

/** Whether a step takes a whole region away (not some of its endpoints). */
export function takesDown(step: Step): boolean {
  if (step.target.endpoints) return false;
  return step.action === "scale" ? step.replicas === 0 : DOWN.has(step.action);
}
export function bringsBack(step: Step): boolean {
  return step.action === "restore" || (step.action === "scale" && (step.replicas ?? 0) > 0);
}

/** The expectation when a region is away: the others share in proportion. */
export function without(shares: Record<string, number>, away: string): Record<string, number> {
  const rest = Object.entries(shares).filter(([name]) => name !== away);
  const sum = rest.reduce((total, [, percent]) => total + percent, 0);
  return Object.fromEntries(rest.map(([name, value]) => [name, sum > 0 ? Math.round((1_000 * value) / sum) / 10 : 0]));
}

export function guide(run: Run, scenario: Scenario): Column[] {
  const tried = scenario.expect.flatMap((expectation, index) =>
    // The frames are of all gateways together.
    Object.keys(expectation.share).length > 0 && expectation.gateway === undefined ? [column(run, scenario, expectation, index)] : []);
  const first = tried[0];
  const away = run.regions[0]?.name;
  if (!first || !away || run.regions.length < 2 || run.regions.length > 3) return tried;
  if (tried.length === 1) {
    tried.push({ title: `${away} down`, short: `${letter(run, away)} down`, expected: without(first.expected, away) });
  }
  if (tried.length === 2) {
    const down = scenario.steps.find(takesDown);
    const region = (down && regionOfStep(run, down)) ?? away;
    tried.push({ title: `${region} back`, short: `${letter(run, region)} back`, expected: first.expected });
  }
  return tried;
}

function letter(run: Run, name: string): string {
  return run.regions.find((region) => region.name === name)?.letter ?? "";
}

function column(run: Run, scenario: Scenario, expectation: Expectation, index: number): Column {
  const { fromMs, toMs, share, within } = expectation;
  const step = scenario.steps.filter((candidate) => candidate.atMs <= fromMs).sort((a, b) => a.atMs - b.atMs).at(-1);
  const sum = totals(framesBetween(run, fromMs, toMs));
  const shares = Object.fromEntries(run.regions.map(({ name }) => [name, percent(sum.regions[name]?.requests ?? 0, sum.requests)]));
  const met = run.report.expectations[index]?.passed ?? false;
  const tookMs = step ? timeTaken(run, step.atMs, toMs, share, within) : undefined;
  return {
    ...title(run, step),
    expected: share,
    measured: { shares, fromMs, toMs, met, tookMs, fails: step !== undefined && tookMs === undefined },
  };
}

function title(run: Run, step: Step | undefined): { title: string; short: string } {
  const both = run.regions.length === 2 ? "Both healthy" : "All healthy";
  if (!step) return { title: both, short: both };
  const region = regionOfStep(run, step);
  if (!region) return { title: `After ${step.atMs / 1_000} s`, short: `${step.atMs / 1_000} s` };
  const what = takesDown(step) ? "down" : bringsBack(step) ? "back" : "changed";
  return { title: `${region} ${what}`, short: `${letter(run, region)} ${what}` };
}

/** From a step to the moment from which the workers send as expected. */
function timeTaken(run: Run, stepMs: number, toMs: number, share: Record<string, number>, within: number): number | undefined {
  let since: number | undefined;
  for (const event of run.report.events) {
    if (event.event !== "load" || event.atMs >= toMs) continue;
    const fits = Object.entries(share).every(([name, wanted]) => Math.abs((event.regions[name] ?? 0) - wanted) <= within);
    if (!fits) since = undefined;
    else since ??= event.atMs;
  }
  return since === undefined ? undefined : Math.max(since - stepMs, 0);
}
