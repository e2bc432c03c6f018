//! Exponentially distributed numbers, a few nanoseconds each: every Poisson arrival needs one.
//!
//! **Source**: G. Marsaglia and W. W. Tsang, "The Ziggurat Method for Generating Random Variables", 2000. The area under `e^-x` is covered by 256
//! layers of equal area; a point in a layer is nearly always under the curve, and only else is a logarithm or exponential needed.
//! Those, and the tables, are made of correctly rounded operations (see `float`), so the numbers are the same on every target.

use super::float::{exp, ln};
use super::random::Xoshiro;
use crate::random::Random;

const LAYERS: usize = 256;
/// Where the bottom layer ends and the tail begins.
const TAIL: f64 = 7.697_117_470_131_05;
/// Area of each layer.
const AREA: f64 = 0.003_949_659_822_581_557;

/// The layers' tables.
#[derive(Debug, Clone)]
pub(crate) struct Exponential {
    /// Width of each layer and, next, of the one above.
    widths: Vec<f64>,
    /// `e^-width`.
    heights: Vec<f64>,
}

impl Exponential {
    pub(crate) fn new() -> Self {
        let mut widths = Vec::with_capacity(LAYERS + 1);
        widths.push(AREA / exp(-TAIL));
        let mut width = TAIL;
        for _ in 1..LAYERS {
            widths.push(width);
            width = -ln(AREA / width + exp(-width));
        }
        widths.push(0.0);
        let heights = widths.iter().map(|width| exp(-width)).collect();
        Self { widths, heights }
    }

    /// A number with mean 1.
    ///
    /// **Draws**: one in 98 of 100 cases, else two or more.
    #[inline]
    pub(crate) fn sample(&self, rng: &mut Xoshiro) -> f64 {
        loop {
            let bits = rng.random();
            let layer = (bits & 0xff) as usize;
            let (Some([width, above]), Some([bottom, top])) =
                (two(&self.widths, layer), two(&self.heights, layer))
            else {
                return 0.0;
            };
            let x = (bits >> 11) as i64 as f64 * (1.0 / 9_007_199_254_740_992.0) * width;
            if x < *above {
                return x;
            }
            if layer == 0 {
                // The tail is an exponential distribution again.
                return TAIL - ln(rng.positive_unit());
            }
            if bottom + (top - bottom) * rng.unit() < exp(-x) {
                return x;
            }
        }
    }
}

/// An entry and the next.
#[inline]
fn two(table: &[f64], index: usize) -> Option<&[f64; 2]> {
    table.get(index..)?.first_chunk()
}

#[cfg(test)]
mod tests {
    use super::super::random::Stream;
    use super::*;

    #[test]
    fn the_layers_close_at_the_top() {
        let exponential = Exponential::new();
        // The last layer ends where the curve does, at height 1.
        let last = exponential.widths[LAYERS - 1];
        assert!((exp(-last) + AREA / last - 1.0).abs() < 1e-9);
    }

    #[test]
    fn has_the_quantiles_of_the_exponential_distribution() {
        let exponential = Exponential::new();
        let mut rng = Xoshiro::new(11, Stream::Arrivals);
        let mut drawn: Vec<f64> = (0..400_000).map(|_| exponential.sample(&mut rng)).collect();
        drawn.sort_by(f64::total_cmp);
        for percent in [1, 10, 25, 50, 75, 90, 99] {
            let exact = -(1.0 - f64::from(percent) / 100.0).ln();
            let got = drawn[400_000 / 100 * percent as usize];
            assert!((got - exact).abs() < 0.02 * exact + 0.0005, "{percent} %: {got} {exact}");
        }
        // About 180 of 400 000 lie in the tail.
        assert!((100..300).contains(&drawn.iter().filter(|x| **x > TAIL).count()));
    }
}
