/** The settings that decide at the gateway, with their lines: read from the DestinationRule as written. */
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node, type Pair, type YAMLMap } from "yaml";
import type { SourceFile } from "../core/types";

export interface LinePlace { file: string; line: number; start: number }
export interface OutlierPolicy {
  maxEjectionPercent: number;
  minHealthPercent: number;
  places: { maxEjectionPercent?: LinePlace; minHealthPercent?: LinePlace; baseEjectionTime?: LinePlace };
}
export interface Policy { weights: Map<string, { weight: number; place: LinePlace }>; outlier: OutlierPolicy | undefined }

interface Source { file: string; lines: LineCounter; document: Document }

export function policyOf(files: SourceFile[], gatewayRegion: string): Policy {
  const policy: Policy = { weights: new Map(), outlier: undefined };
  for (const file of files) {
    if (!/kind:\s*DestinationRule/.test(file.text)) continue;
    const lines = new LineCounter();
    const documents = parseAllDocuments(file.text, { lineCounter: lines });
    if (!Array.isArray(documents)) continue;
    for (const document of documents) {
      if (document.get("kind") !== "DestinationRule") continue;
      const source = { file: file.name, lines, document };
      policy.outlier ??= outlierOf(source);
      for (const [name, value] of weightsOf(source, gatewayRegion)) if (!policy.weights.has(name)) policy.weights.set(name, value);
    }
  }
  return policy;
}

function place({ file, lines }: Source, node: unknown): LinePlace | undefined {
  const start = (node as Node | undefined)?.range?.[0];
  return start === undefined ? undefined : { file, line: lines.linePos(start).line, start };
}

function pairOf(map: unknown, key: string): Pair | undefined {
  return isMap(map) ? (map as YAMLMap).items.find((pair) => String(pair.key) === key) : undefined;
}

function outlierOf(source: Source): OutlierPolicy | undefined {
  const block = source.document.getIn(["spec", "trafficPolicy", "outlierDetection"]);
  if (!isMap(block)) return undefined;
  const number = (key: string, fallback: number): number => Number(block.get(key) ?? fallback);
  const places: OutlierPolicy["places"] = {};
  for (const key of ["maxEjectionPercent", "minHealthPercent", "baseEjectionTime"] as const) {
    const found = place(source, pairOf(block, key)?.key);
    if (found) places[key] = found;
  }
  return { maxEjectionPercent: number("maxEjectionPercent", 10), minHealthPercent: number("minHealthPercent", 0), places };
}

function weightsOf(source: Source, gatewayRegion: string): [string, { weight: number; place: LinePlace }][] {
  const distribute = source.document.getIn(["spec", "trafficPolicy", "loadBalancer", "localityLbSetting", "distribute"]);
  if (!isSeq(distribute)) return [];
  const own = distribute.items.find((item) => isMap(item) && String(item.get("from") ?? "").split("/")[0] === gatewayRegion);
  const to = isMap(own) ? own.get("to") : undefined;
  if (!isMap(to)) return [];
  const sums = new Map<string, { weight: number; place: LinePlace }>();
  for (const { key, value } of to.items) {
    const region = String(isScalar(key) ? key.value : key).split("/")[0] ?? "";
    const at = place(source, key);
    if (!at) continue;
    const known = sums.get(region);
    const weight = Number(isScalar(value) ? value.value : value) || 0;
    sums.set(region, { weight: (known?.weight ?? 0) + weight, place: known?.place ?? at });
  }
  return [...sums];
}
