//! The hosts of a cluster by priority, as the main thread knows them.
//!
//! Flags change here at once. Workers balance over the snapshots they have been given ([`PrioritySet::host_set`], cheap to share) and learn of
//! a change when [`super::merge_window`] says so.
//!
//! **Source**: Envoy source/common/upstream/upstream_impl.cc `PrioritySetImpl`, `PriorityStateManager`, v1.40.

use std::sync::Arc;

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::host_set::{CoarseHealth, HealthFlags, Host, HostSet};
use crate::cluster::{ClusterLoadAssignment, LbEndpoint, LocalityLbEndpoints};
use crate::host::HostId;
use crate::locality::Locality;
use crate::time::MonotonicTime;
use crate::units::{OverprovisioningFactor, Priority};

/// Envoy refuses an assignment with a higher one.
const MAX_PRIORITY: Priority = Priority(128);

/// One [`HostSet`] per priority, from 0 without gaps; a priority that nobody uses is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrioritySet {
    host_sets: Vec<Arc<HostSet>>,
}

impl PrioritySet {
    /// The hosts of an assignment. `id` gives each endpoint its number; `local` is the proxy's own locality.
    ///
    /// As in Envoy, a weight without a locality is dropped, and of two weights for one locality in one priority the last wins.
    /// Of endpoints with one address, in whatever groups, the first is kept (source/extensions/clusters/eds/eds.cc
    /// `updateLocalityEndpoints`, v1.40). Groups of a priority above 128, which Envoy refuses, are left out.
    #[must_use]
    pub fn from_assignment(
        assignment: &ClusterLoadAssignment,
        local: Option<&Locality>,
        mut id: impl FnMut(&LocalityLbEndpoints, &LbEndpoint) -> HostId,
    ) -> Self {
        let mut priorities: SortedMap<u32, (Vec<Host>, SortedMap<Locality, u32>)> =
            SortedMap::new();
        let mut addresses = SortedSet::new();
        let usable = |group: &&LocalityLbEndpoints| group.priority <= MAX_PRIORITY;
        for group in assignment.endpoints.iter().filter(usable) {
            let (hosts, weights) = priorities.entry(group.priority.0).or_default();
            if let (Some(locality), Some(weight)) = (&group.locality, group.load_balancing_weight) {
                weights.insert(locality.clone(), weight);
            }
            let endpoints = group.lb_endpoints.iter();
            let new = endpoints.filter(|it| addresses.insert(it.address.to_string()));
            hosts.extend(new.map(|endpoint| Host {
                id: id(group, endpoint),
                address: endpoint.address.clone(),
                locality: group.locality.clone().unwrap_or_default(),
                weight: endpoint.load_balancing_weight.max(1),
                flags: HealthFlags::from_health_status(endpoint.health_status),
                last_hc_pass_time: None,
            }));
        }
        let len = priorities.last_key_value().map_or(0, |(last, _)| last + 1).max(1);
        let host_set = |priority| {
            let (hosts, weights) = priorities.remove(&priority).unwrap_or_default();
            Arc::new(HostSet::new(hosts, &weights, local, OverprovisioningFactor::DEFAULT))
        };
        Self { host_sets: (0..len).map(host_set).collect() }
    }

    /// A set made of finished parts.
    #[must_use]
    pub fn from_host_sets(host_sets: impl IntoIterator<Item = HostSet>) -> Self {
        Self { host_sets: host_sets.into_iter().map(Arc::new).collect() }
    }

    /// The snapshots of all priorities, in order.
    #[must_use]
    pub fn host_sets(&self) -> &[Arc<HostSet>] {
        &self.host_sets
    }

    /// The snapshot of one priority.
    #[must_use]
    pub fn host_set(&self, priority: Priority) -> Option<&Arc<HostSet>> {
        self.host_sets.get(usize::try_from(priority.0).ok()?)
    }

    /// All hosts, by priority.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.host_sets.iter().flat_map(|host_set| host_set.hosts())
    }

    /// Sets or clears flags of a host. Whether any of its flags changed; snapshots already given out stay as they are.
    pub fn set_health_flags(&mut self, host: HostId, flags: HealthFlags, set: bool) -> bool {
        self.update(|candidate| {
            let changed = candidate.flags.with(flags, set);
            candidate.id == host && std::mem::replace(&mut candidate.flags, changed) != changed
        })
    }

    /// Takes over what `previous` knows of hosts that are still here: flags that are not discovery's, and slow-start times. Call it
    /// after making a set from new endpoints.
    pub fn carry_over(&mut self, previous: &Self) {
        let mut known: SortedMap<HostId, &Host> = SortedMap::new();
        known.extend(previous.hosts().map(|host| (host.id, host)));
        self.update(|host| {
            let Some(known) = known.get(&host.id) else { return false };
            host.flags = known.flags.rediscovered(host.flags);
            host.last_hc_pass_time = known.last_hc_pass_time;
            true
        });
    }

    /// Starts the slow start of every healthy host that has none yet. Envoy does it when a load balancer first sees the host healthy.
    pub fn start_slow_start(&mut self, now: MonotonicTime) {
        self.update(|host| {
            let starts = host.last_hc_pass_time.is_none()
                && host.flags.coarse_health() == CoarseHealth::Healthy;
            if starts {
                host.last_hc_pass_time = Some(now);
            }
            starts
        });
    }

    /// Changes hosts where `change` says so, leaving untouched priorities shared.
    fn update(&mut self, mut change: impl FnMut(&mut Host) -> bool) -> bool {
        let mut any = false;
        for host_set in &mut self.host_sets {
            let mut changed = HostSet::clone(host_set);
            if changed.update_hosts(&mut change) {
                *host_set = Arc::new(changed);
                any = true;
            }
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Address, HealthStatus};

    #[test]
    fn of_endpoints_with_one_address_the_first_is_kept() {
        let address = Address { host: "203.0.113.7".to_owned(), port: 15443 };
        let group = |zone: &str, priority| LocalityLbEndpoints {
            locality: Some(Locality::parse(&format!("us-central1/{zone}"))),
            priority: Priority(priority),
            lb_endpoints: vec![LbEndpoint {
                name: zone.to_owned(),
                address: address.clone(),
                health_status: HealthStatus::Healthy,
                load_balancing_weight: 1,
                labels: SortedMap::new(),
            }],
            ..LocalityLbEndpoints::default()
        };
        let endpoints =
            vec![group("us-central1-a", 0), group("us-central1-b", 0), group("us-central1-c", 1)];
        let assignment = ClusterLoadAssignment { endpoints, ..ClusterLoadAssignment::default() };
        let mut asked = 0;
        let set = PrioritySet::from_assignment(&assignment, None, |_, _| {
            asked += 1;
            HostId(asked)
        });
        let zones: Vec<_> = set.hosts().map(|host| host.locality.zone.as_str()).collect();
        assert_eq!((zones, asked), (vec!["us-central1-a"], 1));
    }
}
