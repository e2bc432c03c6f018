//! What the detector did, as values.

use serde::{Deserialize, Serialize};

use super::success_rate::MonitorType;
use crate::host::HostId;
use crate::time::MonotonicTime;

/// Why a host is ejected.
///
/// **Source**: Envoy data/cluster/v3/outlier_detection_event.proto `OutlierEjectionType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EjectionType {
    /// Server errors in a row.
    #[serde(rename = "CONSECUTIVE_5XX")]
    Consecutive5xx,
    /// Gateway errors (502, 503, 504) in a row.
    ConsecutiveGatewayFailure,
    /// Connection failures in a row, in split mode.
    ConsecutiveLocalOriginFailure,
    /// A success rate far below the others'.
    SuccessRate,
    /// The same for connections, in split mode.
    SuccessRateLocalOrigin,
    /// Too many failures in an interval.
    FailurePercentage,
    /// The same for connections, in split mode.
    FailurePercentageLocalOrigin,
}

impl EjectionType {
    /// The type of a success-rate ejection.
    #[must_use]
    pub const fn success_rate(monitor: MonitorType) -> Self {
        match monitor {
            MonitorType::ExternalOrigin => Self::SuccessRate,
            MonitorType::LocalOrigin => Self::SuccessRateLocalOrigin,
        }
    }

    /// The type of a failure-percentage ejection.
    #[must_use]
    pub const fn failure_percentage(monitor: MonitorType) -> Self {
        match monitor {
            MonitorType::ExternalOrigin => Self::FailurePercentage,
            MonitorType::LocalOrigin => Self::FailurePercentageLocalOrigin,
        }
    }
}

/// One line of Envoy's outlier event log.
///
/// **Source**: Envoy data/cluster/v3/outlier_detection_event.proto `OutlierDetectionEvent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlierDetectionEvent {
    /// When.
    pub at: MonotonicTime,
    /// Whose.
    pub host: HostId,
    /// How often the host has been ejected, this time included.
    pub num_ejections: u32,
    /// What.
    pub action: Action,
}

/// What happened to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Detected, and ejected if `enforced`.
    Eject {
        /// Why.
        ejection_type: EjectionType,
        /// Whether the enforcing percentage let the ejection happen.
        enforced: bool,
    },
    /// Detected, but `max_ejection_percent` forbids another ejection. Envoy counts these
    /// (`ejections_overflow`) without logging them.
    Overflow {
        /// Why the host would have been ejected.
        ejection_type: EjectionType,
    },
    /// Back in use.
    Uneject,
}
