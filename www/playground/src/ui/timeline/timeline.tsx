/** Time: what was measured, what was expected, what was done, and the playhead that joins it with the map. */
import { type Signal, useSignal } from "@preact/signals";
import { playhead, seek, instant as mainInstant } from "../../model/playback";
import { room } from "../../model/panels";
import { instantAt, type Run } from "../../model/run";
import { run as mainRun, scenario as mainScenario, stale } from "../../model/session";
import { millis, seconds, share } from "../format";
import { Badge } from "../marks";
import { Stripes } from "../map/map";
import { useWidth } from "../width";
import { shortName } from "../format";
import { groupsBottom, groupsOf, LaneMarks, LANE, LANE_GAP, type Group } from "./lanes";
import { Playhead } from "./playhead";
import { makeScale, ticks, zoom, zoomBy, type Scale } from "./scale";
import { StepFlags } from "./steps";
import { CorridorLabels, Corridors, errorLimit, errorsOf, latencyLimit, Line, sentence, ShareMarks } from "./tracks";
import { DataTable } from "./table";

export type Density = "full" | "half" | "phone" | "embed";

const RULER = 20;
/** Ticks nearer to the playhead than this hide under its label. */
const PILL_PX = 44;
const STEPS = 26;
/** Numbers so long leave no room for a word. */
const WORDLESS = 1_000;

function tracksOf(density: Density) {
  const steps = density === "embed" ? 0 : STEPS;
  const shareTop = RULER + steps + 2;
  const shareTrack = { top: shareTop, height: density === "half" ? 104 : density === "full" ? 92 + Math.min(room.value / 2, 120) : density === "embed" ? 58 : 92 };
  const small = density === "embed" ? 24 : 28;
  const errors = { top: shareTop + shareTrack.height + 12, height: small };
  const latency = { top: errors.top + small + 8, height: density === "phone" || density === "embed" ? 0 : 28 };
  return { share: shareTrack, errors, latency, lanes: density === "phone" ? errors.top + small + 8 : latency.top + latency.height + 10 };
}

export function Timeline({ run, density = "full" }: { run: Run | undefined; density?: Density }) {
  const [ref, width, element] = useWidth();
  const hover = useSignal<number | undefined>(undefined);
  const scenario = mainScenario.value;
  if (!run || !scenario) return <div class="timeline skeleton" style={{ height: 280 }} />;
  const left = density === "phone" ? 48 : density === "half" ? 92 : density === "embed" ? 92 : 108;
  const right = density === "phone" ? 4 : density === "half" ? 76 : 100;
  const tracks = tracksOf(density);
  const groups = density === "embed" ? [] : groupsOf(run, tracks.lanes, density === "phone");
  const height = (density === "embed" ? tracks.errors.top + tracks.errors.height : groupsBottom(groups)) + 8;
  const scale = makeScale(run.report.durationMs, left, Math.max(width - left - right, 10));
  const at = (event: { clientX: number }): number => {
    const box = element.current?.getBoundingClientRect();
    return scale.ms(event.clientX - (box?.left ?? 0));
  };
  const scrub = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    seek(at(event));
  };
  return (
    <div class={`timeline ${density}${stale.value ? " stale" : ""}`} data-testid="timeline">
      <div ref={ref} class="chart" style={{ height }}
        onWheel={(event) => { if (!event.ctrlKey) return; event.preventDefault(); zoomBy(event.deltaY > 0 ? 1.25 : 0.8, at(event), run.report.durationMs); }}
        onDblClick={() => (zoom.value = undefined)}>
        <svg width={width} height={height} role="img" aria-label={sentence(run)}>
          <Stripes />
          <clipPath id={`clip-${density}`}><rect x={scale.left} y="0" width={scale.width} height={height} /></clipPath>
          <Grid {...{ scale, height }} top={tracks.share.top} />
          <g clip-path={`url(#clip-${density})`}>
            <ShareMarks run={run} scale={scale} track={tracks.share} />
            <Corridors run={run} scale={scale} track={tracks.share} expect={scenario.expect} />
            <Line run={run} scale={scale} track={tracks.errors} limit={errorLimit(run)} value={errorsOf} ink="var(--err)" filled />
            {tracks.latency.height > 0 && <Line run={run} scale={scale} track={tracks.latency} limit={latencyLimit(run)} value={({ total }) => total.p99Ms ?? undefined} ink="var(--ink-2)" />}
            <LaneMarks run={run} groups={groups} scale={scale} />
            {scenario.steps.map(({ index, atMs }) => <path key={index} class="step-line" d={`M${scale.x(atMs)} ${RULER}V${height}`} />)}
          </g>
          <Veil scale={scale} top={tracks.share.top} height={height - tracks.share.top} />
          <RegionLabels run={run} scale={scale} top={tracks.share.top} height={tracks.share.height} />
          <CorridorLabels run={run} scale={scale} track={tracks.share} expect={scenario.expect} words={density !== "embed"} />
        </svg>
        <Labels {...{ run, tracks, groups, density, left }} />
        <Values {...{ run, tracks, groups, density }} left={scale.left + scale.width} />
        <div class="scrub" style={{ left: scale.left, width: scale.width, height }}
          onPointerDown={scrub}
          onPointerMove={(event) => { hover.value = at(event); if (event.buttons === 1) seek(at(event)); }}
          onPointerLeave={() => (hover.value = undefined)} />
        <div class="flags" style={{ top: RULER, height: density === "embed" ? 0 : STEPS }}>
          {scenario.steps.length === 0 && density !== "embed" && <span class="no-steps muted" style={{ left: scale.left + 12 }}>No steps yet. Take a region down, or press N to add one.</span>}
          {density !== "embed" && <StepFlags {...{ run, scenario, scale }} short={density !== "full"} />}
        </div>
        <Ruler scale={scale} />
        <Playhead scale={scale} height={height} durationMs={run.report.durationMs} />
        {density !== "phone" && <HoverCard {...{ run, scale, hover }} top={tracks.share.top} height={height} />}
      </div>
      <DataTable run={run} />
    </div>
  );
}

