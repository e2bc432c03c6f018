//! The hosts of one priority, sorted by what they are good for.
//!
//! A load balancer never looks at a host's flags: it looks at lists made from them, and it sees the
//! lists of the last snapshot that reached its worker. So a [`HostSet`] is a value that is made once and then
//! shared.
//!
//! **Source**: Envoy source/common/upstream/upstream_impl.cc `HostImpl::coarseHealth`,
//! `HostSetImpl::partitionHosts`, `PriorityStateManager::updateClusterPrioritySet`, v1.40.

use std::ops::{BitOr, BitOrAssign};

use mesh_failover_sorted::SortedMap;
use serde::{Deserialize, Serialize};

use super::locality_wrr::LocalityCounts;
use super::priority::{HostCounts, HostWeights};
use crate::cluster::Address;
use crate::cluster::HealthStatus;
use crate::host::HostId;
use crate::locality::Locality;
use crate::time::MonotonicTime;
use crate::units::OverprovisioningFactor;

/// What is wrong with a host: Envoy's `HealthFlag`s.
///
/// ```
/// use mesh_failover_engine::lb::host_set::{CoarseHealth, HealthFlags};
///
/// let mut flags = HealthFlags::default();
/// assert_eq!(flags.coarse_health(), CoarseHealth::Healthy);
/// flags |= HealthFlags::DEGRADED_EDS_HEALTH;
/// assert_eq!(flags.coarse_health(), CoarseHealth::Degraded);
/// flags |= HealthFlags::FAILED_OUTLIER_CHECK;
/// assert_eq!(flags.coarse_health(), CoarseHealth::Unhealthy);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HealthFlags(u16);

impl HealthFlags {
    /// Failing active health checks.
    pub const FAILED_ACTIVE_HC: Self = Self(1);
    /// Ejected.
    pub const FAILED_OUTLIER_CHECK: Self = Self(1 << 1);
    /// Discovery says unhealthy.
    pub const FAILED_EDS_HEALTH: Self = Self(1 << 2);
    /// Degraded by an active health check.
    pub const DEGRADED_ACTIVE_HC: Self = Self(1 << 3);
    /// Discovery says degraded.
    pub const DEGRADED_EDS_HEALTH: Self = Self(1 << 4);
    /// Gone from discovery, kept while it passes health checks.
    pub const PENDING_DYNAMIC_REMOVAL: Self = Self(1 << 5);
    /// Not checked yet.
    pub const PENDING_ACTIVE_HC: Self = Self(1 << 6);
    /// A health check told Envoy to leave it out.
    pub const EXCLUDED_VIA_IMMEDIATE_HC_FAIL: Self = Self(1 << 7);
    /// Discovery says draining.
    pub const EDS_STATUS_DRAINING: Self = Self(1 << 9);

    const UNHEALTHY: Self = Self(
        Self::FAILED_ACTIVE_HC.0
            | Self::FAILED_OUTLIER_CHECK.0
            | Self::FAILED_EDS_HEALTH.0
            | Self::EDS_STATUS_DRAINING.0,
    );
    const DEGRADED: Self = Self(Self::DEGRADED_ACTIVE_HC.0 | Self::DEGRADED_EDS_HEALTH.0);
    const EXCLUDED: Self = Self(
        Self::PENDING_ACTIVE_HC.0
            | Self::EXCLUDED_VIA_IMMEDIATE_HC_FAIL.0
            | Self::EDS_STATUS_DRAINING.0,
    );
    /// Set by discovery; everything else outlives an update of the endpoints.
    const FROM_DISCOVERY: Self =
        Self(Self::FAILED_EDS_HEALTH.0 | Self::DEGRADED_EDS_HEALTH.0 | Self::EDS_STATUS_DRAINING.0);

    /// What discovery's status means.
    #[must_use]
    pub const fn from_health_status(status: HealthStatus) -> Self {
        match status {
            HealthStatus::Healthy => Self(0),
            HealthStatus::Unhealthy => Self::FAILED_EDS_HEALTH,
            HealthStatus::Draining => Self::EDS_STATUS_DRAINING,
            HealthStatus::Degraded => Self::DEGRADED_EDS_HEALTH,
        }
    }

    /// These flags with `flags` set or cleared.
    #[must_use]
    pub const fn with(self, flags: Self, set: bool) -> Self {
        if set { Self(self.0 | flags.0) } else { Self(self.0 & !flags.0) }
    }

