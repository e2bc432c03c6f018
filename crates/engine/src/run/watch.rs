//! How long it takes until a region gets no more requests, and until it gets some again.
//!
//! Failover is over when the first [`QUIET`] without an attempt in the region begins; an attempt counts when it is made, whatever comes of
//! it. Failback is there with the first attempt.

use super::endpoints::RegionId;

/// A region that got no request for so long has been left. **Units**: nanoseconds.
pub(super) const QUIET: u64 = 1_000_000_000;

/// What to watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// The region.
    pub region: RegionId,
    /// First moment.
    pub from: u64,
    /// The moment after the last.
    pub to: u64,
    /// First attempt since `from`.
    first: Option<u64>,
    /// Last attempt before the first quiet time.
    last: Option<u64>,
    quiet: bool,
}

impl Watch {
    /// Watches a region from one moment to another.
    #[must_use]
    pub const fn new(region: RegionId, from: u64, to: u64) -> Self {
        Self { region, from, to, first: None, last: None, quiet: false }
    }

    /// An attempt is made in a region.
    #[inline]
    pub fn on_attempt(&mut self, region: RegionId, now: u64) {
        if region != self.region || now < self.from || now >= self.to || self.quiet {
            return;
        }
        self.first.get_or_insert(now);
        if now - self.last.unwrap_or(self.from) >= QUIET {
            self.quiet = true;
        } else {
            self.last = Some(now);
        }
    }

    /// Time until the region got no more requests; `None`: it always did.
    #[must_use]
    pub fn failover(&self) -> Option<u64> {
        let last = self.last.unwrap_or(self.from);
        (self.quiet || self.to - last >= QUIET).then_some(last - self.from)
    }

    /// Time until the region's first request; `None`: it got none.
    #[must_use]
    pub fn failback(&self) -> Option<u64> {
        self.first.map(|first| first - self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(attempts: &[u64]) -> Watch {
        let mut watch = Watch::new(RegionId(0), 10 * QUIET, 20 * QUIET);
        for at in attempts {
            watch.on_attempt(RegionId(0), at * QUIET / 10);
            watch.on_attempt(RegionId(1), at * QUIET / 10);
        }
        watch
    }

    #[test]
    fn failover_ends_with_the_first_quiet_second() {
        let tenths = |watch: Watch| {
            (watch.failover().map(|t| t / (QUIET / 10)), watch.failback().map(|t| t / (QUIET / 10)))
        };
        assert_eq!(tenths(watched(&[])), (Some(0), None));
        assert_eq!(tenths(watched(&[99, 104, 109, 118, 150])), (Some(18), Some(4)));
        assert_eq!(tenths(watched(&[150])), (Some(0), Some(50)));
        let always: Vec<u64> = (100..200).step_by(5).collect();
        assert_eq!(tenths(watched(&always)), (None, Some(0)));
    }
}