function Grid({ scale, top, height }: { scale: Scale; top: number; height: number }) {
  return (
    <g class="grid">
      {ticks(scale).map((ms) => <path key={ms} d={`M${scale.x(ms)} ${top}V${height}`} />)}
      <path d={`M${scale.left} ${top}H${scale.left + scale.width}`} />
    </g>
  );
}

function Ruler({ scale }: { scale: Scale }) {
  return (
    <div class="ruler num" aria-hidden="true">
      {ticks(scale).map((ms) => <span key={ms} class={Math.abs(scale.x(ms) - scale.x(playhead.value)) < PILL_PX ? "under" : ""} style={{ left: scale.x(ms) }}>{ms / 1_000} s</span>)}
    </div>
  );
}

/** What is still to come is lighter. */
function Veil({ scale, top, height }: { scale: Scale; top: number; height: number }) {
  const x = Math.max(scale.x(playhead.value), scale.left);
  const width = Math.max(scale.left + scale.width - x, 0);
  return <rect class="veil" x={x} y={top} width={width} height={height} />;
}

function RegionLabels({ run, scale, top, height }: { run: Run; scale: Scale; top: number; height: number }) {
  if (run.regions.length > 3 || zoom.value) return null;
  const first = run.report.frames.slice(0, 8);
  const requests = first.reduce((sum, { total }) => sum + total.requests, 0);
  let sum = 0;
  return (
    <g class="region-labels" aria-hidden="true">
      {run.regions.map((region, index) => {
        const own = first.reduce((all, frame) => all + (frame.regions[region.name]?.requests ?? 0), 0);
        const from = sum;
        sum += requests > 0 ? own / requests : 0;
        if (sum - from < 0.2) return null;
        const y = index === 0 ? top + height - 12 : top + height * (1 - sum) + 14;
        return (
          <g key={region.name} transform={`translate(${scale.left + 8} ${y})`}>
            <rect x="0" y="-7" width="14" height="14" rx="3" fill={`var(--${region.token})`} />
            <text x="7" y="3.5" class="letter">{region.letter}</text>
            <text x="20" y="4" fill={`var(--${region.token}-text)`}>{region.name}</text>
          </g>
        );
      })}
    </g>
  );
}

interface Sides { run: Run; tracks: ReturnType<typeof tracksOf>; groups: Group[]; density: Density; left: number }

