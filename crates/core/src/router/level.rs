//! How much of its weight a region takes: nothing, all, or a part while it comes back or is emptied.
//!
//! A level is a share of the region's own weight. Levels multiply: a region that ramps up while it is drained takes the product.
//!
//! **Units**: hundredths of a percent, 0 to [`Level::FULL`].

use std::time::Duration;

/// A share of a region's weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u32);

impl Level {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// All of it.
    pub const FULL: Self = Self(10_000);

    /// A level of so many hundredths of a percent, at most [`Level::FULL`].
    #[must_use]
    pub const fn new(hundredths: u32) -> Self {
        if hundredths < Self::FULL.0 { Self(hundredths) } else { Self::FULL }
    }

    /// Hundredths of a percent.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// What is missing to full.
    #[must_use]
    pub const fn rest(self) -> Self {
        Self(Self::FULL.0 - self.0)
    }

    /// The product.
    #[must_use]
    pub const fn times(self, other: Self) -> Self {
        Self(self.0 * other.0 / Self::FULL.0)
    }

    /// This share of a number.
    #[must_use]
    pub const fn of(self, number: u64) -> u64 {
        number.saturating_mul(self.0 as u64) / Self::FULL.0 as u64
    }
}

/// The form of a ramp.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase"))]
pub enum Curve {
    /// As much more in each second as in any other.
    #[default]
    Linear,
    /// Doubles in equal times, straight in between: careful while little is known, fast once it went well.
    Exponential,
}

/// From a start to full.
///
/// ```
/// use std::time::Duration;
/// use mesh_failover_core::router::{Curve, Level, Ramp};
///
/// let mut ramp = Ramp { duration: Duration::from_secs(40), start: Level::new(625), curve: Curve::Linear };
/// let percent = |ramp: &Ramp, s| f64::from(ramp.level(Duration::from_secs(s)).get()) / 100.0;
/// assert_eq!([0, 20, 40].map(|s| percent(&ramp, s)), [6.25, 53.12, 100.0]);
/// ramp.curve = Curve::Exponential; // four doublings of ten seconds each
/// assert_eq!([0, 10, 20, 25, 30, 40].map(|s| percent(&ramp, s)), [6.25, 12.5, 25.0, 37.5, 50.0, 100.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ramp {
    /// Zero: full at once.
    pub duration: Duration,
    /// The level at the beginning.
    pub start: Level,
    /// Its form.
    pub curve: Curve,
}

impl Default for Ramp {
    fn default() -> Self {
        Self { duration: Duration::ZERO, start: Level::FULL, curve: Curve::Linear }
    }
}

/// The scale of fractions of a ramp.
const ONE: u64 = 1 << 32;

impl Ramp {
    /// The level this long after the beginning. Never falls as time goes on.
    #[must_use]
    pub fn level(&self, since: Duration) -> Level {
        if since >= self.duration {
            return Level::FULL;
        }
        let (since, whole) = (nanos(since), nanos(self.duration).max(1));
        let gone = u64::try_from(u128::from(since) * u128::from(ONE) / u128::from(whole));
        let gone = gone.unwrap_or(ONE);
        match self.curve {
            Curve::Linear => {
                let more = u64::from(self.start.rest().get()) * gone / ONE;
                Level::new(self.start.get() + u32::try_from(more).unwrap_or(0))
            }
            Curve::Exponential => exponential(self.start, ONE - gone),
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Full, halved as often as `left` of the halvings from full to `start`.
fn exponential(start: Level, left: u64) -> Level {
    let start = u64::from(start.get().max(1));
    let full = u64::from(Level::FULL.get());
    // Halvings from full to start: a whole number, and a part of the next.
    let mut whole = 0;
    while start << (whole + 1) <= full {
        whole += 1;
    }
    let reached = start << whole;
    let halvings = whole * ONE + 2 * (full - reached) * ONE / full;
    let halvings = u64::try_from(u128::from(halvings) * u128::from(left) / u128::from(ONE));
    let halvings = halvings.unwrap_or(0);
    let (whole, part) = (halvings / ONE, halvings % ONE);
    let level = (full * (2 * ONE - part) / (2 * ONE)) >> whole;
    Level::new(u32::try_from(level).unwrap_or(0))
}
