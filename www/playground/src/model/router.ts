/**
 * The region router's parts for manifests that lack them: a subset for each region, a route for each subset by the header that
 * the filter sets, and the filter itself with the DestinationRule's own words.
 */
import type { SourceFile } from "../core/types";
import { documentsOf, editDocument, made, plain } from "./documents";

export const HEADER = "x-mesh-region";
const REGION_LABEL = "topology.kubernetes.io/region";
const FILE = "wasm-plugin.yaml";

export function hasRouter(files: SourceFile[]): boolean {
  return documentsOf(files, "WasmPlugin").some(({ document }) => document.getIn(["spec", "pluginConfig", "destinations"]) !== undefined);
}

function regionsOf(files: SourceFile[]): string[] {
  const regions = documentsOf(files, "Topology").flatMap(({ document }) => {
    const clusters = plain(plain(document.toJS())["spec"])["clusters"];
    return Array.isArray(clusters) ? clusters.map((cluster: unknown) => String(plain(cluster)["locality"] ?? "").split("/")[0] ?? "") : [];
  });
  return [...new Set(regions)].filter((region) => region !== "");
}

/** The files with the router's parts; the same files if there is nothing to put it before. */
export function withRouter(files: SourceFile[]): SourceFile[] {
  const rule = documentsOf(files, "DestinationRule")[0];
  const regions = regionsOf(files);
  if (hasRouter(files) || !rule || regions.length === 0) return files;
  const spec = plain(plain(rule.document.toJS())["spec"]);
  const host = String(spec["host"] ?? "");
  const { outlierDetection, loadBalancer } = plain(spec["trafficPolicy"]);
  const setting = plain(plain(loadBalancer)["localityLbSetting"]);
  const known = Object.fromEntries(["distribute", "failover", "failoverPriority"].flatMap((name) => (setting[name] === undefined ? [] : [[name, setting[name]]])));
  const policy = {
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
    ...(Object.keys(known).length === 0 ? {} : { loadBalancer: { localityLbSetting: known } }),
  };
  let next = editDocument(files, "DestinationRule", (document) => {
    document.setIn(["spec", "subsets"], document.createNode(regions.map((name) => ({ name, labels: { [REGION_LABEL]: name } }))));
  });
  next = editDocument(next, "VirtualService", (document) => {
    const routes = plain(plain(document.toJS())["spec"])["http"];
    const last = Array.isArray(routes) ? routes : [];
    const byRegion = regions.map((name) => ({
      name, match: [{ headers: { [HEADER]: { exact: name } } }], route: [{ destination: { host, subset: name } }],
    }));
    document.setIn(["spec", "http"], document.createNode([...byRegion, ...last]));
  });
  const plugin = made({
    apiVersion: "extensions.istio.io/v1alpha1",
    kind: "WasmPlugin",
    metadata: { name: "region-router", namespace: "istio-system" },
    spec: {
      selector: { matchLabels: { istio: "ingressgateway" } },
      url: "oci://ghcr.io/mesh-failover/region-router:0.1.0",
      failStrategy: "FAIL_OPEN",
      pluginConfig: { destinations: [{ host, trafficPolicy: policy }] },
    },
  });
  const at = next.findIndex(({ name }) => name === rule.file) + 1;
  return [...next.slice(0, at), { name: FILE, text: plugin }, ...next.slice(at)];
}

/** The files without the router's parts. */
export function withoutRouter(files: SourceFile[]): SourceFile[] {
  const plugin = documentsOf(files, "WasmPlugin").find(({ document }) => document.getIn(["spec", "pluginConfig", "destinations"]) !== undefined);
  let next = plugin ? files.filter(({ name }) => name !== plugin.file) : files;
  next = editDocument(next, "VirtualService", (document) => {
    const routes = plain(plain(document.toJS())["spec"])["http"];
    if (!Array.isArray(routes)) return;
    const rest = routes.filter((route) => !JSON.stringify(plain(route)["match"] ?? "").includes(HEADER));
    document.setIn(["spec", "http"], document.createNode(rest));
  });
  return editDocument(next, "DestinationRule", (document) => {
    const subsets = plain(plain(document.toJS())["spec"])["subsets"];
    if (Array.isArray(subsets) && subsets.every((subset) => plain(plain(subset)["labels"])[REGION_LABEL] !== undefined)) document.deleteIn(["spec", "subsets"]);
  });
}
