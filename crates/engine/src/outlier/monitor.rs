//! What one host's requests say about it.
//!
//! Counting needs no clock and no knowledge of other hosts; in Envoy it happens on the worker that
//! had the request, while ejecting happens later on the main thread. So counting only returns
//! what was detected, and [`super::Detector`] decides.
//!
//! **Source**: Envoy source/common/upstream/outlier_detection_impl.cc `DetectorHostMonitorImpl`, v1.40.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::config::DetectorConfig;
use super::event::EjectionType;
use super::success_rate::{MonitorType, SuccessRateAccumulator};
use crate::time::MonotonicTime;

/// How a request to a host ended.
///
/// **Source**: Envoy envoy/upstream/outlier_detection.h `Result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HostResult {
    /// The host answered with an error.
    ExtOriginRequestFailed,
    /// The host answered.
    ExtOriginRequestSuccess,
    /// No answer in time.
    LocalOriginTimeout,
    /// No connection, or the connection was reset.
    LocalOriginConnectFailed,
    /// A connection was made or reused; the request's own result follows.
    LocalOriginConnectSuccess,
    /// A connection was made, and nothing follows (TCP).
    LocalOriginConnectSuccessFinal,
}

impl HostResult {
    /// The status that stands for the result outside split mode, if the caller gave none.
    const fn http_code(self) -> Option<u16> {
        match self {
            Self::ExtOriginRequestSuccess | Self::LocalOriginConnectSuccessFinal => Some(200),
            Self::LocalOriginTimeout => Some(504),
            Self::LocalOriginConnectFailed => Some(503),
            Self::ExtOriginRequestFailed => Some(500),
            Self::LocalOriginConnectSuccess => None,
        }
    }
}

/// Runs of errors that reached their threshold with one result, in the order in which the main
/// thread hears of them: at most a gateway run, then a 5xx run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "a detection that is not handed to the detector never ejects"]
pub struct Detections([Option<EjectionType>; 2]);

impl Detections {
    const fn one(ejection_type: EjectionType) -> Self {
        Self([Some(ejection_type), None])
    }
}

impl IntoIterator for Detections {
    type Item = EjectionType;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<EjectionType>, 2>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().flatten()
    }
}

/// Success rate of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[repr(C)]
pub(super) struct SuccessRateMonitor {
    pub(super) accumulator: SuccessRateAccumulator,
    /// Last interval's rate, if there were enough requests; Envoy shows -1 otherwise.
    pub(super) success_rate: Option<f64>,
}

/// A host's counters and its record of ejections. What every result counts comes first and stays together: of thousands of hosts a
/// request finds another one's in no near memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[repr(C)]
pub struct DetectorHostMonitor {
    consecutive_5xx: u32,
    consecutive_gateway_failure: u32,
    consecutive_local_origin_failure: u32,
    external_origin: SuccessRateMonitor,
    local_origin: SuccessRateMonitor,
    /// Envoy's host flag `FAILED_OUTLIER_CHECK`.
    ejected: bool,
    num_ejections: u32,
    last_ejection_time: Option<MonotonicTime>,
    last_unejection_time: Option<MonotonicTime>,
    eject_time_backoff: u32,
    jitter: Duration,
}

impl DetectorHostMonitor {
    /// Counts a result. With `code`, that status counts outside split mode whatever `result` is.
    #[inline]
    pub fn put_result(
        &mut self,
        config: &DetectorConfig,
        result: HostResult,
        code: Option<u16>,
    ) -> Detections {
        if config.split_external_local_origin_errors {
            return self.put_result_with_local_external_split(config, result);
        }
        match code.or(result.http_code()) {
            Some(code) => self.put_http_response_code(config, code),
            None => Detections::default(),
        }
    }

    fn put_result_with_local_external_split(
        &mut self,
        config: &DetectorConfig,
        result: HostResult,
    ) -> Detections {
        match result {
            HostResult::LocalOriginConnectSuccess | HostResult::LocalOriginConnectSuccessFinal => {
                self.local_origin_no_failure();
                Detections::default()
            }
            HostResult::LocalOriginTimeout | HostResult::LocalOriginConnectFailed => {
                self.local_origin_failure(config)
            }
            HostResult::ExtOriginRequestFailed => self.put_http_response_code(config, 503),
            HostResult::ExtOriginRequestSuccess => {
                let detections = self.put_http_response_code(config, 200);
                self.local_origin_no_failure();
                detections
            }
        }
    }

    /// Counts a response. A run is detected when its length *equals* the threshold: longer runs detect
    /// nothing more until the counter is reset.
    #[inline]
    pub fn put_http_response_code(&mut self, config: &DetectorConfig, code: u16) -> Detections {
        let server_error = (500..600).contains(&code);
        self.external_origin.accumulator.put(!server_error);
        if !server_error {
            self.consecutive_5xx = 0;
            self.consecutive_gateway_failure = 0;
            return Detections::default();
        }
        let mut detections = Detections::default();
        if (502..=504).contains(&code) {
            self.consecutive_gateway_failure = self.consecutive_gateway_failure.wrapping_add(1);
            if self.consecutive_gateway_failure == config.consecutive_gateway_failure {
                detections.0[0] = Some(EjectionType::ConsecutiveGatewayFailure);
            }
        } else {
            self.consecutive_gateway_failure = 0;
        }
        self.consecutive_5xx = self.consecutive_5xx.wrapping_add(1);
        if self.consecutive_5xx == config.consecutive_5xx {
            detections.0[1] = Some(EjectionType::Consecutive5xx);
        }
        detections
    }

