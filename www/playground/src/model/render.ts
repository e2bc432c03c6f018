/** From the form to an intent, which the core renders. */
import { made } from "./documents";
import { scalar, type FormValues } from "./form";
import { change, project } from "./project";
import type { SourceFile } from "../core/types";

export type Api = "istio" | "gatewayApi";
export type Extension = "WasmPlugin" | "TrafficExtension";
/** What the form does not say: in which kinds to write it down. */
export interface Kinds { api: Api; /** Undefined: Istio's own failover. */ router: Extension | undefined }

/** The form as an Intent; what is empty is left to the core's defaults. */
export function intentOf(values: FormValues, { api, router }: Kinds): SourceFile {
  const weights = values.regions.flatMap(({ name, weight }) => (weight === undefined ? [] : [[name, weight] as const]));
  const spec = {
    host: values.host,
    ...(values.port && { port: Number(values.port) }),
    regions: values.regions.map(({ name, zone, cluster, replicas, latency }) => ({ name, ...(zone && { zone }), cluster, replicas, ...(latency && { latency }) })),
    ...(values.sharing === "distribute" && { distribute: Object.fromEntries(weights) }),
    ...(values.sharing === "failover" && { failover: values.failover }),
    ...(values.outlier && { outlierDetection: Object.fromEntries(Object.entries(values.outlier).map(([name, value]) => [name, scalar(value)])) }),
    gateway: { api },
    ...(router && { router: { extension: router } }),
  };
  const intent = { apiVersion: "mesh-failover.dev/v1alpha1", kind: "Intent", metadata: { name: values.host.split(".")[0] ?? "" }, spec };
  return { name: "intent.yaml", text: made(intent) };
}

/** Puts rendered manifests in the place of the user's; what happens to them stays. */
export function use(files: SourceFile[]): void {
  const scenarios = project.value.files.filter(({ text }) => /^kind:\s*Scenario\b/m.test(text));
  change({ ...project.value, files: [...files, ...scenarios] });
}
