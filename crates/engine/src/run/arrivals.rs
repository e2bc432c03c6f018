//! When requests come: open loop, so that a slow region does not slow its callers down.
//!
//! **Units**: nanoseconds since the start of the run; rates in requests a second.

use super::exponential::Exponential;
use super::random::Xoshiro;

const NANOS_PER_SECOND: f64 = 1e9;

/// How requests are spaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// Evenly.
    #[default]
    Constant,
    /// With exponentially distributed gaps.
    Poisson,
}

/// The moments at which requests come.
///
/// Constant arrivals are counted from where the rate last changed, not added up, so that no error grows.
#[derive(Debug, Clone)]
pub struct ArrivalProcess {
    kind: Arrivals,
    /// Nanoseconds between requests; infinite when there are none.
    gap: f64,
    origin: u64,
    since_origin: u64,
    next: u64,
    exponential: Exponential,
}

impl ArrivalProcess {
    /// From `start` on, at `rate`.
    #[must_use]
    pub fn new(kind: Arrivals, start: u64, rate: f64, rng: &mut Xoshiro) -> Self {
        let mut process = Self {
            kind,
            gap: f64::INFINITY,
            origin: 0,
            since_origin: 0,
            next: u64::MAX,
            exponential: Exponential::new(),
        };
        process.set_rate(start, rate, rng);
        process
    }

    /// When the next request comes; `u64::MAX` if none does.
    #[must_use]
    pub const fn next_at(&self) -> u64 {
        self.next
    }

    /// Goes on to the request after the next one.
    #[inline]
    pub fn advance(&mut self, rng: &mut Xoshiro) {
        self.next = match self.kind {
            Arrivals::Constant => {
                self.since_origin += 1;
                self.origin.saturating_add((self.since_origin as f64 * self.gap) as u64)
            }
            Arrivals::Poisson => self.next.saturating_add(self.poisson_gap(rng)),
        };
    }

    /// From `now` on requests come at another rate; constant ones start with one at `now`.
    pub fn set_rate(&mut self, now: u64, rate: f64, rng: &mut Xoshiro) {
        if rate <= 0.0 {
            self.next = u64::MAX;
            return;
        }
        self.gap = NANOS_PER_SECOND / rate;
        self.origin = now;
        self.since_origin = 0;
        self.next = match self.kind {
            Arrivals::Constant => now,
            // Gaps have no memory, so the one under way may be drawn anew.
            Arrivals::Poisson => now.saturating_add(self.poisson_gap(rng)),
        };
    }

    #[inline]
    fn poisson_gap(&self, rng: &mut Xoshiro) -> u64 {
        // Signed: a processor converts those in one instruction, and no gap is that long.
        (self.exponential.sample(rng) * self.gap) as i64 as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Stream;
    use super::*;

    fn moments(kind: Arrivals, rate: f64, count: usize) -> Vec<u64> {
        let mut rng = Xoshiro::new(3, Stream::Arrivals);
        let mut process = ArrivalProcess::new(kind, 0, rate, &mut rng);
        (0..count)
            .map(|_| {
                let at = process.next_at();
                process.advance(&mut rng);
                at
            })
            .collect()
    }

    #[test]
    fn constant_arrivals_do_not_drift() {
        let at = moments(Arrivals::Constant, 3.0, 3_000_001);
        assert_eq!(at[..3], [0, 333_333_333, 666_666_666]);
        assert_eq!(at[3_000_000], 1_000_000 * 1_000_000_000);
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_spread() {
        let at = moments(Arrivals::Poisson, 1_000.0, 200_001);
        let gaps: Vec<f64> = at.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance =
            gaps.iter().map(|gap| (gap - mean) * (gap - mean)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
    }

    #[test]
    fn a_new_rate_counts_from_its_moment_and_zero_stops() {
        let mut rng = Xoshiro::new(3, Stream::Arrivals);
        let mut process = ArrivalProcess::new(Arrivals::Constant, 0, 1.0, &mut rng);
        process.set_rate(500, 1e9, &mut rng);
        assert_eq!(process.next_at(), 500);
        process.advance(&mut rng);
        assert_eq!(process.next_at(), 501);
        process.set_rate(600, 0.0, &mut rng);
        assert_eq!(process.next_at(), u64::MAX);
    }
}
