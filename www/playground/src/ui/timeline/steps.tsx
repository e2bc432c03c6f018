/** Flags at the steps' times: sliders that can be dragged, moved with the keys, and deleted. */
import { useState } from "preact/hooks";
import { deleteStep, dragStep, goToStep, selectedStep } from "../../model/actions";
import { how } from "../../model/hero";
import { regionOfStep } from "../../model/guide";
import { undo } from "../../model/project";
import type { Run } from "../../model/run";
import type { Scenario, Step } from "../../model/scenario";
import { seconds } from "../format";
import { Badge } from "../marks";
import type { Scale } from "./scale";

const SNAP_MS = 500;
const FINE_MS = 100;
/** Room for a short and for a full label. */
const SHORT_PX = 108;
const FULL_PX = 200;

export function StepFlags({ run, scenario, scale, short }: { run: Run; scenario: Scenario; scale: Scale; short: boolean }) {
  const inside = scenario.steps.filter(({ atMs }) => atMs >= scale.fromMs && atMs <= scale.toMs);
  const sorted = [...inside].sort((a, b) => a.atMs - b.atMs);
  return (
    <>
      {sorted.map((step, index) => {
        const next = sorted[index + 1];
        const room = (next ? scale.x(next.atMs) : scale.left + scale.width + 60) - scale.x(step.atMs);
        return <Flag key={step.index} {...{ run, scenario, step, scale }} width={Math.min(short ? SHORT_PX : FULL_PX, Math.max(room - 3, 22))} />;
      })}
    </>
  );
}

function Flag({ run, scenario, step, scale, width }: { run: Run; scenario: Scenario; step: Step; scale: Scale; width: number }) {
  const [dragging, setDragging] = useState<{ pointer: number; grabbed: number; began: number } | undefined>(undefined);
  const name = regionOfStep(run, step);
  const region = run.regions.find((candidate) => candidate.name === name);
  const words = label(step, name, width);
  const move = (ms: number): void => dragStep(step.index, Math.min(Math.max(ms, 0), scenario.durationMs - FINE_MS));
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.shiftKey ? 1_000 : FINE_MS;
    if (event.key === "ArrowLeft") move(step.atMs - by);
    else if (event.key === "ArrowRight") move(step.atMs + by);
    else if (event.key === "Delete" || event.key === "Backspace") deleteStep(step.index);
    else if (event.key === "Enter") goToStep(step.index);
    else if (event.key === "Escape" && dragging) { move(dragging.began); setDragging(undefined); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class={`flag${dragging ? " dragging" : ""}${selectedStep.value === step.index ? " selected" : ""}`} role="slider" tabIndex={0}
      aria-label={`${name ?? "traffic"} ${how(step)}`} aria-valuemin={0} aria-valuemax={scenario.durationMs / 1_000} aria-valuenow={step.atMs / 1_000} aria-valuetext={seconds(step.atMs)}
      title={`${name ?? ""} ${how(step)} at ${seconds(step.atMs)}`} style={{ left: scale.x(step.atMs), maxWidth: width }} data-testid="flag"
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragging({ pointer: event.pointerId, grabbed: event.clientX - scale.x(step.atMs), began: step.atMs });
      }}
      onPointerMove={(event) => {
        if (!dragging) return;
        const snap = event.altKey ? FINE_MS : SNAP_MS;
        const ms = Math.round(scale.ms(event.clientX - dragging.grabbed) / snap) * snap;
        if (ms !== step.atMs) move(ms);
      }}
      onPointerUp={() => {
        if (dragging && step.atMs === dragging.began) goToStep(step.index);
        setDragging(undefined);
      }}
      onPointerCancel={() => { if (dragging) undo(); setDragging(undefined); }}>
      <span class="grip" aria-hidden="true" />
      {region && <Badge region={region} small />}
      <span class="flag-text num">{dragging ? seconds(step.atMs) : words}</span>
    </div>
  );
}

function label(step: Step, region: string | undefined, width: number): string {
  const what = step.action === "scale" ? `to ${step.replicas}` : how(step).replace(/^is /, "");
  const some = step.target.endpoints ? ` [${step.target.endpoints.join(", ")}]` : "";
  return width > SHORT_PX + 30 && region ? `${region}${some} ${what}` : what;
}