    /// Whether any of `flags` is set.
    #[must_use]
    pub const fn intersects(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// The flags in one word.
    #[must_use]
    pub const fn coarse_health(self) -> CoarseHealth {
        if self.intersects(Self::UNHEALTHY) {
            CoarseHealth::Unhealthy
        } else if self.intersects(Self::DEGRADED) {
            CoarseHealth::Degraded
        } else {
            CoarseHealth::Healthy
        }
    }

    /// Whether the host does not count in its priority's size, whatever its health.
    #[must_use]
    pub const fn is_excluded(self) -> bool {
        self.intersects(Self::EXCLUDED)
    }

    /// The flags after discovery replaced its own part by `discovered`'s.
    #[must_use]
    pub const fn rediscovered(self, discovered: Self) -> Self {
        Self((self.0 & !Self::FROM_DISCOVERY.0) | (discovered.0 & Self::FROM_DISCOVERY.0))
    }
}

impl BitOr for HealthFlags {
    type Output = Self;

    fn bitor(self, rhs: Self) -> Self {
        Self(self.0 | rhs.0)
    }
}

impl BitOrAssign for HealthFlags {
    fn bitor_assign(&mut self, rhs: Self) {
        self.0 |= rhs.0;
    }
}

/// `Host::Health`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoarseHealth {
    /// Not used.
    Unhealthy,
    /// Used when the healthy ones cannot take all the load.
    Degraded,
    /// Used.
    Healthy,
}

/// A host as its priority knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Which host.
    pub id: HostId,
    /// Where it listens: consistent hashing goes by it.
    pub address: Address,
    /// Where; empty if its endpoint has no locality.
    pub locality: Locality,
    /// Share within its list, at least 1.
    pub weight: u32,
    /// What is wrong with it.
    pub flags: HealthFlags,
    /// When it was first seen healthy, or last passed from failing to passing its health checks: the start of its slow start.
    pub last_hc_pass_time: Option<MonotonicTime>,
}

/// The hosts of one locality within a priority, as positions in [`HostSet::hosts`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalityHosts {
    /// Where.
    pub locality: Locality,
    /// Share of the priority's traffic; 0 if none was given.
    pub weight: u32,
    /// All hosts.
    pub all: Vec<u32>,
    /// The healthy ones.
    pub healthy: Vec<u32>,
    /// The degraded ones.
    pub degraded: Vec<u32>,
    /// How many do not count.
    pub excluded: u32,
}

/// The hosts of one priority with their lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostSet {
    hosts: Vec<Host>,
    /// Of `hosts`, close together: a pick looks at no more.
    ids: Vec<HostId>,
    overprovisioning_factor: OverprovisioningFactor,
    weighted_priority_health: bool,
    healthy: Vec<u32>,
    degraded: Vec<u32>,
    all: Vec<u32>,
    excluded: u32,
    localities: Vec<LocalityHosts>,
    has_local_locality: bool,
}

impl HostSet {
    /// Sorts `hosts` into lists.
    ///
    /// Localities come in Envoy's order: `local`, the proxy's own, first if it has hosts here, then by region, zone and sub-zone.
    #[must_use]
    pub fn new(
        hosts: Vec<Host>,
        locality_weights: &SortedMap<Locality, u32>,
        local: Option<&Locality>,
        overprovisioning_factor: OverprovisioningFactor,
    ) -> Self {
        let mut by_locality: SortedMap<(bool, &Locality), LocalityHosts> = SortedMap::new();
        for (index, host) in (0..).zip(&hosts) {
            let elsewhere = Some(&host.locality) != local;
            let group = by_locality.entry((elsewhere, &host.locality)).or_insert_with(|| {
                let weight = locality_weights.get(&host.locality).copied().unwrap_or(0);
                LocalityHosts {
                    locality: host.locality.clone(),
                    weight,
                    all: Vec::new(),
                    healthy: Vec::new(),
                    degraded: Vec::new(),
                    excluded: 0,
                }
            });
            group.all.push(index);
        }
        let has_local_locality =
            by_locality.first_key_value().is_some_and(|((elsewhere, _), _)| !elsewhere);
        let localities: Vec<LocalityHosts> = by_locality.into_values().collect();
        let all = (0..).zip(&hosts).map(|(index, _)| index).collect();
        let ids = hosts.iter().map(|host| host.id).collect();
        let mut host_set = Self {
            hosts,
            ids,
            overprovisioning_factor,
            weighted_priority_health: false,
            healthy: Vec::new(),
            degraded: Vec::new(),
            all,
            excluded: 0,
            localities,
            has_local_locality,
        };
        host_set.partition();
        host_set
    }

