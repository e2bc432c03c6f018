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

/// A bound that many numbers are taken modulo. A division of 64-bit numbers is the dearest thing a processor computes, and a pick of
/// a host takes several; by an inverse that is known it is two multiplications.
///
/// ```
/// use mesh_failover_engine::random::Modulus;
///
/// assert_eq!(Modulus::new(7).of(u64::MAX), u64::MAX % 7);
/// assert_eq!(Modulus::new(0).of(5), 5, "no bound");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modulus {
    bound: u64,
    /// 2⁶⁴ - 1 divided by the bound, rounded down.
    inverse: u64,
}

impl Modulus {
    /// Modulo `bound`, at most 2⁶³.
    #[must_use]
    pub const fn new(bound: u64) -> Self {
        let inverse = match u64::MAX.checked_div(bound) {
            Some(inverse) => inverse,
            None => 0,
        };
        Self { bound, inverse }
    }

    /// The bound.
    #[must_use]
    #[inline]
    pub const fn bound(self) -> u64 {
        self.bound
    }

    /// `number` modulo the bound.
    #[must_use]
    #[inline]
    pub const fn of(self, number: u64) -> u64 {
        // With 2⁶⁴ - 1 = inverse · bound + rest the quotient is too small by number · (rest + 1) / (bound · 2⁶⁴), which is below 1.
        let quotient = upper_half(number, self.inverse);
        let rest = number.wrapping_sub(quotient.wrapping_mul(self.bound));
        if rest >= self.bound && self.bound > 0 { rest - self.bound } else { rest }
    }
}

/// The upper half of a product of 128 bits.
#[inline]
const fn upper_half(a: u64, b: u64) -> u64 {
    if cfg!(target_arch = "wasm32") {
        // Such a product is a call there.
        upper_half_by_parts(a, b)
    } else {
        ((a as u128 * b as u128) >> 64) as u64
    }
}

#[inline]
const fn upper_half_by_parts(a: u64, b: u64) -> u64 {
    const LOW: u64 = u32::MAX as u64;
    let (a, a_low, b, b_low) = (a >> 32, a & LOW, b >> 32, b & LOW);
    let cross = a * b_low + ((a_low * b_low) >> 32);
    let other = a_low * b + (cross & LOW);
    a * b + (cross >> 32) + (other >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_modulus_is_a_remainder(number: u64, bound in prop_oneof![1_u64..10_000, 1_u64..=1 << 63]) {
            let modulus = Modulus::new(bound);
            for number in [number, u64::MAX - number % 3, number - number % bound, bound - 1, 0] {
                prop_assert_eq!(modulus.of(number), number % bound);
            }
        }

        #[test]
        fn the_parts_make_the_product(a: u64, b: u64) {
            for (a, b) in [(a, b), (a, u64::MAX), (u64::MAX, u64::MAX), (a & 0xffff_ffff, b << 32)] {
                prop_assert_eq!(upper_half_by_parts(a, b), ((u128::from(a) * u128::from(b)) >> 64) as u64);
            }
        }
    }
}
