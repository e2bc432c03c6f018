/** What the manifests' lines have to do with the instant: which ones decide it, and the live share beside each weight. */
import { computed } from "@preact/signals";
import type { Hint } from "../ui/editor/code";
import { roundShare } from "../ui/format";
import { instant } from "./playback";
import { activeFile } from "./project";
import { explained } from "./session";

/** Lines of the active file that give a region its weight. */
const weights = computed(() => (explained.value?.weights ?? []).flatMap(({ region, place }) => (place?.file === activeFile.value ? [{ region, line: place.line }] : [])));

export const linkedLines = computed(() => weights.value.map(({ line }) => line));

export const shareHints = computed<Hint[]>(() => {
  const now = instant.value;
  if (!now) return [];
  return weights.value.flatMap(({ line, region }) => {
    const own = now.regions.find((candidate) => candidate.region.name === region);
    if (!own) return [];
    const fails = own.errorRate >= 90 && own.share > 1 ? ", all fail" : "";
    return [{ line, text: `${roundShare(own.weight)} now${fails}`, token: own.region.token, letter: own.region.letter }];
  });
});
