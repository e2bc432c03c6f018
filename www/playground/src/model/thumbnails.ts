/** The picture of a situation's run, played when the gallery first shows it. */
import { signal, type Signal } from "@preact/signals";
import { ask } from "../core/client";
import type { Situation } from "./gallery";
import { makeRun, percent, type Run } from "./run";
import { regionOf } from "./topology";

export interface ThumbArea { path: string; fill: string; line: boolean }
const known = new Map<string, Signal<ThumbArea[] | undefined>>();

export function thumbnail(situation: Situation): Signal<ThumbArea[] | undefined> {
  const found = known.get(situation.id);
  if (found) return found;
  const made = signal<ThumbArea[] | undefined>(undefined);
  known.set(situation.id, made);
  const files = situation.picture ?? situation.files;
  const arm = situation.view === "router" || situation.view === "compare" ? "router" : "native";
  const asked = Promise.all([ask({ ask: "read", files }), ask({ ask: "simulate", files, istio: "1.31", arm })]);
  void asked.then(([{ clusters, scenario }, played]) => {
    if (played.ok) made.value = draw(makeRun(played.report, regionOf(clusters, scenario?.spec.gateway ?? ""), 0));
  }, () => known.delete(situation.id));
  return made;
}

const WIDTH = 240;
const HEIGHT = 42;
/** The picture's columns. */
const COLUMNS = 80;
/** More regions are told apart by their areas alone. */
const MOST_LINES = 4;

function draw(run: Run): ThumbArea[] {
  const { frames, durationMs } = run.report;
  const columns = Array.from({ length: COLUMNS }, (_, column) => {
    const from = (durationMs * column) / COLUMNS;
    const to = (durationMs * (column + 1)) / COLUMNS;
    const own = frames.filter((frame) => frame.toMs > from && frame.fromMs < to);
    const all = own.reduce((sum, { total }) => sum + total.requests, 0);
    const shares = run.regions.map(({ name }) => percent(own.reduce((sum, { regions }) => sum + (regions[name]?.requests ?? 0), 0), all));
    const failing = run.regions.map(({ name }) => {
      const requests = own.reduce((sum, { regions }) => sum + (regions[name]?.requests ?? 0), 0);
      return requests > 0 && own.reduce((sum, { regions }) => sum + (regions[name]?.errors ?? 0), 0) / requests > 0.2;
    });
    let sum = 0;
    return { x: (WIDTH * (column + 0.5)) / COLUMNS, tops: shares.map((share) => (sum += share)), failing };
  });
  const y = (value: number): string => (HEIGHT * (1 - value / 100)).toFixed(1);
  const areas: ThumbArea[] = [];
  for (const { index, token } of run.regions) {
    const upper = columns.map(({ x, tops }) => `${x} ${y(tops[index] ?? 0)}`);
    const lower = columns.map(({ x, tops }) => `${x} ${y(index === 0 ? 0 : tops[index - 1] ?? 0)}`).reverse();
    areas.push({ path: `M0 ${upper[0]?.split(" ")[1]}L${upper.join("L")}L${WIDTH} ${upper.at(-1)?.split(" ")[1]}L${WIDTH} ${lower[0]?.split(" ")[1]}L${lower.join("L")}L0 ${lower.at(-1)?.split(" ")[1]}Z`, fill: `color-mix(in srgb, var(--${token}-fill) 24%, transparent)`, line: false });
    const half = WIDTH / COLUMNS / 2 + 0.3;
    for (const { x, tops, failing } of columns) {
      if (failing[index]) areas.push({ path: `M${x - half} ${y(tops[index] ?? 0)}H${x + half}V${y(index === 0 ? 0 : tops[index - 1] ?? 0)}H${x - half}Z`, fill: "url(#stripes-err)", line: false });
    }
    if (index < run.regions.length - 1 && run.regions.length <= MOST_LINES) areas.push({ path: `M${upper.join("L")}`, fill: "none", line: true });
  }
  return areas;
}
