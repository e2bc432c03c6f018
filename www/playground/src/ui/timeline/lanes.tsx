/** A lane for each endpoint, or for each region where endpoints are many. */
import { type Condition, conditionAt, isUsable, type Lane, momentsOf, type Region, type Run } from "../../model/run";
import { color } from "../marks";
import type { Scale } from "./scale";

export const LANE = 9;
export const LANE_GAP = 2;
const GROUP_GAP = 10;
/** More endpoints are shown by region. */
const MOST_LANES = 12;

export interface Group { region: Region; top: number; height: number; lanes: Lane[]; summary: boolean }

export function groupsOf(run: Run, top: number, byRegion: boolean): Group[] {
  const summary = byRegion || run.lanes.length > MOST_LANES;
  let at = top;
  return run.regions.map((region) => {
    const lanes = run.lanesOf[region.index] ?? [];
    const rows = summary ? 1 : Math.max(lanes.length, 1);
    const height = summary ? LANE + 1 : rows * LANE + (rows - 1) * LANE_GAP;
    const group = { region, top: at, height, lanes, summary };
    at += height + (summary ? 6 : GROUP_GAP);
    return group;
  });
}

export function groupsBottom(groups: Group[]): number {
  const last = groups.at(-1);
  return last ? last.top + last.height : 0;
}

export function LaneMarks({ run, groups, scale }: { run: Run; groups: Group[]; scale: Scale }) {
  return (
    <g>
      {groups.map((group) => group.summary
        ? <RegionLane key={group.region.name} {...{ run, group, scale }} />
        : group.lanes.map((lane, index) => <EndpointLane key={lane.name} lane={lane} region={group.region} top={group.top + index * (LANE + LANE_GAP)} scale={scale} durationMs={run.report.durationMs} />))}
    </g>
  );
}

const clip = (scale: Scale, fromMs: number, toMs: number): { x: number; width: number } => {
  const x = Math.max(scale.x(fromMs), scale.left);
  return { x, width: Math.max(Math.min(scale.x(toMs), scale.left + scale.width) - x, 0) };
};

function EndpointLane({ lane, region, top, scale, durationMs }: { lane: Lane; region: Region; top: number; scale: Scale; durationMs: number }) {
  const ink = color(region);
  const middle = top + LANE / 2;
  return (
    <g>
      <path class="lane-none" d={`M${scale.left} ${middle}H${scale.left + scale.width}`} />
      {lane.spans.map((span) => {
        const { x, width } = clip(scale, span.fromMs, span.toMs);
        if (width <= 0) return null;
        const box = { x, y: top, width, height: LANE, rx: 2 };
        const key = span.fromMs;
        switch (span.state) {
          case "ready": case "slow": return <rect key={key} {...box} fill={ink} fill-opacity={span.state === "slow" ? 0.4 : "var(--lane)"} />;
          case "unready": return <rect key={key} {...box} y={top + 0.5} height={LANE - 1} fill="var(--surface)" stroke={ink} stroke-dasharray="3 2" />;
          case "draining": return <path key={key} d={`M${x} ${top}L${x + Math.min(width, 60)} ${top + LANE}H${x}Z`} fill={ink} fill-opacity="var(--lane)" />;
          default: return <rect key={key} {...box} fill="url(#stripes-err)" />;
        }
      })}
      {lane.ejections.map(({ fromMs, toMs }) => {
        const { x, width } = clip(scale, fromMs, toMs ?? durationMs);
        if (width <= 0) return null;
        return (
          <g key={fromMs}>
            <rect x={x} y={top + 0.5} width={width} height={LANE - 1} rx="2" fill="var(--surface)" />
            <rect x={x} y={top + 0.5} width={width} height={LANE - 1} rx="2" fill="url(#hatch)" fill-opacity="0.7" stroke="var(--ink-3)" />
            <Diamond x={x} y={middle} filled />
            {toMs !== undefined && <Diamond x={x + width} y={middle} />}
          </g>
        );
      })}
    </g>
  );
}

