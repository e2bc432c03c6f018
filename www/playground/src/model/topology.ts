/** What the page needs of the topology before a run: where a cluster's gateway is, and how many workers it has. */
import type { TopologyCluster } from "../core/types";

/** `region/zone` of a cluster's gateway. */
export function localityOf(clusters: TopologyCluster[], name: string): string {
  return clusters.find((candidate) => candidate.name === name)?.locality ?? "";
}

export function regionOf(clusters: TopologyCluster[], name: string): string {
  return localityOf(clusters, name).split("/")[0] ?? "";
}

/** Worker threads over all of the gateway's pods. */
export function workersOf(clusters: TopologyCluster[], name: string): number {
  const gateway = clusters.find((candidate) => candidate.name === name)?.gateway;
  return (gateway?.replicas ?? 1) * (gateway?.workers ?? 2);
}
