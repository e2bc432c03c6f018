/** One horizontal scale for all tracks. */
import { signal } from "@preact/signals";

export interface Scale { fromMs: number; toMs: number; left: number; width: number; x: (ms: number) => number; ms: (x: number) => number }

/** What of the run is shown; undefined: all. */
export const zoom = signal<{ fromMs: number; toMs: number } | undefined>(undefined);
/** Nothing shorter is shown. */
const SHORTEST_MS = 1_000;

export function makeScale(durationMs: number, left: number, width: number): Scale {
  const { fromMs, toMs } = zoom.value ?? { fromMs: 0, toMs: durationMs };
  const span = Math.max(toMs - fromMs, 1);
  return {
    fromMs, toMs, left, width,
    x: (ms) => left + ((ms - fromMs) / span) * width,
    ms: (x) => fromMs + ((x - left) / Math.max(width, 1)) * span,
  };
}

export function zoomBy(factor: number, aroundMs: number, durationMs: number): void {
  const { fromMs, toMs } = zoom.value ?? { fromMs: 0, toMs: durationMs };
  const span = Math.min(Math.max((toMs - fromMs) * factor, SHORTEST_MS), durationMs);
  if (span >= durationMs) {
    zoom.value = undefined;
    return;
  }
  const part = (aroundMs - fromMs) / (toMs - fromMs);
  const start = Math.min(Math.max(aroundMs - part * span, 0), durationMs - span);
  zoom.value = { fromMs: start, toMs: start + span };
}

const NICE = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600].map((s) => s * 1_000);
/** Labels stand at least so far apart. */
const TICK_PX = 76;

export function ticks({ fromMs, toMs, width }: Scale): number[] {
  const span = toMs - fromMs;
  const step = NICE.find((candidate) => (candidate / span) * width >= TICK_PX) ?? span;
  const first = Math.ceil(fromMs / step - 1e-9) * step;
  return Array.from({ length: Math.floor((toMs - first) / step + 1e-9) + 1 }, (_, index) => first + index * step);
}
