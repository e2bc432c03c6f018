/** The gallery. The seed's manifests are the repository's own example files. */
import guideScenario from "../../../../examples/seed/cluster-a-down.yaml?raw";
import guideRule from "../../../../examples/seed/destination-rule.yaml?raw";
import guideGateway from "../../../../examples/seed/gateway.yaml?raw";
import guideTopology from "../../../../examples/seed/topology.yaml?raw";
import guideRoute from "../../../../examples/seed/virtual-service.yaml?raw";
import type { SourceFile } from "../core/types";
import type { Situation } from "../model/gallery";
import { AMERICA, ASIA, distribute, EUROPE, FAIL_AND_RESTORE, failover, files, HALF_ALL_HALF, OUTLIER, rule, scenario, topology } from "./blocks";
import { router } from "./router";
import { PINNED_ROUTE, PINNED_RULE } from "./subsets";

const guide = (plan: string): SourceFile[] => files({ gateway: guideGateway, route: guideRoute, rule: guideRule, topology: guideTopology, scenario: plan });
const TWO = topology([EUROPE, AMERICA]);
const EQUAL = distribute({ "europe-west1": 50, "us-central1": 50 });

const NO_STEPS = `apiVersion: mesh-failover.dev/v1alpha1
kind: Scenario
metadata:
  name: two-regions
spec:
  gateway: cluster-a
  traffic: {rate: 200, arrivals: poisson}
  duration: 60s
  expect:
  - {from: 2s, to: 60s, share: {europe-west1: 50, us-central1: 50}, within: 3}
`;

/** Ten regions in the order of their names; the gateway is in the first. */
const TEN = ["asia-east1", "asia-south1", "australia-southeast1", "europe-north1", "europe-west1", "europe-west4", "southamerica-east1", "us-central1", "us-east1", "us-west1"];

