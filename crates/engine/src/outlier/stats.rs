//! The detector's counters, under Envoy's names: a comparison with `/stats` is a diff.

use serde::{Deserialize, Serialize};

use super::event::EjectionType;

/// `cluster.<name>.outlier_detection.*`.
///
/// **Source**: Envoy source/common/upstream/outlier_detection_impl.h `ALL_OUTLIER_DETECTION_STATS`.
///
/// **Not modelled**: `ejections_detected_degradation`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectionStats {
    /// Deprecated by Envoy: detections of server errors in a row.
    pub ejections_consecutive_5xx: u64,
    /// Detections of server errors in a row.
    pub ejections_detected_consecutive_5xx: u64,
    /// Detections of gateway errors in a row.
    pub ejections_detected_consecutive_gateway_failure: u64,
    /// Detections by success rate.
    pub ejections_detected_success_rate: u64,
    /// Detections by failure percentage.
    pub ejections_detected_failure_percentage: u64,
    /// Detections of connection failures in a row.
    pub ejections_detected_consecutive_local_origin_failure: u64,
    /// Detections by success rate of connections.
    pub ejections_detected_local_origin_success_rate: u64,
    /// Detections by failure percentage of connections.
    pub ejections_detected_local_origin_failure_percentage: u64,
    /// Ejections for server errors in a row.
    pub ejections_enforced_consecutive_5xx: u64,
    /// Ejections for gateway errors in a row.
    pub ejections_enforced_consecutive_gateway_failure: u64,
    /// Ejections by success rate.
    pub ejections_enforced_success_rate: u64,
    /// Ejections by failure percentage.
    pub ejections_enforced_failure_percentage: u64,
    /// Ejections for connection failures in a row.
    pub ejections_enforced_consecutive_local_origin_failure: u64,
    /// Ejections by success rate of connections.
    pub ejections_enforced_local_origin_success_rate: u64,
    /// Ejections by failure percentage of connections.
    pub ejections_enforced_local_origin_failure_percentage: u64,
    /// All ejections.
    pub ejections_enforced_total: u64,
    /// Ejections that `max_ejection_percent` forbade.
    pub ejections_overflow: u64,
    /// Deprecated by Envoy: detections by success rate of either kind.
    pub ejections_success_rate: u64,
    /// Deprecated by Envoy: ejections within the cap for two of the types, enforced or not.
    pub ejections_total: u64,
    /// Gauge: hosts that are out, as Envoy counts them. A host that success rate and failure percentage eject in the same sweep
    /// counts twice and is subtracted once.
    pub ejections_active: u64,
}

impl DetectionStats {
    /// Counts a detection.
    pub(super) const fn detected(&mut self, ejection_type: EjectionType) {
        let counter = match ejection_type {
            EjectionType::Consecutive5xx => &mut self.ejections_detected_consecutive_5xx,
            EjectionType::ConsecutiveGatewayFailure => {
                &mut self.ejections_detected_consecutive_gateway_failure
            }
            EjectionType::ConsecutiveLocalOriginFailure => {
                &mut self.ejections_detected_consecutive_local_origin_failure
            }
            EjectionType::SuccessRate => &mut self.ejections_detected_success_rate,
            EjectionType::SuccessRateLocalOrigin => {
                &mut self.ejections_detected_local_origin_success_rate
            }
            EjectionType::FailurePercentage => &mut self.ejections_detected_failure_percentage,
            EjectionType::FailurePercentageLocalOrigin => {
                &mut self.ejections_detected_local_origin_failure_percentage
            }
        };
        *counter += 1;
    }

    /// Counts an ejection.
    pub(super) const fn enforced(&mut self, ejection_type: EjectionType) {
        self.ejections_enforced_total += 1;
        let counter = match ejection_type {
            EjectionType::Consecutive5xx => &mut self.ejections_enforced_consecutive_5xx,
            EjectionType::ConsecutiveGatewayFailure => {
                &mut self.ejections_enforced_consecutive_gateway_failure
            }
            EjectionType::ConsecutiveLocalOriginFailure => {
                &mut self.ejections_enforced_consecutive_local_origin_failure
            }
            EjectionType::SuccessRate => &mut self.ejections_enforced_success_rate,
            EjectionType::SuccessRateLocalOrigin => {
                &mut self.ejections_enforced_local_origin_success_rate
            }
            EjectionType::FailurePercentage => &mut self.ejections_enforced_failure_percentage,
            EjectionType::FailurePercentageLocalOrigin => {
                &mut self.ejections_enforced_local_origin_failure_percentage
            }
        };
        *counter += 1;
    }
}
