/** The sentence above everything: what happens now, what it costs, and the one thing to do next. */
import { count, plain, seconds } from "../ui/format";
import { isDown } from "./actions";
import { diagnostics, run, scenario } from "./session";
import { instant, playhead } from "./playback";
import { bringsBack, regionOfStep, takesDown } from "./guide";
import { framesBetween, totals, type Instant, type Run } from "./run";
import { computed } from "@preact/signals";
import type { Diagnostic } from "../core/types";
import type { Step } from "./scenario";

export type Primary =
  | { kind: "down" | "back"; region: string }
  | { kind: "fix"; diagnostic: Diagnostic };
export interface Hero { title: string; detail: string; primary: Primary | undefined; fails: boolean }

export const hero = computed<Hero | undefined>(() => {
  const current = run.value;
  const now = instant.value;
  if (!current || !now) return undefined;
  const past = (scenario.value?.steps ?? []).filter((step) => step.atMs <= now.ms).sort((a, b) => a.atMs - b.atMs);
  const last = past.at(-1);
  return { title: title(now, last), detail: detail(current, now, past), primary: primary(current, now), fails: now.errorRate >= 2 };
});

function title(now: Instant, last: Step | undefined): string {
  if (now.errorRate >= 99.5) return "Every request fails";
  if (now.errorRate >= 47 && now.errorRate <= 53) return "Half of all requests fail";
  if (now.errorRate >= 2) return `${plain(Math.round(now.errorRate))}% of all requests fail`;
  const serving = now.regions.filter(({ weight }) => weight >= 0.5);
  const sole = serving[0];
  if (!sole) return "No region serves";
  if (serving.length === 1) return `${sole.region.name} serves 100%`;
  const again = last && bringsBack(last) ? " again" : "";
  if (now.regions.length <= 3) return `Traffic is split ${now.regions.map(({ weight }) => plain(Math.round(weight))).join("/")}${again}`;
  return `${serving.length} of ${now.regions.length} regions serve`;
}

function detail(current: Run, now: Instant, past: Step[]): string {
  const last = past.at(-1);
  if (!last) {
    if (now.errorRate >= 2) return "Nothing was done to any region yet.";
    const regions = ["no region", "one region", "two regions", "three regions"][now.regions.length] ?? `${now.regions.length} regions`;
    const gateways = scenario.value?.gateways.length ?? 1;
    return `${gateways > 1 ? `${gateways} gateways` : "One gateway"}, ${regions}. Take one away and watch.`;
  }
  const sum = totals(framesBetween(current, last.atMs, Math.max(now.frame.toMs, last.atMs)));
  const cost = `${count(sum.errors)} of ${count(sum.requests)} requests failed.`;
  const region = regionOfStep(current, last);
  const passed = seconds(playhead.value - last.atMs);
  const keeps = now.regions.find((candidate) => candidate.region.name === region);
  if (takesDown(last) && keeps && now.errorRate >= 2 && keeps.weight >= 1) {
    return `${region} ${how(last)} and keeps its ${plain(Math.round(keeps.weight))}%. ${cost}`;
  }
  if (takesDown(last)) return `Down for ${passed}. ${cost}`;
  if (bringsBack(last)) return `Back for ${passed}. ${cost}`;
  return `${passed} after the last step. ${cost}`;
}

/** What a step does to a region, as a verb. */
export function how(step: Step): string {
  switch (step.action) {
    case "scale": return `is scaled to ${step.replicas}`;
    case "fail": return step.ratio !== undefined && step.ratio < 1 ? `answers ${step.status ?? 503} to ${Math.round(step.ratio * 100)}%` : `answers ${step.status ?? 503}`;
    case "slow": return `answers after ${step.latency}`;
    case "refuse": return "refuses connections";
    case "blackhole": return "never answers";
    case "unready": return "is not ready";
    case "drain": return "drains";
    case "partition": return "is cut off";
    case "replace": return "is replaced";
    case "restore": return "is restored";
    case "rate": return `${step.rate} req/s`;
  }
}

/** Lints of ejection and of regions left out: what lets a failing region keep its traffic. */
const EXPLAINS_ERRORS = /^MF0[23]/;

function primary(current: Run, now: Instant): Primary | undefined {
  const explains = now.errorRate >= 2 ? diagnostics.value.find(({ code, fix }) => fix && EXPLAINS_ERRORS.test(code)) : undefined;
  if (explains) return { kind: "fix", diagnostic: explains };
  const down = current.regions.find(({ name }) => isDown(current, name, playhead.value));
  if (down) return { kind: "back", region: down.name };
  const first = current.regions[0];
  return first && { kind: "down", region: first.name };
}
