//! Which locality of a priority gets the next request.
//!
//! Localities share by weight, and a locality whose hosts fail keeps its weight until its healthy share times the
//! overprovisioning factor falls below 1. Whatever it loses goes to all others alike: within a priority there is no failover order.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/common/locality_wrr.cc `LocalityWrr`, v1.40.
//!
//! **Worked example**: two of five hosts are healthy, so a weight of 1 becomes 1.4 × 0.4 = 0.56.
//!
//! ```
//! use mesh_failover_engine::lb::locality_wrr::effective_locality_weight;
//! use mesh_failover_engine::units::OverprovisioningFactor;
//!
//! let weight = effective_locality_weight(1, 2, 5, OverprovisioningFactor::DEFAULT);
//! assert_eq!(weight, 0.5599999999999999);
//! ```

use super::edf::EdfScheduler;
use super::edf_lanes::EdfLanes;
use super::priority::HostAvailability;
use crate::units::OverprovisioningFactor;

/// What a locality's effective weight is computed from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LocalityCounts {
    /// Configured weight; 0: never chosen.
    pub weight: u32,
    /// All hosts.
    pub total: u32,
    /// Healthy hosts.
    pub healthy: u32,
    /// Degraded hosts.
    pub degraded: u32,
    /// Hosts that do not count.
    pub excluded: u32,
}

impl LocalityCounts {
    /// The weight among localities that serve `availability`.
    #[must_use]
    pub fn effective_weight(
        &self,
        availability: HostAvailability,
        factor: OverprovisioningFactor,
    ) -> f64 {
        let eligible = match availability {
            HostAvailability::Healthy => self.healthy,
            HostAvailability::Degraded => self.degraded,
        };
        let counted = self.total.saturating_sub(self.excluded);
        effective_locality_weight(self.weight, eligible, counted, factor)
    }
}

/// `weight`, lowered once fewer than 1/`factor` of the `counted` hosts are `eligible`.
///
/// The order of evaluation is Envoy's, so the result is the same to the last bit.
#[must_use]
pub fn effective_locality_weight(
    weight: u32,
    eligible: u32,
    counted: u32,
    factor: OverprovisioningFactor,
) -> f64 {
    if counted == 0 {
        return 0.0;
    }
    let availability_ratio = f64::from(eligible) / f64::from(counted);
    let effective_ratio = (f64::from(factor.percent()) / 100.0 * availability_ratio).min(1.0);
    f64::from(weight) * effective_ratio
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct LocalityEntry {
    index: u32,
    effective_weight: f64,
}

/// The schedulers of one priority.
///
/// Envoy makes new ones on every update of the priority that reaches a worker, from a new seed: the place in the old sequence is lost.
#[derive(Debug, Clone, Default)]
pub struct LocalityWrr {
    healthy: EdfLanes,
    degraded: EdfLanes,
}

impl LocalityWrr {
    /// Schedulers over `localities`, numbered from 0 as they come; both start from the same `seed`.
    #[must_use]
    pub fn new(
        localities: impl Iterator<Item = LocalityCounts> + Clone,
        factor: OverprovisioningFactor,
        seed: u64,
    ) -> Self {
        let scheduler = |availability| {
            let entries = (0..)
                .zip(localities.clone())
                .map(|(index, counts)| {
                    let effective_weight = counts.effective_weight(availability, factor);
                    LocalityEntry { index, effective_weight }
                })
                .filter(|entry| entry.effective_weight > 0.0)
                .collect();
            let weight = |entry: &LocalityEntry| entry.effective_weight;
            let scheduler = EdfScheduler::create_with_picks(entries, weight, seed);
            EdfLanes::new(scheduler, weight, |entry| entry.index)
        };
        Self {
            healthy: scheduler(HostAvailability::Healthy),
            degraded: scheduler(HostAvailability::Degraded),
        }
    }

    /// The next locality, by number; `None` if no locality has a weight, and then the whole priority serves.
    #[inline]
    pub fn choose_locality(&mut self, availability: HostAvailability) -> Option<u32> {
        let scheduler = match availability {
            HostAvailability::Healthy => &mut self.healthy,
            HostAvailability::Degraded => &mut self.degraded,
        };
        scheduler.pick()
    }

    /// Whether localities with hosts of this kind have a weight.
    #[must_use]
    pub fn is_weighted(&self, availability: HostAvailability) -> bool {
        match availability {
            HostAvailability::Healthy => !self.healthy.is_empty(),
            HostAvailability::Degraded => !self.degraded.is_empty(),
        }
    }
}
