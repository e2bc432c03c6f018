//! What changed, for a log line.

use std::fmt;

use super::drain::DrainRecord;
use super::metrics::Metric;
use super::record::{Reason, RegionRecord, RegionState};
use super::window::Counts;
use crate::time::MonotonicTime;

/// Something happened to a region, by this worker's doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: MonotonicTime,
    /// The destination's host.
    pub host: String,
    /// The destination's port.
    pub port: u16,
    /// The region.
    pub region: String,
    /// The region's cluster.
    pub cluster: String,
    /// What.
    pub change: Change,
}

impl Event {
    /// Whether the region takes requests, or will, after what happened.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        match &self.change {
            Change::State { after, .. } => after.is_usable(),
            Change::Drain(record) => !record.drained,
            Change::Misrouted { .. } => true,
        }
    }
}

/// What happened to a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Its state changed.
    State {
        /// The record before.
        before: RegionRecord,
        /// The record after.
        after: RegionRecord,
        /// What this worker had seen in the window, where a window is configured.
        seen: Counts,
    },
    /// It is to be emptied or filled.
    Drain(DrainRecord),
    /// A request for the region went to another cluster.
    Misrouted {
        /// Its name.
        served_by: String,
    },
}

/// How many lines may be written: a flapping mesh must not fill a log.
#[derive(Debug, Clone)]
pub struct Quota {
    left: u32,
    missed: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self { left: Self::MOST, missed: 0 }
    }
}

impl Quota {
    /// As many may come at once; afterwards one for each tick.
    pub const MOST: u32 = 50;

    /// Another tick: one line more. Returns how many were left out, once there is room to say so.
    pub fn refill(&mut self) -> Option<u32> {
        self.left = Self::MOST.min(self.left + 1);
        (self.missed > 0 && self.left > 1).then(|| std::mem::take(&mut self.missed))
    }

    /// Whether a line may be written.
    pub fn take(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.missed = self.missed.saturating_add(1);
                false
            }
        }
    }
}

/// One line, without a time: the host's log has one. First for people, then for machines.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} region {}: ", self.host, self.port, self.region)?;
        match &self.change {
            Change::State { before, after, seen } => {
                state(f, before, after, *seen, &self.cluster)?;
                fields(f, before, after, *seen)
            }
            Change::Drain(record) => {
                f.write_str(if record.drained { "drained" } else { "filled again" })?;
                let time = (record.until - record.at).as_millis();
                write!(f, " within {time} ms [drained={} for_ms={time}]", record.drained)
            }
            Change::Misrouted { served_by } => write!(
                f,
                "a request for it went to `{served_by}` instead of `{}`, so Istio decides where: \
                 let the routes lead the header `x-mesh-region: {}` there \
                 [served_by={served_by} cluster={}]",
                self.cluster, self.region, self.cluster
            ),
        }
    }
}

fn state(
    f: &mut fmt::Formatter<'_>,
    before: &RegionRecord,
    after: &RegionRecord,
    seen: Counts,
    cluster: &str,
) -> fmt::Result {
    let time = (after.until - after.at).as_millis();
    match after.state {
        RegionState::Usable => {
            let out = (after.at - before.at).as_millis();
            write!(f, "usable again after {out} ms")?;
            if time > 0 { write!(f, ", full in {time} ms") } else { Ok(()) }
        }
        RegionState::Recovering => {
            write!(f, "well again, takes traffic in {time} ms if it stays so")
        }
        RegionState::NoUsableHost => {
            f.write_str("no usable host, out until there is one")?;
            if time > 0 { write!(f, " and for {time} ms at least") } else { Ok(()) }
        }
        RegionState::NoCluster => write!(
            f,
            "there is no cluster `{cluster}`; the destination is left to Istio until there is one: \
             add the subset to the DestinationRule or the Service to the cluster, or name it under `subsets` or `hosts`"
        ),
        RegionState::Ejected(reason) => {
            write!(f, "ejected for {time} ms, {}", words(reason))?;
            match reason {
                Reason::SuccessRate => write!(f, " ({} of {})", seen.errors, seen.requests),
                Reason::Latency => write!(f, " ({} of {})", seen.slow, seen.requests),
                _ => Ok(()),
            }
        }
    }
}

/// The same in `key=value`: the two states, why, times in milliseconds, and numbers of the window.
fn fields(
    f: &mut fmt::Formatter<'_>,
    before: &RegionRecord,
    after: &RegionRecord,
    seen: Counts,
) -> fmt::Result {
    let reason = if after.is_usable() { "well" } else { Metric::reason(after.state) };
    f.write_str(" [from=")?;
    for part in [before.state.word(), " to=", after.state.word(), " reason=", reason] {
        f.write_str(part)?;
    }
    let numbers = [
        (" was_ms=", u64::try_from((after.at - before.at).as_millis()).unwrap_or(u64::MAX)),
        (" for_ms=", u64::try_from((after.until - after.at).as_millis()).unwrap_or(u64::MAX)),
        (" backoff=", u64::from(after.backoff)),
        (" requests=", u64::from(seen.requests)),
        (" errors=", u64::from(seen.errors)),
        (" slow=", u64::from(seen.slow)),
    ];
    for (name, number) in numbers {
        f.write_str(name)?;
        fmt::Display::fmt(&number, f)?;
    }
    f.write_str("]")
}

const fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::Consecutive5xx => "too many server errors in a row",
        Reason::ConsecutiveGatewayErrors => "too many gateway errors in a row",
        Reason::ConsecutiveLocalOriginFailures => "too many connection failures in a row",
        Reason::SuccessRate => "too many errors",
        Reason::Latency => "too many slow answers",
        Reason::Probe => "its probes failed",
    }
}
