//! Time as an argument.
//!
//! Nothing in this crate reads a clock: `std::time::Instant::now()` panics on
//! `wasm32-unknown-unknown`, and a simulated hour must not take an hour. Whoever drives the core
//! says what time it is.

use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment on a clock that never goes back, as the time since an arbitrary epoch of the driver.
///
/// **Units**: nanoseconds inside; in and out as [`Duration`].
///
/// ```
/// use mesh_failover_core::time::MonotonicTime;
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
