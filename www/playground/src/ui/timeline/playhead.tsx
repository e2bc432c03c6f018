/** The one playhead: reads the clock each screen frame, without rendering anything else. */
import { playhead } from "../../model/playback";
import { seconds } from "../format";
import type { Scale } from "./scale";

export function Playhead({ scale, height, durationMs }: { scale: Scale; height: number; durationMs: number }) {
  const ms = playhead.value;
  if (ms < scale.fromMs || ms > scale.toMs) return null;
  return (
    <div class="playhead" style={{ transform: `translateX(${scale.x(ms)}px)`, height }} role="slider" tabIndex={0} aria-label="Playhead"
      aria-valuemin={0} aria-valuemax={durationMs / 1_000} aria-valuenow={Math.round(ms / 100) / 10} aria-valuetext={seconds(ms)}>
      <span class="num">{seconds(ms)}</span>
    </div>
  );
}
