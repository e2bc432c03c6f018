//! How long a response takes: always the same, or log-normally distributed between two given
//! percentiles.
//!
//! **Units**: nanoseconds.
//!
//! A log-normal latency is `exp(ln p50 + σ z)` with `σ = (ln p99 - ln p50) / 2.3263`. Its quantiles are put into a table once, so that a
//! request costs one draw and one interpolation.
//!
//! **Not modelled**: latency that grows with load; values beyond the 99.98th percentile.

use std::time::Duration;

use super::float::{exp, ln};
use super::queue::{LaneId, Queue};
use super::random::Xoshiro;
use crate::time::nanos;

/// Steps of the quantile table.
const STEPS: usize = 1 << 11;
/// 99 % of a standard normal distribution are below this.
const Z99: f64 = 2.326_347_874_040_841;

/// How long a response takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latency {
    /// Always the same.
    Constant(Duration),
    /// Log-normal, by two of its percentiles.
    Spread {
        /// Half of all responses take at most this.
        p50: Duration,
        /// 99 of 100 responses take at most this.
        p99: Duration,
    },
}

/// A latency's number, from [`Latencies::intern`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LatencyId(u32);

/// The latencies of a run, each kept once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latencies {
    known: Vec<(Latency, Model)>,
}

#[derive(Debug, Clone)]
enum Model {
    Constant { nanos: u64, lane: Option<LaneId> },
    Spread { quantiles: Vec<f64> },
}

/// When a response comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseTime {
    /// The lane's delay from now.
    Lane(LaneId),
    /// So long from now.
    After(u64),
}

impl Latencies {
    /// The number of a latency; constant ones get a lane of the queue.
    pub(crate) fn intern<E: Copy>(&mut self, latency: Latency, queue: &mut Queue<E>) -> LatencyId {
        if let Some(index) = self.known.iter().position(|(known, _)| *known == latency) {
            return LatencyId(index as u32);
        }
        let model = match latency {
            Latency::Constant(time) => {
                let nanos = nanos(time);
                Model::Constant { nanos, lane: queue.lane(nanos) }
            }
            Latency::Spread { p50, p99 } => {
                Model::Spread { quantiles: log_normal(nanos(p50) as f64, nanos(p99) as f64) }
            }
        };
        self.known.push((latency, model));
        LatencyId((self.known.len() - 1) as u32)
    }

    /// How long the next response takes.
    #[inline]
    pub(crate) fn draw(&self, id: LatencyId, rng: &mut Xoshiro) -> ResponseTime {
        match self.known.get(id.0 as usize) {
            Some((_, Model::Constant { lane: Some(lane), .. })) => ResponseTime::Lane(*lane),
            Some((_, Model::Constant { nanos, lane: None })) => ResponseTime::After(*nanos),
            Some((_, Model::Spread { quantiles })) => {
                ResponseTime::After(interpolate(quantiles, rng.unit()) as u64)
            }
            None => ResponseTime::After(0),
        }
    }
}

/// Quantiles at the middle of each step, so that the ends stay finite.
fn log_normal(p50: f64, p99: f64) -> Vec<f64> {
    let (p50, p99) = (p50.max(1.0), p99.max(1.0));
    let sigma = (ln(p99) - ln(p50)) / Z99;
    (0..=STEPS)
        .map(|step| {
            let p = (step as f64).clamp(0.5, STEPS as f64 - 0.5) / STEPS as f64;
            p50 * exp(sigma * probit(p))
        })
        .collect()
}

fn interpolate(quantiles: &[f64], unit: f64) -> f64 {
    let place = unit * STEPS as f64;
    let step = place as usize;
    let at = |index: usize| quantiles.get(index).copied().unwrap_or(0.0);
    at(step) + (at(step + 1) - at(step)) * (place - step as f64)
}

/// The standard normal quantile function, relative error below 1.15e-9.
///
/// **Source**: P. J. Acklam, "An algorithm for computing the inverse normal cumulative distribution function".
fn probit(p: f64) -> f64 {
    const TAIL: f64 = 0.02425;
    if p < TAIL {
        tail((-2.0 * ln(p)).sqrt())
    } else if p > 1.0 - TAIL {
        -tail((-2.0 * ln(1.0 - p)).sqrt())
    } else {
        centre(p - 0.5)
    }
}

fn tail(q: f64) -> f64 {
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    horner(&C, q) / horner(&D, q)
}

fn centre(q: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    let r = q * q;
    q * horner(&A, r) / horner(&B, r)
}

fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::super::random::Stream;
    use super::*;

    #[test]
    fn a_spread_has_the_percentiles_it_was_given() {
        let mut queue = Queue::<()>::new();
        let mut latencies = Latencies::default();
        let millis = Duration::from_millis;
        let id = latencies.intern(Latency::Spread { p50: millis(5), p99: millis(40) }, &mut queue);
        let mut rng = Xoshiro::new(5, Stream::Endpoints);
        let mut drawn: Vec<u64> = (0..100_000)
            .map(|_| match latencies.draw(id, &mut rng) {
                ResponseTime::After(nanos) => nanos,
                ResponseTime::Lane(_) => 0,
            })
            .collect();
        drawn.sort_unstable();
        let near = |got: u64, want: f64| (got as f64 / want - 1.0).abs() < 0.04;
        assert!(near(drawn[50_000], 5e6), "{}", drawn[50_000]);
        assert!(near(drawn[99_000], 40e6), "{}", drawn[99_000]);
    }

    #[test]
    fn equal_constants_share_a_lane() {
        let mut queue = Queue::<()>::new();
        let mut latencies = Latencies::default();
        let five = Latency::Constant(Duration::from_millis(5));
        let id = latencies.intern(five, &mut queue);
        assert_eq!(latencies.intern(five, &mut queue), id);
        let lane = queue.lane(5_000_000).unwrap();
        let mut rng = Xoshiro::new(5, Stream::Endpoints);
        assert_eq!(latencies.draw(id, &mut rng), ResponseTime::Lane(lane));
    }
}
