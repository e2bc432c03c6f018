//! A clock that never goes back, made of one that may.
//!
//! A gateway's hosts offer wall-clock time only. When that is set back, this clock stands still for a moment and then
//! runs on, so that an ejection never lasts longer than it should. Workers agree through [`Clock::advance_to`]: whoever
//! reads a time in shared state that is ahead of its own catches up.

use crate::time::MonotonicTime;

/// **Units**: wall-clock times are nanoseconds since the Unix epoch.
///
/// ```
/// use mesh_failover_core::router::Clock;
///
/// let mut clock = Clock::default();
/// assert_eq!(clock.read(5_000).as_nanos(), 5_000);
/// assert_eq!(clock.read(1_000).as_nanos(), 5_000, "set back: stands still");
/// assert_eq!(clock.read(1_500).as_nanos(), 5_500, "and runs on");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset: u64,
    last: u64,
}

impl Clock {
    /// The time now, given the wall clock's.
    pub fn read(&mut self, wall: u64) -> MonotonicTime {
        let now = wall.saturating_add(self.offset);
        if now < self.last {
            self.offset = self.offset.saturating_add(self.last - now);
        }
        self.last = self.last.max(now);
        MonotonicTime::from_nanos(self.last)
    }

    /// Catches up with a time that another worker has seen.
    pub fn advance_to(&mut self, seen: MonotonicTime) {
        let ahead = seen.as_nanos().saturating_sub(self.last);
        self.offset = self.offset.saturating_add(ahead);
        self.last = self.last.saturating_add(ahead);
    }
}
