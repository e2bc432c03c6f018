//! Which priority gets how much traffic.
//!
//! A priority is as available as its share of healthy hosts times the overprovisioning factor; traffic fills priorities in order
//! and spills over. Degraded hosts get what no healthy host can take. When too few hosts are usable, their health is not believed: the priority
//! *panics* and uses all its hosts, and if every priority panics, load follows the number of hosts.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/common/load_balancer_impl.cc `LoadBalancerBase`, v1.40.
//!
//! **Units**: loads and availabilities in whole percent.
//!
//! **Worked example**: half of the first priority's hosts are gone, so it keeps 140 % × 1/2 = 70 %.
//!
//! ```
//! use mesh_failover_engine::lb::priority::{HostAvailability, HostCounts, PriorityState, choose_priority};
//! use mesh_failover_engine::units::{Percent, Priority};
//!
//! let half = HostCounts { total: 2, healthy: 1, ..HostCounts::default() };
//! let full = HostCounts { total: 2, healthy: 2, ..HostCounts::default() };
//! let mut state = PriorityState::default();
//! state.recalculate(&[half, full], Percent::clamped(50));
//! assert_eq!(state.load().healthy, [70, 30]);
//! assert_eq!(state.is_in_panic(Priority(0)), false);
//! assert_eq!(choose_priority(170, state.load()), (Priority(1), HostAvailability::Healthy));
//! ```

use crate::units::{OverprovisioningFactor, Percent, Priority};

/// What a priority's availability is computed from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostCounts {
    /// All hosts.
    pub total: u32,
    /// Healthy hosts.
    pub healthy: u32,
    /// Degraded hosts.
    pub degraded: u32,
    /// Hosts that do not count.
    pub excluded: u32,
    /// With `weighted_priority_health`: weights to use instead of numbers of hosts, except for panic.
    pub weights: Option<HostWeights>,
    /// How much more than its healthy share the priority may take.
    pub overprovisioning_factor: OverprovisioningFactor,
}

/// Sums of host weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostWeights {
    /// Of healthy hosts.
    pub healthy: u64,
    /// Of degraded hosts.
    pub degraded: u64,
    /// Of all hosts that are not excluded.
    pub counted: u64,
}

impl HostCounts {
    /// Hosts that count.
    const fn counted(&self) -> u32 {
        self.total.saturating_sub(self.excluded)
    }

    /// Healthy and degraded availability, each at most 100.
    fn availability(&self) -> (u32, u32) {
        if self.counted() == 0 {
            return (0, 0);
        }
        let weights = self.weights.unwrap_or(HostWeights {
            healthy: u64::from(self.healthy),
            degraded: u64::from(self.degraded),
            counted: u64::from(self.counted()),
        });
        let factor = u64::from(self.overprovisioning_factor.percent());
        let share = |weight: u64| {
            let percent = factor.saturating_mul(weight).checked_div(weights.counted).unwrap_or(0);
            u32::try_from(percent.min(100)).unwrap_or(100)
        };
        (share(weights.healthy), share(weights.degraded))
    }

    /// Whether so few hosts are usable that their health is not believed.
    #[must_use]
    pub fn is_host_set_in_panic(&self, threshold: Percent) -> bool {
        let counted = f64::from(self.counted());
        let percent = |hosts: u32| {
            if counted == 0.0 { 0.0 } else { 100.0 * f64::from(hosts) / counted }
        };
        percent(self.healthy) + percent(self.degraded) < f64::from(threshold.get())
    }
}

/// Percent of traffic by priority: Envoy's `HealthyAndDegradedLoad`. Sums to 100 over both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriorityLoad {
    /// Served by healthy hosts.
    pub healthy: Vec<u32>,
    /// Served by degraded hosts.
    pub degraded: Vec<u32>,
}

impl PriorityLoad {
    fn resize(&mut self, len: usize) {
        self.healthy.resize(len, 0);
        self.degraded.resize(len, 0);
    }
}

/// `HostAvailability`: which hosts of a priority a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostAvailability {
    /// Healthy ones.
    Healthy,
    /// Degraded ones.
    Degraded,
}

/// `min(100, sum of availabilities)`.
#[must_use]
pub fn normalized_total_availability(availability: &PriorityLoad) -> u32 {
    let sum = |part: &[u32]| part.iter().fold(0_u32, |sum, percent| sum.saturating_add(*percent));
    sum(&availability.healthy).saturating_add(sum(&availability.degraded)).min(100)
}

/// Availability of every priority, in percent.
pub(super) fn availability(counts: &[HostCounts]) -> PriorityLoad {
    let (healthy, degraded) = counts.iter().map(HostCounts::availability).unzip();
    PriorityLoad { healthy, degraded }
}

