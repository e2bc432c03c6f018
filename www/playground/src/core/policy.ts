/** The settings that decide at the gateway, out of the core's explanation, each with its manifest line. */
import type { Cause, ClusterExplanation, ExplainAnswer } from "mesh-failover/slim";
import { characters } from "./offsets";
import type { SourceFile } from "./types";

export interface LinePlace { file: string; line: number; start: number }
export interface RegionWeight { region: string; weight: number; place: LinePlace | undefined }
export interface OutlierPolicy { maxEjectionPercent: number; place: LinePlace | undefined; baseEjectionTime: LinePlace | undefined }
export interface Policy {
  /** Empty: weights do not count, order does. */
  weights: RegionWeight[];
  outlier: OutlierPolicy | undefined;
  panic: { thresholdPercent: number; place: LinePlace | undefined };
  overprovisioning: number;
}

/** Envoy's factor, where nothing could spill and so nothing is said of it. */
const DEFAULT_FACTOR = 1.4;

export function policyOf(files: SourceFile[], { explanation }: ExplainAnswer): Policy {
  const cluster = main(explanation.clusters);
  const place = ({ location }: Cause): LinePlace | undefined => {
    const text = files.find(({ name }) => name === location?.file)?.text;
    return location && text !== undefined ? { file: location.file, line: location.line, start: characters(text, location.start) } : undefined;
  };
  const weights = new Map<string, RegionWeight>();
  for (const { locality, weight, because } of cluster?.localities ?? []) {
    if (weight === undefined) continue;
    const region = locality.split("/")[0] ?? "";
    const known = weights.get(region);
    weights.set(region, { region, weight: (known?.weight ?? 0) + weight, place: known?.place ?? place(because.cause) });
  }
  const cap = cluster?.ejection.maxEjectionPercent;
  const base = cluster?.outlierDetection.find(({ name }) => name === "base_ejection_time");
  return {
    weights: [...weights.values()],
    outlier: cluster && cap !== undefined
      ? { maxEjectionPercent: cap, place: place(cluster.ejection.cause), baseEjectionTime: base && place(base.cause) }
      : undefined,
    panic: { thresholdPercent: cluster?.panic.thresholdPercent ?? 0, place: cluster && place(cluster.panic.cause) },
    overprovisioning: cluster?.localities.find(({ spill }) => spill)?.spill?.overprovisioningFactor ?? DEFAULT_FACTOR,
  };
}

/** The cluster that most endpoints are in: not a subset's, when there is a whole. */
function main(clusters: ClusterExplanation[]): ClusterExplanation | undefined {
  return [...clusters].sort((a, b) => b.hosts - a.hosts || Number(b.routes.length > 0) - Number(a.routes.length > 0))[0];
}
