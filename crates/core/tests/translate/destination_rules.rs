//! Which DestinationRule applies, and what several become.

use mesh_failover_core::translate::Translation;

use crate::support::{GATEWAY, TOPOLOGY, cluster, names, translated};

const WEB: &str = "outbound|80||web.shop.svc.cluster.local";

/// A rule whose `http2MaxRequests` tells it apart.
fn rule(name: &str, namespace: &str, host: &str, requests: u32, rest: &str) -> String {
    format!(
        "kind: DestinationRule\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  host: '{host}'\n  trafficPolicy: {{connectionPool: {{http: {{http2MaxRequests: {requests}}}}}}}\n{rest}"
    )
}

fn with(rules: &[&str]) -> Translation {
    let all: Vec<&str> = [TOPOLOGY, GATEWAY].into_iter().chain(rules.iter().copied()).collect();
    translated(&all)
}

/// The winner's number whatever the order of the files; 0 if none applies.
fn check(rules: &[&str], expect: u32) {
    let backwards: Vec<&str> = rules.iter().rev().copied().collect();
    for rules in [rules, backwards.as_slice()] {
        let found = cluster(&with(rules), WEB).circuit_breakers.max_requests;
        assert_eq!(if found == u32::MAX { 0 } else { found }, expect, "{rules:#?}");
    }
}

#[test]
fn the_service_s_namespace_goes_before_the_root_namespace() {
    let service = rule("r", "shop", "web", 1, "");
    let root = rule("r", "istio-system", "web.shop.svc.cluster.local", 2, "");
    let elsewhere = rule("r", "other", "web.shop.svc.cluster.local", 3, "");
    check(&[&service, &root, &elsewhere], 1);
    check(&[&root, &elsewhere], 2);
    check(&[&elsewhere], 0);
}

#[test]
fn the_gateway_s_own_namespace_goes_first() {
    let topology = TOPOLOGY.replace("gateway: {}", "gateway: {namespace: edge}");
    let own = rule("r", "edge", "*.shop.svc.cluster.local", 1, "");
    let service = rule("r", "shop", "web", 2, "");
    let translation = translated(&[&topology, GATEWAY, &service, &own]);
    assert_eq!(cluster(&translation, WEB).circuit_breakers.max_requests, 1);
    let origin = &translation.origins[WEB];
    assert_eq!(origin.destination_rule, Some(3));
    assert_eq!(
        origin.why,
        "it is in the gateway's own namespace `edge`, where `*.shop.svc.cluster.local` is the most specific host"
    );
}

#[test]
fn a_private_rule_of_the_root_namespace_is_the_gateway_s_own() {
    let private = rule("r", "istio-system", "web.shop.svc.cluster.local", 1, "  exportTo: ['.']");
    let service = rule("r", "shop", "web", 2, "");
    check(&[&private, &service], 1);
}

#[test]
fn exports_are_honoured() {
    for (export_to, seen) in [("['*']", 1), ("['.']", 0), ("[istio-system]", 1), ("[other]", 0)] {
        check(&[&rule("r", "shop", "web", 1, &format!("  exportTo: {export_to}"))], seen);
    }
    let mesh = "kind: MeshConfig\nspec: {defaultDestinationRuleExportTo: ['.']}";
    check(&[&rule("r", "shop", "web", 1, ""), mesh], 0);
}

#[test]
fn the_most_specific_host_wins_in_a_namespace() {
    let exact = rule("z", "shop", "web.shop.svc.cluster.local", 1, "");
    let suffix = rule("b", "shop", "*.shop.svc.cluster.local", 2, "");
    let any = rule("a", "shop", "*", 3, "");
    check(&[&exact, &suffix, &any], 1);
    check(&[&suffix, &any], 2);
    check(&[&any], 3);
}

#[test]
fn a_short_host_is_completed_with_the_rule_s_namespace() {
    check(&[&rule("r", "istio-system", "web", 1, "")], 0);
}

#[test]
fn a_workload_selector_needs_the_gateway_s_namespace_and_labels() {
    let select = |labels: &str| format!("  workloadSelector: {{matchLabels: {labels}}}");
    let host = "web.shop.svc.cluster.local";
    let fits = rule("r", "istio-system", host, 1, &select("{istio: ingressgateway}"));
    let misses = rule("r", "istio-system", host, 2, &select("{istio: other}"));
    let abroad = rule("r", "shop", "web", 3, &select("{istio: ingressgateway}"));
    check(&[&fits], 1);
    check(&[&misses], 0);
    check(&[&abroad], 0);
}

#[test]
fn rules_for_one_host_are_merged() {
    let subsets = |names: &[&str]| {
        let list: Vec<_> = names.iter().map(|name| format!("{{name: {name}}}")).collect();
        format!("  subsets: [{}]", list.join(", "))
    };
    let first = rule("a", "shop", "web", 1, &subsets(&["v1", "v2"]));
    let second = rule("b", "shop", "web", 2, &subsets(&["v2", "v3"]));
    check(&[&first, &second], 1);
    let translation = with(&[&first, &second]);
    let web = |subset: &str| format!("outbound|80|{subset}|web.shop.svc.cluster.local");
    assert_eq!(names(&translation), [web(""), web("v1"), web("v2"), web("v3")]);
    let document = |subset: &str| translation.origins[&web(subset)].destination_rule;
    assert_eq!([document(""), document("v2"), document("v3")], [Some(2), Some(2), Some(3)]);
    // Merged, the subset of the second rule has the first one's policy.
    assert_eq!(cluster(&translation, &web("v3")).circuit_breakers.max_requests, 1);
}

#[test]
fn a_subset_replaces_blocks_and_a_port_level_inherits_none() {
    let rest = "  subsets:
  - name: own
    trafficPolicy: {connectionPool: {http: {http2MaxRequests: 9}}}
  - name: port
    trafficPolicy: {portLevelSettings: [{port: {number: 80}, outlierDetection: {}}]}
  - name: other
    trafficPolicy: {portLevelSettings: [{port: {number: 81}, outlierDetection: {}}]}
";
    let translation = with(&[&rule("a", "shop", "web", 1, rest)]);
    let of = |subset: &str| {
        let name = format!("outbound|80|{subset}|web.shop.svc.cluster.local");
        let cluster = cluster(&translation, &name);
        let requests = cluster.circuit_breakers.max_requests;
        let port_level = translation.origins[&name].port_level;
        (requests, cluster.outlier_detection.is_some(), port_level)
    };
    assert_eq!(of("own"), (9, false, false));
    assert_eq!(of("port"), (u32::MAX, true, true));
    assert_eq!(of("other"), (1, false, false));
}
