//! Emptying a region and filling it again, over time.
//!
//! What is drained is the operator's word, not health: it has a record of its own, so that a change of `drain` leaves all health as it
//! is. A change on the way turns round where it is.

use std::time::Duration;

use serde::Serialize;

use super::level::Level;
use crate::time::MonotonicTime;

/// What was last asked of a region. Ordered by `epoch`, then `at`; the rest only breaks ties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DrainRecord {
    /// Counts the changes. 0: never drained.
    pub epoch: u32,
    /// When it was asked.
    pub at: MonotonicTime,
    /// Whether the region is to be empty.
    pub drained: bool,
    /// Hundredths of a percent that it had at `at`.
    pub from: u32,
    /// When it is as asked.
    pub until: MonotonicTime,
}

impl DrainRecord {
    /// The part of its weight that the region has left.
    #[must_use]
    pub fn level(&self, now: MonotonicTime) -> Level {
        let (from, target) = (Level::new(self.from), self.target());
        if now >= self.until {
            return target;
        }
        let whole = (self.until - self.at).as_nanos().max(1);
        let gone = (now - self.at).as_nanos();
        let way = u128::from(from.get().abs_diff(target.get()));
        let gone = u32::try_from(way * gone / whole).unwrap_or(u32::MAX);
        Level::new(if self.drained {
            from.get().saturating_sub(gone)
        } else {
            from.get().saturating_add(gone)
        })
    }

    /// Whether the level changes at this moment.
    #[must_use]
    pub fn is_moving(&self, now: MonotonicTime) -> bool {
        now < self.until
    }

    /// The record after a change of mind. The whole way takes `duration`, a part of it as much less.
    pub(super) fn turn(&self, drained: bool, duration: Duration, now: MonotonicTime) -> Self {
        let from = if self.epoch == 0 { Level::FULL } else { self.level(now) };
        let way = if drained { from } else { from.rest() };
        let time = duration * way.get() / Level::FULL.get();
        let at = now.max(self.at);
        let epoch = self.epoch.saturating_add(1);
        Self { epoch, at, drained, from: from.get(), until: at + time }
    }

    const fn target(&self) -> Level {
        if self.drained { Level::NONE } else { Level::FULL }
    }
}
