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
    widths: Box<[f64; LAYERS + 1]>,
    /// `e^-width`.
    heights: Box<[f64; LAYERS + 1]>,
}

impl Exponential {
    pub(crate) fn new() -> Self {
        let mut widths = Box::new([0.0; LAYERS + 1]);
        let mut width = TAIL;
        for layer in widths.iter_mut().take(LAYERS).skip(1) {
            *layer = width;
            width = -ln(AREA / width + exp(-width));
        }
        if let Some(bottom) = widths.first_mut() {
            *bottom = AREA / exp(-TAIL);
        }
        let heights = Box::new(widths.map(|width| exp(-width)));
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
            #[allow(clippy::indexing_slicing, reason = "a layer is below 256, of 257 entries")]
            let (width, above) = (self.widths[layer], self.widths[layer + 1]);
            let x = (bits >> 11) as i64 as f64 * (1.0 / 9_007_199_254_740_992.0) * width;
            if x < above {
                return x;
            }
            if let Some(x) = self.beside(layer, x, rng) {
                return x;
            }
        }
    }

    /// For a point that is not below the layer above: whether it is below the curve.
    #[cold]
    fn beside(&self, layer: usize, x: f64, rng: &mut Xoshiro) -> Option<f64> {
        if layer == 0 {
            // The tail is an exponential distribution again.
            return Some(TAIL - ln(rng.positive_unit()));
        }
        let (bottom, top) = (self.heights.get(layer)?, self.heights.get(layer + 1)?);
        (bottom + (top - bottom) * rng.unit() < exp(-x)).then_some(x)
    }
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
