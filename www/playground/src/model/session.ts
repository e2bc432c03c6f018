/** Keeps the run and the findings in step with the files. */
import { computed, effect, signal } from "@preact/signals";
import { ask } from "../core/client";
import type { Policy } from "../core/policy";
import type { Arm, Diagnostic, Severity } from "../core/types";
import { project } from "./project";
import { hasRouter, withRouter } from "./router";
import { makeRun, type Run } from "./run";
import { readScenario } from "./scenario";
import { localityOfCluster, regionOfCluster } from "./topology";

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
export const stale = computed(() => runProblem.value !== undefined);
export const runs = { native: nativeRun, router: routerRun };
export const run = computed(() => (view.value === "router" ? routerRun.value : nativeRun.value));
/** The manifests have no region router: its arm is played with the parts that the page would add. */
export const routerIsAdded = computed(() => view.value !== "native" && !hasRouter(project.value.files));
export const scenario = computed(() => readScenario(project.value.files));

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
    clearTimeout(timer);
    const begin = (): void => void play(files, istio, arms);
    if (first) begin();
    else timer = setTimeout(begin, PAUSE_MS);
    first = false;
  });
}

async function play(files: { name: string; text: string }[], istio: string, arms: Arm[]): Promise<void> {
  const own = ++generation;
  try {
    const playing = arms.map((arm) => ask({ ask: "simulate", files: arm === "router" ? withRouter(files) : files, istio, arm }));
    const checking = ask({ ask: "check", files, istio });
    for (const [index, arm] of arms.entries()) {
      const played = await playing[index];
      if (own !== generation || !played) return;
      runProblem.value = played.ok ? undefined : played.message;
      if (played.ok) {
        const gateway = readScenario(files)?.gateway ?? "";
        runs[arm].value = makeRun(played.report, regionOfCluster(files, gateway), played.tookMs);
      }
    }
    const policy = await ask({ ask: "explain", files, istio, from: localityOfCluster(files, readScenario(files)?.gateway ?? "") });
    if (own === generation && policy) explained.value = policy;
    const found = await checking;
    if (own === generation) diagnostics.value = found.sort((a, b) => WORST.indexOf(a.severity) - WORST.indexOf(b.severity));
    crash.value = undefined;
  } catch (error) {
    if (own === generation) crash.value = error instanceof Error ? error.message : String(error);
  }
}

/** Tries again after a crash. */
export function restart(): void {
  crash.value = undefined;
  const { files, istio } = project.value;
  void play(files, istio, view.value === "compare" ? ["native", "router"] : [view.value]);
}
