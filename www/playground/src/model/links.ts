/** What the manifests' lines have to do with the instant: which ones decide it, and the live share beside each weight. */
import { computed } from "@preact/signals";
import type { Hint } from "../ui/editor/code";
import { activeFile, project } from "./project";
import { instant } from "./playback";
import { run } from "./session";
import { roundShare } from "../ui/format";

/** The `distribute` entry for the gateway's own region: one line for each region it names. */
const weights = computed(() => {
  const current = run.value;
  const text = project.value.files.find(({ name }) => name === activeFile.value)?.text ?? "";
  if (!current || !/kind:\s*DestinationRule/.test(text)) return [];
  const lines = text.split("\n");
  const from = lines.findIndex((line) => new RegExp(`^\\s*-\\s*from:\\s*["']?${escape(current.gatewayRegion)}(/\\S*)?["']?\\s*$`).test(line));
  if (from < 0) return [];
  const found: { line: number; region: string }[] = [];
  for (let index = from + 1; index < lines.length && !/^\s*-\s/.test(lines[index] ?? ""); index++) {
    const key = /^\s*["']?([\w.-]+)(?:\/[^:"']*)?["']?:\s*\d+\s*$/.exec(lines[index] ?? "")?.[1];
    if (key && current.regions.some(({ name }) => name === key)) found.push({ line: index + 1, region: key });
  }
  return found;
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

export const linkedLines = computed(() => weights.value.map(({ line }) => line));

export const shareHints = computed<Hint[]>(() => {
  const current = run.value;
  const now = instant.value;
  if (!current || !now) return [];
  return weights.value.flatMap(({ line, region }) => {
    const own = now.regions.find((candidate) => candidate.region.name === region);
    if (!own) return [];
    const fails = own.errorRate >= 90 && own.share > 1 ? ", all fail" : "";
    return [{ line, text: `${roundShare(own.weight)} now${fails}`, token: own.region.token, letter: own.region.letter }];
  });
});