function Labels({ run, tracks, groups, density, left }: Sides) {
  const tick = (y: number, text: string) => density !== "phone" && <span class="tick num" style={{ top: y - 6, width: left - 8 }}>{text}</span>;
  const wide = density === "full";
  return (
    <div class="labels" aria-hidden="true">
      {density !== "embed" && <span style={{ top: RULER + 4 }}>Steps</span>}
      <span style={{ top: tracks.share.top + 2 }}>Share{wide && <small>per region</small>}</span>
      {tick(tracks.share.top + 4, "100%")}{tick(tracks.share.top + tracks.share.height / 2, "50%")}{tick(tracks.share.top + tracks.share.height - 4, "0")}
      <span style={{ top: tracks.errors.top }}>Errors{wide && <small>of requests</small>}</span>
      {tick(tracks.errors.top + 4, `${errorLimit(run)}%`)}
      {tracks.latency.height > 0 && <><span style={{ top: tracks.latency.top }}>p99{wide && <small>latency</small>}</span>{tick(tracks.latency.top + 4, `${latencyLimit(run)} ms`)}</>}
      {groups.map((group) => (
        <div key={group.region.name}>
          <span style={{ top: group.top + group.height / 2 - 7 }}><Badge region={group.region} small /></span>
          {!group.summary && group.lanes.map((lane, index) => (
            <span key={lane.name} class="lane-name mono" style={{ top: group.top + index * (LANE + LANE_GAP) - 1, width: left - 8 }}>{shortName(lane)}</span>
          ))}
        </div>
      ))}
    </div>
  );
}

function Values({ run, tracks, groups, density, left }: Sides) {
  if (density === "phone") return null;
  const now = run === mainRun.value ? mainInstant.value : instantAt(run, playhead.value);
  if (!now) return null;
  const peakErrors = Math.max(...run.report.frames.map(errorsOf));
  const peakLatency = Math.max(...run.report.frames.map(({ total }) => total.p99Ms ?? 0));
  const shown = now.regions.slice(0, 4).reverse();
  const step = shown.length > 1 ? (tracks.share.height - 20) / (shown.length - 1) : 0;
  return (
    <div class="values num" style={{ left }}>
      {shown.map(({ region, share: own }, index) => (
        <span key={region.name} class="value" style={{ top: tracks.share.top + index * step, color: `var(--${region.token}-text)` }}>
          <Badge region={region} small /><strong>{share(own)}</strong>
        </span>
      ))}
      <span class="value" style={{ top: tracks.errors.top - 3 }}><strong class={now.errorRate >= 1 ? "err" : ""}>{share(now.errorRate)}</strong></span>
      {density === "full" && <span class="value muted" style={{ top: tracks.errors.top + 14 }}>peak {share(peakErrors)}</span>}
      {tracks.latency.height > 0 && <span class="value" style={{ top: tracks.latency.top - 3 }}><strong>{millis(now.p99Ms)}</strong></span>}
      {tracks.latency.height > 0 && density === "full" && <span class="value muted" style={{ top: tracks.latency.top + 14 }}>peak {millis(peakLatency)}</span>}
      {density === "full" && groups.map(({ region, top, height, lanes }) => (
        <span key={region.name} class="value muted" style={{ top: top + height / 2 - 9 }}>{now.regions[region.index]?.usable} of {lanes.length}<span class={lanes.length < WORDLESS ? "" : "visually-hidden"}> usable</span></span>
      ))}
    </div>
  );
}

function HoverCard({ run, scale, hover, top, height }: { run: Run; scale: Scale; hover: Signal<number | undefined>; top: number; height: number }) {
  if (hover.value === undefined) return null;
  const ms = Math.min(Math.max(hover.value, 0), run.report.durationMs);
  const now = instantAt(run, ms);
  const x = scale.x(ms);
  const flip = x > scale.left + scale.width - 190;
  return (
    <>
      <div class="crosshair" style={{ left: x, top, height: height - top }} />
      <div class="hover-card num" style={flip ? { right: `calc(100% - ${x - 12}px)`, top: top + 8 } : { left: x + 12, top: top + 8 }} aria-hidden="true">
        <div><strong>{seconds(ms)}</strong></div>
        {now.regions.slice(0, 6).map(({ region, share: own }) => <div key={region.name}><Badge region={region} small /><span class="region-name">{region.name}</span><strong>{share(own)}</strong></div>)}
        {now.noneShare > 0 && <div><span>no region</span><strong>{share(now.noneShare)}</strong></div>}
        <div class="muted"><span>errors</span><span>{share(now.errorRate)}</span></div>
        <div class="muted"><span>p99</span><span>{millis(now.p99Ms)}</span></div>
      </div>
    </>
  );
}
