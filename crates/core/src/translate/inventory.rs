//! Which endpoints a mesh on paper has, before anybody's traffic policy looks at them.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::IstioVersion;
use super::findings::Findings;
use super::registry::Registry;
use crate::cluster::DiscoveryType;
use crate::locality::Locality;
use crate::manifest::Manifests;

/// A service and where its endpoints are.
#[derive(Debug, Clone)]
pub(crate) struct KnownService {
    /// Its full host name.
    pub(crate) host: String,
    /// Whether Envoy finds its endpoints by DNS.
    pub(crate) by_dns: bool,
    /// Service ports.
    pub(crate) ports: SortedSet<u16>,
    /// Endpoints of all ports.
    pub(crate) endpoints: Vec<PlacedEndpoint>,
}

/// An endpoint of one service port.
#[derive(Debug, Clone)]
pub(crate) struct PlacedEndpoint {
    /// The service port.
    pub(crate) port: u16,
    /// Where it is.
    pub(crate) locality: Locality,
    /// Augmented.
    pub(crate) labels: SortedMap<String, String>,
    /// Network; empty: the one flat network.
    pub(crate) network: String,
}

/// Every service by host name. Problems on the way are a translation's to tell.
pub(crate) fn inventory(
    manifests: &Manifests,
    version: IstioVersion,
) -> SortedMap<String, KnownService> {
    let registry = Registry::new(manifests, version, &mut Findings::default());
    let services = registry.services.into_iter().map(|(host, service)| {
        let by_dns =
            matches!(service.discovery, DiscoveryType::StrictDns | DiscoveryType::LogicalDns);
        let endpoints = service.endpoints.into_iter().map(|endpoint| PlacedEndpoint {
            port: endpoint.service_port,
            locality: Locality::parse(&endpoint.locality),
            labels: endpoint.labels,
            network: endpoint.network,
        });
        let known = KnownService {
            host: host.clone(),
            by_dns,
            ports: service.ports.keys().copied().collect(),
            endpoints: endpoints.collect(),
        };
        (host, known)
    });
    SortedMap::from_iter(services)
}
