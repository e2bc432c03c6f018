/** Why the shares are what they are at the playhead: Envoy's arithmetic with the numbers of the instant in it. */
import { computed } from "@preact/signals";
import { how } from "./hero";
import { regionOfStep, takesDown } from "./guide";
import { CONDITION_NAMES } from "../ui/conditions";
import { whyTarget } from "./panels";
import { instant } from "./playback";
import { plain, roundShare, seconds } from "../ui/format";
import { explained, run, scenario } from "./session";
import type { LinePlace, Policy } from "../core/policy";
import { BEFORE_THE_RUN } from "./run";
import type { Instant, Region, RegionNow, Run } from "./run";

export interface WhyLine { region: Region; text: string; result: string; place?: LinePlace }
export interface Fact { name: string; value: string; bad?: boolean; place?: LinePlace }
export interface WhyTold { lead: string; formula?: { name: string; text: string }; lines: WhyLine[]; sum?: { text: string; result: string }; facts: Fact[] }

const weightOf = (rules: Policy, region: string) => rules.weights.find((entry) => entry.region === region);

export const why = computed<WhyTold | undefined>(() => {
  const current = run.value;
  const now = instant.value;
  const rules = explained.value;
  if (!current || !now || !rules) return undefined;
  const weights = now.regions.map((region) => effective(region, rules, now.panicking));
  const weighted = rules.weights.length > 0;
  const total = weights.reduce((sum, { value }) => sum + value, 0);
  const main = [...now.regions].sort((a, b) => b.weight - a.weight)[0];
  const mainValue = main ? weights[main.region.index]?.value ?? 0 : 0;
  return {
    lead: lead(current, now, rules),
    ...(weighted ? { formula: { name: "Effective weight", text: `weight × min(1, ${rules.overprovisioning} × usable ÷ endpoints)` } } : {}),
    lines: weighted ? now.regions.map((region, index) => {
      const place = weightOf(rules, region.region.name)?.place;
      return { region: region.region, text: weights[index]?.text ?? "", result: plain(weights[index]?.value ?? 0), ...(place ? { place } : {}) };
    }) : now.regions.map(({ region, usable, endpoints, weight }) => ({ region, text: `${usable} of ${endpoints.length} usable`, result: roundShare(weight) })),
    ...(weighted && main && total > 0 && now.regions.length <= 4 ? {
      sum: { text: `share of ${main.region.letter}: ${plain(mainValue)} ÷ (${weights.map(({ value }) => plain(value)).join(" + ")})`, result: roundShare((100 * mainValue) / total) },
    } : {}),
    facts: facts(current, now, rules),
  };
});

function effective({ region, endpoints }: RegionNow, rules: Policy, panic: boolean): { value: number; text: string } {
  const listed = weightOf(rules, region.name);
  const weight = listed?.weight ?? 0;
  const factor = rules.overprovisioning;
  const known = endpoints.filter(({ condition }) => condition.kind !== "gone" && condition.kind !== "draining");
  const usable = known.filter(({ condition }) => condition.kind !== "ejected" && condition.kind !== "unready");
  if (!listed && endpoints.some(({ condition }) => condition.kind !== "gone")) return { value: 0, text: "not listed in distribute" };
  if (known.length === 0) return { value: 0, text: `${plain(weight)} × no endpoints` };
  // In panic Envoy counts every endpoint as usable.
  if (panic) return { value: weight, text: `${plain(weight)} × min(1, ${factor} × ${known.length} ÷ ${known.length})` };
  const value = weight * Math.min(1, (factor * usable.length) / known.length);
  return { value, text: `${plain(weight)} × min(1, ${factor} × ${usable.length} ÷ ${known.length})` };
}

