//! Ramping a host up after it appears.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/common/load_balancer_impl.cc
//! `EdfLoadBalancerBase::applySlowStartFactor`, v1.40.
//!
//! **Units**: times in whole milliseconds, as Envoy's.
//!
//! A host that comes back from an ejection does not slow-start: only discovery and active health checks set its time.

use std::time::Duration;

use crate::cluster::SlowStart;
use crate::time::MonotonicTime;

/// A ramp with Envoy's defaults filled in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlowStartRamp {
    window_ms: u64,
    aggression: f64,
    min_weight: f64,
}

impl SlowStartRamp {
    /// `None` if the window is zero, which means no slow start.
    ///
    /// An aggression that is not positive counts as 1, as Envoy treats it.
    #[must_use]
    pub fn new(config: &SlowStart) -> Option<Self> {
        let window_ms = millis(config.window);
        let aggression = config.aggression.filter(|aggression| *aggression > 0.0).unwrap_or(1.0);
        let min_weight = config.min_weight_percent.map_or(10.0, |percent| f64::from(percent.get()));
        (window_ms > 0).then_some(Self { window_ms, aggression, min_weight: min_weight / 100.0 })
    }

    /// Whether a host that became healthy at `since` may still be ramping.
    #[must_use]
    pub fn contains(&self, since: MonotonicTime, now: MonotonicTime) -> bool {
        millis(now - since) <= self.window_ms
    }

    /// The factor on the weight of a healthy host that became so at `since`.
    ///
    /// ```
    /// use mesh_failover_engine::cluster::SlowStart;
    /// use mesh_failover_engine::lb::slow_start::SlowStartRamp;
    /// use mesh_failover_engine::time::MonotonicTime;
    /// use std::time::Duration;
    ///
    /// let window = Duration::from_secs(10);
    /// let config = SlowStart { window, aggression: Some(2.0), min_weight_percent: None };
    /// let ramp = SlowStartRamp::new(&config).expect("the window is not zero");
    /// let factor = |ms| ramp.factor(MonotonicTime::ZERO, MonotonicTime::from_millis(ms));
    /// assert_eq!(factor(0), 0.1);
    /// assert_eq!(factor(2_500), 0.5);
    /// assert_eq!(factor(10_000), 1.0);
    /// ```
    #[must_use]
    pub fn factor(&self, since: MonotonicTime, now: MonotonicTime) -> f64 {
        let elapsed_ms = millis(now - since);
        if elapsed_ms >= self.window_ms {
            return 1.0;
        }
        // Exact: both are far below 2^53.
        let time_factor = elapsed_ms.max(1) as f64 / self.window_ms as f64;
        let ramped = if self.aggression == 1.0 {
            time_factor
        } else {
            power(time_factor, 1.0 / self.aggression)
        };
        ramped.max(self.min_weight)
    }
}

/// `base` to the power of `exponent`, for `base` in (0, 1] and `exponent` ≥ 0.
///
/// Made of multiplications and square roots only, which every target rounds alike; `f64::powf` is the platform's and differs in the last
/// bits. Within 1e-13 of the exact value, relative; Envoy's own result is its C library's.
fn power(base: f64, exponent: f64) -> f64 {
    /// Factors below `base^(2^-52)` are 1 in double precision.
    const FRACTION_BITS: u32 = 52;
    if exponent >= 1024.0 {
        // Such an exponent leaves nothing of any factor that a window of days can show.
        return if base < 1.0 { 0.0 } else { 1.0 };
    }
    let mut result = 1.0;
    let mut whole = exponent.floor();
    let mut square = base;
    while whole >= 1.0 {
        let half = (whole / 2.0).floor();
        if whole > half * 2.0 {
            result *= square;
        }
        square *= square;
        whole = half;
    }
    let mut fraction = exponent - exponent.floor();
    let mut root = base;
    for _ in 0..FRACTION_BITS {
        if fraction <= 0.0 {
            break;
        }
        root = root.sqrt();
        fraction *= 2.0;
        if fraction >= 1.0 {
            result *= root;
            fraction -= 1.0;
        }
    }
    result
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn power_is_close_to_the_platforms() {
        for base in [1e-6, 0.001, 0.1, 0.25, 0.5, 0.9, 0.999, 1.0] {
            for exponent in [0.0, 0.1, 0.5, 2.0 / 3.0, 1.0, 1.5, 2.0, 3.75, 10.0] {
                let (ours, exact) = (power(base, exponent), f64::powf(base, exponent));
                assert!((ours - exact).abs() <= 1e-13 * exact, "{base}^{exponent}: {ours} {exact}");
            }
        }
    }
}
