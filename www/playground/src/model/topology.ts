/** What the page needs of the topology before a run: where a cluster's gateway is, and how many workers it has. */
import { parseAllDocuments } from "yaml";
import type { SourceFile } from "../core/types";

interface ClusterText { name?: string; locality?: string; gateway?: { replicas?: number; workers?: number } }

/** The map asks in every frame. */
const known = new WeakMap<SourceFile[], ClusterText[]>();

function clusters(files: SourceFile[]): ClusterText[] {
  const found = known.get(files) ?? read(files);
  known.set(files, found);
  return found;
}

function read(files: SourceFile[]): ClusterText[] {
  const found: ClusterText[] = [];
  for (const file of files) {
    if (!/kind:\s*Topology/.test(file.text)) continue;
    const documents = parseAllDocuments(file.text);
    if (!Array.isArray(documents)) continue;
    for (const document of documents) {
      const value = document.toJS() as { kind?: string; spec?: { clusters?: ClusterText[] } } | null;
      if (value?.kind === "Topology") found.push(...(value.spec?.clusters ?? []));
    }
  }
  return found;
}

/** `region/zone` of a cluster's gateway. */
export function localityOfCluster(files: SourceFile[], name: string): string {
  return clusters(files).find((candidate) => candidate.name === name)?.locality ?? "";
}

export function regionOfCluster(files: SourceFile[], name: string): string {
  return localityOfCluster(files, name).split("/")[0] ?? "";
}

/** Worker threads over all of the gateway's pods. */
export function workersOfGateway(files: SourceFile[], name: string): number {
  const gateway = clusters(files).find((candidate) => candidate.name === name)?.gateway;
  return (gateway?.replicas ?? 1) * (gateway?.workers ?? 2);
}
