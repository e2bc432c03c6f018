//! From what one gateway knows to a topology: its own view of the mesh, region by region.

use mesh_failover_sorted::SortedMap;

use super::{GatewayState, LiveHost};
use crate::manifest::{Pod, Topology, TopologyCluster, TopologyGateway, Workload};

/// The topology as a gateway sees it: a cluster a region, and the gateway in its own.
///
/// Kubernetes clusters cannot be told apart in a dump, so regions stand for them. Subsets are left out: their
/// endpoints are the whole service's.
#[must_use]
pub fn topology_of(state: &GatewayState) -> Topology {
    let mut clusters: SortedMap<String, TopologyCluster> = SortedMap::new();
    let home = state.locality.clone().unwrap_or_default();
    let own = TopologyCluster {
        name: home.region.clone(),
        locality: home.to_string(),
        gateway: Some(TopologyGateway::default()),
        ..TopologyCluster::default()
    };
    clusters.insert(home.region, own);
    for (name, cluster) in &state.clusters {
        let Some((service, port)) = service_of(name) else { continue };
        let mut groups: SortedMap<String, Vec<(&String, &LiveHost)>> = SortedMap::new();
        for (address, host) in &cluster.hosts {
            groups.entry(host.locality.to_string()).or_default().push((address, host));
        }
        for (locality, hosts) in groups {
            let region = hosts.first().map(|(_, host)| host.locality.region.clone());
            let region = region.unwrap_or_default();
            let of_region = clusters.entry(region.clone()).or_insert_with(|| TopologyCluster {
                name: region,
                locality: locality.clone(),
                ..TopologyCluster::default()
            });
            of_region.workloads.push(workload(service, port, locality, &hosts));
        }
    }
    Topology { clusters: clusters.into_values().collect() }
}

/// Host and port of `outbound|80||host`; `None` for subsets and other clusters.
fn service_of(cluster: &str) -> Option<(&str, u32)> {
    let mut parts = cluster.split('|');
    let (direction, port, subset, host) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let port = port.parse().ok()?;
    (direction == "outbound" && subset.is_empty() && parts.next().is_none()).then_some((host, port))
}

fn workload(
    service: &str,
    port: u32,
    locality: String,
    hosts: &[(&String, &LiveHost)],
) -> Workload {
    let pods = (0..).zip(hosts).map(|(ordinal, (_, host))| Pod { ordinal, ready: host.is_healthy });
    Workload {
        service: service.to_owned(),
        port,
        replicas: u32::try_from(hosts.len()).unwrap_or(u32::MAX),
        locality: Some(locality),
        addresses: hosts.iter().map(|(address, _)| (*address).clone()).collect(),
        pods: Some(pods.collect()),
        ..Workload::default()
    }
}
