//! What a cluster does beyond priorities and weights: hash tables and zones.

use mesh_failover_core::explain::ClusterExplanation;

use super::{GATEWAY, ROUTE, explained, rule};

/// The only cluster of a service with one rule: of each place its locality, its gateways and its endpoints.
fn web(places: [(&str, u32, u32); 2], policy: &str) -> ClusterExplanation {
    let place = |(name, (locality, gateways, endpoints)): (&str, (&str, u32, u32))| {
        format!(
            "  - name: {name}\n    locality: {locality}\n    gateway: {{replicas: {gateways}}}\n    workloads: [{{service: web.shop.svc.cluster.local, port: 80, replicas: {endpoints}}}]\n"
        )
    };
    let clusters: String = ["a", "b"].into_iter().zip(places).map(place).collect();
    let topology = format!("kind: Topology\nspec:\n  clusters:\n{clusters}");
    explained(&[GATEWAY, ROUTE, &rule(policy), &topology]).clusters.swap_remove(0)
}

const FAILOVER: &str = "  trafficPolicy: {outlierDetection: {maxEjectionPercent: 100}}\n";
const REGIONS: [(&str, u32, u32); 2] = [("eu/eu-1", 1, 3), ("us/us-1", 1, 2)];

/// Each host's part of the table by the numbers of its entries; a table follows from the addresses, so it is the same each time.
#[test]
fn a_table_says_which_host_gets_how_many_users() {
    for (hash, within) in
        [("maglev: {tableSize: 5003}", 0.1), ("ringHash: {minimumRingSize: 1024}", 8.0)]
    {
        let policy = format!(
            "  trafficPolicy:
    outlierDetection: {{}}
    loadBalancer:
      consistentHash: {{httpHeaderName: x-user, {hash}}}
      localityLbSetting:
        distribute:
        - {{from: eu, to: {{eu: 75, us: 25}}}}
"
        );
        let cluster = web(REGIONS, &policy);
        let hashing = cluster.hashing.as_ref().unwrap();
        let path = hashing.statement.cause.path.as_str();
        assert_eq!(path, "spec.trafficPolicy.loadBalancer.consistentHash");
        assert_eq!(hashing.hosts.len(), 5);
        for host in &hashing.hosts {
            let due = if host.locality.starts_with("eu") { 25.0 } else { 12.5 };
            assert!((host.share - due).abs() < within, "{host:?}");
        }
        let sum: f64 = hashing.hosts.iter().map(|host| host.share).sum();
        assert!((sum - 100.0).abs() < 1e-9, "{sum}");
    }
    assert_eq!(web(REGIONS, FAILOVER).hashing, None);
}

/// Three gateways here and one there, four hosts here and twelve there: a quarter of the hosts is here and takes a third of the requests that
/// start here.
#[test]
fn zones_count_only_for_a_gateway_that_knows_its_own() {
    let policy = "  trafficPolicy:\n    loadBalancer: {zoneAwareLbSetting: {minClusterSize: 4}}\n";
    let zones = |here, there| web([("eu/eu-a", 3, here), ("eu/eu-b", 1, there)], policy);
    let cluster = zones(4, 12);
    assert_eq!(cluster.localities[0].share, 25.0, "without it every host counts alike");
    let zone_aware = cluster.zone_aware.unwrap();
    let path = zone_aware.statement.cause.path.as_str();
    assert_eq!(path, "spec.trafficPolicy.loadBalancer.zoneAwareLbSetting");
    let shares: Vec<f64> = zone_aware.with_self_discovery.iter().map(|it| it.share).collect();
    assert_eq!(shares.len(), 2);
    assert!((shares[0] - 33.33).abs() < 0.01 && (shares[1] - 66.67).abs() < 0.01, "{shares:?}");
    assert_eq!(zones(12, 4).zone_aware.unwrap().with_self_discovery[0].share, 100.0);
    assert!(zones(2, 1).zone_aware.unwrap().with_self_discovery.is_empty(), "three are too few");
    assert_eq!(web(REGIONS, FAILOVER).zone_aware, None);
}
