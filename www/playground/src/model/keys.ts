/** The page's keys; letters count only outside of text fields. */
import { doPrimary } from "../ui/hero";
import { goToProblem } from "../ui/editor/problems";
import { applyFix } from "./fixes";
import { goToStep } from "./actions";
import { hero } from "./hero";
import { addStepOpen, editorOpen, galleryOpen, helpOpen, segment, selectedProblem, whyOpen } from "./panels";
import { duration, playhead, seek, toggle } from "./playback";
import { redo, undo } from "./project";
import { diagnostics, scenario, view } from "./session";

const isText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function nearStep(by: 1 | -1): void {
  const steps = [...(scenario.value?.steps ?? [])].sort((a, b) => a.atMs - b.atMs);
  const now = playhead.value;
  const next = by > 0 ? steps.find(({ atMs }) => atMs > now + 1) : steps.findLast(({ atMs }) => atMs < now - 1);
  if (next) goToStep(next.index);
}

const LETTERS: Record<string, () => void> = {
  d: () => { if (hero.value?.primary && hero.value.primary.kind !== "fix") doPrimary(hero.value.primary); },
  n: () => (addStepOpen.value = {}),
  g: () => (galleryOpen.value = true),
  w: () => { whyOpen.value = !whyOpen.value; segment.value = "why"; },
  e: () => { editorOpen.value = !editorOpen.value; segment.value = "manifests"; },
  "1": () => (view.value = "native"),
  "2": () => (view.value = "router"),
  "3": () => (view.value = "compare"),
  "[": () => nearStep(-1),
  "]": () => nearStep(1),
  "?": () => (helpOpen.value = true),
};

export function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const control = event.ctrlKey || event.metaKey;
  const text = isText(event.target);
  const handled = control ? withControl(event, text) : event.altKey ? false : plainKey(event, text);
  if (handled) event.preventDefault();
}

function withControl(event: KeyboardEvent, text: boolean): boolean {
  const key = event.key.toLowerCase();
  if (key === ".") {
    const found = diagnostics.value[selectedProblem.value];
    if (found?.fix) applyFix(found);
    return true;
  }
  // In a text field, undo is the field's own.
  if (text || (key !== "z" && key !== "y")) return false;
  if (key === "y" || event.shiftKey) redo();
  else undo();
  return true;
}

function plainKey(event: KeyboardEvent, text: boolean): boolean {
  if (event.key === "F8") {
    const all = diagnostics.value.length;
    if (all > 0) goToProblem((selectedProblem.value + 1) % all);
    return true;
  }
  if (text) return false;
  const by = event.shiftKey ? 1_000 : 100;
  const onButton = event.target instanceof HTMLElement && event.target.closest("button, a, [role=slider].flag, summary") !== null;
  switch (event.key) {
    case " ": if (onButton) return false; toggle(); return true;
    case "ArrowLeft": if (inTabs(event)) return false; seek(playhead.value - by); return true;
    case "ArrowRight": if (inTabs(event)) return false; seek(playhead.value + by); return true;
    case "Home": seek(0); return true;
    case "End": seek(duration.value); return true;
    default: {
      const act = LETTERS[event.key.toLowerCase()];
      act?.();
      return act !== undefined;
    }
  }
}

function inTabs(event: KeyboardEvent): boolean {
  return event.target instanceof HTMLElement && event.target.closest("[role=tablist], [role=menu]") !== null;
}
