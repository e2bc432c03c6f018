/** Keeps the run and the findings in step with the files. */
import { computed, effect, signal } from "@preact/signals";
import { ask, stop } from "../core/client";
import type { Policy } from "../core/policy";
import type { Arm, Diagnostic, Played, Reading, Severity, SourceFile } from "../core/types";
import { project } from "./project";
import { makeRun, type Run } from "./run";
import { type Scenario, scenarioOf } from "./scenario";
import { localityOf, regionOf } from "./topology";

export type View = Arm | "compare";
export const view = signal<View>("native");
/** What decides at the gateway, of the last files that could be explained. */
export const explained = signal<Policy | undefined>(undefined);
export const diagnostics = signal<Diagnostic[]>([]);
const nativeRun = signal<Run | undefined>(undefined);
const routerRun = signal<Run | undefined>(undefined);
/** Why the last try gave no run; the last valid run stays. */
export const runProblem = signal<string | undefined>(undefined);
/** The worker died; the files are safe. */
export const crash = signal<string | undefined>(undefined);
/** The router's arm is decided by the filter that ships instead of the core's own router. */
export const shipped = signal(false);
export const stale = computed(() => runProblem.value !== undefined);
export const runs = { native: nativeRun, router: routerRun };
export const run = computed(() => (view.value === "router" ? routerRun.value : nativeRun.value));
/** What the files say, as the core reads it. */
export const reading = signal<Reading>({ scenario: undefined, clusters: [], router: true });
/** The manifests have no region router: its arm is played with the parts that the page would add. */
export const routerIsAdded = computed(() => view.value !== "native" && !reading.value.router);
/** One that cannot be read for a moment stays, as its run does. */
export const scenario = signal<Scenario | undefined>(undefined);

/** The worst first; of equal ones, in the order of the text. */
const WORST: Severity[] = ["error", "warning", "note"];
/** Typing re-runs after a pause; anything else at once. */
const PAUSE_MS = 150;
let timer: ReturnType<typeof setTimeout> | undefined;
let generation = 0;

export function keepRunning(): () => void {
  let first = true;
  return effect(() => {
    const { files, istio } = project.value;
    const arms: Arm[] = view.value === "compare" ? ["native", "router"] : [view.value];
    // Whoever decides, it is played anew.
    void shipped.value;
    clearTimeout(timer);
    const found = read(files);
    // Whoever plays is told of it too.
    found.catch(() => undefined);
    const begin = (): void => void play(files, istio, arms, found);
    if (first) begin();
    else timer = setTimeout(begin, PAUSE_MS);
    first = false;
  });
}

/** Until there is a run, or a reason why there is none. */
export function firstRun(): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => { queueMicrotask(() => end()); resolve(); };
    const end = effect(() => { if (runs.native.value || runs.router.value || runProblem.value !== undefined || crash.value !== undefined) done(); });
  });
}

async function read(files: SourceFile[]): Promise<Reading> {
  const found = await ask({ ask: "read", files });
  if (files !== project.peek().files) return found;
  reading.value = found;
  if (found.scenario) scenario.value = scenarioOf(found.scenario.file, found.scenario.name, found.scenario.spec);
  return found;
}

async function played(files: SourceFile[], istio: string, arm: Arm): Promise<Played> {
  const own = arm === "router" ? (await import("./router")).withRouter(files) : files;
  return ask({ ask: "simulate", files: own, istio, arm, shipped: arm === "router" && shipped.value });
}

async function play(files: SourceFile[], istio: string, arms: Arm[], asked: Promise<Reading>): Promise<void> {
  const own = ++generation;
  try {
    const playing = arms.map((arm) => played(files, istio, arm));
    const checking = ask({ ask: "check", files, istio });
    const { clusters, scenario } = await asked;
    const gateway = scenario?.spec.gateway ?? "";
    for (const [index, arm] of arms.entries()) {
      const played = await playing[index];
      if (own !== generation || !played) return;
      runProblem.value = played.ok ? undefined : played.message;
      if (played.ok) runs[arm].value = makeRun(played.report, regionOf(clusters, gateway), played.tookMs, played.filter);
    }
    await explain(files, istio, localityOf(clusters, gateway));
    const found = await checking;
    if (own === generation) diagnostics.value = found.sort((a, b) => WORST.indexOf(a.severity) - WORST.indexOf(b.severity));
    crash.value = undefined;
  } catch (error) {
    if (own === generation) crash.value = error instanceof Error ? error.message : String(error);
  }
}

let explainedFor = "";

/** What a gateway was given does not depend on what happens later: a step asks nothing anew. */
async function explain(files: SourceFile[], istio: string, from: string): Promise<void> {
  const asked = JSON.stringify([istio, from, files.filter(({ text }) => !tellsOnlyWhatHappens(text))]);
  if (asked === explainedFor) return;
  const policy = await ask({ ask: "explain", files, istio, from });
  if (!policy || files !== project.peek().files) return;
  explained.value = policy;
  explainedFor = asked;
}

/** A text of nothing but scenarios. */
function tellsOnlyWhatHappens(text: string): boolean {
  const kinds = [...text.matchAll(/^kind:\s*["']?(\w+)/gm)].map(([, kind]) => kind);
  return kinds.length > 0 && kinds.every((kind) => kind === "Scenario");
}

/** Tries again after a crash. */
export function restart(): void {
  // After a trap a worker's core answers nothing any more.
  stop("started anew");
  crash.value = undefined;
  const { files, istio } = project.value;
  void play(files, istio, view.value === "compare" ? ["native", "router"] : [view.value], read(files));
}