    fn local_origin_failure(&mut self, config: &DetectorConfig) -> Detections {
        self.local_origin.accumulator.put(false);
        self.consecutive_local_origin_failure =
            self.consecutive_local_origin_failure.wrapping_add(1);
        if self.consecutive_local_origin_failure == config.consecutive_local_origin_failure {
            Detections::one(EjectionType::ConsecutiveLocalOriginFailure)
        } else {
            Detections::default()
        }
    }

    const fn local_origin_no_failure(&mut self) {
        self.local_origin.accumulator.put(true);
        self.consecutive_local_origin_failure = 0;
    }

    /// Whether the host is out: Envoy's flag `FAILED_OUTLIER_CHECK`.
    #[must_use]
    pub const fn is_ejected(&self) -> bool {
        self.ejected
    }

    /// How often the host has been ejected.
    #[must_use]
    pub const fn num_ejections(&self) -> u32 {
        self.num_ejections
    }

    /// When the host was last ejected.
    #[must_use]
    pub const fn last_ejection_time(&self) -> Option<MonotonicTime> {
        self.last_ejection_time
    }

    /// When the host last came back.
    #[must_use]
    pub const fn last_unejection_time(&self) -> Option<MonotonicTime> {
        self.last_unejection_time
    }

    /// By how much the base ejection time is multiplied.
    #[must_use]
    pub const fn eject_time_backoff(&self) -> u32 {
        self.eject_time_backoff
    }

    /// The last interval's success rate in percent, if it had enough requests; Envoy shows -1 otherwise.
    #[must_use]
    pub const fn success_rate(&self, monitor: MonitorType) -> Option<f64> {
        match monitor {
            MonitorType::ExternalOrigin => self.external_origin.success_rate,
            MonitorType::LocalOrigin => self.local_origin.success_rate,
        }
    }

    /// The moment from which a sweep brings the host back; `None` while it is in use.
    #[must_use]
    pub fn ejected_until(&self, config: &DetectorConfig) -> Option<MonotonicTime> {
        let since = self.last_ejection_time.filter(|_| self.ejected)?;
        Some(since + config.ejection_time(self.eject_time_backoff) + self.jitter)
    }

    pub(super) const fn success_rate_monitor(
        &mut self,
        monitor: MonitorType,
    ) -> &mut SuccessRateMonitor {
        match monitor {
            MonitorType::ExternalOrigin => &mut self.external_origin,
            MonitorType::LocalOrigin => &mut self.local_origin,
        }
    }

    /// Forgets the run that was just detected, so that the next one starts from zero.
    pub const fn reset_consecutive(&mut self, ejection_type: EjectionType) {
        match ejection_type {
            EjectionType::Consecutive5xx => self.consecutive_5xx = 0,
            EjectionType::ConsecutiveGatewayFailure => self.consecutive_gateway_failure = 0,
            EjectionType::ConsecutiveLocalOriginFailure => {
                self.consecutive_local_origin_failure = 0;
            }
            EjectionType::SuccessRate
            | EjectionType::SuccessRateLocalOrigin
            | EjectionType::FailurePercentage
            | EjectionType::FailurePercentageLocalOrigin => {}
        }
    }

    /// Takes the host out for longer than the last time.
    pub(super) fn eject(&mut self, config: &DetectorConfig, now: MonotonicTime, jitter: Duration) {
        self.ejected = true;
        self.num_ejections = self.num_ejections.saturating_add(1);
        self.last_ejection_time = Some(now);
        self.jitter = jitter;
        self.eject_time_backoff = config.next_backoff(self.eject_time_backoff);
    }

    /// Brings the host back with all runs forgotten: a few new errors must not eject it again.
    pub(super) const fn uneject(&mut self, now: MonotonicTime) {
        self.ejected = false;
        self.last_unejection_time = Some(now);
        self.consecutive_5xx = 0;
        self.consecutive_gateway_failure = 0;
        self.consecutive_local_origin_failure = 0;
    }

    /// Opens the next interval for both success rates.
    pub(super) fn update_current_success_rate_bucket(&mut self) {
        for monitor in [&mut self.external_origin, &mut self.local_origin] {
            monitor.accumulator.update_current_writer();
            monitor.success_rate = None;
        }
    }

    /// Whether a sweep would leave it as it is, for as long as it has no request.
    pub(super) fn is_at_rest(&self) -> bool {
        let never = SuccessRateMonitor::default();
        !self.ejected
            && self.eject_time_backoff == 0
            && self.external_origin == never
            && self.local_origin == never
    }

    /// One step less of back-off for a host that has been in use for an interval.
    pub(super) fn decay_eject_time_backoff(&mut self, interval: Duration, now: MonotonicTime) {
        if self.ejected {
            return;
        }
        if self.last_unejection_time.is_some_and(|time| now - time >= interval) {
            self.eject_time_backoff = self.eject_time_backoff.saturating_sub(1);
        }
    }
}
