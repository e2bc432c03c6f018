/** The measured tracks: shares as stacked areas, errors, the 99th percentile. */
import { totals, percent, type Run } from "../../model/run";
import type { Frame } from "../../core/types";
import type { Expectation } from "../../model/scenario";
import { plain } from "../format";
import { VerdictShape } from "../marks";
import type { Scale } from "./scale";

export interface Track { top: number; height: number }

const visible = (run: Run, scale: Scale): Frame[] =>
  run.report.frames.filter((frame) => frame.toMs >= scale.fromMs && frame.fromMs <= scale.toMs);

/** Shares of each frame, cumulated from the first region upwards; frames without requests keep the last. */
function cumulated(run: Run, frames: Frame[]): { x: Frame; tops: number[] }[] {
  let last = run.regions.map(() => 0);
  return frames.map((frame) => {
    const answered = run.regions.map(({ name }) => frame.regions[name]?.requests ?? 0);
    if (frame.total.requests > 0) {
      let sum = 0;
      last = answered.map((requests) => (sum += percent(requests, frame.total.requests)));
    }
    return { x: frame, tops: last };
  });
}

export function ShareMarks({ run, scale, track }: { run: Run; scale: Scale; track: Track }) {
  const points = cumulated(run, visible(run, scale));
  const y = (value: number): number => track.top + track.height * (1 - value / 100);
  const mid = ({ fromMs, toMs }: Frame): number => scale.x((fromMs + toMs) / 2);
  const edge = (value: (tops: number[]) => number): string => {
    const first = points[0];
    const last = points.at(-1);
    if (!first || !last) return "";
    const inner = points.map(({ x, tops }) => `${mid(x).toFixed(1)} ${y(value(tops)).toFixed(1)}`);
    return [`${scale.x(first.x.fromMs).toFixed(1)} ${y(value(first.tops)).toFixed(1)}`, ...inner, `${scale.x(last.x.toMs).toFixed(1)} ${y(value(last.tops)).toFixed(1)}`].join("L");
  };
  const reversed = (path: string): string => path.split("L").reverse().join("L");
  return (
    <g>
      {run.regions.map((region, index) => (
        <path key={region.name} d={`M${edge((tops) => tops[index] ?? 0)}L${reversed(edge((tops) => (index === 0 ? 0 : tops[index - 1] ?? 0)))}Z`}
          fill={`var(--${region.token}-fill)`} fill-opacity="var(--area)" />
      ))}
      <FailingAreas {...{ run, points, y, scale }} />
      {run.regions.map((region, index) => (index === run.regions.length - 1 && run.regions.length > 1 ? null : (
        <path key={region.name} class="share-line" d={`M${edge((tops) => tops[index] ?? 0)}`} />
      )))}
    </g>
  );
}

/** Where a region's answers are errors, its area is hatched. */
function FailingAreas({ run, points, y, scale }: { run: Run; points: { x: Frame; tops: number[] }[]; y: (value: number) => number; scale: Scale }) {
  return (
    <>
      {run.regions.map(({ name }, index) => points.map(({ x, tops }) => {
        const counts = x.regions[name];
        if (!counts || counts.requests === 0 || counts.errors / counts.requests < 0.2) return null;
        const top = tops[index] ?? 0;
        const bottom = index === 0 ? 0 : tops[index - 1] ?? 0;
        const left = scale.x(x.fromMs);
        return <rect key={x.fromMs} x={left} y={y(top)} width={scale.x(x.toMs) - left + 0.5} height={Math.max(y(bottom) - y(top), 0)} fill="url(#stripes-err)" fill-opacity="0.75" />;
      }))}
    </>
  );
}

interface Expected { run: Run; scale: Scale; track: Track; expect: Expectation[] }
interface Corridor { index: number; met: boolean; left: number; right: number; borders: number[]; label: string; within: number }

/** What was expected: a corridor at each border between two regions. */
function corridorsOf({ run, scale, expect }: Expected): Corridor[] {
  return expect.flatMap(({ fromMs, toMs, share, within, gateway }, index) => {
    const left = Math.max(scale.x(fromMs), scale.left);
    const right = Math.min(scale.x(toMs), scale.left + scale.width);
    // What is drawn is of all gateways together.
    if (Object.keys(share).length === 0 || gateway !== undefined || right <= left) return [];
    let sum = 0;
    const borders = run.regions.slice(0, -1).map(({ name }) => (sum += share[name] ?? 0));
    const label = run.regions.length <= 3 ? `${run.regions.map(({ name }) => plain(share[name] ?? 0)).join(" / ")} ±${plain(within)}` : "";
    return [{ index, met: run.report.expectations[index]?.passed ?? false, left, right, borders: run.regions.length <= 3 ? borders : borders.slice(0, 1), label, within }];
  });
}

