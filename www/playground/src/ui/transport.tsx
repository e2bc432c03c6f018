/** Play, pause, speed, and whether everything came as expected. */
import { addStepOpen } from "../model/panels";
import { duration, playhead, playing, seek, speed, SPEEDS, toggle } from "../model/playback";
import { run, scenario, view } from "../model/session";
import { AddRouter } from "./addrouter";
import { ShippedFilter } from "./shipped";
import { Icon } from "./icons";
import { VerdictMark } from "./marks";
import { count, seconds } from "./format";
import { zoom, zoomBy } from "./timeline/scale";

export function Transport({ compact }: { compact?: boolean }) {
  const current = run.value;
  const plan = scenario.value;
  return (
    <div class="transport">
      <button type="button" class="icon-btn" aria-label="To the start" onClick={() => seek(0)}><Icon name="toStart" /></button>
      <PlayButton />
      <button type="button" class="icon-btn" aria-label="To the end" onClick={() => seek(duration.value)}><Icon name="toEnd" /></button>
      <Clock />
      <label class="speed"><span class="visually-hidden">Speed</span>
        <select class="num" value={speed.value} onChange={(event) => (speed.value = Number(event.currentTarget.value))}>
          {SPEEDS.map((value) => <option key={value} value={value}>{value}×</option>)}
        </select>
      </label>
      {!compact && <Verdict brief={view.value === "router"} />}
      {!compact && view.value === "router" && <><AddRouter /><ShippedFilter run={current} /></>}
      <span class="spacer" />
      {!compact && plan && view.value !== "router" && <span class="muted num traffic">{count(plan.rate)} req/s, {plan.arrivals === "poisson" ? "Poisson" : "constant"}, seed {current?.report.seed ?? 1}</span>}
      <button type="button" class="btn small" aria-haspopup="dialog" onClick={() => (addStepOpen.value = {})}><Icon name="plus" />Add step</button>
      {!compact && (
        <>
          <button type="button" class="icon-btn" aria-label="Zoom out" disabled={!zoom.value} onClick={() => zoomBy(1.6, playhead.value, duration.value)}><Icon name="zoomOut" /></button>
          <button type="button" class="icon-btn" aria-label="Zoom in" onClick={() => zoomBy(0.6, playhead.value, duration.value)}><Icon name="zoomIn" /></button>
        </>
      )}
    </div>
  );
}

export function PlayButton() {
  return (
    <button type="button" class="play" aria-label={playing.value ? "Pause" : "Play"} data-testid="play" onClick={toggle}>
      <Icon name={playing.value ? "pause" : "play"} />
    </button>
  );
}

export function Clock() {
  return <span class="clock num"><strong data-testid="clock">{seconds(playhead.value)}</strong> / {duration.value / 1_000} s</span>;
}

export function Verdict({ brief }: { brief?: boolean }) {
  const all = run.value?.report.expectations ?? [];
  if (all.length === 0) return <span class="verdict-line muted">No expectations yet</span>;
  const failed = all.filter(({ passed }) => !passed).length;
  const noun = brief ? "" : all.length === 1 ? "expectation " : "expectations ";
  return (
    <span class={`verdict-line num ${failed > 0 ? "err" : "ok"}`} data-testid="verdict">
      <VerdictMark verdict={failed > 0 ? "failed" : "met"} />
      {failed > 0 ? `${failed} of ${all.length} ${noun}failed` : `${all.length} of ${all.length} ${noun}met`}
    </span>
  );
}
