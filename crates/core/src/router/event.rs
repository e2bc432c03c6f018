//! What changed, for a log line.

use std::fmt;

use crate::outlier::EjectionType;
use crate::time::MonotonicTime;

use super::record::{RegionRecord, RegionState};

/// A region changed its state, by this worker's doing.
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
    /// The subset cluster.
    pub cluster: String,
    /// The record before.
    pub before: RegionRecord,
    /// The record after.
    pub after: RegionRecord,
}

/// One line, without a time: the host's log has one.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} region {}: ", self.host, self.port, self.region)?;
        match self.after.state {
            RegionState::Usable => {
                let out = self.at - self.before.at;
                write!(f, "usable again after {} ms", out.as_millis())
            }
            RegionState::NoUsableHost => f.write_str("no usable host, out until there is one"),
            RegionState::NoCluster => write!(
                f,
                "there is no cluster `{}`; the destination is left to Istio until there is one: \
                 add the subset to the DestinationRule, or name it under `subsets`",
                self.cluster
            ),
            RegionState::Ejected(reason) => {
                let time = (self.after.until - self.at).as_millis();
                write!(f, "ejected for {time} ms, {}", words(reason))
            }
        }
    }
}

const fn words(reason: EjectionType) -> &'static str {
    match reason {
        EjectionType::Consecutive5xx => "too many server errors in a row",
        EjectionType::ConsecutiveGatewayFailure => "too many gateway errors in a row",
        EjectionType::ConsecutiveLocalOriginFailure => "too many connection failures in a row",
        EjectionType::SuccessRate | EjectionType::SuccessRateLocalOrigin => {
            "success rate far below the others'"
        }
        EjectionType::FailurePercentage | EjectionType::FailurePercentageLocalOrigin => {
            "too many failures in an interval"
        }
    }
}
