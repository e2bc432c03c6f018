//! The simulation's own random numbers: the same seed, the same run, on every target.
//!
//! **Source**: xoshiro256++ 1.0 and SplitMix64 by Blackman and Vigna (public domain), chosen because they are 64-bit integer
//! arithmetic only, fast, and have published reference outputs.
//!
//! A run has one seed and several [`Stream`]s, so that what one part draws does not move another part's
//! numbers: two arms of the same scenario see the same arrivals.

use crate::random::Random;

/// Who draws. Each part of the simulation has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// When requests come, and to which worker.
    Arrivals,
    /// Which requests fail, and how long responses take.
    Endpoints,
    /// Everything Envoy draws.
    Envoy,
    /// Moments before the run: when clusters were created.
    Phases,
}

/// xoshiro256++.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xoshiro {
    state: [u64; 4],
}

impl Xoshiro {
    /// The numbers of one part of the run that `seed` names.
    #[must_use]
    pub fn new(seed: u64, stream: Stream) -> Self {
        let mut mix = SplitMix(seed);
        // Streams are told apart by where their SplitMix sequence starts.
        let mut mix = SplitMix(mix.next() ^ (stream as u64).wrapping_mul(SplitMix::GAMMA));
        Self { state: [mix.next(), mix.next(), mix.next(), mix.next()] }
    }

    /// A number in [0, 1) with 53 random bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.random() >> 11) as i64 as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A number in (0, 1], for logarithms.
    pub(crate) fn positive_unit(&mut self) -> f64 {
        ((self.random() >> 11) + 1) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Any of `0..bound`, all but equally likely (the bias is below 2⁻³²); 0 if `bound` is 0.
    pub(crate) fn index(&mut self, bound: u32) -> u32 {
        // The upper half of a product of 128 bits, by parts: on wasm32 such a product is a call.
        let (random, bound) = (self.random(), u64::from(bound));
        let low = ((random & u64::from(u32::MAX)) * bound) >> 32;
        (((random >> 32) * bound + low) >> 32) as u32
    }
}

impl Random for Xoshiro {
    #[inline]
    fn random(&mut self) -> u64 {
        let [s0, s1, s2, s3] = self.state;
        let result = s0.wrapping_add(s3).rotate_left(23).wrapping_add(s0);
        let s2 = s2 ^ s0;
        let s3 = s3 ^ s1;
        self.state = [s0 ^ s3, s1 ^ s2, s2 ^ (s1 << 17), s3.rotate_left(45)];
        result
    }
}

/// SplitMix64: spreads a seed over a larger state.
struct SplitMix(u64);

impl SplitMix {
    const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::GAMMA);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xoshiro_gives_the_reference_numbers() {
        let mut rng = Xoshiro { state: [1, 2, 3, 4] };
        let numbers: Vec<u64> = (0..5).map(|_| rng.random()).collect();
        // Reference implementation xoshiro256plusplus.c, state {1, 2, 3, 4}.
        assert_eq!(
            numbers,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386,
                9_228_616_714_210_784_205
            ]
        );
    }

    #[test]
    fn splitmix_gives_the_reference_numbers() {
        let mut mix = SplitMix(1_234_567);
        // Reference implementation splitmix64.c, x = 1234567.
        assert_eq!(mix.next(), 6_457_827_717_110_365_317);
        assert_eq!(mix.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn streams_of_a_seed_differ_and_repeat() {
        let first = |seed, stream| Xoshiro::new(seed, stream).random();
        assert_eq!(first(7, Stream::Envoy), first(7, Stream::Envoy));
        assert_ne!(first(7, Stream::Envoy), first(7, Stream::Arrivals));
        assert_ne!(first(7, Stream::Envoy), first(8, Stream::Envoy));
    }

    #[test]
    fn units_and_indexes_stay_in_range() {
        let mut rng = Xoshiro::new(1, Stream::Endpoints);
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&rng.unit()));
            let positive = rng.positive_unit();
            assert!(positive > 0.0 && positive <= 1.0);
            assert!(rng.index(3) < 3);
        }
        assert_eq!(rng.index(0), 0);
    }
}
