/** The form: what the manifests say in a few fields, and each change written back into their lines. */
import { computed } from "@preact/signals";
import { isMap } from "yaml";
import type { SourceFile } from "../core/types";
import { documentsOf, editDocument, plain } from "./documents";
import { change, project } from "./project";
import { hasRouter, withoutRouter, withRouter } from "./router";

export interface FormRegion { name: string; zone: string; cluster: string; replicas: number; latency: string; weight: number | undefined }
export type Sharing = "distribute" | "failover" | "failoverPriority" | "none";
export interface FormValues {
  host: string;
  port: string;
  regions: FormRegion[];
  from: string;
  sharing: Sharing;
  /** Where a region's traffic goes when it fails, as far as the rule says so. */
  failover: { from: string; to: string }[];
  outlier: Record<string, string> | undefined;
  connectTimeout: string;
  rate: string;
  duration: string;
  router: boolean;
}

export const OUTLIER_FIELDS: [string, string, string][] = [
  ["consecutive5xxErrors", "5xx in a row", "5"],
  ["interval", "Sweep every", "10s"],
  ["baseEjectionTime", "Out for", "30s"],
  ["maxEjectionPercent", "At most, %", "10"],
  ["minHealthPercent", "Panic below, %", "0"],
];

/** What the form can show; or why it cannot. */
export const form = computed<FormValues | string>(() => {
  const { files } = project.value;
  const rule = documentsOf(files, "DestinationRule")[0];
  const topology = documentsOf(files, "Topology")[0];
  if (!rule) return "No DestinationRule that can be read. Write one, or open a situation.";
  if (!topology) return "No Topology that can be read: it says which regions there are.";
  const spec = plain(plain(rule.document.toJS())["spec"]);
  const policy = plain(spec["trafficPolicy"]);
  const setting = plain(plain(policy["loadBalancer"])["localityLbSetting"]);
  const clusters = list(plain(plain(topology.document.toJS())["spec"])["clusters"]).map(plain);
  const scenario = plain(plain(documentsOf(files, "Scenario")[0]?.document.toJS())["spec"]);
  const home = clusters.find((cluster) => cluster["name"] === scenario["gateway"]) ?? clusters[0] ?? {};
  const from = regionOf(home["locality"]);
  const to = plain(list(setting["distribute"]).map(plain).find((entry) => regionOf(entry["from"]) === from)?.["to"]);
  const outlier = policy["outlierDetection"];
  const workload = (cluster: Record<string, unknown>): Record<string, unknown> => plain(list(cluster["workloads"])[0]);
  return {
    host: text(spec["host"]),
    port: text(workload(home)["port"]),
    regions: clusters.map((cluster) => {
      const [name = "", zone = ""] = text(cluster["locality"]).split("/");
      const { replicas, latency } = workload(cluster);
      return { name, zone, cluster: text(cluster["name"]), replicas: Number(replicas ?? 0), latency: text(latency), weight: to[name] === undefined ? undefined : Number(to[name]) };
    }),
    from,
    sharing: (["distribute", "failover", "failoverPriority"] as const).find((kind) => setting[kind] !== undefined) ?? "none",
    failover: list(setting["failover"]).map(plain).map(({ from, to }) => ({ from: text(from), to: text(to) })),
    outlier: outlier === undefined ? undefined : Object.fromEntries(Object.entries(plain(outlier)).map(([key, value]) => [key, text(value)])),
    connectTimeout: text(plain(plain(policy["connectionPool"])["tcp"])["connectTimeout"]),
    rate: text(plain(scenario["traffic"])["rate"]),
    duration: text(scenario["duration"]),
    router: hasRouter(files),
  };
});

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (value === undefined || value === null ? "" : String(value));
const regionOf = (locality: unknown): string => text(locality).split("/")[0] ?? "";

function put(files: SourceFile[], key: string): void {
  change({ ...project.value, files }, key);
}

