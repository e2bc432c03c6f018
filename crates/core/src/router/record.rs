//! What is known of one region of one destination.
//!
//! A record is small, plain and totally ordered: each change makes it greater. Workers that saw different changes
//! agree by keeping the greatest, in whatever order they hear of them.

use serde::Serialize;

use crate::outlier::{DetectorConfig, EjectionType};
use crate::time::MonotonicTime;

/// Whether a region takes requests, and if not, why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RegionState {
    /// It does.
    #[default]
    Usable,
    /// Its errors reached a threshold; it is out for a time.
    Ejected(EjectionType),
    /// Envoy has no host there that it would use; it is out until there is one.
    NoUsableHost,
    /// Envoy has no cluster of that name: the subset is missing. The whole destination is left to Istio.
    NoCluster,
}

/// A region's state and how it came about. Ordered by `epoch`, then `at`; the rest only breaks ties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RegionRecord {
    /// Counts the changes. 0: nobody has looked yet.
    pub epoch: u32,
    /// When the state was entered.
    pub at: MonotonicTime,
    /// The state.
    pub state: RegionState,
    /// By how much the base ejection time is multiplied, as it was at `at`.
    pub backoff: u32,
    /// When an ejection is over; zero in any other state. Fixed when it begins: a worker that still runs an older
    /// configuration must not end it earlier.
    pub until: MonotonicTime,
}

impl RegionRecord {
    /// Whether nobody has looked yet whether the region's cluster exists and has a host.
    #[must_use]
    pub const fn is_unverified(&self) -> bool {
        self.epoch == 0
    }

    /// Whether requests may go there.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.state == RegionState::Usable
    }

    /// The record after a change to `state`.
    #[must_use]
    pub fn enter(
        &self,
        state: RegionState,
        detector: Option<&DetectorConfig>,
        now: MonotonicTime,
    ) -> Self {
        let backoff = self.backoff_now(detector, now);
        let at = now.max(self.at);
        let (backoff, until) = match (state, detector) {
            (RegionState::Ejected(_), Some(config)) => {
                let backoff = config.next_backoff(backoff);
                (backoff, at + config.ejection_time(backoff))
            }
            _ => (backoff, MonotonicTime::ZERO),
        };
        Self { epoch: self.epoch.saturating_add(1), at, state, backoff, until }
    }

    /// The back-off less one for each interval in use: what Envoy's sweeps do one by one.
    fn backoff_now(&self, detector: Option<&DetectorConfig>, now: MonotonicTime) -> u32 {
        let Some(config) = detector.filter(|_| self.is_usable()) else { return self.backoff };
        let interval = config.interval().as_nanos().max(1);
        let sweeps = (now - self.at).as_nanos() / interval;
        self.backoff.saturating_sub(u32::try_from(sweeps).unwrap_or(u32::MAX))
    }
}
