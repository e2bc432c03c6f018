//! Retries that leave the priorities they have tried.
//!
//! **Source**: Envoy source/extensions/retry/priority/previous_priorities/previous_priorities.cc, v1.40.
//!
//! **Worked example**: the first attempt went to priority 0, so the retry goes to 1; then every priority has been
//! tried and the count starts over.
//!
//! ```
//! use mesh_failover_engine::lb::previous_priorities::PreviousPriorities;
//! use mesh_failover_engine::lb::priority::{HostCounts, PriorityLoad};
//! use mesh_failover_engine::units::Priority;
//!
//! let full = HostCounts { total: 2, healthy: 2, ..HostCounts::default() };
//! let original = PriorityLoad { healthy: vec![100, 0], degraded: vec![0, 0] };
//! let mut retries = PreviousPriorities::new(1);
//! retries.on_host_attempted(Priority(0));
//! assert_eq!(retries.determine_priority_load(&[full, full], &original).healthy, [0, 100]);
//! retries.on_host_attempted(Priority(1));
//! assert_eq!(retries.determine_priority_load(&[full, full], &original).healthy, [100, 0]);
//! ```

use super::priority::{HostCounts, PriorityLoad, availability, normalized_total_availability};
use crate::units::Priority;

/// The plugin's state for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousPriorities {
    update_frequency: u32,
    attempted: Vec<Priority>,
    excluded: Vec<bool>,
    load: PriorityLoad,
}

impl PreviousPriorities {
    /// Excludes what has been tried after every `update_frequency` attempts (at least 1).
    #[must_use]
    pub fn new(update_frequency: u32) -> Self {
        Self {
            update_frequency: update_frequency.max(1),
            attempted: Vec::new(),
            excluded: Vec::new(),
            load: PriorityLoad::default(),
        }
    }

    /// An attempt was made on a host of `priority`.
    pub fn on_host_attempted(&mut self, priority: Priority) {
        self.attempted.push(priority);
    }

    /// The load for the next attempt. `counts` are the priorities' hosts in order; `original` is the load balancer's own load.
    pub fn determine_priority_load<'a>(
        &'a mut self,
        counts: &[HostCounts],
        original: &'a PriorityLoad,
    ) -> &'a PriorityLoad {
        let attempts = u32::try_from(self.attempted.len()).unwrap_or(u32::MAX);
        if attempts < self.update_frequency {
            return original;
        }
        if attempts.is_multiple_of(self.update_frequency) {
            self.excluded.resize(counts.len().max(self.excluded.len()), false);
            for (priority, excluded) in (0..).zip(&mut self.excluded) {
                *excluded |= self.attempted.contains(&Priority(priority));
            }
            if !self.adjust_for_attempted_priorities(counts) {
                return original;
            }
        }
        &self.load
    }

    /// `false` if nothing is available anywhere.
    fn adjust_for_attempted_priorities(&mut self, counts: &[HostCounts]) -> bool {
        let mut adjusted = self.adjusted_availability(counts);
        let mut total = normalized_total_availability(&adjusted);
        if total == 0 {
            // Every usable priority has been tried: start over rather than fail.
            self.excluded.fill(false);
            self.attempted.clear();
            adjusted = self.adjusted_availability(counts);
            total = normalized_total_availability(&adjusted);
        }
        if total == 0 {
            return false;
        }
        self.load = rebalance(&adjusted, total);
        true
    }

    /// Availability with that of excluded priorities set to zero.
    fn adjusted_availability(&self, counts: &[HostCounts]) -> PriorityLoad {
        let mut adjusted = availability(counts);
        let parts = adjusted.healthy.iter_mut().zip(&mut adjusted.degraded);
        for ((healthy, degraded), excluded) in parts.zip(&self.excluded) {
            if *excluded {
                *healthy = 0;
                *degraded = 0;
            }
        }
        adjusted
    }
}

/// Shares 100 % in proportion to availability, going round until nothing is left.
fn rebalance(availability: &PriorityLoad, total: u32) -> PriorityLoad {
    let mut left = 100;
    let mut load = PriorityLoad {
        healthy: vec![0; availability.healthy.len()],
        degraded: vec![0; availability.degraded.len()],
    };
    // INVARIANT: ends, because `total` is at most 100, so each available priority takes at least 1 a round.
    while left > 0 {
        let healthy = load.healthy.iter_mut().zip(&availability.healthy);
        let degraded = load.degraded.iter_mut().zip(&availability.degraded);
        for (load, availability) in healthy.chain(degraded) {
            let delta = (availability * 100).checked_div(total).unwrap_or(left).min(left);
            *load += delta;
            left -= delta;
        }
    }
    load
}
