//! Randomness as an argument.
//!
//! Nothing in this crate makes random numbers. Whoever drives the core passes a source of 64-bit
//! numbers, and every function says how many it draws and in which order: Envoy's order, so that a
//! recorded run can be played again number by number.

use crate::units::Percent;

/// A source of uniform 64-bit numbers. Every `FnMut() -> u64` is one.
///
/// **Source**: Envoy `Random::RandomGenerator`.
///
/// ```
/// use mesh_failover_engine::random::Random;
///
/// let mut numbers = [7, 11].into_iter();
/// let mut random = || numbers.next().unwrap_or(0);
/// assert_eq!(random.below(5), 2);
/// assert_eq!(random.below(5), 1);
/// ```
pub trait Random {
    /// The next number.
    fn random(&mut self) -> u64;

    /// One draw modulo `bound`, as Envoy takes it; 0 if `bound` is 0, without a draw.
    fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.random() % bound }
    }

    /// Whether something that is enabled for `percent` of the cases is enabled for this one.
    ///
    /// Draws once, and only if the answer is open (1 to 99 %).
    ///
    /// **Source**: Envoy source/common/runtime/runtime_impl.cc `SnapshotImpl::featureEnabled`.
    fn feature_enabled(&mut self, percent: Percent) -> bool {
        match percent {
            Percent::ZERO => false,
            Percent::HUNDRED => true,
            open => self.random() % 100 < u64::from(open.get()),
        }
    }
}

impl<F: FnMut() -> u64> Random for F {
    fn random(&mut self) -> u64 {
        self()
    }
}
