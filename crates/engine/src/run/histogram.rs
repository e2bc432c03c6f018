//! Latencies in a fixed number of buckets, so that a billion requests take no more room than one.
//!
//! **Units**: nanoseconds. Buckets are log-linear: sixteen to each doubling from 1 µs, so a percentile is at most 6.25 % too high, and
//! exact when all latencies are equal. Only buckets between the lowest and the highest that was met take room: most histograms, one for each
//! endpoint and second, have met a few.

use std::iter::repeat_n;

/// Buckets to a doubling.
const SUB_BUCKETS: u64 = 16;
/// Doublings above a microsecond: up to 537 s.
const DOUBLINGS: u64 = 30;
const BUCKETS: u32 = (SUB_BUCKETS * DOUBLINGS) as u32;

/// A latency and its bucket: a request and its only attempt take equally long, and so do most requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    nanos: u64,
    bucket: u32,
}

impl Default for Took {
    fn default() -> Self {
        Self { nanos: 0, bucket: bucket(0) }
    }
}

impl Took {
    /// The same for another latency; nothing is computed if it is this one.
    #[inline]
    pub(crate) fn after(self, nanos: u64) -> Self {
        if nanos == self.nanos { self } else { Self { nanos, bucket: bucket(nanos) } }
    }
}

/// Latencies seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// The bucket of the first count.
    first: u32,
    /// From the first bucket to the last; empty as long as all are in one.
    counts: Vec<u32>,
    total: u64,
    min: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { first: 0, counts: Vec::new(), total: 0, min: u64::MAX, max: 0 }
    }
}

impl Histogram {
    /// Counts one latency.
    #[inline]
    pub(crate) fn record(&mut self, took: Took) {
        self.add(took.bucket, 1);
        self.total += 1;
        self.min = self.min.min(took.nanos);
        self.max = self.max.max(took.nanos);
    }

    #[inline]
    fn add(&mut self, bucket: u32, more: u32) {
        if self.counts.is_empty() && bucket == self.first {
            return;
        }
        let place = bucket.wrapping_sub(self.first) as usize;
        match self.counts.get_mut(place) {
            Some(count) => *count = count.saturating_add(more),
            None => self.add_new(bucket, more),
        }
    }

    #[cold]
    fn add_new(&mut self, bucket: u32, more: u32) {
        if self.total == 0 {
            self.first = bucket;
            return;
        }
        if self.counts.is_empty() {
            self.counts.push(u32::try_from(self.total).unwrap_or(u32::MAX));
        }
        if let Some(missing) = self.first.checked_sub(bucket) {
            self.counts.splice(0..0, repeat_n(0, missing as usize));
            self.first = bucket;
        }
        let place = (bucket - self.first) as usize;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(place) {
            *count = more;
        }
    }

    /// Every bucket with its count.
    fn buckets(&self) -> impl Iterator<Item = (u32, u64)> {
        let only = self.counts.is_empty() && self.total > 0;
        let counts = self.counts.iter().map(|count| u64::from(*count));
        (self.first..).zip(only.then_some(self.total).into_iter().chain(counts))
    }

    /// Adds all that another has seen.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, more) in other.buckets().filter(|(_, more)| *more > 0) {
            self.add(bucket, u32::try_from(more).unwrap_or(u32::MAX));
            self.total += more;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The latency that `percent` of all do not exceed; `None` if nothing was seen.
    #[must_use]
    pub fn percentile(&self, percent: u32) -> Option<u64> {
        let rank = (self.total * u64::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, count) in self.buckets() {
            seen += count;
            if seen >= rank {
                return Some(upper_bound(u64::from(bucket)).clamp(self.min, self.max));
            }
        }
        None
    }
}

/// The bucket of a latency; the first takes all below 1 µs · 17/16, the last all above its lower bound.
#[inline]
fn bucket(nanos: u64) -> u32 {
    // In sixteenths of a microsecond, so that the top five bits are doubling and sub-bucket.
    let scaled =
        (nanos / 1_000 * SUB_BUCKETS + nanos % 1_000 * SUB_BUCKETS / 1_000).max(SUB_BUCKETS);
    let doubling = u64::from(scaled.ilog2() - SUB_BUCKETS.ilog2());
    let within = (scaled >> doubling) - SUB_BUCKETS;
    ((doubling * SUB_BUCKETS + within) as u32).min(BUCKETS - 1)
}

/// The largest latency of a bucket, in nanoseconds.
fn upper_bound(bucket: u64) -> u64 {
    let (doubling, within) = (bucket / SUB_BUCKETS, bucket % SUB_BUCKETS);
    ((SUB_BUCKETS + within + 1) << doubling) * 1_000 / SUB_BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_latencies_are_exact() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50), None);
        for _ in 0..1_000 {
            histogram.record(Took::default().after(5_000_000));
        }
        assert_eq!(histogram.percentile(50), Some(5_000_000));
        assert_eq!(histogram.percentile(99), Some(5_000_000));
    }

    #[test]
    fn one_percent_of_slow_requests_does_not_move_the_99th_percentile() {
        let mut histogram = Histogram::default();
        for _ in 0..99 {
            histogram.record(Took::default().after(1_000_000));
        }
        histogram.record(Took::default().after(1_000_000_000));
        assert!(histogram.percentile(99).unwrap() < 1_100_000);
        assert_eq!(histogram.percentile(100), Some(1_000_000_000));
    }

    proptest! {
        #[test]
        fn a_percentile_is_at_most_a_sixteenth_too_high(
            mut latencies in proptest::collection::vec(1_000_u64..600_000_000_000, 1..200),
            percent in 1_u32..=100,
        ) {
            let (mut whole, mut halves) = (Histogram::default(), [Histogram::default(), Histogram::default()]);
            for (index, latency) in latencies.iter().enumerate() {
                whole.record(Took::default().after(*latency));
                halves[index % 2].record(Took::default().after(*latency));
            }
            let [mut merged, other] = halves;
            merged.merge(&other);
            prop_assert_eq!(&merged, &whole);
            latencies.sort_unstable();
            let rank = (latencies.len() * percent as usize).div_ceil(100).max(1);
            let (exact, got) = (latencies[rank - 1], whole.percentile(percent).unwrap());
            // The last bucket has no upper bound but the largest latency seen.
            if exact < 500_000_000_000 {
                prop_assert!(got >= exact && got - exact <= exact / 16 + 63, "{exact} {got}");
            } else {
                prop_assert!(got >= exact);
            }
        }
    }
}
