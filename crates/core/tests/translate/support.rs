//! Manifests from YAML, and a translation as a person reads it.

use std::fmt::Write as _;

use mesh_failover_core::cluster::{Cluster, LocalityLbEndpoints};
use mesh_failover_core::manifest::{Manifests, Source, read};
use mesh_failover_core::route::{Listener, Route, RouteAction};
use mesh_failover_core::translate::{Proxy, Translation, translate};

/// Two regions with a gateway each and `web.shop` in both.
pub(crate) const TOPOLOGY: &str = "
kind: Topology
spec:
  clusters:
  - name: a
    locality: eu/eu-1
    gateway: {}
    workloads: [{service: web.shop.svc.cluster.local, port: 80, replicas: 1}]
  - name: b
    locality: us/us-1
    gateway: {}
    workloads: [{service: web.shop.svc.cluster.local, port: 80, replicas: 1}]
";

/// A Gateway for every host on port 80, in namespace `infra`.
pub(crate) const GATEWAY: &str = "
kind: Gateway
metadata: {name: gw, namespace: infra}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
";

/// Where a document has no `apiVersion`, it follows from the kind.
pub(crate) fn manifests(documents: &[&str]) -> Manifests {
    let ours = |text: &str| text.contains("kind: Topology") || text.contains("kind: MeshConfig");
    let whole = |text: &&str| match (text.contains("apiVersion:"), ours(text)) {
        (true, _) => (*text).to_owned(),
        (false, true) => format!("apiVersion: mesh-failover.dev/v1alpha1\n{}", text.trim_start()),
        (false, false) => format!("apiVersion: networking.istio.io/v1\n{}", text.trim_start()),
    };
    let texts: Vec<String> = documents.iter().map(whole).collect();
    let sources: Vec<_> = texts.iter().map(|text| Source { name: "test", text }).collect();
    let (manifests, diagnostics) = read(&sources);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    manifests
}

/// Translated for the gateway of cluster `a`.
pub(crate) fn translated(documents: &[&str]) -> Translation {
    let manifests = manifests(documents);
    translate(&manifests, &Proxy::gateway_of(&manifests, "a").expect("a gateway"))
}

pub(crate) fn cluster<'a>(translation: &'a Translation, name: &str) -> &'a Cluster {
    let found = translation.clusters.iter().find(|cluster| cluster.name == name);
    found.unwrap_or_else(|| panic!("no cluster {name} in {:?}", names(translation)))
}

pub(crate) fn names(translation: &Translation) -> Vec<&str> {
    translation.clusters.iter().map(|cluster| cluster.name.as_str()).collect()
}

pub(crate) fn codes(translation: &Translation) -> Vec<&str> {
    translation.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

/// `domain -> first cluster` for every route, in order.
pub(crate) fn table(translation: &Translation) -> Vec<String> {
    let hosts = translation.listeners.iter().flat_map(|listener| &listener.virtual_hosts);
    hosts
        .flat_map(|host| host.routes.iter().map(|route| (host.domains.join(","), route)))
        .map(|(domain, route)| format!("{domain} -> {}", short(route)))
        .collect()
}

fn short(route: &Route) -> String {
    match &route.action {
        RouteAction::Forward(forward) => forward.clusters[0].name.clone(),
        RouteAction::Redirect { status, .. } => format!("redirect {status}"),
        RouteAction::DirectResponse { status, .. } => format!("answer {status}"),
    }
}

/// Everything, for a snapshot.
pub(crate) fn describe(translation: &Translation) -> String {
    let mut text = String::new();
    for listener in &translation.listeners {
        describe_listener(&mut text, listener);
    }
    for cluster in &translation.clusters {
        describe_cluster(&mut text, cluster);
        let origin = &translation.origins[&cluster.name];
        let rule = match origin.destination_rule {
            Some(document) => format!("document {document}"),
            None => "none".to_owned(),
        };
        let port_level = if origin.port_level { ", port level" } else { "" };
        writeln!(text, "  DestinationRule: {rule}{port_level}: {}", origin.why).unwrap();
    }
    for diagnostic in &translation.diagnostics {
        writeln!(text, "{diagnostic}").unwrap();
    }
    text
}

fn describe_listener(text: &mut String, listener: &Listener) {
    writeln!(text, "listener {} on port {}", listener.route_name, listener.port).unwrap();
    for host in &listener.virtual_hosts {
        writeln!(text, "  virtual host {} for {}", host.name, host.domains.join(", ")).unwrap();
        for route in &host.routes {
            let path = format!("{:?}", route.matcher.path);
            let headers: Vec<_> =
                route.matcher.headers.iter().map(|h| format!("{} {:?}", h.name, h.value)).collect();
            writeln!(text, "    {path} {headers:?}").unwrap();
            match &route.action {
                RouteAction::Forward(forward) => {
                    for cluster in &forward.clusters {
                        writeln!(text, "      to {} weight {}", cluster.name, cluster.weight)
                            .unwrap();
                    }
                    let retry = forward.retry_policy.as_ref();
                    let retry = retry.map_or("none".to_owned(), |retry| {
                        format!("{} on {}", retry.num_retries, retry.retry_on)
                    });
                    writeln!(text, "      timeout {:?}, retries {retry}", forward.timeout).unwrap();
                }
                other => writeln!(text, "      {other:?}").unwrap(),
            }
        }
    }
}

fn describe_cluster(text: &mut String, cluster: &Cluster) {
    writeln!(text, "cluster {}", cluster.name).unwrap();
    let panic = cluster.healthy_panic_threshold;
    writeln!(text, "  {:?}, {:?}", cluster.discovery, cluster.lb_policy).unwrap();
    writeln!(text, "  locality weighted {}, panic {panic:?}", cluster.locality_weighted).unwrap();
    let limits = &cluster.circuit_breakers;
    if limits.max_requests != u32::MAX {
        writeln!(text, "  at most {} requests", limits.max_requests).unwrap();
    }
    if let Some(ejection) = &cluster.outlier_detection {
        writeln!(
            text,
            "  ejects after {:?} x 5xx ({:?} %), every {:?}, for {:?}, at most {:?} %",
            ejection.consecutive_5xx,
            ejection.enforcing_consecutive_5xx,
            ejection.interval,
            ejection.base_ejection_time,
            ejection.max_ejection_percent
        )
        .unwrap();
    }
    for group in &cluster.load_assignment.endpoints {
        writeln!(text, "  {}", describe_group(group)).unwrap();
    }
}

pub(crate) fn describe_group(group: &LocalityLbEndpoints) -> String {
    let place = group.locality.as_ref().map(ToString::to_string).unwrap_or_default();
    let weight = group.load_balancing_weight.unwrap_or(0);
    let hosts: Vec<_> = group
        .lb_endpoints
        .iter()
        .map(|host| format!("{}={}:{}", host.name, host.address.host, host.address.port))
        .collect();
    format!("P{} {place} weight {weight}: {}", group.priority.0, hosts.join(" "))
}
