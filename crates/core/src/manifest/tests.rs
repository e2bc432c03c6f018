//! The reader as its users meet it.

use std::fmt::Write as _;

use super::*;

/// Reads one text under the name `in.yaml`.
fn read_text(text: &str) -> (Manifests, Vec<crate::diagnostic::Diagnostic>) {
    read(&[Source { name: "in.yaml", text }])
}

/// What a person reads.
fn report(text: &str) -> String {
    let (_, diagnostics) = read_text(text);
    let mut out = String::new();
    for diagnostic in diagnostics {
        writeln!(out, "{diagnostic}").unwrap();
    }
    out
}

/// The three manifests this project grew from, as its users have them.
const SEED: &str = "\
apiVersion: networking.istio.io/v1alpha3
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
---
apiVersion: networking.istio.io/v1beta1
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
        host: hello-world.default.svc.cluster.local
---
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: hello-world
  namespace: default
spec:
  host: hello-world.default.svc.cluster.local
  trafficPolicy:
    connectionPool:
      http:
        http2MaxRequests: 100
    outlierDetection:
      consecutive5xxErrors: 1
      interval: 1s
      baseEjectionTime: 30s
      maxEjectionPercent: 100
    loadBalancer:
      localityLbSetting:
        enabled: true
        distribute:
        - from: europe-west1
          to:
            europe-west1: 50
            us-central1: 50
        - from: us-central1
          to:
            us-central1: 50
            europe-west1: 50
";

#[test]
fn the_seed_reads_without_a_word() {
    let (manifests, diagnostics) = read_text(SEED);
    assert_eq!(diagnostics, []);
    assert_eq!(manifests.gateways[0].spec.servers[0].hosts, ["*"]);
    assert_eq!(manifests.virtual_services[0].spec.gateways, ["public-gateway"]);
    let rule = &manifests.destination_rules[0];
    let policy = rule.spec.traffic_policy.as_ref().unwrap();
    let outlier = policy.outlier_detection.as_ref().unwrap();
    assert_eq!(outlier.interval, GoDuration::parse("1s"));
    assert_eq!(outlier.consecutive_5xx_errors, Some(1));
    let locality = policy.load_balancer.as_ref().unwrap().locality_lb_setting.as_ref().unwrap();
    assert_eq!(locality.distribute[1].to["europe-west1"], 50);
    let document = &manifests.documents[rule.document];
    let found = document.locate("spec.trafficPolicy.outlierDetection.interval").unwrap();
    assert_eq!(found.to_string(), "in.yaml:45:17");
    assert_eq!(&SEED[found.span.start as usize..found.span.end as usize], "1s");
}
