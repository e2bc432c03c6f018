//! What is found, how often, and in which order, whatever the lint.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use mesh_failover_core::check::{Finding, Input, Target, check};
use mesh_failover_core::manifest::{Source, read};
use mesh_failover_core::translate::IstioVersion;

fn found(text: &str) -> Vec<Finding> {
    let sources = [Source { name: "a.yaml", text }];
    let (manifests, diagnostics) = read(&sources);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    check(&Input {
        manifests: &manifests,
        sources: &sources,
        version: IstioVersion::NEWEST,
        target: Target::Istio,
        live: &[],
    })
}

/// Code and place of each.
fn places(text: &str) -> Vec<(&'static str, String)> {
    found(text).into_iter().map(|it| (it.diagnostic.code, it.diagnostic.path)).collect()
}

const TOPOLOGY: &str = "
apiVersion: mesh-failover.dev/v1alpha1
kind: Topology
metadata: {name: two}
spec:
  clusters:
  - {name: a, locality: europe-west1, gateway: {}, workloads: [{service: web.shop.svc.cluster.local, port: 80, replicas: 3}]}
  - {name: b, locality: us-central1, gateway: {}, workloads: [{service: web.shop.svc.cluster.local, port: 80, replicas: 3}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: istio-ingressgateway.istio-system.svc.cluster.local}]
  listeners: [{name: api, port: 81, protocol: HTTP}]
";

#[test]
fn each_destination_that_is_missing_is_said_once_for_all_gateways() {
    let service = |name: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
             hosts: [{name}.example.com]\n  gateways: [gw]\n  http:\n  - match: [{{uri: {{prefix: /a}}}}, {{uri: {{prefix: /b}}}}]\n    \
             route: [{{destination: {{host: gone}}}}]\n  - route: [{{destination: {{host: web}}, weight: 1}}, \
             {{destination: {{host: away}}, weight: 1}}]\n"
        )
    };
    let route = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec:\n  \
                 parentRefs: [{name: gw}]\n  rules:\n  - backendRefs: [{name: web, port: 80}, {name: gone, port: 80}]\n";
    let text = format!("{TOPOLOGY}{}{}{route}", service("one"), service("two"));
    let missing = |path: &str| ("MF0103", path.to_owned());
    let of_service = [
        missing("spec.http[0].route[0].destination"),
        missing("spec.http[1].route[1].destination"),
    ];
    let expect = [of_service.as_slice(), &of_service, &[missing("spec.rules[0].backendRefs[1]")]];
    assert_eq!(places(&text), expect.concat());
}
