//! Explanations: where each line's cause is found, and the numbers against the formulas they follow from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail as the test does")]

mod beyond_weights;

use mesh_failover_core::explain::{Cause, ClusterExplanation, DefaultOf, Explanation, explain};
use mesh_failover_core::manifest::{Manifests, Source, read};
use mesh_failover_core::sim::{EventKind, Options, Simulation};
use mesh_failover_core::sorted::SortedMap;
use mesh_failover_core::translate::{IstioVersion, Proxy};
use proptest::prelude::*;

const GATEWAY: &str = "
kind: Gateway
metadata: {name: gw, namespace: infra}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
";
const ROUTE: &str = "
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: ['*']
  gateways: [infra/gw]
  http: [{route: [{destination: {host: web.shop.svc.cluster.local}}]}]
";

/// `local` endpoints in the gateway's region, `remote` ones in another.
fn topology(local: u32, remote: u32) -> String {
    let cluster = |name: &str, region: &str, replicas: u32| {
        format!(
            "  - name: {name}\n    locality: {region}/{region}-1\n    gateway: {{}}\n    workloads: [{{service: web.shop.svc.cluster.local, port: 80, replicas: {replicas}}}]\n"
        )
    };
    let clusters = cluster("a", "eu", local) + &cluster("b", "us", remote);
    format!("kind: Topology\nspec:\n  clusters:\n{clusters}")
}

fn rule(policy: &str) -> String {
    format!(
        "kind: DestinationRule\nmetadata: {{name: web, namespace: shop}}\nspec:\n  host: web.shop.svc.cluster.local\n{policy}"
    )
}

fn manifests(documents: &[&str]) -> Manifests {
    let whole = |text: &&str| {
        let ours = text.contains("kind: Topology") || text.contains("kind: MeshConfig");
        let group = if ours { "mesh-failover.dev/v1alpha1" } else { "networking.istio.io/v1" };
        let written = text.trim_start();
        if written.starts_with("apiVersion") {
            return written.to_owned();
        }
        format!("apiVersion: {group}\n{written}")
    };
    let texts: Vec<String> = documents.iter().map(whole).collect();
    let names: Vec<String> = (0..texts.len()).map(|index| format!("{index}.yaml")).collect();
    let sources: Vec<_> =
        names.iter().zip(&texts).map(|(name, text)| Source { name, text }).collect();
    let (manifests, diagnostics) = read(&sources);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    manifests
}

fn explained_at(documents: &[&str], version: IstioVersion) -> Explanation {
    let manifests = manifests(documents);
    let proxy = Proxy::gateway_of(&manifests, "a").unwrap().with_version(version);
    explain(&manifests, &proxy)
}

fn explained(documents: &[&str]) -> Explanation {
    explained_at(documents, IstioVersion::NEWEST)
}

/// The only cluster of a service with one rule.
fn web(local: u32, remote: u32, policy: &str) -> ClusterExplanation {
    let (topology, rule) = (topology(local, remote), rule(policy));
    explained(&[&topology, GATEWAY, ROUTE, &rule]).clusters.swap_remove(0)
}

const FAILOVER: &str = "  trafficPolicy: {outlierDetection: {maxEjectionPercent: 100}}\n";