const heightOf = ({ top, height }: Track) => (value: number): number => top + height * (1 - Math.min(Math.max(value, 0), 100) / 100);

export function Corridors(props: Expected) {
  const y = heightOf(props.track);
  return (
    <g>
      {corridorsOf(props).map(({ index, met, left, right, borders, within }) => (
        <g key={index} class={met ? "corridor met" : "corridor failed"}>
          {borders.map((border, at) => (
            <rect key={at} x={left} y={y(border + within)} width={right - left} height={Math.max(y(border - within) - y(border + within), 3)} rx="1.5" />
          ))}
        </g>
      ))}
    </g>
  );
}

/** Labels take so much room. */
const LABEL_PX = 90;

/** The corridors' words and verdicts: never under the veil. */
export function CorridorLabels({ words, ...props }: Expected & { words: boolean }) {
  const { top, height } = props.track;
  const y = heightOf(props.track);
  return (
    <g>
      {corridorsOf(props).map(({ index, met, left, right, borders: [first = 0], label, within }) => (
        <g key={index} class={met ? "corridor met" : "corridor failed"}>
          {words && right - left > LABEL_PX && <text x={left + 6} y={Math.max(y(first + within) - 6, top + 12)}>{label}</text>}
          <g transform={`translate(${right - 20} ${Math.min(y(first) - 9, top + height - 20)})`}>
            <circle cx="9" cy="9" r="9.5" fill="var(--surface)" />
            <VerdictShape verdict={met ? "met" : "failed"} />
          </g>
        </g>
      ))}
    </g>
  );
}

/** An axis that ends at 10, 50 or 100 %. */
export function errorLimit(run: Run): number {
  const peak = Math.max(0, ...run.report.frames.map(({ total }) => percent(total.errors, total.requests)));
  return peak <= 10 ? 10 : peak <= 50 ? 50 : 100;
}
/** An axis that ends at 1, 2 or 5 times a power of ten. */
export function latencyLimit(run: Run): number {
  const peak = Math.max(10, ...run.report.frames.map(({ total }) => total.p99Ms ?? 0));
  const power = 10 ** Math.floor(Math.log10(peak));
  return [1, 2, 5, 10].map((factor) => factor * power).find((limit) => limit >= peak) ?? peak;
}

export function Line({ run, scale, track, limit, value, ink, filled }: {
  run: Run; scale: Scale; track: Track; limit: number; value: (frame: Frame) => number | undefined; ink: string; filled?: boolean;
}) {
  const frames = visible(run, scale);
  let path = "";
  let open = false;
  for (const frame of frames) {
    const now = value(frame);
    if (now === undefined) { open = false; continue; }
    const y = track.top + track.height * (1 - Math.min(now / limit, 1));
    path += `${open ? "L" : "M"}${scale.x((frame.fromMs + frame.toMs) / 2).toFixed(1)} ${y.toFixed(1)}`;
    open = true;
  }
  const base = track.top + track.height;
  return (
    <g>
      {filled && path !== "" && <path d={`${path}L${scale.left + scale.width} ${base}L${scale.left} ${base}Z`} fill={ink} fill-opacity="0.14" />}
      <path d={path} fill="none" stroke={ink} stroke-width="1.3" stroke-linejoin="round" />
    </g>
  );
}

export function errorsOf({ total }: Frame): number {
  return percent(total.errors, total.requests);
}

/** The run in one sentence, for those who do not see the chart. */
export function sentence(run: Run): string {
  const all = totals(run.report.frames);
  const parts = run.report.phases.map((phase) => {
    const shares = run.regions.map(({ name }) => `${name} ${plain(phase.regions[name]?.share ?? 0)}%`).join(", ");
    return `${phase.fromMs / 1_000} to ${phase.toMs / 1_000} s: ${shares}`;
  });
  return `Share of requests per region. ${parts.join("; ")}. ${all.errors} of ${all.requests} requests failed.`;
}
