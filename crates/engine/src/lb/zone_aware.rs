//! Keeping traffic in the proxy's own zone as far as the zones' sizes allow.
//!
//! Every zone of proxies should fill its own zone of hosts first. If the own zone's share of the hosts is at least its share of the proxies,
//! everything stays; otherwise the surplus goes to zones with room, in proportion to their room.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/common/load_balancer_impl.cc
//! `ZoneAwareLoadBalancerBase::regenerateLocalityRoutingStructures`, `tryChooseLocalLocalityHosts`, v1.40.
//!
//! **Units**: shares in 1/10,000.

use mesh_failover_sorted::SortedMap;

use super::host_set::HostSet;
use crate::cluster::ZoneAwareLbConfig;
use crate::locality::Locality;
use crate::random::Random;
use crate::units::Percent;

/// `min_cluster_size`, where it is not set.
pub const DEFAULT_MIN_CLUSTER_SIZE: u64 = 6;

/// `LocalityRoutingState` with what it needs; only priority 0 ever has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LocalityRouting {
    /// Any host of the priority.
    #[default]
    NoLocalityRouting,
    /// The own locality.
    LocalityDirect,
    /// The own locality for some requests, localities with room for the others.
    LocalityResidual {
        /// Share of requests for the own locality.
        local_percent_to_route: u64,
        /// Room, summed up to and including each locality.
        residual_capacity: Vec<u64>,
    },
}

impl LocalityRouting {
    /// How the proxies of `local` (the cluster that the proxy itself belongs to) should use the hosts of `upstream`.
    #[must_use]
    pub fn new(config: &ZoneAwareLbConfig, local: &HostSet, upstream: &HostSet) -> Self {
        if exits_early(config, local, upstream) {
            return Self::NoLocalityRouting;
        }
        let shares = locality_percentages(local, upstream);
        let own = shares.first().copied().filter(|_| upstream.has_local_locality());
        if own.is_some_and(|(local, upstream)| upstream > 0 && upstream >= local) {
            return Self::LocalityDirect;
        }
        let local_percent_to_route =
            own.and_then(|(local, upstream)| (upstream * 10_000).checked_div(local)).unwrap_or(0);
        let mut sum = 0;
        let residual = |(index, (local, upstream)): (usize, &(u64, u64))| {
            if index > 0 || own.is_none() {
                sum += upstream.saturating_sub(*local);
            }
            sum
        };
        let residual_capacity = shares.iter().enumerate().map(residual).collect();
        Self::LocalityResidual { local_percent_to_route, residual_capacity }
    }

    /// The part of requests for each of `localities`, in percent: what [`Self::choose_locality`] comes to. `None`: localities do not matter.
    #[must_use]
    pub fn shares(&self, localities: usize) -> Option<Vec<f64>> {
        let (local_percent_to_route, residual_capacity) = match self {
            Self::NoLocalityRouting => return None,
            Self::LocalityDirect => (10_000, [].as_slice()),
            Self::LocalityResidual { local_percent_to_route, residual_capacity } => {
                (*local_percent_to_route, residual_capacity.as_slice())
            }
        };
        let own = local_percent_to_route.min(10_000) as f64 / 100.0;
        let room = residual_capacity.last().copied().unwrap_or(0);
        let mut before = 0;
        let share = |index: usize| {
            let sum = residual_capacity.get(index).copied().unwrap_or(before);
            let part = match room {
                0 => 1.0 / localities as f64,
                room => (sum - before) as f64 / room as f64,
            };
            before = sum;
            (if index == 0 { own } else { 0.0 }) + (100.0 - own) * part
        };
        Some((0..localities).map(share).collect())
    }

    /// The locality of the next request, by number; `None`: any host of the priority.
    ///
    /// **Draws**: in the residual state one for "own or not", then, if not, one for the other locality.
    pub fn choose_locality(&self, random: &mut impl Random) -> Option<u32> {
        let (local_percent_to_route, residual_capacity) = match self {
            Self::NoLocalityRouting => return None,
            Self::LocalityDirect => return Some(0),
            Self::LocalityResidual { local_percent_to_route, residual_capacity } => {
                (*local_percent_to_route, residual_capacity)
            }
        };
        if random.below(10_000) < local_percent_to_route {
            return Some(0);
        }
        let room = residual_capacity.last().copied().unwrap_or(0);
        if room == 0 {
            let localities = u64::try_from(residual_capacity.len()).unwrap_or(u64::MAX);
            return u32::try_from(random.below(localities)).ok();
        }
        let threshold = random.below(room);
        let position = residual_capacity.iter().position(|sum| threshold < *sum)?;
        u32::try_from(position).ok()
    }
}

/// `routing_enabled` with its default.
#[must_use]
pub fn routing_enabled(config: &ZoneAwareLbConfig) -> Percent {
    config.routing_enabled.unwrap_or(Percent::HUNDRED)
}

fn exits_early(config: &ZoneAwareLbConfig, local: &HostSet, upstream: &HostSet) -> bool {
    let healthy = u64::try_from(upstream.healthy_hosts().len()).unwrap_or(u64::MAX);
    upstream.localities().len() < 2
        || local.localities().len() < 2
        || !local.has_local_locality()
        || healthy < config.min_cluster_size.unwrap_or(DEFAULT_MIN_CLUSTER_SIZE)
}

/// For each of the upstream's localities: the share of local hosts, the share of upstream hosts (healthy ones).
fn locality_percentages(local: &HostSet, upstream: &HostSet) -> Vec<(u64, u64)> {
    let count = |list: &[u32]| u64::try_from(list.len()).unwrap_or(u64::MAX);
    let mut local_counts: SortedMap<&Locality, u64> = SortedMap::new();
    local_counts
        .extend(local.localities().iter().map(|group| (&group.locality, count(&group.healthy))));
    let total_local: u64 = local_counts.values().sum();
    let total_upstream: u64 = upstream.localities().iter().map(|group| count(&group.healthy)).sum();
    let share = |part: u64, total: u64| (10_000 * part).checked_div(total).unwrap_or(0);
    let shares = |group: &super::host_set::LocalityHosts| {
        if group.healthy.is_empty() {
            return (0, 0);
        }
        let local = local_counts.get(&group.locality).copied().unwrap_or(0);
        (share(local, total_local), share(count(&group.healthy), total_upstream))
    };
    upstream.localities().iter().map(shares).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_what_choices_come_to() {
        let residual = |local_percent_to_route, residual_capacity| {
            LocalityRouting::LocalityResidual { local_percent_to_route, residual_capacity }
        };
        for routing in [
            LocalityRouting::LocalityDirect,
            residual(4_000, vec![0, 1_000, 4_000]),
            residual(4_000, vec![0, 0, 0]),
            residual(0, vec![500, 500, 2_000]),
        ] {
            let shares = routing.shares(3).unwrap();
            let mut rng = crate::run::Xoshiro::new(1, crate::run::Stream::Envoy);
            let mut drawn = [0.0; 3];
            for _ in 0..100_000 {
                drawn[routing.choose_locality(&mut rng).unwrap() as usize] += 0.001;
            }
            for (share, drawn) in shares.iter().zip(drawn) {
                assert!((share - drawn).abs() < 0.7, "{routing:?}: {shares:?} {drawn}");
            }
        }
        assert_eq!(LocalityRouting::NoLocalityRouting.shares(3), None);
    }
}