#[test]
fn a_line_points_at_the_field_that_causes_it() {
    let policy = "  trafficPolicy:
    outlierDetection:
      interval: 3s
      maxEjectionPercent: 50
      minHealthPercent: 30
    loadBalancer:
      simple: RANDOM
      localityLbSetting:
        distribute:
        - from: us/*
          to: {us: 100}
        - from: eu/*
          to: {eu: 80, us/*: 20}
";
    let cluster = web(2, 2, policy);
    let at = |cause: &mesh_failover_core::explain::Cause| {
        assert_eq!(cause.default_of, None);
        assert_eq!(cause.object.as_deref(), Some("DestinationRule shop/web"));
        (cause.path.clone(), cause.location.as_ref().unwrap().to_string())
    };
    let lb = "spec.trafficPolicy.loadBalancer";
    let outlier = "spec.trafficPolicy.outlierDetection";
    let expect = |path: String, at: &str| (path, format!("3.yaml:{at}"));
    assert_eq!(at(&cluster.rule.cause), expect("spec.host".to_owned(), "5:9"));
    assert_eq!(at(&cluster.policy.cause), expect(format!("{lb}.simple"), "12:15"));
    let entry = format!("{lb}.localityLbSetting.distribute[1]");
    assert_eq!(at(&cluster.balancing.cause), expect(entry.clone(), "17:11"));
    assert_eq!(
        at(&cluster.localities[1].because.cause),
        expect(format!("{entry}.to.us/*"), "18:30")
    );
    let ejection = &cluster.ejection.statement.cause;
    assert_eq!(at(ejection), expect(format!("{outlier}.maxEjectionPercent"), "9:27"));
    let panic = &cluster.panic.statement.cause;
    assert_eq!(at(panic), expect(format!("{outlier}.minHealthPercent"), "10:25"));
    let interval = cluster.outlier_detection.iter().find(|it| it.name == "interval").unwrap();
    assert_eq!(interval.value, "3s");
    assert_eq!(at(&interval.cause), expect(format!("{outlier}.interval"), "8:17"));
    let route = cluster.routes.first().unwrap();
    assert_eq!(route.cause.path, "spec.http[0]");
}

#[test]
fn the_most_specific_policy_is_blamed() {
    let check = |policy: &str, name: &str, path: &str| {
        let (topology, rule) = (topology(1, 1), rule(policy));
        let explanation = explained(&[&topology, GATEWAY, ROUTE, &rule]);
        let cluster = explanation.clusters.iter().find(|it| it.name.contains(name)).unwrap();
        let interval = cluster.outlier_detection.iter().find(|it| it.name == "interval").unwrap();
        assert_eq!(interval.cause.path, format!("spec.{path}.outlierDetection.interval"));
        assert_eq!(interval.cause.default_of, None, "{policy}");
    };
    let block = "outlierDetection: {interval: 3s}";
    let port = |block: &str| format!("portLevelSettings: [{{port: {{number: 80}}, {block}}}]");
    let subset = |policy: &str| {
        format!("  subsets:\n  - name: v0\n  - {{name: v1, trafficPolicy: {{{policy}}}}}\n")
    };
    let own = |policy: &str| format!("  trafficPolicy: {{{policy}}}\n");
    check(&own(block), "|80||", "trafficPolicy");
    check(&own(&port(block)), "|80||", "trafficPolicy.portLevelSettings[0]");
    check(&(own(block) + &subset("loadBalancer: {simple: RANDOM}")), "|v1|", "trafficPolicy");
    check(&(own(block) + &subset(block)), "|v1|", "subsets[1].trafficPolicy");
    let at_port = subset(&port(block));
    check(&(own(block) + &at_port), "|v1|", "subsets[1].trafficPolicy.portLevelSettings[0]");
    check(&(own(block) + &at_port), "|v0|", "trafficPolicy");
}

#[test]
fn the_mesh_is_blamed_for_its_defaults() {
    let mesh = "kind: MeshConfig\nspec:\n  defaultTrafficPolicy:\n    outlierDetection: {interval: 7s}\n  localityLbSetting: {distribute: [{from: eu, to: {us: 100}}]}\n";
    let topology = topology(1, 1);
    let explanation = explained(&[&topology, GATEWAY, ROUTE, mesh]);
    let cluster = &explanation.clusters[0];
    let interval = cluster.outlier_detection.iter().find(|it| it.name == "interval").unwrap();
    assert_eq!(interval.cause.path, "spec.defaultTrafficPolicy.outlierDetection.interval");
    assert_eq!(interval.cause.location.as_ref().unwrap().to_string(), "3.yaml:5:34");
    assert_eq!(cluster.balancing.cause.path, "spec.localityLbSetting.distribute[0]");
    assert!(cluster.balancing.text.ends_with("(mesh-wide)"), "{}", cluster.balancing.text);
    assert_eq!(cluster.destination_rule, None);
    assert!(cluster.rule.text.starts_with("no DestinationRule"), "{}", cluster.rule.text);

    let before = explained_at(&[&topology, GATEWAY, ROUTE, mesh], IstioVersion::new(1, 30));
    assert!(before.clusters[0].outlier_detection.is_empty(), "1.30 has no default policy");
}

#[test]
fn a_default_says_whose_it_is_and_where_it_could_be_set() {
    let cluster = web(1, 1, "  trafficPolicy:\n    outlierDetection: {}\n");
    let cause = &cluster.ejection.statement.cause;
    assert_eq!(cause.default_of, Some(DefaultOf::Envoy));
    assert_eq!(cause.to_string(), "Envoy's default, could be set below 3.yaml:7:5");
    assert_eq!(cluster.ejection.ejectable, 0, "10 % of two hosts");
    assert!(cluster.ejection.statement.text.contains("50 % allows one"));

    let none = web(1, 1, "");
    assert_eq!(none.ejection.max_ejection_percent, None);
    assert!(none.balancing.text.contains("outlierDetection"), "{}", none.balancing.text);
    assert_eq!(none.panic.statement.cause.default_of, Some(DefaultOf::Istio));
}

/// What every line of a cluster's explanation says, with its cause.
fn lines(cluster: &ClusterExplanation) -> Vec<(&str, &Cause)> {
    let facts = [&cluster.rule, &cluster.balancing, &cluster.policy];
    let facts = facts.into_iter().chain([&cluster.ejection.statement, &cluster.panic.statement]);
    let localities = cluster.localities.iter().map(|it| &it.because);
    let settings = cluster.limits.iter().chain(&cluster.outlier_detection);
    let statements = cluster.routes.iter().chain(facts).chain(localities);
    let settings = settings.map(|it| (it.name, &it.cause));
    statements.map(|it| (it.text.as_str(), &it.cause)).chain(settings).collect()
}

const GATEWAY_API: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: infra}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: gw, namespace: infra}]
  rules:
  - matches: [{path: {type: PathPrefix, value: /}}]
    backendRefs:
    - {name: old, port: 80, weight: 0}
    - {name: web, port: 80}
";

#[test]
fn what_no_rule_says_points_at_what_leads_to_the_service() {
    let topology = topology(1, 1);
    let labelled =
        "gateway: {labels: {gateway.networking.k8s.io/gateway-name: gw}, namespace: infra}";
    let labelled = topology.replace("gateway: {}", labelled);
    let weighted =
        ROUTE.replace("[{destination", "[{destination: {host: old}}, {weight: 1, destination");
    let cases: [(&[&str], &str, &str); 4] = [
        (&[&topology, GATEWAY, ROUTE], "2.yaml:7:40", "spec.http[0].route[0].destination.host"),
        (&[&topology, GATEWAY, &weighted], "2.yaml:7:79", "spec.http[0].route[1].destination.host"),
        (&[&labelled, GATEWAY_API], "1.yaml:17:14", "spec.rules[0].backendRefs[1].name"),
        (&[&topology, GATEWAY], "0.yaml:8:27", "spec.clusters[0].workloads[0].service"),
    ];
    for (documents, at, path) in cases {
        let explanation = explained(documents);
        let named = |it: &&ClusterExplanation| it.name.ends_with("||web.shop.svc.cluster.local");
        let cluster = explanation.clusters.iter().find(named).unwrap();
        let cause = &cluster.rule.cause;
        assert_eq!(cause.to_string(), format!("{at} {path}"));
        let expect = format!("Istio's default, could be set by a DestinationRule for {at}");
        assert_eq!(cluster.ejection.statement.cause.to_string(), expect);
    }
}

#[test]
fn every_line_has_a_place() {
    let topology = topology(2, 2);
    let policies = ["", FAILOVER, "  trafficPolicy: {connectionPool: {http: {maxRetries: 3}}}\n"];
    let subset = "  subsets: [{name: v1}]\n";
    let entry = "kind: ServiceEntry\nmetadata: {name: web, namespace: shop, annotations: {networking.istio.io/traffic-distribution: PreferClose}}\nspec: {hosts: [web.shop.svc.cluster.local], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 10.0.0.1, locality: eu/eu-1}]}\n";
    let mut texts: Vec<Vec<String>> = policies.map(|policy| vec![rule(policy)]).to_vec();
    texts.extend([vec![], vec![rule(subset)], vec![entry.to_owned()]]);
    for added in texts {
        let own = [topology.as_str(), GATEWAY, ROUTE];
        let documents: Vec<&str> =
            own.into_iter().chain(added.iter().map(String::as_str)).collect();
        for cluster in &explained(&documents).clusters {
            for (text, cause) in lines(cluster) {
                assert!(
                    cause.location.is_some() && cause.object.is_some(),
                    "{added:?}: {text}: {cause:?}"
                );
            }
        }
    }
}

#[test]
fn a_label_that_differs_is_named() {
    let policy = "  trafficPolicy:
    outlierDetection: {}
    loadBalancer:
      localityLbSetting:
        failoverPriority: [topology.istio.io/network, topology.kubernetes.io/region]
";
    let cluster = web(2, 2, policy);
    let [near, far] = cluster.localities.as_slice() else { panic!("{:?}", cluster.localities) };
    assert_eq!(near.because.text, "differs in no label");
    assert_eq!(far.because.text, "differs in `topology.kubernetes.io/region`: priority 1");
    assert!(far.because.cause.path.ends_with(".failoverPriority[1]"), "{}", far.because.cause.path);
    assert!(far.because.cause.location.is_some());
}

#[test]
fn without_locality_weights_every_failure_moves_traffic() {
    let off = "  trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: false}}}\n";
    let cluster = web(3, 1, off);
    let shares: Vec<f64> = cluster.localities.iter().map(|it| it.share).collect();
    assert_eq!(shares, [75.0, 25.0]);
    let spill = cluster.localities[0].spill.as_ref().unwrap();
    assert_eq!((spill.unhealthy, spill.of), (1, 3));
    assert!(spill.text.contains("every endpoint counts alike"), "{}", spill.text);
    assert!(!cluster.localities[0].ejection_can_spill);
}

#[test]
fn panic_keeps_traffic_where_it_is() {
    let policy = "  trafficPolicy: {outlierDetection: {minHealthPercent: 80}}\n";
    let (topology, rule) = (topology(10, 0), rule(policy));
    let explanation = explained(&[&topology, GATEWAY, ROUTE, &rule]);
    let cluster = &explanation.clusters[0];
    assert_eq!(cluster.localities[0].spill, None, "{:?}", cluster.localities[0].spill);
    assert!(cluster.panic.statement.text.ends_with("priority 0 from 7 usable of 10 on"));
}

/// The explanation and the simulator's own workers agree on where requests go at the start.
#[test]
fn the_simulator_starts_with_the_shares_explained() {
    let scenario = "apiVersion: mesh-failover.dev/v1alpha1\nkind: Scenario\nmetadata: {name: still}\nspec: {gateway: cluster-a, traffic: {rate: 1}, duration: 1s}\n";
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    for example in ["seed", "failover", "failover-priority", "three-regions"] {
        let files = ["topology", "gateway", "virtual-service", "destination-rule"];
        let texts = files.map(|file| {
            std::fs::read_to_string(format!("{examples}/{example}/{file}.yaml")).unwrap()
        });
        let texts = texts.iter().map(String::as_str).chain([scenario]);
        let sources: Vec<_> = texts.map(|text| Source { name: example, text }).collect();
        let (manifests, _) = read(&sources);
        let proxy = Proxy::gateway_of(&manifests, "cluster-a").unwrap();
        let mut expect: SortedMap<String, f64> = SortedMap::new();
        for locality in &explain(&manifests, &proxy).clusters[0].localities {
            let region = locality.locality.split('/').next().unwrap().to_owned();
            *expect.entry(region).or_default() += locality.share;
        }
        expect.retain(|_, share| *share > 0.0);
        let scenario = &manifests.scenarios[0].spec;
        let simulation = Simulation::new(&manifests, scenario, &Options::default()).unwrap();
        let events = simulation.report().events;
        let load = events.iter().find_map(|event| match &event.kind {
            EventKind::Load { regions, .. } => Some(regions),
            _ => None,
        });
        assert_eq!(load, Some(&expect), "{example}");
    }
}

proptest! {
    /// A priority takes what its whole-percent availability allows; the first endpoint that brings it below 100 spills.
    #[test]
    fn failover_spills_where_the_factor_says(local in 1..60_u32) {
        let cluster = web(local, 1, FAILOVER);
        let first = (1..=local).find(|down| 140 * (local - down) / local < 100).unwrap();
        let spill = cluster.localities[0].spill.as_ref().unwrap();
        prop_assert_eq!(spill.unhealthy, first);
        let left = f64::from(140 * (local - first) / local);
        prop_assert!((spill.share - left).abs() < 1e-9, "{} {}", spill.share, left);
    }

    /// Weights within a priority fall by the same factor, but not in whole percent.
    #[test]
    fn weights_spill_where_the_factor_says(local in 1..60_u32, remote in 1..9_u32) {
        let policy = "  trafficPolicy: {outlierDetection: {}, loadBalancer: {localityLbSetting: {distribute: [{from: eu, to: {eu: 70, us: 30}}]}}}\n";
        let cluster = web(local, remote, policy);
        let first = (1..=local).find(|down| 14 * (local - down) < 10 * local).unwrap();
        let spill = cluster.localities[0].spill.as_ref().unwrap();
        prop_assert_eq!(spill.unhealthy, first);
        let weight = 70.0 * 1.4 * f64::from(local - first) / f64::from(local);
        prop_assert!((spill.share - 100.0 * weight / (weight + 30.0)).abs() < 1e-9);
    }

    #[test]
    fn shares_add_up(local in 0..9_u32, remote in 0..9_u32, percent in 1..100_u32) {
        let policies = [
            FAILOVER.to_owned(),
            format!("  trafficPolicy: {{loadBalancer: {{localityLbSetting: {{distribute: [{{from: eu, to: {{eu: {percent}, us: {}}}}}]}}}}}}\n", 100 - percent),
            String::new(),
        ];
        for policy in policies {
            let cluster = web(local, remote, &policy);
            let sum: f64 = cluster.localities.iter().map(|it| it.share).sum();
            let expect = if local + remote == 0 { 0.0 } else { 100.0 };
            prop_assert!((sum - expect).abs() < 1e-9, "{policy}: {sum}");
            for locality in &cluster.localities {
                let sum: f64 = locality.without_it.iter().map(|it| it.share).sum();
                prop_assert!(sum.abs() < 1e-9 || (sum - 100.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_cap_is_a_share_of_all_hosts(local in 1..40_u32, remote in 0..40_u32, percent in 1..=100_u32) {
        let policy = format!("  trafficPolicy: {{outlierDetection: {{maxEjectionPercent: {percent}}}}}\n");
        let cluster = web(local, remote, &policy);
        prop_assert_eq!(cluster.ejection.ejectable, u64::from(percent * (local + remote) / 100));
    }
}
