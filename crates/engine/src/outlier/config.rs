//! The detector's settings with nothing left open.
//!
//! [`OutlierDetection`] is sparse, as istiod writes it; [`DetectorConfig`] has Envoy's defaults filled in and can
//! only be made from something Envoy would accept.
//!
//! **Source**: Envoy source/common/upstream/outlier_detection_impl.cc `DetectorConfig`,
//! config/cluster/v3/outlier_detection.proto (its `validate.rules`), v1.40.
//!
//! **Units**: times are cut to whole milliseconds, as Envoy's are.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::event::EjectionType;
use crate::cluster::OutlierDetection;
use crate::time::Written;
use crate::units::Percent;

const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);
const DEFAULT_BASE_EJECTION_TIME: Duration = Duration::from_secs(30);
const DEFAULT_MAX_EJECTION_TIME: Duration = Duration::from_secs(300);
const DEFAULT_CONSECUTIVE: u32 = 5;
const DEFAULT_MAX_EJECTION_PERCENT: u32 = 10;
const DEFAULT_MINIMUM_HOSTS: u32 = 5;
const DEFAULT_SUCCESS_RATE_REQUEST_VOLUME: u32 = 100;
const DEFAULT_SUCCESS_RATE_STDEV_FACTOR: u32 = 1900;
const DEFAULT_FAILURE_PERCENTAGE_THRESHOLD: u32 = 85;
const DEFAULT_FAILURE_PERCENTAGE_REQUEST_VOLUME: u32 = 50;

/// Validated settings of a [`super::Detector`].
///
/// ```
/// use mesh_failover_engine::cluster::OutlierDetection;
/// use mesh_failover_engine::outlier::DetectorConfig;
/// use std::time::Duration;
///
/// let config = DetectorConfig::try_from(&OutlierDetection::default()).expect("defaults are valid");
/// assert_eq!(config.interval(), Duration::from_secs(10));
/// assert_eq!(config.max_ejection_percent().get(), 10);
///
/// let wrong = OutlierDetection { max_ejection_percent: Some(120), ..Default::default() };
/// let error = DetectorConfig::try_from(&wrong).expect_err("120 % is not a percentage");
/// assert_eq!(error.to_string(), "`max_ejection_percent` is `120`: write a number from 0 to 100");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DetectorConfig {
    pub(super) interval: Duration,
    pub(super) base_ejection_time: Duration,
    pub(super) max_ejection_time: Duration,
    pub(super) max_ejection_time_jitter: Duration,
    pub(super) max_ejection_percent: Percent,
    pub(super) always_eject_one_host: bool,
    pub(super) consecutive_5xx: u32,
    pub(super) consecutive_gateway_failure: u32,
    pub(super) consecutive_local_origin_failure: u32,
    pub(super) split_external_local_origin_errors: bool,
    pub(super) success_rate_minimum_hosts: u32,
    pub(super) success_rate_request_volume: u32,
    pub(super) success_rate_stdev_factor: u32,
    pub(super) failure_percentage_threshold: Percent,
    pub(super) failure_percentage_minimum_hosts: u32,
    pub(super) failure_percentage_request_volume: u32,
    pub(super) enforcing_consecutive_5xx: Percent,
    pub(super) enforcing_consecutive_gateway_failure: Percent,
    pub(super) enforcing_consecutive_local_origin_failure: Percent,
    pub(super) enforcing_success_rate: Percent,
    pub(super) enforcing_local_origin_success_rate: Percent,
    pub(super) enforcing_failure_percentage: Percent,
    pub(super) enforcing_failure_percentage_local_origin: Percent,
    pub(super) successful_active_health_check_uneject_host: bool,
    error_statuses: Vec<u16>,
}

