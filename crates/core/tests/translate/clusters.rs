//! Clusters and their endpoints: services from everywhere, priorities, networks, DNS.

use mesh_failover_core::cluster::{DiscoveryType, LbPolicy};
use mesh_failover_core::translate::{IstioVersion, Proxy, translate};

use crate::support::{
    GATEWAY, TOPOLOGY, cluster, codes, describe_group, manifests, names, translated,
};

const WEB: &str = "outbound|80||web.shop.svc.cluster.local";

fn rule(policy: &str) -> String {
    format!(
        "kind: DestinationRule\nmetadata: {{name: r, namespace: shop}}\nspec: {{host: '*', trafficPolicy: {policy}}}"
    )
}

fn groups(documents: &[&str], name: &str) -> Vec<String> {
    let translation = translated(documents);
    cluster(&translation, name).load_assignment.endpoints.iter().map(describe_group).collect()
}

#[test]
fn outlier_detection_alone_switches_failover_on() {
    let both = |p: u32| {
        [
            "P0 eu/eu-1 weight 1: eu-1-0=10.1.1.1:80".to_owned(),
            format!("P{p} us/us-1 weight 1: us-1-0=10.2.1.1:80"),
        ]
    };
    assert_eq!(groups(&[TOPOLOGY, GATEWAY], WEB), both(0));
    assert_eq!(groups(&[TOPOLOGY, GATEWAY, &rule("{outlierDetection: {}}")], WEB), both(1));
    let disabled = "kind: MeshConfig\nspec: {localityLbSetting: {enabled: false}}";
    let ejecting = rule("{outlierDetection: {}}");
    assert_eq!(groups(&[TOPOLOGY, GATEWAY, &ejecting, disabled], WEB), both(0));
}

#[test]
fn the_mesh_s_outlier_detection_ejects_without_failover() {
    let mesh = "kind: MeshConfig\nspec: {defaultTrafficPolicy: {outlierDetection: {}}}";
    let manifests = manifests(&[TOPOLOGY, GATEWAY, mesh]);
    let proxy = Proxy::gateway_of(&manifests, "a").unwrap();
    let of = |minor| {
        let proxy = proxy.clone().with_version(IstioVersion::new(1, minor));
        let translation = translate(&manifests, &proxy);
        let cluster = cluster(&translation, WEB);
        let last = cluster.load_assignment.endpoints.iter().map(|group| group.priority.0).max();
        (cluster.outlier_detection.is_some(), last)
    };
    assert_eq!(of(31), (true, Some(0)));
    assert_eq!(of(30), (false, Some(0)), "the field came with 1.31");
}

#[test]
fn overlapping_keys_are_reported_and_the_specific_one_wins() {
    let to = "{'*': 40, us/us-1: 60}";
    let policy = format!(
        "{{loadBalancer: {{localityLbSetting: {{distribute: [{{from: eu, to: {to}}}]}}}}}}"
    );
    let translation = translated(&[TOPOLOGY, GATEWAY, &rule(&policy)]);
    assert_eq!(codes(&translation), ["MF0101"]);
    let endpoints = &cluster(&translation, WEB).load_assignment.endpoints;
    let weights: Vec<_> = endpoints.iter().map(|group| group.load_balancing_weight).collect();
    assert_eq!(weights, [Some(40), Some(60)]);
}

#[test]
fn service_entries_and_workload_entries_are_services() {
    let entry = "
kind: ServiceEntry
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example.com]
  ports: [{number: 443, name: https, protocol: HTTPS, targetPort: 8443}]
  resolution: STATIC
  workloadSelector: {labels: {app: api}}
";
    let workload = |name: &str, address: &str, rest: &str| {
        format!(
            "kind: WorkloadEntry\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{address: {address}, labels: {{app: api}}, {rest}}}"
        )
    };
    let eu = workload("vm-eu", "192.0.2.1", "locality: eu/eu-1, weight: 3");
    let us = workload("vm-us", "192.0.2.2", "locality: us, ports: {https: 9443}");
    let named = workload("vm-name", "vm.example.com", "locality: eu");
    let documents = [TOPOLOGY, GATEWAY, entry, &eu, &us, &named];
    assert_eq!(
        groups(&documents, "outbound|443||api.example.com"),
        ["P0 eu/eu-1 weight 3: vm-eu=192.0.2.1:8443", "P0 us weight 1: vm-us=192.0.2.2:9443",]
    );
    assert_eq!(codes(&translated(&documents)), ["MF0110"], "EDS has no names");
}

#[test]
fn a_service_entry_is_seen_as_exported() {
    let entry = "
kind: ServiceEntry
metadata: {name: api, namespace: shop}
spec: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS, exportTo: ['.']}
";
    assert_eq!(names(&translated(&[TOPOLOGY, GATEWAY, entry])), [WEB]);
}

fn dns(endpoints: &str) -> String {
    format!(
        "kind: ServiceEntry\nmetadata: {{name: api, namespace: shop}}\nspec: {{hosts: [api.example.com], ports: [{{number: 80, name: http, protocol: HTTP}}], resolution: DNS, endpoints: {endpoints}}}"
    )
}

