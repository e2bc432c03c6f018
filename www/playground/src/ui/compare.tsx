/** The same scenario through Istio's own balancing and through the region router. */
import { computed } from "@preact/signals";
import { playhead } from "../model/playback";
import { frameIndex, instantAt, type Run } from "../model/run";
import { runs, scenario, runProblem } from "../model/session";
import { regionOfStep, takesDown, bringsBack } from "../model/guide";
import { how } from "../model/hero";
import { AddRouter } from "./addrouter";
import { ShippedFilter } from "./shipped";
import { count, seconds } from "./format";
import { VerdictMark } from "./marks";
import { Legend } from "./legend";
import { TrafficMap } from "./map/map";
import { Timeline } from "./timeline/timeline";
import { Transport } from "./transport";

interface Facts { failed: string; failover: string; failback: string; shape: string }

export function Compare() {
  const { native, router } = runs;
  return (
    <div class="compare" data-testid="compare">
      <div class="compare-top">
        <div><h1>The same outage, two gateways</h1><p class="num">{outage(native.value)}</p></div>
        <DifferenceTable native={native.value} router={router.value} />
      </div>
      {runProblem.value && <p class="notice" role="alert">{runProblem.value}</p>}
      <div class="arms">
        <ArmView title="Native" note="Istio locality load balancing" run={native.value} gateway="native" />
        <ArmView title="Router" note="" run={router.value} gateway="region router" />
      </div>
      <div class="compare-foot"><Transport compact /><Legend /></div>
    </div>
  );
}

function outage(run: Run | undefined): string {
  const steps = [...(scenario.value?.steps ?? [])].sort((a, b) => a.atMs - b.atMs);
  const down = steps.find(takesDown);
  if (!run || !down) return "No region is taken away yet.";
  const back = steps.find((step) => step.atMs > down.atMs && bringsBack(step));
  return `${regionOfStep(run, down)} ${how(down)} from ${seconds(down.atMs)}${back ? ` to ${seconds(back.atMs)}` : " on"}.`;
}

const instants = {
  native: computed(() => runs.native.value && instantAt(runs.native.value, frameMiddle(runs.native.value))),
  router: computed(() => runs.router.value && instantAt(runs.router.value, frameMiddle(runs.router.value))),
};
const index = computed(() => (runs.native.value ? frameIndex(runs.native.value, playhead.value) : 0));
function frameMiddle(run: Run): number {
  const frame = run.report.frames[index.value];
  return frame ? (frame.fromMs + frame.toMs) / 2 : 0;
}

function ArmView({ title, note, run, gateway }: { title: string; note: string; run: Run | undefined; gateway: string }) {
  const expectations = run?.report.expectations ?? [];
  const failed = expectations.filter(({ passed }) => !passed).length;
  const instant = (gateway === "native" ? instants.native : instants.router).value;
  return (
    <section class="arm" aria-label={title}>
      <div class="arm-head">
        <h2>{title}</h2><span class="muted">{note}</span>
        {gateway !== "native" && <><AddRouter /><ShippedFilter run={run} /></>}
        <span class="spacer" />
        {expectations.length > 0 && (
          <span class={`verdict-line num ${failed > 0 ? "err" : "ok"}`}>
            <VerdictMark verdict={failed > 0 ? "failed" : "met"} />{failed > 0 ? `${failed} of ${expectations.length} failed` : `${expectations.length} of ${expectations.length} met`}
          </span>
        )}
      </div>
      <TrafficMap run={run} instant={instant} gatewayNote={gateway} />
      <Timeline run={run} density="half" />
    </section>
  );
}

function DifferenceTable({ native, router }: { native: Run | undefined; router: Run | undefined }) {
  const rows: [string, Facts | undefined][] = [["Native", native && factsOf(native)], ["Router", router && factsOf(router)]];
  return (
    <table class="guide difference">
      <thead><tr><td /><th scope="col">Failed requests</th><th scope="col">Failover took</th><th scope="col">Fail-back took</th><th scope="col">Fail-back shape</th></tr></thead>
      <tbody>
        {rows.map(([name, facts]) => (
          <tr key={name}><th scope="row">{name}</th>{facts ? <><td class="num">{facts.failed}</td><td class="num">{facts.failover}</td><td class="num">{facts.failback}</td><td class="num">{facts.shape}</td></> : <td colSpan={4} class="muted">not played yet</td>}</tr>
        ))}
      </tbody>
    </table>
  );
}

/** A region is away below this share, and back within this of where it was. */
const AWAY = 1;
const NEAR = 3;

function factsOf(run: Run): Facts {
  const { total, frames } = run.report;
  const failed = `${count(total.errors)} of ${count(total.requests)}`;
  const steps = [...(scenario.value?.steps ?? [])].sort((a, b) => a.atMs - b.atMs);
  const down = steps.find(takesDown);
  const region = down && regionOfStep(run, down);
  if (!down || !region) return { failed, failover: "–", failback: "–", shape: "–" };
  const weight = (at: number): number => frames[at]?.regions[region]?.weight ?? 0;
  const first = weight(0);
  const back = steps.find((step) => step.atMs > down.atMs && bringsBack(step));
  const until = back?.atMs ?? run.report.durationMs;
  const gone = frames.findIndex((frame, at) => frame.fromMs >= down.atMs - 1e-6 && frame.fromMs < until && weight(at) < AWAY);
  const failover = gone < 0 ? "never" : seconds((frames[gone]?.toMs ?? 0) - down.atMs);
  if (!back) return { failed, failover, failback: "–", shape: "–" };
  const begins = frames.findIndex((frame, at) => frame.fromMs >= back.atMs - 1e-6 && weight(at) >= AWAY);
  const ends = frames.findIndex((frame, at) => frame.fromMs >= back.atMs - 1e-6 && weight(at) >= first - NEAR);
  if (begins < 0 || ends < 0) return { failed, failover, failback: "not in this run", shape: "–" };
  const [from, to] = [frames[begins]?.fromMs ?? 0, frames[ends]?.toMs ?? 0];
  const jumps = new Set(frames.slice(begins, ends + 1).map((_, at) => Math.round(weight(begins + at)))).size;
  const shape = jumps <= 1 ? `one jump, ${seconds(from)}` : jumps <= 3 ? `${jumps} jumps, ${seconds(from)} to ${seconds(to)}` : `ramp, ${seconds(from)} to ${seconds(to)}`;
  return { failed, failover, failback: seconds(to - back.atMs), shape };
}
