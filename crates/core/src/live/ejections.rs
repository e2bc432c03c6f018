//! Which endpoints a running gateway has out, in the words of the manifests' translation.
//!
//! A dump says *that* a host is ejected, not since when nor how often: a run that starts from it takes each ejection as a
//! first one that has just happened.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::{GatewayState, LiveCluster};
use crate::cluster::{Address, ClusterLoadAssignment};
use crate::locality::Locality;
use crate::translate::Translation;

/// Endpoints that are ejected, by Envoy cluster.
pub type Ejections = SortedMap<String, SortedSet<Address>>;

impl GatewayState {
    /// Whether the gateway runs at a place. One that does not say where it is fits anywhere.
    #[must_use]
    pub fn is_at(&self, place: &Locality) -> bool {
        self.locality.as_ref().is_none_or(|own| own == &Locality::default() || own == place)
    }

    /// Endpoints of a translation that this gateway has out.
    ///
    /// Found by address. Where no address of the dump is among a cluster's endpoints, these were made up (a topology on
    /// paper): then as many of the same locality are taken, the first ones.
    #[must_use]
    pub fn ejections(&self, translation: &Translation) -> Ejections {
        let clusters = translation.clusters.iter();
        let found = clusters.filter_map(|cluster| {
            let live = self.clusters.get(&cluster.name)?;
            let ejected = live.ejected(&cluster.load_assignment);
            (!ejected.is_empty()).then(|| (cluster.name.clone(), ejected))
        });
        found.collect()
    }
}

impl LiveCluster {
    fn ejected(&self, assignment: &ClusterLoadAssignment) -> SortedSet<Address> {
        let endpoints = || assignment.endpoints.iter().flat_map(|group| &group.lb_endpoints);
        let is_known = |address: &Address| self.hosts.contains_key(&address.to_string());
        if endpoints().any(|endpoint| is_known(&endpoint.address)) {
            let is_out = |address: &Address| {
                self.hosts.get(&address.to_string()).is_some_and(|host| host.is_ejected)
            };
            let addresses = endpoints().map(|endpoint| &endpoint.address);
            return addresses.filter(|address| is_out(address)).cloned().collect();
        }
        let mut out: SortedMap<&Locality, usize> = SortedMap::new();
        for host in self.hosts.values().filter(|host| host.is_ejected) {
            *out.entry(&host.locality).or_default() += 1;
        }
        let none = Locality::default();
        let groups = assignment.endpoints.iter().flat_map(|group| {
            let count = out.remove(group.locality.as_ref().unwrap_or(&none)).unwrap_or_default();
            group.lb_endpoints.iter().take(count)
        });
        groups.map(|endpoint| endpoint.address.clone()).collect()
    }
}

/// What each of the gateways at a place has out.
#[must_use]
pub fn ejections_at(
    gateways: &[GatewayState],
    place: &Locality,
    translation: &Translation,
) -> Vec<Ejections> {
    let there = gateways.iter().filter(|gateway| gateway.is_at(place));
    there.map(|gateway| gateway.ejections(translation)).collect()
}