/// What Envoy refuses, at start with an exit and over xDS with a NACK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// A time that must be positive is zero.
    NotPositive {
        /// The field, in Envoy's spelling.
        field: &'static str,
    },
    /// A percentage above 100.
    NotAPercentage {
        /// The field, in Envoy's spelling.
        field: &'static str,
        /// What was written.
        value: u32,
    },
    /// `max_ejection_time` is below `base_ejection_time`.
    MaxEjectionTimeBelowBase {
        /// The longest ejection as written.
        max: Duration,
        /// The shortest ejection, written or by default.
        base: Duration,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPositive { field } => {
                write!(
                    f,
                    "`{field}` is `0s`: write at least `1ms`, or leave it out for the default"
                )
            }
            Self::NotAPercentage { field, value } => {
                write!(f, "`{field}` is `{value}`: write a number from 0 to 100")
            }
            Self::MaxEjectionTimeBelowBase { max, base } => {
                let (max, base) = (Written(*max), Written(*base));
                write!(
                    f,
                    "`max_ejection_time` is `{max}`, below `base_ejection_time` `{base}`: \
                     write at least `{base}`, or leave it out for the larger of 300s and the base"
                )
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// A percentage or its default. The field's name is also what an error calls it.
macro_rules! percent {
    ($written:ident.$field:ident, $default:expr) => {{
        let value = $written.$field.unwrap_or($default);
        Percent::new(value)
            .ok_or(ConfigError::NotAPercentage { field: stringify!($field), value })?
    }};
}

impl TryFrom<&OutlierDetection> for DetectorConfig {
    type Error = ConfigError;

    fn try_from(written: &OutlierDetection) -> Result<Self, ConfigError> {
        let (base_ejection_time, max_ejection_time) = ejection_times(written)?;
        let jitter = written.max_ejection_time_jitter.unwrap_or_default();
        Ok(Self {
            interval: positive("interval", written.interval)?.unwrap_or(DEFAULT_INTERVAL),
            base_ejection_time,
            max_ejection_time,
            max_ejection_time_jitter: whole_millis(jitter),
            max_ejection_percent: percent!(
                written.max_ejection_percent,
                DEFAULT_MAX_EJECTION_PERCENT
            ),
            always_eject_one_host: written.always_eject_one_host.unwrap_or(false),
            consecutive_5xx: written.consecutive_5xx.unwrap_or(DEFAULT_CONSECUTIVE),
            consecutive_gateway_failure: written
                .consecutive_gateway_failure
                .unwrap_or(DEFAULT_CONSECUTIVE),
            consecutive_local_origin_failure: written
                .consecutive_local_origin_failure
                .unwrap_or(DEFAULT_CONSECUTIVE),
            split_external_local_origin_errors: written.split_external_local_origin_errors,
            success_rate_minimum_hosts: written
                .success_rate_minimum_hosts
                .unwrap_or(DEFAULT_MINIMUM_HOSTS),
            success_rate_request_volume: written
                .success_rate_request_volume
                .unwrap_or(DEFAULT_SUCCESS_RATE_REQUEST_VOLUME),
            success_rate_stdev_factor: written
                .success_rate_stdev_factor
                .unwrap_or(DEFAULT_SUCCESS_RATE_STDEV_FACTOR),
            failure_percentage_threshold: percent!(
                written.failure_percentage_threshold,
                DEFAULT_FAILURE_PERCENTAGE_THRESHOLD
            ),
            failure_percentage_minimum_hosts: written
                .failure_percentage_minimum_hosts
                .unwrap_or(DEFAULT_MINIMUM_HOSTS),
            failure_percentage_request_volume: written
                .failure_percentage_request_volume
                .unwrap_or(DEFAULT_FAILURE_PERCENTAGE_REQUEST_VOLUME),
            enforcing_consecutive_5xx: percent!(written.enforcing_consecutive_5xx, 100),
            enforcing_consecutive_gateway_failure: percent!(
                written.enforcing_consecutive_gateway_failure,
                0
            ),
            enforcing_consecutive_local_origin_failure: percent!(
                written.enforcing_consecutive_local_origin_failure,
                100
            ),
            enforcing_success_rate: percent!(written.enforcing_success_rate, 100),
            enforcing_local_origin_success_rate: percent!(
                written.enforcing_local_origin_success_rate,
                100
            ),
            enforcing_failure_percentage: percent!(written.enforcing_failure_percentage, 0),
            enforcing_failure_percentage_local_origin: percent!(
                written.enforcing_failure_percentage_local_origin,
                0
            ),
            successful_active_health_check_uneject_host: written
                .successful_active_health_check_uneject_host
                .unwrap_or(true),
            error_statuses: written.error_statuses.clone(),
        })
    }
}

/// `base_ejection_time` and `max_ejection_time`.
fn ejection_times(written: &OutlierDetection) -> Result<(Duration, Duration), ConfigError> {
    let base = positive("base_ejection_time", written.base_ejection_time)?
        .unwrap_or(DEFAULT_BASE_EJECTION_TIME);
    let max = positive("max_ejection_time", written.max_ejection_time)?
        .unwrap_or(DEFAULT_MAX_EJECTION_TIME.max(base));
    if max < base {
        return Err(ConfigError::MaxEjectionTimeBelowBase { max, base });
    }
    Ok((base, max))
}

/// A time in whole milliseconds; zero is refused.
///
/// DIFFERENCE: Envoy cuts a positive time below 1 ms to zero and then sweeps without pause; here it becomes 1 ms.
fn positive(
    field: &'static str,
    written: Option<Duration>,
) -> Result<Option<Duration>, ConfigError> {
    match written {
        None => Ok(None),
        Some(Duration::ZERO) => Err(ConfigError::NotPositive { field }),
        Some(time) => Ok(Some(whole_millis(time).max(Duration::from_millis(1)))),
    }
}

fn whole_millis(time: Duration) -> Duration {
    Duration::new(time.as_secs(), time.subsec_millis() * 1_000_000)
}

impl DetectorConfig {
    /// Time between sweeps.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// Shortest ejection; multiplied by the back-off.
    #[must_use]
    pub const fn base_ejection_time(&self) -> Duration {
        self.base_ejection_time
    }

    /// Longest ejection.
    #[must_use]
    pub const fn max_ejection_time(&self) -> Duration {
        self.max_ejection_time
    }

    /// How long an ejection with this back-off lasts, without jitter.
    #[must_use]
    pub fn ejection_time(&self, eject_time_backoff: u32) -> Duration {
        self.base_ejection_time.saturating_mul(eject_time_backoff).min(self.max_ejection_time)
    }

    /// The back-off of the next ejection: it grows while it makes a difference, and by one step beyond
    /// `max_ejection_time`.
    #[must_use]
    pub fn next_backoff(&self, eject_time_backoff: u32) -> u32 {
        let base = self.base_ejection_time;
        let grows =
            base.saturating_mul(eject_time_backoff) < self.max_ejection_time.saturating_add(base);
        if grows { eject_time_backoff.saturating_add(1) } else { eject_time_backoff }
    }

    /// Share of all hosts that may be out at once.
    #[must_use]
    pub const fn max_ejection_percent(&self) -> Percent {
        self.max_ejection_percent
    }

    /// Whether one host may always be ejected.
    #[must_use]
    pub const fn always_eject_one_host(&self) -> bool {
        self.always_eject_one_host
    }

    /// Whether one more of `hosts` may go while `active` are out.
    ///
    /// **Source**: Envoy `DetectorImpl::ejectHost`.
    #[must_use]
    pub fn may_eject_one_more(&self, active: u64, hosts: u64) -> bool {
        let percent = 100.0 * (active as f64 + 1.0) / hosts as f64;
        percent <= f64::from(self.max_ejection_percent.get())
            || (self.always_eject_one_host && active == 0)
    }

    /// How many of `hosts` may be out at once.
    ///
    /// ```
    /// use mesh_failover_engine::cluster::OutlierDetection;
    /// use mesh_failover_engine::outlier::DetectorConfig;
    ///
    /// let ten_percent = DetectorConfig::try_from(&OutlierDetection::default()).expect("valid");
    /// assert_eq!([6, 9, 10, 19, 20].map(|hosts| ten_percent.ejectable(hosts)), [0, 0, 1, 1, 2]);
    /// ```
    #[must_use]
    pub fn ejectable(&self, hosts: u64) -> u64 {
        (0..hosts).take_while(|active| self.may_eject_one_more(*active, hosts)).count() as u64
    }

    /// Errors in a row that eject; `None` for rules that do not count runs.
    #[must_use]
    pub const fn consecutive(&self, ejection_type: EjectionType) -> Option<u32> {
        match ejection_type {
            EjectionType::Consecutive5xx => Some(self.consecutive_5xx),
            EjectionType::ConsecutiveGatewayFailure => Some(self.consecutive_gateway_failure),
            EjectionType::ConsecutiveLocalOriginFailure => {
                Some(self.consecutive_local_origin_failure)
            }
            _ => None,
        }
    }

    /// Whether connection failures are counted apart from responses.
    #[must_use]
    pub const fn split_external_local_origin_errors(&self) -> bool {
        self.split_external_local_origin_errors
    }

    /// Share of such detections that eject.
    #[must_use]
    pub const fn enforcing(&self, ejection_type: EjectionType) -> Percent {
        match ejection_type {
            EjectionType::Consecutive5xx => self.enforcing_consecutive_5xx,
            EjectionType::ConsecutiveGatewayFailure => self.enforcing_consecutive_gateway_failure,
            EjectionType::ConsecutiveLocalOriginFailure => {
                self.enforcing_consecutive_local_origin_failure
            }
            EjectionType::SuccessRate => self.enforcing_success_rate,
            EjectionType::SuccessRateLocalOrigin => self.enforcing_local_origin_success_rate,
            EjectionType::FailurePercentage => self.enforcing_failure_percentage,
            EjectionType::FailurePercentageLocalOrigin => {
                self.enforcing_failure_percentage_local_origin
            }
        }
    }

    /// The status that counts for a response of `status`.
    ///
    /// With an error matcher, a matching status counts as it is if it is a server error and as 500 otherwise,
    /// and every other status counts as 200.
    ///
    /// **Source**: Envoy `HttpProtocolOptions.outlier_detection.error_matcher`, applied by the HTTP router.
    #[must_use]
    pub fn status_to_report(&self, status: u16) -> u16 {
        if self.error_statuses.is_empty() {
            status
        } else if self.error_statuses.contains(&status) {
            if status < 500 { 500 } else { status }
        } else {
            200
        }
    }
}
