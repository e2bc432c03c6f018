/** The region router's example files, with another scenario. */
import destinationRule from "../../../../examples/region-router/destination-rule.yaml?raw";
import gateway from "../../../../examples/region-router/gateway.yaml?raw";
import topology from "../../../../examples/region-router/topology.yaml?raw";
import virtualService from "../../../../examples/region-router/virtual-service.yaml?raw";
import wasmPlugin from "../../../../examples/region-router/wasm-plugin.yaml?raw";
import type { SourceFile } from "../core/types";
import { files } from "./blocks";

/** A region comes back slowly: what Istio has no word for. */
const FAILBACK = "      failback: {minimumHealthyTime: 2s, ramp: {duration: 8s, startPercent: 10}}\n";
/** Both gateways shall be back within the run, although the region fails once more when they try it. */
const SHORT = "baseEjectionTime: 8s";

export function router(scenario: string): SourceFile[] {
  return files({
    gateway, route: virtualService, rule: destinationRule.replace(/baseEjectionTime: \S+/, SHORT), topology, scenario,
    more: [{ name: "wasm-plugin.yaml", text: wasmPlugin.replace(/baseEjectionTime: \S+/, SHORT).replace(/(?= {6}trafficPolicy:)/, FAILBACK) }],
  });
}
