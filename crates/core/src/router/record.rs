//! What is known of one region of one destination.
//!
//! A record is small, plain and totally ordered: each change makes it greater. Workers that saw different changes
//! agree by keeping the greatest, in whatever order they hear of them.

use std::time::Duration;

use serde::Serialize;

use super::config::Failback;
use super::level::Level;
use crate::outlier::{DetectorConfig, EjectionType};
use crate::time::MonotonicTime;

/// Why a region was ejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// Server errors in a row.
    Consecutive5xx,
    /// 502, 503, 504 in a row.
    ConsecutiveGatewayErrors,
    /// Connection failures and timeouts in a row, in split mode.
    ConsecutiveLocalOriginFailures,
    /// Too few successes in the window.
    SuccessRate,
    /// Too many slow answers in the window.
    Latency,
    /// Its probes failed.
    Probe,
}

impl From<EjectionType> for Reason {
    fn from(detected: EjectionType) -> Self {
        match detected {
            EjectionType::Consecutive5xx => Self::Consecutive5xx,
            EjectionType::ConsecutiveGatewayFailure => Self::ConsecutiveGatewayErrors,
            EjectionType::ConsecutiveLocalOriginFailure => Self::ConsecutiveLocalOriginFailures,
            EjectionType::SuccessRate
            | EjectionType::SuccessRateLocalOrigin
            | EjectionType::FailurePercentage
            | EjectionType::FailurePercentageLocalOrigin => Self::SuccessRate,
        }
    }
}

/// Whether a region takes requests, and if not, why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RegionState {
    /// It does; after a return perhaps a part of its share only.
    #[default]
    Usable,
    /// It was found well again and must stay so for a time.
    Recovering,
    /// Its errors reached a threshold; it is out for a time.
    Ejected(Reason),
    /// Envoy has no host there that it would use; it is out until there is one.
    NoUsableHost,
    /// Envoy has no cluster of that name: the region's subset or Service is missing. The whole destination is left to Istio.
    NoCluster,
}

impl RegionState {
    /// The state in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Recovering => "recovering",
            Self::Ejected(_) => "ejected",
            Self::NoUsableHost => "no_usable_host",
            Self::NoCluster => "no_cluster",
        }
    }
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
    /// The end of what the state began: usable, of its ramp; recovering, of the wait; out, of the time before it may return.
    /// Fixed when it begins: a worker that still runs an older configuration must not end it earlier.
    pub until: MonotonicTime,
}

/// What a destination says about changes of state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    /// Interval and ejection times.
    pub(super) timing: &'a DetectorConfig,
    pub(super) failback: Failback,
    /// Whether probes say when a region is well. The first ejection is then over when they do; those that follow soon
    /// last at least as long as the ones before would have: probes see less than users do.
    pub(super) probed: bool,
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

    /// How much of its weight its health allows.
    pub(super) fn level(&self, failback: &Failback, now: MonotonicTime) -> Level {
        match self.state {
            RegionState::Usable if now < self.until => {
                // The end is fixed; a configuration with another length starts where that says.
                failback.ramp.level(failback.ramp.duration.saturating_sub(self.until - now))
            }
            RegionState::Usable => Level::FULL,
            _ => Level::NONE,
        }
    }

    /// The record after a change to `state`; from out to usable by [`RegionRecord::come_back`] instead.
    pub(super) fn enter(&self, state: RegionState, rules: &Rules<'_>, now: MonotonicTime) -> Self {
        let at = now.max(self.at);
        let mut backoff = self.backoff_now(rules, now);
        let mut until = MonotonicTime::ZERO;
        let damped = match state {
            RegionState::Ejected(_) => true,
            RegionState::NoUsableHost => rules.failback != Failback::default(),
            _ => false,
        };
        if damped {
            // A relapse before traffic came back is the same outage.
            if self.state != RegionState::Recovering {
                backoff = rules.timing.next_backoff(backoff);
            }
            let at_once = rules.probed || state == RegionState::NoUsableHost;
            until = at + rules.timing.ejection_time(backoff.saturating_sub(u32::from(at_once)));
        }
        Self { epoch: self.epoch.saturating_add(1), at, state, backoff, until }
    }

    /// The record of a region that was out and was found well: it waits, or ramps up, or is back.
    pub(super) fn come_back(&self, rules: &Rules<'_>, now: MonotonicTime) -> Self {
        let wait = rules.failback.minimum_healthy_time;
        let waits = wait > Duration::ZERO && self.state != RegionState::Recovering;
        let ramps = self.state != RegionState::NoCluster && !self.is_unverified();
        let at = now.max(self.at);
        let (state, until) = if waits && ramps {
            (RegionState::Recovering, at + wait)
        } else if ramps {
            (RegionState::Usable, at + rules.failback.ramp.duration)
        } else {
            (RegionState::Usable, at)
        };
        Self { epoch: self.epoch.saturating_add(1), at, state, backoff: self.backoff, until }
    }

    /// The back-off less one for each interval in full use: what Envoy's sweeps do one by one.
    fn backoff_now(&self, rules: &Rules<'_>, now: MonotonicTime) -> u32 {
        if !self.is_usable() {
            return self.backoff;
        }
        let interval = rules.timing.interval().as_nanos().max(1);
        let sweeps = (now - self.at.max(self.until)).as_nanos() / interval;
        self.backoff.saturating_sub(u32::try_from(sweeps).unwrap_or(u32::MAX))
    }
}