export const SITUATIONS: Situation[] = [
  {
    id: "guide", title: "The guide: two regions, 50/50", sentence: "Fails over and comes back by itself", works: true,
    files: guide(NO_STEPS), picture: guide(guideScenario),
  },
  {
    id: "ten-percent", title: "The 10% cap", sentence: "Default maxEjectionPercent ejects nobody", works: false, diagnosis: "MF0204",
    files: files({
      rule: rule(OUTLIER.replace(/ {6}maxEjectionPercent.*\n/, "") + EQUAL), topology: TWO,
      scenario: scenario("ten-percent-cap", FAIL_AND_RESTORE, HALF_ALL_HALF),
    }),
  },
  {
    id: "no-outlier-distribute", title: "distribute without outlierDetection", sentence: "A failing region keeps its share", works: false, diagnosis: "MF0201",
    files: files({ rule: rule(EQUAL), topology: TWO, scenario: scenario("distribute-without-outlier-detection", FAIL_AND_RESTORE, HALF_ALL_HALF) }),
  },
  {
    id: "no-outlier-failover", title: "failover without outlierDetection", sentence: "Locality order is silently ignored", works: false, diagnosis: "MF0202",
    files: files({
      rule: rule(failover([["europe-west1", "us-central1"]])), topology: TWO,
      scenario: scenario("failover-without-outlier-detection", FAIL_AND_RESTORE, [
        "{from: 2s, to: 20s, share: {europe-west1: 100}, within: 1}",
        "{from: 22s, to: 40s, share: {us-central1: 100}, within: 1}",
        "{from: 52s, to: 60s, share: {europe-west1: 100}, within: 1}",
      ]),
    }),
  },
  {
    id: "forgotten-region", title: "A third region forgotten", sentence: "Missing from distribute.to, gets nothing", works: false, diagnosis: "MF0301",
    files: files({
      rule: rule(OUTLIER + EQUAL), topology: topology([EUROPE, AMERICA, ASIA]),
      scenario: scenario("forgotten-region", [
        "{at: 20s, scale: {region: europe-west1, replicas: 0}}",
        "{at: 25s, scale: {region: us-central1, replicas: 0}}",
        "{at: 40s, scale: {region: europe-west1, replicas: 3}}",
        "{at: 40s, scale: {region: us-central1, replicas: 3}}",
      ], [
        "{from: 2s, to: 20s, share: {europe-west1: 50, us-central1: 50}, within: 3}",
        "{from: 27s, to: 40s, share: {asia-east1: 100}, within: 1}",
        "{from: 42s, to: 60s, share: {europe-west1: 50, us-central1: 50}, within: 3}",
      ]),
    }),
  },
  {
    id: "panic", title: "Panic", sentence: "minHealthPercent revives a dead region", works: false, diagnosis: "MF0205",
    files: files({
      rule: rule(OUTLIER.replace("100\n", "100\n      minHealthPercent: 60\n") + EQUAL), topology: TWO,
      scenario: scenario("panic", FAIL_AND_RESTORE, HALF_ALL_HALF),
    }),
  },
  {
    id: "tiers", title: "Tiers", sentence: "failoverPriority keeps traffic close", works: true,
    files: files({
      rule: rule(`${OUTLIER}    loadBalancer:
      localityLbSetting:
        enabled: true
        failoverPriority:
        - topology.kubernetes.io/region
        - topology.kubernetes.io/zone
`), topology: TWO,
      scenario: scenario("tiers", ["{at: 20s, scale: {region: europe-west1, replicas: 0}}", "{at: 40s, scale: {region: europe-west1, replicas: 3}}"], [
        "{from: 2s, to: 20s, share: {europe-west1: 100}, within: 1}",
        "{from: 22s, to: 40s, share: {us-central1: 100}, within: 1}",
        "{from: 42s, to: 60s, share: {europe-west1: 100}, within: 1}",
      ]),
    }),
  },
  {
    id: "subsets", title: "Subsets without failover", sentence: "Weighted routes pin users to a dead region", works: false, diagnosis: "MF0601",
    files: files({
      route: PINNED_ROUTE, rule: PINNED_RULE, topology: TWO,
      scenario: scenario("subsets", ["{at: 20s, scale: {region: europe-west1, replicas: 0}}", "{at: 40s, scale: {region: europe-west1, replicas: 3}}"], [
        "{from: 2s, to: 20s, share: {europe-west1: 50, us-central1: 50}, within: 4}",
        "{from: 22s, to: 40s, share: {us-central1: 100}, within: 1}",
        "{from: 42s, to: 60s, share: {europe-west1: 50, us-central1: 50}, within: 4}",
      ]),
    }),
  },
  {
    id: "failback", title: "Abrupt and ramped fail-back", sentence: "The same outage on both gateways", works: true, view: "compare",
    files: router(scenario("fail-back", FAIL_AND_RESTORE, [
      "{from: 2s, to: 20s, share: {europe-west1: 50, us-central1: 50}, within: 3}",
      "{from: 22s, to: 40s, share: {us-central1: 100}, within: 1}",
      "{from: 56s, to: 60s, share: {europe-west1: 50, us-central1: 50}, within: 5}",
    ])),
  },
  {
    id: "flapping", title: "Flapping", sentence: "Back-off calms an unstable region", works: true,
    files: files({
      rule: rule(OUTLIER.replace("10s", "2s") + EQUAL), topology: TWO,
      scenario: scenario("flapping", [5, 10, 15, 20, 25, 30, 35, 40].flatMap((at) => [
        `{at: ${at}s, fail: {region: europe-west1, status: 503}}`, `{at: ${at + 3}s, restore: {region: europe-west1}}`,
      ]), [
        "{from: 1s, to: 5s, share: {europe-west1: 50, us-central1: 50}, within: 5}",
        "{from: 80s, to: 90s, share: {europe-west1: 50, us-central1: 50}, within: 4}",
        "{maxErrorRate: 5}",
      ], "90s"),
    }),
  },
  {
    id: "east-west", title: "East-west gateway", sentence: "One host per region: one error drops it", works: false, diagnosis: "MF0701",
    files: files({
      rule: rule(OUTLIER + EQUAL),
      topology: topology([
        { ...EUROPE, extra: "    network: network-a\n" },
        { ...AMERICA, extra: "    network: network-b\n    eastWestGateways: ['10.2.0.1:15443']\n" },
      ]),
      scenario: scenario("east-west", [
        "{at: 20s, fail: {region: us-central1, status: 503, ratio: 0.1}}", "{at: 40s, restore: {region: us-central1}}",
      ], [
        "{from: 2s, to: 20s, share: {europe-west1: 50, us-central1: 50}, within: 3}",
        "{from: 22s, to: 40s, share: {europe-west1: 50, us-central1: 50}, within: 10}",
        "{from: 52s, to: 60s, share: {europe-west1: 50, us-central1: 50}, within: 3}",
      ]),
    }),
  },
  {
    id: "ten-regions", title: "Ten regions", sentence: "One of ten goes down, nine share its traffic", works: true,
    files: files({
      rule: rule(OUTLIER + distribute(Object.fromEntries(TEN.map((name) => [name, 10])), ["europe-west1"])),
      topology: topology([EUROPE, ...TEN.filter((name) => name !== "europe-west1").map((name, index) => ({ name: `cluster-${index + 2}`, locality: `${name}/${name}-a` }))]),
      scenario: scenario("ten-regions", ["{at: 20s, scale: {region: europe-west1, replicas: 0}}", "{at: 40s, scale: {region: europe-west1, replicas: 3}}"], [
        "{from: 2s, to: 20s, share: {europe-west1: 10}, within: 2}",
        "{from: 22s, to: 40s, share: {europe-west1: 0}, within: 0.5}",
        "{from: 42s, to: 60s, share: {europe-west1: 10}, within: 2}",
      ]),
    }),
  },
];