function lead(current: Run, now: Instant, rules: Policy): string {
  const steps = [...(scenario.value?.steps ?? [])].sort((a, b) => a.atMs - b.atMs);
  const last = steps.findLast((step) => step.atMs <= now.ms);
  const region = last && regionOfStep(current, last);
  const failing = now.regions.find(({ errorRate, weight }) => errorRate >= 20 && weight >= 1);
  if (failing && !rules.outlier) return `${failing.region.name} keeps ${roundShare(failing.weight)} because nothing counts its errors: no endpoint can be ejected.`;
  if (now.panicking) return "Too few endpoints are healthy, so Envoy panics: it uses all of them, healthy or not.";
  if (failing) return `${failing.region.name} still gets ${roundShare(failing.weight)}: ${ejectedCount(now)} of ${all(now)} endpoints are ejected, the cap is ${rules.outlier?.maxEjectionPercent ?? 10}%.`;
  const unlisted = rules.weights.length > 0 ? now.regions.find(({ region: { name }, endpoints }) => !weightOf(rules, name) && endpoints.length > 0) : undefined;
  if (unlisted) return `${unlisted.region.name} gets nothing because distribute does not list it.`;
  if (now.noneShare >= 5 && now.regions.some(({ usable }) => usable > 0)) return `${roundShare(Math.round(now.noneShare))} of the requests find no endpoint: the route sends them where none is left, and a route's weights never move.`;
  const serving = now.regions.filter(({ weight }) => weight >= 0.5);
  const away = now.regions.find(({ weight, endpoints }) => weight < 0.5 && endpoints.some(({ condition }) => condition.kind !== "healthy"));
  if (serving.length === 1 && away) {
    const why = away.endpoints.every(({ condition }) => condition.kind === "gone") ? "has no endpoint left to weigh"
      : away.endpoints.some(({ condition }) => condition.kind === "ejected") ? "has all its endpoints ejected" : "has no usable endpoint";
    return `${serving[0]?.region.name} gets everything because ${away.region.name} ${why}.`;
  }
  if (serving.length === 1) return `${serving[0]?.region.name} gets everything because it goes first and is healthy.`;
  const equal = serving.every(({ weight }) => Math.abs(weight - (serving[0]?.weight ?? 0)) < 0.5);
  if (equal && now.regions.length === serving.length) {
    return `${now.regions.length === 2 ? "Both regions get" : "Each region gets"} ${roundShare(serving[0]?.weight ?? 0)} because every endpoint is usable and the weights are equal.`;
  }
  if (now.regions.length > 3) return `${serving.length} of ${now.regions.length} regions serve, each by its weight and its usable endpoints.`;
  const begun = last && region && takesDown(last) ? ` ${region} ${how(last)}.` : "";
  return `${now.regions.map(({ region: { name }, weight }) => `${name} gets ${roundShare(weight)}`).join(", ")}.${begun}`;
}

const ejectedCount = (now: Instant): number => now.regions.reduce((sum, { endpoints }) => sum + endpoints.filter(({ condition }) => condition.kind === "ejected").length, 0);
const all = (now: Instant): number => now.regions.reduce((sum, { endpoints }) => sum + endpoints.filter(({ condition }) => condition.kind !== "gone").length, 0);

function facts(current: Run, now: Instant, rules: Policy): Fact[] {
  const load = current.report.events.findLast((event) => event.event === "load" && event.atMs <= now.ms);
  const priorities = load?.event === "load" ? load.priorities : [];
  const out: Fact[] = [];
  const { outlier } = rules;
  if (!outlier) out.push({ name: "Outlier detection", value: "not configured", bad: true });
  out.push({ name: "Priority", value: priorities.map((value, index) => `P${index} takes ${value}%`).filter((_, index) => (priorities[index] ?? 0) > 0).join(", ") || "none takes any" });
  out.push({ name: "Panic", value: `${now.panicking ? "on" : "off"}, threshold ${rules.panic.thresholdPercent}%`, bad: now.panicking, ...(rules.panic.place ? { place: rules.panic.place } : {}) });
  out.push({
    name: "Ejected", value: outlier ? `${ejectedCount(now)} of ${all(now)}, cap ${outlier.maxEjectionPercent}%` : `0 of ${all(now)}, no detector`,
    ...(outlier?.place ? { place: outlier.place } : {}),
  });
  const next = current.lanes.flatMap(({ ejections }) => ejections).filter(({ fromMs, toMs }) => fromMs <= now.ms && toMs !== undefined && toMs > now.ms)
    .map(({ toMs }) => toMs ?? 0).sort((a, b) => a - b)[0];
  out.push({
    name: "Next un-ejection", value: next === undefined ? "none pending" : `${seconds(next)}, in ${seconds(next - now.ms)}`,
    ...(outlier?.baseEjectionTime ? { place: outlier.baseEjectionTime } : {}),
  });
  return out;
}

/** Events up to the instant that are shown, the latest. */
const MOST_EVENTS = 6;

export interface Focus { name: string; facts: Fact[]; history: { atMs: number; text: string }[] }