#[test]
fn a_dns_service_without_endpoints_is_its_own() {
    let name = "outbound|80||api.example.com";
    let translation = translated(&[TOPOLOGY, GATEWAY, &dns("[]")]);
    assert_eq!(cluster(&translation, name).discovery, DiscoveryType::StrictDns);
    let expect = ["P0  weight 1: api.example.com=api.example.com:80"];
    assert_eq!(groups(&[TOPOLOGY, GATEWAY, &dns("[]")], name), expect);
}

#[test]
fn labels_over_several_localities_of_a_dns_service_are_refused() {
    let two = dns("[{address: a.com, locality: eu}, {address: b.com, locality: us}]");
    let policy =
        "{outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: [v]}}}";
    let translation = translated(&[TOPOLOGY, GATEWAY, &two, &rule(policy)]);
    assert_eq!(codes(&translation), ["MF0102"]);
    let name = "outbound|80||api.example.com";
    let groups = &cluster(&translation, name).load_assignment.endpoints;
    assert!(groups.iter().all(|group| group.priority.0 == 0));

    let failover = "{outlierDetection: {}}";
    let translation = translated(&[TOPOLOGY, GATEWAY, &two, &rule(failover)]);
    let groups = &cluster(&translation, name).load_assignment.endpoints;
    assert_eq!(groups.iter().map(|group| group.priority.0).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn passthrough_wipes_the_endpoints() {
    let passthrough = rule("{loadBalancer: {simple: PASSTHROUGH}}");
    let translation = translated(&[TOPOLOGY, GATEWAY, &passthrough]);
    let cluster = cluster(&translation, WEB);
    assert_eq!(cluster.discovery, DiscoveryType::OriginalDst);
    assert_eq!(cluster.lb_policy, LbPolicy::ClusterProvided);
    assert!(cluster.load_assignment.endpoints.is_empty());
}

#[test]
fn other_networks_are_reached_through_their_gateways() {
    let topology = TOPOLOGY
        .replace("locality: eu/eu-1", "locality: eu/eu-1\n    network: n1")
        .replace(
            "locality: us/us-1",
            "locality: us/us-1\n    network: n2\n    eastWestGateways: ['192.0.2.9:15443']",
        )
        .replace("replicas: 1", "replicas: 2");
    assert_eq!(
        groups(&[&topology, GATEWAY, &rule("{outlierDetection: {}}")], WEB),
        [
            "P0 eu/eu-1 weight 2: eu-1-0=10.1.1.1:80 eu-1-1=10.1.1.2:80",
            "P1 us/us-1 weight 2: gateway-n2-192.0.2.9=192.0.2.9:15443",
        ]
    );
}

#[test]
fn addresses_are_given_or_made_up() {
    let topology = "
kind: Topology
spec:
  clusters:
  - name: a
    locality: eu
    gateway: {}
    workloads:
    - {service: web.shop.svc.cluster.local, port: 80, replicas: 3, addresses: ['127.0.0.1:8001', '[::1]:8002']}
    - {service: web.shop.svc.cluster.local, port: 80, replicas: 1, name: eu}
";
    let translation = translated(&[topology, GATEWAY]);
    assert_eq!(codes(&translation), ["MF0107"], "two endpoints are called eu-0");
    assert_eq!(
        groups(&[topology, GATEWAY], WEB),
        ["P0 eu weight 4: eu-0=127.0.0.1:8001 eu-1=::1:8002 eu-2=10.1.1.3:80 eu-0=10.1.2.1:80"]
    );
}

#[test]
fn many_endpoints_stay_unique() {
    let topology = TOPOLOGY.replace("replicas: 1", "replicas: 300");
    let translation = translated(&[&topology, GATEWAY]);
    let endpoints = &cluster(&translation, WEB).load_assignment.endpoints;
    let hosts: std::collections::BTreeSet<_> =
        endpoints.iter().flat_map(|group| &group.lb_endpoints).map(|host| &host.address).collect();
    assert_eq!(hosts.len(), 600);
}

#[test]
fn consistent_hashing_reaches_the_route() {
    use mesh_failover_core::route::{HashPolicy, RouteAction};
    let service = "
kind: VirtualService
metadata: {name: vs, namespace: shop}
spec: {hosts: ['*'], gateways: [infra/gw], http: [{route: [{destination: {host: web}}]}]}
";
    let hashing = "{loadBalancer: {consistentHash: {httpHeaderName: x-user}}}";
    let hashing = rule(hashing).replace("host: '*'", "host: web");
    let translation = translated(&[TOPOLOGY, GATEWAY, service, &hashing]);
    assert_eq!(
        cluster(&translation, WEB).lb_policy,
        LbPolicy::RingHash { minimum_ring_size: 1024 }
    );
    let route = &translation.listeners[0].virtual_hosts[0].routes[0];
    let RouteAction::Forward(forward) = &route.action else { panic!("{route:?}") };
    assert_eq!(forward.hash_policy, [HashPolicy::Header("x-user".to_owned())]);
    assert!(!forward.retry_policy.as_ref().unwrap().avoid_previous_hosts);
}
