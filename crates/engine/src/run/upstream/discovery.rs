//! Endpoints from discovery: which of them are the hosts that were there before, and who is told what.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::{Change, Upstream};
use crate::cluster::{Address, ClusterLoadAssignment, LocalityLbEndpoints};
use crate::host::HostId;
use crate::lb::host_set::HealthFlags;
use crate::lb::priority_set::PrioritySet;
use crate::run::endpoints::PodId;
use crate::run::random::Xoshiro;
use crate::time::MonotonicTime;
use crate::units::Priority;

/// What discovery changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// New ones.
    pub added: Vec<PodId>,
    /// Gone ones.
    pub removed: Vec<PodId>,
    /// Those of the removed ones that were ejected.
    pub removed_ejected: Vec<PodId>,
    /// Their health changed.
    pub changed: Vec<PodId>,
}

impl Upstream {
    /// Takes endpoints from discovery; `by_address` says which pod an endpoint is.
    pub(crate) fn discover(
        &mut self,
        assignment: &ClusterLoadAssignment,
        by_address: &SortedMap<Address, PodId>,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> (Discovered, Change) {
        let pod = |address: &Address| by_address.get(address).copied();
        let mut assignment = assignment.clone();
        // A priority that lost its last endpoint is still there, empty.
        if let Some(last) = self.hosts.host_sets().len().checked_sub(1) {
            let priority = Priority(last as u32);
            assignment.endpoints.push(LocalityLbEndpoints { priority, ..Default::default() });
        }
        let before = std::mem::take(&mut self.known);
        let mut discovered = Discovered::default();
        let Self { known, pods, active, connections, .. } = self;
        let hosts =
            PrioritySet::from_assignment(&assignment, Some(&self.local), |group, endpoint| {
                let locality = group.locality.clone().unwrap_or_default();
                let id = match before.get(&endpoint.address) {
                    // A new pod may have an old one's address; its predecessor has then left before.
                    Some((id, place))
                        if *place == locality
                            && pods.get(id.0 as usize).copied() == pod(&endpoint.address) =>
                    {
                        *id
                    }
                    _ => {
                        let id = HostId(pods.len() as u32);
                        pods.push(pod(&endpoint.address).unwrap_or(PodId(u32::MAX)));
                        active.push(0);
                        connections.add_host();
                        id
                    }
                };
                known.insert(endpoint.address.clone(), (id, locality));
                id
            });
        let previous = std::mem::replace(&mut self.hosts, hosts);
        self.hosts.carry_over(&previous);
        self.hosts.start_slow_start(now);
        self.watch_hosts(&previous, &mut discovered);
        let change = self.schedule_differences(&previous, now, rng);
        (discovered, change)
    }

    /// Forgets when updates were last posted: the first endpoints come with the cluster, not as an update.
    pub(crate) fn settle(&mut self) {
        self.windows.clear();
    }

    /// Takes hosts out that were ejected before the run began; workers know of it. Without a detector nobody is ejected.
    pub(crate) fn start_ejected(
        &mut self,
        addresses: &SortedSet<Address>,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> Vec<PodId> {
        let Some(detector) = &mut self.detector else { return Vec::new() };
        let mut pods = Vec::new();
        for (id, _) in addresses.iter().filter_map(|address| self.known.get(address)) {
            detector.start_ejected(*id, now);
            if self.hosts.set_health_flags(*id, HealthFlags::FAILED_OUTLIER_CHECK, true) {
                pods.extend(self.pods.get(id.0 as usize));
            }
        }
        for index in 0..self.hosts.host_sets().len() as u32 {
            self.post(Priority(index), now, rng);
        }
        pods
    }

    /// Tells the detector who came and who left.
    fn watch_hosts(&mut self, previous: &PrioritySet, discovered: &mut Discovered) {
        let health = |hosts: &PrioritySet| -> SortedMap<HostId, HealthFlags> {
            hosts.hosts().map(|host| (host.id, host.flags)).collect()
        };
        let (before, after) = (health(previous), health(&self.hosts));
        for id in before.keys().filter(|id| !after.contains_key(id)) {
            self.connections.remove_host(*id);
            let pod = self.pods.get(id.0 as usize);
            if let Some(detector) = &mut self.detector {
                discovered.removed_ejected.extend(pod.filter(|_| detector.is_ejected(*id)));
                detector.remove_host(*id);
            }
            discovered.removed.extend(pod);
        }
        for (id, flags) in &after {
            match before.get(id) {
                None => {
                    if let Some(detector) = &mut self.detector {
                        detector.add_host(*id);
                    }
                    discovered.added.extend(self.pods.get(id.0 as usize));
                }
                Some(known) if known != flags => {
                    discovered.changed.extend(self.pods.get(id.0 as usize));
                }
                Some(_) => {}
            }
        }
    }

    /// Schedules an update of every priority that differs from `previous`.
    fn schedule_differences(
        &mut self,
        previous: &PrioritySet,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> Change {
        let mut change = Change::default();
        for index in 0..self.hosts.host_sets().len() as u32 {
            let priority = Priority(index);
            let (old, new) = (previous.host_set(priority), self.hosts.host_set(priority));
            if old == new {
                continue;
            }
            let ids =
                |set: Option<&std::sync::Arc<crate::lb::host_set::HostSet>>| -> SortedSet<HostId> {
                    set.into_iter().flat_map(|set| set.hosts()).map(|host| host.id).collect()
                };
            let mergeable = ids(old) == ids(new);
            self.schedule(priority, mergeable, now, rng, &mut change);
        }
        change
    }
}
