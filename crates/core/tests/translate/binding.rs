//! Gateways, VirtualServices and the order of routes (spec: Istio networking, gateway and route code).

use crate::support::{GATEWAY, TOPOLOGY, codes, table, translated};

/// A VirtualService of namespace `shop` whose routes answer with a status of their own.
fn virtual_service(name: &str, rest: &str) -> String {
    format!("kind: VirtualService\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n{rest}")
}

fn check(documents: &[&str], expect: &[&str]) {
    let all: Vec<&str> = [TOPOLOGY].into_iter().chain(documents.iter().copied()).collect();
    assert_eq!(table(&translated(&all)), expect, "{documents:#?}");
}

fn answering(gateways: &str, hosts: &str) -> String {
    virtual_service(
        "vs",
        &format!(
            "  hosts: {hosts}\n  gateways: {gateways}\n  http: [{{directResponse: {{status: 200}}}}]"
        ),
    )
}

#[test]
fn a_virtual_service_binds_to_the_gateways_it_names() {
    for (gateways, bound) in [
        ("[infra/gw]", true),
        ("[gw.infra]", true),
        ("[gw.infra.svc.cluster.local]", true),
        ("[mesh, infra/gw]", true),
        ("[gw]", false),
        ("[./gw]", false),
        ("[mesh]", false),
        ("[]", false),
    ] {
        let expect: &[&str] = if bound { &["* -> answer 200"] } else { &[] };
        check(&[GATEWAY, &answering(gateways, "['*']")], expect);
    }
}

#[test]
fn the_narrower_host_is_the_domain() {
    let gateway = |host: &str| GATEWAY.replace("'*'", &format!("'{host}'"));
    for (server, service, domain) in [
        ("*", "['*']", Some("*")),
        ("*", "[Shop.example.com]", Some("shop.example.com")),
        ("shop.example.com", "['*']", Some("shop.example.com")),
        ("*.example.com", "[shop.example.com]", Some("shop.example.com")),
        ("shop.example.com", "['*.example.com']", Some("shop.example.com")),
        ("*.example.com", "['*.org']", None),
        ("shop/*", "[a.com]", Some("a.com")),
        ("infra/*", "[a.com]", None),
        ("./*", "[a.com]", None),
        ("*/*", "[a.com]", Some("a.com")),
        ("*", "[web]", Some("web.shop.svc.cluster.local")),
    ] {
        let expect: Vec<String> =
            domain.iter().map(|domain| format!("{domain} -> answer 200")).collect();
        let expect: Vec<&str> = expect.iter().map(String::as_str).collect();
        check(&[&gateway(server), &answering("[infra/gw]", service)], &expect);
    }
}

#[test]
fn only_selected_gateways_listen() {
    let other = GATEWAY.replace("ingressgateway", "egressgateway");
    let translation = translated(&[TOPOLOGY, &other]);
    assert!(translation.listeners.is_empty());
    assert_eq!(codes(&translation), ["MF0109"]);

    let any = GATEWAY.replace("selector: {istio: ingressgateway}", "selector: {}");
    assert_eq!(translated(&[TOPOLOGY, &any]).listeners.len(), 1);
}

#[test]
fn a_server_without_virtual_service_is_a_black_hole() {
    let translation = translated(&[TOPOLOGY, GATEWAY]);
    let host = &translation.listeners[0].virtual_hosts[0];
    assert_eq!((host.name.as_str(), host.routes.len()), ("blackhole:80", 0));
}

#[test]
fn route_names_and_protocols() {
    let server = |text: &str| {
        let (head, _) = GATEWAY.split_once("servers:").unwrap();
        format!("{head}servers: [{text}]")
    };
    for (text, name, code) in [
        ("{port: {number: 80, protocol: HTTP, name: a}, hosts: ['*']}", Some("http.80"), None),
        (
            "{port: {number: 80, protocol: HTTP, name: a}, bind: 127.0.0.1, hosts: ['*']}",
            Some("http.80.127.0.0.1"),
            None,
        ),
        (
            "{port: {number: 443, protocol: HTTPS, name: a}, hosts: ['*'], tls: {mode: SIMPLE}}",
            Some("https.443.a.gw.infra"),
            None,
        ),
        (
            "{port: {number: 443, protocol: TLS, name: a}, hosts: ['*'], tls: {mode: PASSTHROUGH}}",
            None,
            Some("MF0104"),
        ),
        ("{port: {number: 9000, protocol: TCP, name: a}, hosts: ['*']}", None, Some("MF0104")),
        ("{port: {number: 70000, protocol: HTTP, name: a}, hosts: ['*']}", None, Some("MF0104")),
    ] {
        let translation = translated(&[TOPOLOGY, &server(text)]);
        let found = translation.listeners.first().map(|listener| listener.route_name.as_str());
        assert_eq!(found, name, "{text}");
        if let Some(code) = code {
            assert!(codes(&translation).contains(&code), "{text}");
        }
    }
}

#[test]
fn https_redirect_needs_no_virtual_service() {
    let gateway = GATEWAY.replace("hosts: ['*']", "hosts: [a.com], tls: {httpsRedirect: true}");
    let translation = translated(&[TOPOLOGY, &gateway]);
    let host = &translation.listeners[0].virtual_hosts[0];
    assert_eq!((host.name.as_str(), host.require_tls), ("a.com:80", true));
}

