//! Which hosts a sweep compares with each other, and which of them stand out.
//!
//! **Source**: Envoy source/common/upstream/outlier_detection_impl.cc
//! `DetectorImpl::processSuccessRateEjections`, v1.40.

use super::config::DetectorConfig;
use super::monitors::{Afterwards, Monitors};
use super::success_rate::{EjectionThreshold, MonitorType, success_rate_ejection_threshold};
use crate::host::HostId;

/// Hosts in use with enough requests in the last interval, and their success rates.
pub(super) struct Candidates {
    success_rate: Vec<(HostId, f64)>,
    failure_percentage: Vec<(HostId, f64)>,
}

impl Candidates {
    /// `None` if the cluster is too small for either rule.
    pub(super) fn collect(
        monitors: &mut Monitors,
        config: &DetectorConfig,
        monitor_type: MonitorType,
    ) -> Option<Self> {
        let minimum =
            config.success_rate_minimum_hosts.min(config.failure_percentage_minimum_hosts);
        if u64::try_from(monitors.len()).is_ok_and(|hosts| hosts < u64::from(minimum)) {
            return None;
        }
        let mut candidates = Self { success_rate: Vec::new(), failure_percentage: Vec::new() };
        let success_rate_volume = u64::from(config.success_rate_request_volume);
        let failure_percentage_volume = u64::from(config.failure_percentage_request_volume);
        monitors.for_each_awake(|host, monitor| {
            if monitor.is_ejected() {
                return Afterwards::Awake;
            }
            let monitor = monitor.success_rate_monitor(monitor_type);
            let Some((rate, volume)) = monitor.accumulator.success_rate_and_volume() else {
                return Afterwards::Awake;
            };
            if volume >= success_rate_volume.min(failure_percentage_volume) {
                monitor.success_rate = Some(rate);
            }
            if volume >= success_rate_volume {
                candidates.success_rate.push((host, rate));
            }
            if volume >= failure_percentage_volume {
                candidates.failure_percentage.push((host, rate));
            }
            Afterwards::Awake
        });
        Some(candidates)
    }

    /// `None` if too few hosts had enough requests.
    pub(super) fn ejection_threshold(&self, config: &DetectorConfig) -> Option<EjectionThreshold> {
        if !at_least(self.success_rate.len(), config.success_rate_minimum_hosts) {
            return None;
        }
        let rates: Vec<f64> = self.success_rate.iter().map(|(_, rate)| *rate).collect();
        success_rate_ejection_threshold(&rates, config.success_rate_stdev_factor)
    }

    /// Hosts whose success rate is below the threshold.
    pub(super) fn below(&self, threshold: Option<EjectionThreshold>) -> Vec<HostId> {
        let Some(threshold) = threshold else { return Vec::new() };
        let slow =
            self.success_rate.iter().filter(|(_, rate)| *rate < threshold.ejection_threshold);
        slow.map(|(host, _)| *host).collect()
    }

    /// Hosts that reach the failure percentage.
    pub(super) fn failing(&self, config: &DetectorConfig) -> Vec<HostId> {
        let rates = &self.failure_percentage;
        if !at_least(rates.len(), config.failure_percentage_minimum_hosts) {
            return Vec::new();
        }
        let threshold = f64::from(config.failure_percentage_threshold.get());
        let failing = rates.iter().filter(|(_, rate)| 100.0 - rate >= threshold);
        failing.map(|(host, _)| *host).collect()
    }
}

/// Whether a list of `len` hosts is not empty and reaches the minimum.
fn at_least(len: usize, minimum: u32) -> bool {
    len > 0 && u64::try_from(len).is_ok_and(|len| len >= u64::from(minimum))
}
