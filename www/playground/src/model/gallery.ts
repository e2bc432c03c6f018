/** Situations to open: what works, and what is known to go wrong. */
import { computed } from "@preact/signals";
import { change, project, type Project } from "./project";
import { seek, playing } from "./playback";
import { view, type View } from "./session";
import { zoom } from "../ui/timeline/scale";
import { SITUATIONS } from "../examples/situations";
import type { SourceFile } from "../core/types";

export interface Situation {
  id: string;
  title: string;
  sentence: string;
  works: boolean;
  /** The code of the finding that says what is wrong. */
  diagnosis?: string;
  view?: View;
  files: SourceFile[];
  /** Files whose run is the card's picture, if not the situation's own. */
  picture?: SourceFile[];
}
export const situations: Situation[] = SITUATIONS;

/** Which situation is open, as long as its title is. */
export const position = computed(() => {
  const index = situations.findIndex(({ title }) => title === project.value.title);
  return index < 0 ? undefined : index;
});

export function asProject({ title, files }: Situation): Project {
  return { title, files, istio: "1.31" };
}

export function open(situation: Situation): void {
  change(asProject(situation));
  view.value = situation.view ?? "native";
  zoom.value = undefined;
  playing.value = false;
  seek(30_000);
}

export function neighbour(by: number): void {
  const next = situations[((position.value ?? 0) + by + situations.length) % situations.length];
  if (next) open(next);
}
