/** The playhead: the run is computed at once, the playhead only reads it. */
import { computed, effect, signal } from "@preact/signals";
import { run } from "./session";
import { frameIndex, instantAt } from "./run";

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;
export const playhead = signal(0);
export const playing = signal(false);
export const speed = signal<number>(1);
export const duration = computed(() => run.value?.report.durationMs ?? 60_000);

const frame = computed(() => (run.value ? frameIndex(run.value, playhead.value) : 0));
/** Changes with the frames, not with the screen. */
export const instant = computed(() => {
  const current = run.value;
  if (!current) return undefined;
  const at = current.report.frames[frame.value];
  // Scrubbed to within a frame, an endpoint's state may change before its end.
  return instantAt(current, at ? Math.min(Math.max(playheadStep.value, at.fromMs), at.toMs - 0.001) : 0);
});
/** The playhead in tenths of a second. */
const playheadStep = computed(() => Math.floor(playhead.value / 100) * 100);

export function seek(ms: number): void {
  playhead.value = Math.min(Math.max(ms, 0), duration.value);
}
export function toggle(): void {
  if (!playing.value && playhead.value >= duration.value) playhead.value = 0;
  playing.value = !playing.value;
}

/** With reduced motion, time goes in half seconds. */
const JUMP_MS = 500;

export function keepPlaying(): () => void {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  return effect(() => {
    if (!playing.value) return;
    let last = performance.now();
    let handle = requestAnimationFrame(function advance(now) {
      const passed = (now - last) * speed.value;
      if (!calm.matches || passed >= JUMP_MS) {
        last = now;
        const next = playhead.peek() + passed;
        if (next >= duration.peek()) {
          seek(duration.peek());
          playing.value = false;
          return;
        }
        playhead.value = next;
      }
      handle = requestAnimationFrame(advance);
    });
    return () => cancelAnimationFrame(handle);
  });
}