#[test]
fn catch_alls_of_one_host_come_last() {
    let with = |name: &str, http: &str| {
        virtual_service(name, &format!("  hosts: [a.com]\n  gateways: [infra/gw]\n  http: {http}"))
    };
    let first = with("a-catch-all", "[{directResponse: {status: 201}}]");
    let second = with(
        "b-specific",
        "[{match: [{uri: {prefix: /b}}], directResponse: {status: 202}}, {directResponse: {status: 203}}]",
    );
    let expect = ["a.com -> answer 202", "a.com -> answer 201", "a.com -> answer 203"];
    check(&[GATEWAY, &first, &second], &expect);
    check(&[GATEWAY, &second, &first], &expect);
}

#[test]
fn older_virtual_services_go_first() {
    let with = |name: &str, status: u32, created: &str| {
        format!(
            "kind: VirtualService\nmetadata: {{name: {name}, namespace: shop, creationTimestamp: '{created}'}}\nspec:\n  hosts: [a.com]\n  gateways: [infra/gw]\n  http: [{{match: [{{uri: {{prefix: /x}}}}], directResponse: {{status: {status}}}}}]"
        )
    };
    let younger = with("a", 201, "2026-02-01T00:00:00Z");
    let older = with("b", 202, "2026-01-01T00:00:00Z");
    check(&[GATEWAY, &younger, &older], &["a.com -> answer 202", "a.com -> answer 201"]);
}

#[test]
fn rules_end_at_the_first_catch_all() {
    let http = "[
      {match: [{uri: {prefix: /a}}, {uri: {exact: /b}}], directResponse: {status: 201}},
      {match: [{uri: {prefix: /}}, {uri: {prefix: /never}}], directResponse: {status: 202}},
      {directResponse: {status: 203}}]";
    let service =
        virtual_service("vs", &format!("  hosts: ['*']\n  gateways: [infra/gw]\n  http: {http}"));
    check(&[GATEWAY, &service], &["* -> answer 201", "* -> answer 201", "* -> answer 202"]);
}

#[test]
fn matches_are_limited_to_gateways_ports_and_sources() {
    for (condition, applies) in [
        ("{gateways: [infra/gw]}", true),
        ("{gateways: [infra/other]}", false),
        ("{gateways: [mesh]}", false),
        ("{port: 80}", true),
        ("{port: 8080}", false),
        ("{sourceLabels: {istio: ingressgateway}}", true),
        ("{sourceLabels: {app: web}}", false),
        ("{sourceNamespace: istio-system}", true),
        ("{sourceNamespace: shop}", false),
        ("{gateways: [infra/gw], sourceLabels: {app: web}}", true),
    ] {
        let http = format!("[{{match: [{condition}], directResponse: {{status: 200}}}}]");
        let service = virtual_service(
            "vs",
            &format!("  hosts: ['*']\n  gateways: [infra/gw]\n  http: {http}"),
        );
        let expect: &[&str] = if applies { &["* -> answer 200"] } else { &[] };
        check(&[GATEWAY, &service], expect);
    }
}

#[test]
fn virtual_services_are_seen_as_exported() {
    for (export_to, seen) in [
        ("['*']", true),
        ("['.']", false),
        ("[istio-system]", true),
        ("[other]", false),
        ("[]", true),
    ] {
        let service = virtual_service(
            "vs",
            &format!(
                "  hosts: ['*']\n  gateways: [infra/gw]\n  exportTo: {export_to}\n  http: [{{directResponse: {{status: 200}}}}]"
            ),
        );
        let expect: &[&str] = if seen { &["* -> answer 200"] } else { &[] };
        check(&[GATEWAY, &service], expect);
    }
}

#[test]
fn destinations_become_cluster_names() {
    for (destination, cluster, missing) in [
        ("{host: web}", "outbound|80||web.shop.svc.cluster.local", false),
        ("{host: web.shop.svc.cluster.local}", "outbound|80||web.shop.svc.cluster.local", false),
        ("{host: web, port: {number: 8080}}", "outbound|8080||web.shop.svc.cluster.local", true),
        ("{host: web, subset: v2}", "outbound|80|v2|web.shop.svc.cluster.local", true),
        ("{host: gone}", "outbound|80||gone.shop.svc.cluster.local", true),
    ] {
        let service = virtual_service(
            "vs",
            &format!(
                "  hosts: ['*']\n  gateways: [infra/gw]\n  http: [{{route: [{{destination: {destination}}}]}}]"
            ),
        );
        let translation = translated(&[TOPOLOGY, GATEWAY, &service]);
        assert_eq!(table(&translation), [format!("* -> {cluster}")]);
        assert_eq!(codes(&translation).contains(&"MF0103"), missing, "{destination}");
    }
}

#[test]
fn weights_of_zero_get_nothing_and_one_destination_needs_none() {
    use mesh_failover_core::route::RouteAction;
    let weights = |route: &str| {
        let service = virtual_service(
            "vs",
            &format!("  hosts: ['*']\n  gateways: [infra/gw]\n  http: [{{route: {route}}}]"),
        );
        let translation = translated(&[TOPOLOGY, GATEWAY, &service]);
        let host = &translation.listeners[0].virtual_hosts[0];
        match host.routes.first().map(|route| &route.action) {
            Some(RouteAction::Forward(forward)) => {
                forward.clusters.iter().map(|cluster| cluster.weight).collect()
            }
            _ => Vec::new(),
        }
    };
    let at = |weight: &str| format!("{{destination: {{host: web}}, weight: {weight}}}");
    assert_eq!(weights(&format!("[{}]", at("0"))), [1]);
    assert_eq!(weights(&format!("[{}, {}]", at("90"), at("10"))), [90, 10]);
    assert_eq!(weights(&format!("[{}, {}]", at("100"), at("0"))), [100]);
    assert!(weights(&format!("[{}, {}]", at("0"), at("0"))).is_empty());
}
