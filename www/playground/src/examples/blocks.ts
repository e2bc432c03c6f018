/** The parts that the gallery's situations share. */
import type { SourceFile } from "../core/types";

export const SERVICE = "hello-world.default.svc.cluster.local";

export interface Cluster { name: string; locality: string; replicas?: number; extra?: string }
export const EUROPE: Cluster = { name: "cluster-a", locality: "europe-west1/europe-west1-b" };
export const AMERICA: Cluster = { name: "cluster-b", locality: "us-central1/us-central1-a" };
export const ASIA: Cluster = { name: "cluster-c", locality: "asia-east1/asia-east1-a" };

export function topology(clusters: Cluster[]): string {
  const written = clusters.map(({ name, locality, replicas = 3, extra = "" }, index) => `  - name: ${name}
    locality: ${locality}
${extra}${index === 0 ? "    gateway: {replicas: 1, workers: 2}\n" : ""}    workloads:
    - {service: ${SERVICE}, port: 80, replicas: ${replicas}, latency: 5ms}
`);
  return `apiVersion: mesh-failover.dev/v1alpha1
kind: Topology
metadata:
  name: regions
spec:
  clusters:
${written.join("")}`;
}

/** A DestinationRule with a traffic policy, indented by four. */
export function rule(policy: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: hello-world
  namespace: default
spec:
  host: ${SERVICE}
  trafficPolicy:
    connectionPool:
      tcp:
        connectTimeout: 1s
${policy}`;
}

export const OUTLIER = `    outlierDetection:
      consecutive5xxErrors: 1
      interval: 1s
      baseEjectionTime: 10s
      maxEjectionPercent: 100
`;

export function distribute(shares: Record<string, number>, from: string[] = ["europe-west1", "us-central1"]): string {
  const to = Object.entries(shares).map(([region, percent]) => `            ${region}: ${percent}\n`).join("");
  return `    loadBalancer:
      localityLbSetting:
        enabled: true
        distribute:
${from.map((region) => `        - from: ${region}\n          to:\n${to}`).join("")}`;
}

export function failover(pairs: [string, string][]): string {
  return `    loadBalancer:
      localityLbSetting:
        enabled: true
        failover:
${pairs.map(([from, to]) => `        - from: ${from}\n          to: ${to}\n`).join("")}`;
}

export function scenario(name: string, steps: string[], expect: string[], duration = "60s"): string {
  return `apiVersion: mesh-failover.dev/v1alpha1
kind: Scenario
metadata:
  name: ${name}
spec:
  gateway: cluster-a
  traffic: {rate: 200, arrivals: poisson}
  duration: ${duration}
  steps:
${steps.map((step) => `  - ${step}\n`).join("")}  expect:
${expect.map((item) => `  - ${item}\n`).join("")}`;
}

/** The three states of the guide, with the region answering 503 in between. */
export const FAIL_AND_RESTORE = [
  "{at: 20s, fail: {region: europe-west1, status: 503}}",
  "{at: 40s, restore: {region: europe-west1}}",
];
export const HALF_ALL_HALF = [
  "{from: 2s, to: 20s, share: {europe-west1: 50, us-central1: 50}, within: 3}",
  "{from: 22s, to: 40s, share: {us-central1: 100}, within: 1}",
  "{from: 52s, to: 60s, share: {europe-west1: 50, us-central1: 50}, within: 3}",
];

export const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: public-gateway
  namespace: default
spec:
  selector:
    istio: ingressgateway
  servers:
  - port:
      number: 80
      name: http
      protocol: HTTP
    hosts:
    - '*'
`;

export const ROUTE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: hello-world
  namespace: default
spec:
  hosts:
  - '*'
  gateways:
  - public-gateway
  http:
  - route:
    - destination:
        host: ${SERVICE}
`;

export interface Parts { gateway?: string; route?: string; rule: string; topology: string; scenario: string; more?: SourceFile[] }

export function files({ gateway = GATEWAY, route = ROUTE, rule: destinationRule, topology: places, scenario: plan, more = [] }: Parts): SourceFile[] {
  return [
    { name: "gateway.yaml", text: gateway },
    { name: "virtual-service.yaml", text: route },
    { name: "destination-rule.yaml", text: destinationRule },
    ...more,
    { name: "topology.yaml", text: places },
    { name: "scenario.yaml", text: plan },
  ];
}