function Diamond({ x, y, filled }: { x: number; y: number; filled?: boolean }) {
  return <path d={`M${x} ${y - 4.5}l4.5 4.5-4.5 4.5-4.5-4.5z`} fill={filled ? "var(--ink)" : "var(--surface)"} stroke={filled ? "var(--surface)" : "var(--ink)"} stroke-width="1" />;
}

/** How many of a region's endpoints are usable, failing and ejected, frame by frame. */
function RegionLane({ run, group, scale }: { run: Run; group: Group; scale: Scale }) {
  const ink = color(group.region);
  const pieces = piecesOf(run, group.lanes);
  const from = pieces.map((piece) => ({ ...piece, ...clip(scale, piece.fromMs, piece.toMs) })).filter(({ width }) => width > 0);
  return (
    <g>
      <path class="lane-none" d={`M${scale.left} ${group.top + group.height / 2}H${scale.left + scale.width}`} />
      {from.map(({ x, width, fromMs, healthy, failing, ejected }) => {
        const parts: [number, string, string | number][] = [[healthy, ink, "var(--lane)"], [failing, "url(#stripes-err)", 1], [ejected, "url(#hatch)", 0.7]];
        let y = group.top + group.height;
        return (
          <g key={fromMs}>
            {parts.map(([part, fill, opacity]) => {
              const height = part * group.height;
              y -= height;
              return height > 0 ? <rect key={fill} x={x} y={y} width={width + 0.3} height={height} fill={fill} fill-opacity={opacity} /> : null;
            })}
          </g>
        );
      })}
    </g>
  );
}

interface Piece { fromMs: number; toMs: number; healthy: number; failing: number; ejected: number }

const MOST_PIECES = 480;
const known = new WeakMap<Lane[], Piece[]>();

/** Each endpoint enters the sums where it changes, and only there: they may be ten thousand. */
function piecesOf(run: Run, lanes: Lane[]): Piece[] {
  const found = known.get(lanes) ?? makePieces(run, lanes);
  known.set(lanes, found);
  return found;
}

function makePieces(run: Run, lanes: Lane[]): Piece[] {
  const moments = momentsOf(lanes).filter((ms) => ms < run.report.durationMs);
  const at = new Map(moments.map((ms, index) => [ms, index]));
  const changes = moments.map(() => ({ healthy: 0, failing: 0, ejected: 0 }));
  for (const lane of lanes) {
    let last: "healthy" | "failing" | "ejected" | undefined;
    for (const ms of momentsOf([lane])) {
      const change = changes[at.get(ms) ?? -1];
      const next = partOf(conditionAt(lane, ms + 0.001));
      if (!change || next === last) continue;
      if (last) change[last] -= 1;
      if (next) change[next] += 1;
      last = next;
    }
  }
  const all = Math.max(lanes.length, 1);
  const sum = { healthy: 0, failing: 0, ejected: 0 };
  const pieces: Piece[] = [];
  for (const [index, ms] of moments.entries()) {
    for (const part of ["healthy", "failing", "ejected"] as const) sum[part] += changes[index]?.[part] ?? 0;
    const last = pieces.at(-1);
    // What follows within less than can be seen takes the place of what was.
    const fromMs = last && ms - last.fromMs < run.report.durationMs / MOST_PIECES ? (pieces.pop()?.fromMs ?? ms) : ms;
    const toMs = moments[index + 1] ?? run.report.durationMs;
    pieces.push({ fromMs, toMs, healthy: sum.healthy / all, failing: sum.failing / all, ejected: sum.ejected / all });
  }
  return pieces;
}

function partOf(condition: Condition): "healthy" | "failing" | "ejected" | undefined {
  if (condition.kind === "ejected" || condition.kind === "failing") return condition.kind;
  return isUsable(condition) ? "healthy" : undefined;
}
