/** What a hand does on the page, as lines of the scenario. */
import { activeFile, editFile, project } from "./project";
import { playhead, playing, seek } from "./playback";
import { bringsBack, regionOfStep, takesDown, without } from "./guide";
import { run, scenario } from "./session";
import type { Expectation, NewStep, Target } from "./scenario";
import type { Run } from "./run";
import { signal } from "@preact/signals";
import type { SourceFile } from "../core/types";

/** The step whose line the editor shows. */
export const selectedStep = signal<number | undefined>(undefined);

/** Steps snap to tenths of a second. */
const SNAP_MS = 100;
/** A gateway may take so long before an expectation begins. */
const SETTLE_MS = 2_000;

type Edit = typeof import("./edit");
let loaded: Edit | undefined;

/** What changes the text is fetched, with its parser, for the first change; from then on the page follows the hand at once. */
function editing(change: (edit: Edit) => void): void {
  if (loaded) change(loaded);
  else void import("./edit").then((edit) => { loaded = edit; change(edit); });
}

/** The scenario is read here too: the core's answer comes a moment later. */
function put({ readScenario }: Edit, file: SourceFile | undefined, key: string): void {
  if (!file) return;
  editFile(file.name, file.text, key);
  scenario.value = readScenario(project.value.files) ?? scenario.value;
}

export function addAtPlayhead(steps: Omit<NewStep, "atMs">[], expectations?: (before: Expectation[], atMs: number, end: number) => Expectation[]): void {
  const at = Math.round(playhead.value / SNAP_MS) * SNAP_MS;
  editing((edit) => {
    const { files } = project.value;
    const current = edit.readScenario(files);
    if (!current) return;
    const atMs = Math.min(at, current.durationMs - SNAP_MS);
    const file = edit.editScenario(files, (spec, document) => {
      edit.addSteps(spec, document, steps.map((step) => ({ ...step, atMs })));
      if (expectations) edit.setShares(spec, document, expectations(current.expect.filter((known) => hasShare(known) && !known.more), atMs, current.durationMs), current.durationMs);
    });
    put(edit, file, "");
    const added = scenario.value?.steps.findLast((step) => step.atMs === atMs);
    if (added) selectStep(added.index);
  });
}

function hasShare({ share }: Expectation): boolean {
  return Object.keys(share).length > 0;
}

export function selectStep(index: number | undefined): void {
  selectedStep.value = index;
}

/** Expectations from a moment on: what began before ends there, what comes later is replaced. */
function expectFrom(next: Record<string, number>, within: number) {
  return (before: Expectation[], atMs: number, end: number): Expectation[] => {
    const kept = before.filter((known) => known.fromMs < atMs - 500).map((known) => ({ ...known, toMs: Math.min(known.toMs, atMs) }));
    const fromMs = atMs + SETTLE_MS;
    return fromMs >= end ? kept : [...kept, { fromMs, toMs: end, share: next, within }];
  };
}

/** The shares that hold while everything is healthy. */
function healthyShares(current: Run): Record<string, number> {
  const expected = scenario.value?.expect.find(hasShare)?.share;
  if (expected) return expected;
  const weights = current.report.frames[0]?.regions ?? {};
  return Object.fromEntries(current.regions.map(({ name }) => [name, weights[name]?.weight ?? 0]));
}

/** Whether a region is away at the playhead because a step says so. */
export function isDown(current: Run, region: string, ms: number): boolean {
  const steps = [...(scenario.value?.steps ?? [])].sort((a, b) => a.atMs - b.atMs);
  const last = steps.findLast((step) => step.atMs <= ms && regionOfStep(current, step) === region && (takesDown(step) || bringsBack(step)));
  return last !== undefined && takesDown(last);
}

export function takeRegionDown(region: string): void {
  const current = run.value;
  if (!current) return;
  addAtPlayhead([{ action: "scale", body: { region, replicas: 0 } }], expectFrom(without(healthyShares(current), region), 1));
  playing.value = true;
}

export function bringRegionBack(region: string): void {
  const current = run.value;
  if (!current) return;
  const last = scenario.value?.steps.findLast((step) => takesDown(step) && step.atMs <= playhead.value && regionOfStep(current, step) === region);
  const steps = last && last.action !== "scale" ? [restore(last.target)] : scaleBack(current, region);
  addAtPlayhead(steps, expectFrom(healthyShares(current), 3));
  playing.value = true;
}

function restore(target: Target): Omit<NewStep, "atMs"> {
  return { action: "restore", body: { ...target } };
}

function scaleBack(current: Run, region: string): Omit<NewStep, "atMs">[] {
  const counts = new Map<string, number>();
  for (const lane of current.lanes) {
    if (lane.region !== region || lane.spans[0]?.fromMs !== 0) continue;
    counts.set(lane.workload, (counts.get(lane.workload) ?? 0) + 1);
  }
  const replicas = [...new Set(counts.values())];
  if (replicas.length === 1) return [{ action: "scale", body: { region, replicas: replicas[0] } }];
  return [...counts].map(([workload, count]) => ({ action: "scale", body: { region, workload, replicas: count } }));
}

/** One of the actions of the map's menu. */
export function act(action: NewStep["action"], body: Record<string, unknown>): void {
  addAtPlayhead([{ action, body }]);
}

export function dragStep(index: number, atMs: number): void {
  editing((edit) => put(edit, edit.editScenario(project.value.files, (spec) => edit.moveStep(spec, index, atMs)), `drag ${index}`));
}

export function deleteStep(index: number): void {
  editing((edit) => put(edit, edit.editScenario(project.value.files, (spec) => edit.removeStep(spec, index)), ""));
  selectedStep.value = undefined;
}

/** Goes to a step's moment and its line. */
export function goToStep(index: number): void {
  const step = scenario.value?.steps.find((candidate) => candidate.index === index);
  if (!step || !scenario.value) return;
  seek(step.atMs);
  selectStep(index);
  activeFile.value = scenario.value.file;
}
