//! Time as an argument.
//!
//! Nothing in this crate reads a clock: `std::time::Instant::now()` panics on
//! `wasm32-unknown-unknown`, and a simulated hour must not take an hour. Whoever drives the core
//! says what time it is.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment on a clock that never goes back, as the time since an arbitrary epoch of the driver.
///
/// **Units**: nanoseconds inside; in and out as [`Duration`].
///
/// ```
/// use mesh_failover_engine::time::MonotonicTime;
/// use std::time::Duration;
///
/// let start = MonotonicTime::from_millis(1_500);
/// let later = start + Duration::from_millis(250);
/// assert_eq!(later - start, Duration::from_millis(250));
/// assert_eq!(start - later, Duration::ZERO, "differences never go below zero");
/// ```
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MonotonicTime(u64);

impl MonotonicTime {
    /// The driver's epoch.
    pub const ZERO: Self = Self(0);

    /// A moment `nanos` nanoseconds after the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A moment `millis` milliseconds after the epoch; saturates after 584 years.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Time since the epoch.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

impl Add<Duration> for MonotonicTime {
    type Output = Self;

    /// Saturates at the end of the representable range.
    fn add(self, rhs: Duration) -> Self {
        let nanos = u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl Sub for MonotonicTime {
    type Output = Duration;

    /// Zero if `rhs` is later: a driver's clock may be handed over between threads.
    fn sub(self, rhs: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(rhs.0))
    }
}

/// A duration as manifests and messages write it: whole, in the largest unit that allows it.
///
/// ```
/// use mesh_failover_engine::time::Written;
/// use std::time::Duration;
///
/// assert_eq!(Written(Duration::from_millis(1_500)).to_string(), "1500ms");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written(pub Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Wide enough for 584 years, and what is wider is slow and large on a 32-bit machine.
        let nanos = u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX);
        let units: [(u64, &str); 6] = [
            (3_600_000_000_000, "h"),
            (60_000_000_000, "m"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        if nanos == 0 {
            return f.write_str("0s");
        }
        let (scale, unit) =
            units.into_iter().find(|(scale, _)| nanos.is_multiple_of(*scale)).unwrap_or((1, "ns"));
        write!(f, "{}{unit}", nanos / scale)
    }
}

/// A duration in nanoseconds; the longest there is, if it is longer.
#[must_use]
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