    /// The same hosts, with the priority's health measured in host weights instead of hosts.
    #[must_use]
    pub const fn with_weighted_priority_health(mut self, weighted: bool) -> Self {
        self.weighted_priority_health = weighted;
        self
    }

    /// Makes the lists from the flags.
    fn partition(&mut self) {
        let Self { hosts, localities, .. } = self;
        let flags = |index: &u32| flags_at(hosts, *index);
        let with_health = |list: &[u32], health| {
            list.iter().copied().filter(|index| flags(index).coarse_health() == health).collect()
        };
        let excluded = |list: &[u32]| {
            list.iter().fold(0, |count, index| count + u32::from(flags(index).is_excluded()))
        };
        self.healthy = with_health(&self.all, CoarseHealth::Healthy);
        self.degraded = with_health(&self.all, CoarseHealth::Degraded);
        self.excluded = excluded(&self.all);
        for group in localities.iter_mut() {
            group.healthy = with_health(&group.all, CoarseHealth::Healthy);
            group.degraded = with_health(&group.all, CoarseHealth::Degraded);
            group.excluded = excluded(&group.all);
        }
    }

    /// Changes hosts in place and sorts them again. Whether anything changed.
    ///
    /// Identity, locality and weight are not to be changed here: they are the endpoints', and endpoints make a new set.
    pub fn update_hosts(&mut self, mut change: impl FnMut(&mut Host) -> bool) -> bool {
        let mut changed = false;
        for host in &mut self.hosts {
            changed |= change(host);
        }
        if changed {
            self.partition();
        }
        changed
    }

    /// All hosts, in the order they were given.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The host at a position of one of the lists.
    #[must_use]
    pub fn host(&self, index: u32) -> Option<&Host> {
        self.hosts.get(usize::try_from(index).ok()?)
    }

    /// Which host is at a position of one of the lists.
    #[must_use]
    #[inline]
    pub fn id(&self, index: u32) -> Option<HostId> {
        self.ids.get(usize::try_from(index).ok()?).copied()
    }

    /// All hosts, as positions.
    #[must_use]
    pub fn all_hosts(&self) -> &[u32] {
        &self.all
    }

    /// The healthy hosts, as positions.
    #[must_use]
    pub fn healthy_hosts(&self) -> &[u32] {
        &self.healthy
    }

    /// The degraded hosts, as positions.
    #[must_use]
    pub fn degraded_hosts(&self) -> &[u32] {
        &self.degraded
    }

    /// The hosts by locality.
    #[must_use]
    pub fn localities(&self) -> &[LocalityHosts] {
        &self.localities
    }

    /// Whether the first of [`HostSet::localities`] is the proxy's own.
    #[must_use]
    pub const fn has_local_locality(&self) -> bool {
        self.has_local_locality
    }

    /// The factor of this priority and its localities.
    #[must_use]
    pub const fn overprovisioning_factor(&self) -> OverprovisioningFactor {
        self.overprovisioning_factor
    }

    /// What the priority's load is computed from.
    #[must_use]
    pub fn counts(&self) -> HostCounts {
        HostCounts {
            total: count(&self.all),
            healthy: count(&self.healthy),
            degraded: count(&self.degraded),
            excluded: self.excluded,
            weights: self.weighted_priority_health.then(|| self.weights()),
            overprovisioning_factor: self.overprovisioning_factor,
        }
    }

    fn weights(&self) -> HostWeights {
        let sum = |keep: &dyn Fn(&Host) -> bool| {
            self.hosts.iter().filter(|host| keep(host)).map(|host| u64::from(host.weight)).sum()
        };
        HostWeights {
            healthy: sum(&|host| host.flags.coarse_health() == CoarseHealth::Healthy),
            degraded: sum(&|host| host.flags.coarse_health() == CoarseHealth::Degraded),
            counted: sum(&|host| !host.flags.is_excluded()),
        }
    }

    /// What the localities' weights are computed from.
    pub fn locality_counts(&self) -> impl Iterator<Item = LocalityCounts> {
        self.localities.iter().map(|group| LocalityCounts {
            weight: group.weight,
            total: count(&group.all),
            healthy: count(&group.healthy),
            degraded: count(&group.degraded),
            excluded: group.excluded,
        })
    }
}

fn flags_at(hosts: &[Host], index: u32) -> HealthFlags {
    usize::try_from(index)
        .ok()
        .and_then(|index| hosts.get(index))
        .map(|host| host.flags)
        .unwrap_or_default()
}

/// A list's length; no cluster has 2^32 hosts.
fn count(list: &[u32]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
