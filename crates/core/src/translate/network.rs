//! Endpoints of other networks are reached through those networks' gateways.
//!
//! **Source**: Istio pilot/pkg/xds/endpoints/ep_filters.go `EndpointsByNetworkFilter`, pilot/pkg/model/network.go, 1.31.
//!
//! **Units**: weights are multiplied by the least common multiple of the numbers of gateways, so that each
//! endpoint's weight divides evenly.
//!
//! **Not modelled**: ambient's HBONE gateways; gateways given by host name.

use std::net::IpAddr;

use mesh_failover_sorted::SortedMap;

use super::labels::{CLUSTER_LABEL, NETWORK_LABEL};
use crate::cluster::{Address, HealthStatus, LbEndpoint};

/// An east-west gateway.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkGateway {
    /// The network it leads into.
    pub network: String,
    /// The cluster it serves; empty: all of the network.
    pub cluster: String,
    /// Where it listens.
    pub address: Address,
}

/// IP families a proxy can reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IpFamilies {
    /// Not known: every gateway stays.
    #[default]
    Unknown,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// Both.
    Dual,
}

impl IpFamilies {
    /// Host names and unknown families always fit.
    fn reaches(self, address: &Address) -> bool {
        !matches!(
            (self, address.host.parse()),
            (Self::V4, Ok(IpAddr::V6(_))) | (Self::V6, Ok(IpAddr::V4(_)))
        )
    }
}

/// The proxy's side of the filter.
#[derive(Debug, Clone, Default)]
pub struct NetworkView {
    /// The proxy's network; empty: unknown.
    pub network: String,
    /// Families it reaches; looked at from 1.31.
    pub families: IpFamilies,
    /// Every gateway of the mesh.
    pub gateways: Vec<NetworkGateway>,
}

/// An endpoint with what the filter looks at.
#[derive(Debug, Clone)]
pub struct NetworkedEndpoint {
    /// The endpoint.
    pub endpoint: LbEndpoint,
    /// Its network; empty: unknown.
    pub network: String,
    /// Its cluster.
    pub cluster: String,
    /// Whether it accepts mutual TLS from a sidecar; without it no gateway can pass traffic on.
    pub mtls: bool,
}

/// Replaces endpoints of one locality group that are behind gateways by the gateways.
///
/// Direct endpoints come first, in order; then one endpoint a gateway, by address.
#[must_use]
pub fn filter_by_network(endpoints: Vec<NetworkedEndpoint>, view: &NetworkView) -> Vec<LbEndpoint> {
    if view.gateways.is_empty() {
        return endpoints.into_iter().map(|networked| networked.endpoint).collect();
    }
    let scale = scale_factor(&view.gateways);
    let mut direct = Vec::new();
    let mut remote: SortedMap<&NetworkGateway, u32> = SortedMap::new();
    for NetworkedEndpoint { mut endpoint, network, cluster, mtls } in endpoints {
        let weight = endpoint.load_balancing_weight.max(1).saturating_mul(scale);
        let gateways = view.gateways_for(&network, &cluster);
        if view.is_direct(&network) || gateways.is_empty() {
            if !endpoint.address.host.is_empty() {
                endpoint.load_balancing_weight = weight;
                direct.push(endpoint);
            }
        } else if mtls {
            let share = weight / u32::try_from(gateways.len()).unwrap_or(u32::MAX);
            for gateway in gateways {
                let sum = remote.entry(gateway).or_default();
                *sum = sum.saturating_add(share);
            }
        }
    }
    let mut gateways: Vec<_> = remote.into_iter().collect();
    mesh_failover_sorted::sort_by(&mut gateways, |(one, _), (other, _)| {
        one.address.cmp(&other.address)
    });
    direct.extend(gateways.into_iter().map(|(gateway, weight)| gateway.endpoint(weight)));
    direct
}

impl NetworkView {
    /// Same network, or one side unknown; but a proxy of an unknown network goes through gateways
    /// to every network that has them.
    fn is_direct(&self, network: &str) -> bool {
        network.is_empty() || self.network == network
    }

    fn gateways_for(&self, network: &str, cluster: &str) -> Vec<&NetworkGateway> {
        let of_network: Vec<_> =
            self.gateways.iter().filter(|gateway| gateway.network == network).collect();
        let of_cluster: Vec<_> =
            of_network.iter().copied().filter(|gateway| gateway.cluster == cluster).collect();
        let mut chosen = if of_cluster.is_empty() { of_network } else { of_cluster };
        chosen.retain(|gateway| self.families.reaches(&gateway.address));
        chosen
    }
}

impl NetworkGateway {
    /// A gateway loses the labels of the workloads behind it.
    fn endpoint(&self, weight: u32) -> LbEndpoint {
        let labels = [(CLUSTER_LABEL, &self.cluster), (NETWORK_LABEL, &self.network)];
        LbEndpoint {
            name: format!("gateway-{}-{}", self.network, self.address.host),
            address: self.address.clone(),
            health_status: HealthStatus::Healthy,
            load_balancing_weight: weight,
            labels: labels.map(|(label, value)| (label.to_owned(), value.clone())).into(),
        }
    }
}

fn scale_factor(gateways: &[NetworkGateway]) -> u32 {
    let mut of_network: SortedMap<&str, u32> = SortedMap::new();
    let mut of_cluster: SortedMap<(&str, &str), u32> = SortedMap::new();
    for gateway in gateways {
        *of_network.entry(&gateway.network).or_default() += 1;
        *of_cluster.entry((&gateway.network, &gateway.cluster)).or_default() += 1;
    }
    of_network.into_values().chain(of_cluster.into_values()).fold(1, lcm)
}

fn lcm(one: u32, other: u32) -> u32 {
    let (mut a, mut b) = (one, other);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (one / a.max(1)).saturating_mul(other)
}
