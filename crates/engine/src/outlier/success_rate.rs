//! Success rate and failure percentage: comparing hosts over one interval.
//!
//! **Source**: Envoy source/common/upstream/outlier_detection_impl.cc `SuccessRateAccumulator`,
//! `DetectorImpl::successRateEjectionThreshold`, v1.40.
//!
//! **Units**: rates in percent, the factor of the standard deviation in thousandths.

use serde::{Deserialize, Serialize};

/// Whose success: the upstream's answers or our connections to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MonitorType {
    /// Responses, and everything else outside split mode.
    ExternalOrigin,
    /// Connections and timeouts, in split mode.
    LocalOrigin,
}

/// Requests of one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Bucket {
    success: u64,
    total: u64,
}

/// Counts into one bucket while the last interval's is read.
///
/// ```
/// use mesh_failover_engine::outlier::SuccessRateAccumulator;
///
/// let mut requests = SuccessRateAccumulator::default();
/// requests.put(true);
/// requests.put(false);
/// assert_eq!(requests.success_rate_and_volume(), None, "the interval is not over");
/// requests.update_current_writer();
/// assert_eq!(requests.success_rate_and_volume(), Some((50.0, 2)));
/// requests.update_current_writer();
/// assert_eq!(requests.success_rate_and_volume(), None, "the next interval was empty");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(C)]
pub struct SuccessRateAccumulator {
    current: Bucket,
    backup: Bucket,
}

impl SuccessRateAccumulator {
    /// Counts a request.
    pub const fn put(&mut self, success: bool) {
        self.current.total += 1;
        if success {
            self.current.success += 1;
        }
    }

    /// Starts the next interval.
    pub fn update_current_writer(&mut self) {
        self.backup = std::mem::take(&mut self.current);
    }

    /// Success rate in percent and number of requests of the last interval; `None` without requests.
    #[must_use]
    pub fn success_rate_and_volume(&self) -> Option<(f64, u64)> {
        if self.backup.total == 0 {
            return None;
        }
        // Exact: no interval sees 2^53 requests.
        let rate = self.backup.success as f64 * 100.0 / self.backup.total as f64;
        Some((rate, self.backup.total))
    }
}

/// What a cluster's success rates say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EjectionThreshold {
    /// Mean of the hosts' success rates.
    pub average: f64,
    /// Hosts below this are outliers.
    pub ejection_threshold: f64,
}

/// Mean minus `stdev_factor` thousandths of the (population) standard deviation; `None` without rates.
///
/// ```
/// use mesh_failover_engine::outlier::success_rate_ejection_threshold;
///
/// let threshold = success_rate_ejection_threshold(&[50.0, 100.0, 100.0, 100.0, 100.0], 1900);
/// let threshold = threshold.expect("there are rates");
/// assert_eq!((threshold.average, threshold.ejection_threshold), (90.0, 52.0));
/// ```
#[must_use]
pub fn success_rate_ejection_threshold(
    rates: &[f64],
    stdev_factor: u32,
) -> Option<EjectionThreshold> {
    if rates.is_empty() {
        return None;
    }
    let count = rates.len() as f64;
    let average = rates.iter().fold(0.0, |sum, rate| sum + rate) / count;
    let variance =
        rates.iter().fold(0.0, |sum, rate| sum + (rate - average) * (rate - average)) / count;
    let factor = f64::from(stdev_factor) / 1000.0;
    Some(EjectionThreshold { average, ejection_threshold: average - factor * variance.sqrt() })
}