/** A number stays a number, `10s` stays a text, nothing takes the field away. */
export function scalar(value: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function setIn(kind: string, path: (string | number)[], value: string): void {
  put(editDocument(project.value.files, kind, (document) => {
    if (value === "") document.deleteIn(path);
    else document.setIn(path, scalar(value));
  }), `form ${path.join(".")}`);
}

const POLICY = ["spec", "trafficPolicy"];
const SETTING = [...POLICY, "loadBalancer", "localityLbSetting"];

export const setOutlierField = (name: string, value: string): void => setIn("DestinationRule", [...POLICY, "outlierDetection", name], value);
export const setConnectTimeout = (value: string): void => setIn("DestinationRule", [...POLICY, "connectionPool", "tcp", "connectTimeout"], value);
export const setRate = (value: string): void => setIn("Scenario", ["spec", "traffic", "rate"], value);
export const setDuration = (value: string): void => setIn("Scenario", ["spec", "duration"], value);

export function setOutlier(on: boolean): void {
  put(editDocument(project.value.files, "DestinationRule", (document) => {
    const path = [...POLICY, "outlierDetection"];
    if (on) document.setIn(path, document.createNode({ consecutive5xxErrors: 5, interval: "1s", baseEjectionTime: "30s", maxEjectionPercent: 100 }));
    else document.deleteIn(path);
  }), "");
}

export function setSharing(sharing: Sharing, values: FormValues): void {
  put(editDocument(project.value.files, "DestinationRule", (document) => {
    const equal = equalWeights(values.regions.map(({ name }) => name));
    const next = [...new Set(values.regions.map(({ name }) => name))];
    const setting: Record<Sharing, unknown> = {
      none: undefined,
      distribute: { enabled: true, distribute: next.map((from) => ({ from, to: equal })) },
      failover: { enabled: true, failover: next.map((from, index) => ({ from, to: next[(index + 1) % next.length] })) },
      failoverPriority: { enabled: true, failoverPriority: ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"] },
    };
    if (setting[sharing] === undefined) document.deleteIn(SETTING);
    else document.setIn(SETTING, document.createNode(setting[sharing]));
  }), "");
}

function equalWeights(names: string[]): Record<string, number> {
  const unique = [...new Set(names)];
  const each = Math.floor(100 / unique.length);
  return Object.fromEntries(unique.map((name, index) => [name, index === 0 ? 100 - each * (unique.length - 1) : each]));
}

/** Sets a region's weight for the gateway's own region. */
export function setWeight(region: string, value: string, from: string): void {
  put(editDocument(project.value.files, "DestinationRule", (document) => {
    const entries = document.getIn([...SETTING, "distribute"]) as { items?: unknown[] } | undefined;
    const index = (entries?.items ?? []).findIndex((entry) => isMap(entry) && regionOf(entry.get("from")) === from);
    if (index < 0) return;
    const path = [...SETTING, "distribute", index, "to", region];
    if (value === "") document.deleteIn(path);
    else document.setIn(path, Number(value));
  }), `weight ${region}`);
}

export function setReplicas(cluster: string, value: string): void {
  put(editDocument(project.value.files, "Topology", (document) => {
    const clusters = list(plain(plain(document.toJS())["spec"])["clusters"]).map(plain);
    const index = clusters.findIndex(({ name }) => name === cluster);
    if (index >= 0 && /^\d+$/.test(value)) document.setIn(["spec", "clusters", index, "workloads", 0, "replicas"], Number(value));
  }), `replicas ${cluster}`);
}

/** Renames the service wherever the manifests name it. */
export function setHost(value: string, old: string): void {
  if (old === "" || value === "") return;
  put(project.value.files.map((file) => ({ name: file.name, text: file.text.replaceAll(old, value) })), "form host");
}

export function setPort(value: string): void {
  put(editDocument(project.value.files, "Topology", (document) => {
    const clusters = list(plain(plain(document.toJS())["spec"])["clusters"]);
    clusters.forEach((_, index) => document.setIn(["spec", "clusters", index, "workloads", 0, "port"], Number(value) || 80));
  }), "form port");
}

export function setRouter(on: boolean): void {
  put(on ? withRouter(project.value.files) : withoutRouter(project.value.files), "");
}