/** One region or endpoint: how it is, and everything that happened to it so far. */
export const focus = computed<Focus | undefined>(() => {
  const current = run.value;
  const now = instant.value;
  const name = whyTarget.value;
  if (!current || !now || !name) return undefined;
  const region = now.regions.find((candidate) => candidate.region.name === name);
  const endpoint = now.regions.flatMap(({ endpoints }) => endpoints).find(({ lane }) => lane.name === name);
  const names = new Set(region ? region.endpoints.map(({ lane }) => lane.name) : [name]);
  const history = current.report.events.flatMap((event) => {
    const about = ("endpoint" in event && names.has(event.endpoint)) || (event.event === "region" && event.region === name)
      || (event.event === "step" && region !== undefined && event.what.includes(name));
    const text = about && event.atMs <= now.ms ? tell(event, current) : undefined;
    return text ? [{ atMs: event.atMs, text }] : [];
  }).slice(-MOST_EVENTS);
  if (region) {
    return { name, history, facts: [
      { name: "Share", value: `${roundShare(region.weight)} now, ${region.share.toFixed(1)}% of the last second` },
      { name: "Usable", value: `${region.usable} of ${region.endpoints.length} endpoints` },
      { name: "Errors", value: `${region.errorRate.toFixed(1)}% of its answers`, bad: region.errorRate >= 1 },
    ] };
  }
  if (!endpoint) return undefined;
  const { lane, condition, share, errors } = endpoint;
  const ejected = lane.ejections.filter(({ fromMs }) => fromMs <= now.ms);
  return { name, history, facts: [
    { name: "State", value: CONDITION_NAMES[condition.kind] + (condition.kind === "ejected" && condition.untilMs !== undefined ? ` until ${seconds(condition.untilMs)}` : ""), bad: condition.kind === "failing" },
    { name: "Share", value: share === undefined ? "not counted one by one" : `${share.toFixed(1)}% of the last second` },
    { name: "Errors", value: `${errors.toFixed(1)}% of its answers`, bad: errors >= 1 },
    { name: "Ejections", value: ejected.length === 0 ? "none so far" : `${ejected.length}, the last one ${reason(ejected.at(-1)?.reason ?? "")}` },
  ] };
});

export const ledHere = computed(() => {
  const current = run.value;
  const now = instant.value;
  if (!current || !now) return [];
  const told: { atMs: number; text: string }[] = [];
  const { events } = current.report;
  // From the latest backwards: there may be thousands.
  for (let index = events.findLastIndex(({ atMs }) => atMs <= now.ms); index >= 0 && told.length < MOST_EVENTS; index--) {
    const event = events[index];
    const text = event && tell(event, current);
    const next = told[0];
    if (event && text && !(next && next.atMs === event.atMs && next.text === text)) told.unshift({ atMs: event.atMs, text });
  }
  return told;
});

function tell(event: Run["report"]["events"][number], current: Run): string | undefined {
  switch (event.event) {
    case "step": return event.what.replace(/ \S+\.svc\.cluster\.local/, "");
    case "ejected": return event.enforced ? `${event.endpoint} ejected: ${reason(event.reason ?? BEFORE_THE_RUN)}` : undefined;
    case "notEjected": return `${event.endpoint} not ejected, the cap is reached`;
    case "unejected": return `${event.endpoint} comes back`;
    case "endpoints": {
      const parts = [["added", event.added], ["removed", event.removed], ["changed", event.changed]] as const;
      return `EDS: ${parts.flatMap(([verb, names]) => (names ? [`${names.length} ${verb}`] : [])).join(", ")}`;
    }
    case "load": {
      // A subset of one region's: what it sends where is its name.
      const subset = event.cluster.split("|")[2];
      if (subset) return Object.values(event.regions).some((share) => share > 0) ? undefined : `subset ${subset} has no usable endpoint`;
      if (current.regions.length > 4) return `Envoy sends to ${Object.values(event.regions).filter((share) => share > 0).length} regions`;
      const shares = current.regions.map(({ name }) => plain(Math.round((event.regions[name] ?? 0) * 10) / 10)).join(" / ");
      return `Envoy sends ${shares}${event.panic ? ", in panic" : ""}`;
    }
    case "region": return event.usable ? `router uses ${event.region} again` : `router takes ${event.region} out`;
  }
}

/** Envoy's reason in words. */
function reason(name: string): string {
  return name.toLowerCase().replace(/_/g, " ").replace("consecutive 5xx", "5xx in a row");
}
