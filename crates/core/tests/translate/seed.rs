//! The seed's three manifests over two regions, seen from both gateways.

use mesh_failover_core::translate::{IstioVersion, Proxy, translate};

use crate::support::{describe, manifests};

const SEED: [&str; 4] = [
    include_str!("../../../../examples/seed/topology.yaml"),
    include_str!("../../../../examples/seed/gateway.yaml"),
    include_str!("../../../../examples/seed/virtual-service.yaml"),
    include_str!("../../../../examples/seed/destination-rule.yaml"),
];

#[test]
fn from_cluster_a() {
    let manifests = manifests(&SEED);
    let proxy = Proxy::gateway_at(&manifests, "europe-west1").unwrap();
    insta::assert_snapshot!(describe(&translate(&manifests, &proxy)));
}

#[test]
fn from_cluster_b() {
    let manifests = manifests(&SEED);
    let proxy = Proxy::gateway_of(&manifests, "cluster-b").unwrap();
    insta::assert_snapshot!(describe(&translate(&manifests, &proxy)));
}

/// Header steering by region, with the seed's rule as the last route.
#[test]
fn with_a_subset_a_region() {
    let routed = "
kind: VirtualService
metadata: {name: hello-world, namespace: default}
spec:
  hosts: ['*']
  gateways: [public-gateway]
  http:
  - match: [{headers: {x-mesh-region: {exact: europe-west1}}}]
    route: [{destination: {host: hello-world, subset: europe-west1}}]
  - match: [{headers: {x-mesh-region: {exact: us-central1}}}]
    route: [{destination: {host: hello-world, subset: us-central1}}]
  - route: [{destination: {host: hello-world}}]
";
    let subsets = "
kind: DestinationRule
metadata: {name: hello-world, namespace: default}
spec:
  host: hello-world
  trafficPolicy: {outlierDetection: {}}
  subsets:
  - {name: europe-west1, labels: {topology.kubernetes.io/region: europe-west1}}
  - {name: us-central1, labels: {topology.kubernetes.io/region: us-central1}}
";
    let manifests = manifests(&[SEED[0], SEED[1], routed, subsets]);
    let proxy = Proxy::gateway_of(&manifests, "cluster-a").unwrap();
    insta::assert_snapshot!(describe(&translate(&manifests, &proxy)));
}

/// Where a gateway is asked for that does not exist, the answer lists those that do.
#[test]
fn unknown_gateways_are_answered_with_the_known_ones() {
    let manifests = manifests(&SEED);
    let at = |from: &str| Proxy::gateway_at(&manifests, from).unwrap_err().to_string();
    assert_eq!(
        at("asia-east1"),
        "no gateway at `asia-east1`; there are gateways at \
         `europe-west1/europe-west1-b`, `us-central1/us-central1-a`"
    );
    assert_eq!(
        Proxy::gateway_of(&manifests, "c").unwrap_err().to_string(),
        "no gateway in cluster `c`; there are gateways in `cluster-a`, `cluster-b`"
    );
}

/// Before 1.24, an upstream's 503 was retried; without outlier detection, clusters panicked at 50 % until 1.30.
#[test]
fn older_versions_differ() {
    let manifests = manifests(&SEED[..3]);
    let proxy = Proxy::gateway_of(&manifests, "cluster-a").unwrap();
    let thresholds = [(1, 23), (1, 31)].map(|(major, minor)| {
        let proxy = proxy.clone().with_version(IstioVersion::new(major, minor));
        let translation = translate(&manifests, &proxy);
        translation.clusters[0].healthy_panic_threshold.map(|percent| percent.get())
    });
    assert_eq!(thresholds, [None, Some(0)]);
}