/// Gives each priority in turn its share, while `total` lasts. Returns what is left.
///
/// **Source**: Envoy `LoadBalancerBase::distributeLoad`.
pub fn distribute_load(
    load: &mut [u32],
    availability: &[u32],
    normalized_total_availability: u32,
    total: u32,
) -> u32 {
    let mut left = total;
    for (load, availability) in load.iter_mut().zip(availability) {
        let share = (availability * 100).checked_div(normalized_total_availability).unwrap_or(0);
        *load = share.min(left);
        left -= *load;
    }
    left
}

/// The priority and kind of hosts for a request. `hash` is uniform; only `hash % 100` counts.
#[must_use]
#[inline]
pub fn choose_priority(hash: u64, load: &PriorityLoad) -> (Priority, HostAvailability) {
    let hash = hash % 100 + 1;
    let kinds =
        [(&load.healthy, HostAvailability::Healthy), (&load.degraded, HostAvailability::Degraded)];
    let mut cumulative = 0;
    for (loads, availability) in kinds {
        for (priority, load) in (0..).zip(loads) {
            cumulative += u64::from(*load);
            if hash <= cumulative {
                return (Priority(priority), availability);
            }
        }
    }
    // INVARIANT: loads sum to 100. Envoy, too, falls back to the first priority.
    (Priority(0), HostAvailability::Healthy)
}

/// A worker's view of the priorities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriorityState {
    load: PriorityLoad,
    panic: Vec<bool>,
}

impl PriorityState {
    /// Recomputes load and panic of every priority, given in order from 0.
    ///
    /// If nothing is available anywhere and nothing panics, the last load stays.
    pub fn recalculate(&mut self, counts: &[HostCounts], healthy_panic_threshold: Percent) {
        self.load.resize(counts.len());
        self.panic.resize(counts.len(), false);
        let availability = availability(counts);
        let normalized = normalized_total_availability(&availability);
        self.recalculate_per_priority_state(&availability, normalized);
        self.recalculate_per_priority_panic(counts, normalized, healthy_panic_threshold);
    }

    /// Percent of traffic by priority.
    #[must_use]
    pub const fn load(&self) -> &PriorityLoad {
        &self.load
    }

    /// Whether a priority uses all its hosts.
    #[must_use]
    pub fn is_in_panic(&self, priority: Priority) -> bool {
        let index = usize::try_from(priority.0).unwrap_or(usize::MAX);
        self.panic.get(index).copied().unwrap_or(false)
    }

    fn recalculate_per_priority_state(&mut self, availability: &PriorityLoad, normalized: u32) {
        if normalized == 0 {
            return;
        }
        let PriorityLoad { healthy, degraded } = &mut self.load;
        let left = distribute_load(healthy, &availability.healthy, normalized, 100);
        let left = distribute_load(degraded, &availability.degraded, normalized, left);
        // What truncation left over goes to the first priority that is available at all.
        let first = |load: &[u32], availability: &[u32]| {
            let first = availability.iter().position(|percent| *percent > 0);
            first.filter(|first| *first < load.len())
        };
        if let Some(load) =
            first(healthy, &availability.healthy).and_then(|first| healthy.get_mut(first))
        {
            *load += left;
        } else if let Some(load) =
            first(degraded, &availability.degraded).and_then(|first| degraded.get_mut(first))
        {
            *load += left;
        }
    }

    fn recalculate_per_priority_panic(
        &mut self,
        counts: &[HostCounts],
        normalized: u32,
        threshold: Percent,
    ) {
        if threshold == Percent::ZERO && normalized == 0 {
            if let Some(load) = self.load.healthy.first_mut() {
                *load = 100;
            }
            return;
        }
        for (panic, counts) in self.panic.iter_mut().zip(counts) {
            *panic = normalized != 100 && counts.is_host_set_in_panic(threshold);
        }
        if self.panic.iter().all(|panic| *panic) {
            self.recalculate_load_in_total_panic(counts);
        }
    }

    /// Load by number of hosts, healthy or not.
    fn recalculate_load_in_total_panic(&mut self, counts: &[HostCounts]) {
        let total: u64 = counts.iter().map(|counts| u64::from(counts.total)).sum();
        if total == 0 {
            if let Some(load) = self.load.healthy.first_mut() {
                *load = 100;
            }
            return;
        }
        let mut left = 100;
        for (load, counts) in self.load.healthy.iter_mut().zip(counts) {
            let share = 100 * u64::from(counts.total) / total;
            *load = u32::try_from(share).unwrap_or(100);
            left -= *load;
        }
        self.load.degraded.fill(0);
        let with_hosts =
            self.load.healthy.iter_mut().zip(counts).find(|(_, counts)| counts.total > 0);
        if let Some((load, _)) = with_hosts {
            *load += left;
        }
    }
}
