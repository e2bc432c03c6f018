//! Decimal fractions as the nearest float, ties to even, as the standard library reads them, but without its tables: no compression makes them
//! smaller, and a page waits for them, the filter in every gateway too.
//!
//! Few digits and a small power of ten are floats exactly, so one operation rounds once (W. D. Clinger, "How to read floating point numbers
//! accurately", 1990). For all others a guess is held against whole numbers of any length: as long as the number lies beyond the middle between two
//! floats, the next float is nearer (algorithm R of the same).

use std::cmp::Ordering;

/// More digits decide nothing but whether the rest is zero: the middle between two floats has at most 767.
const MOST_DIGITS: usize = 800;
/// Below 10^-324 everything is zero, from 10^309 on everything is infinite.
const SMALLEST: i64 = -324;
const LARGEST: i64 = 309;

/// A decimal fraction with an optional exponent; `None`: no such number. Neither `inf` nor `nan` is one.
pub(super) fn float(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent = exponent.saturating_sub(i64::try_from(fraction.len()).ok()?);
    Some(sign * nearest(digits.trim_start_matches('0'), exponent))
}

/// One that no number of digits makes up for is as good as a larger one.
fn exponent_of(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i64::MAX / 2);
    Some(if negative { -size } else { size })
}

/// The float nearest to `digits` · 10^`exponent`; the digits do not begin with a zero.
fn nearest(digits: &str, exponent: i64) -> f64 {
    let magnitude = exponent.saturating_add(digits.len() as i64);
    if digits.is_empty() || magnitude < SMALLEST {
        return 0.0;
    }
    if magnitude > LARGEST {
        return f64::INFINITY;
    }
    let (kept, rest) = digits.split_at(digits.len().min(MOST_DIGITS));
    let (first, _) = kept.split_at(kept.len().min(18));
    let guess = scaled(first.parse::<u64>().unwrap_or(0) as f64, magnitude - first.len() as i64);
    if digits.len() <= 15 && (-22..=22).contains(&exponent) {
        return guess;
    }
    let mut number = Whole::default();
    for digit in kept.bytes() {
        number.multiply_and_add(10, u32::from(digit - b'0'));
    }
    let mut exponent = magnitude - kept.len() as i64;
    if rest.bytes().any(|digit| digit != b'0') {
        number.multiply_and_add(10, 1);
        exponent -= 1;
    }
    let mut bits = guess.min(f64::MAX).to_bits();
    while is_beyond_middle(&number, exponent, bits) {
        bits += 1;
    }
    while let Some(below) = bits.checked_sub(1)
        && !is_beyond_middle(&number, exponent, below)
    {
        bits = below;
    }
    f64::from_bits(bits)
}

/// `value` · 10^`exponent`, exact where both are few digits, else near it.
fn scaled(mut value: f64, exponent: i64) -> f64 {
    const MOST: u64 = 22;
    let mut left = exponent.unsigned_abs();
    while left > 0 {
        // A power of ten that is a float exactly.
        let power = (0..left.min(MOST)).fold(1.0, |power, _| power * 10.0);
        value = if exponent >= 0 { value * power } else { value / power };
        left = left.saturating_sub(MOST);
    }
    value
}

/// Whether a number is nearer to the next float than to this one, or as near and the next one is even.
fn is_beyond_middle(number: &Whole, exponent: i64, bits: u64) -> bool {
    const FRACTION: u64 = (1 << 52) - 1;
    let (fraction, power) = match (bits >> 52, bits & FRACTION) {
        // None lies beyond infinity.
        (0x7ff.., _) => return false,
        (0, fraction) => (fraction, -1074),
        (power, fraction) => (fraction | (1 << 52), power as i64 - 1075),
    };
    // number · 10^exponent against (2 · fraction + 1) · 2^(power - 1), without fractions.
    let (mut number, mut middle) = (number.clone(), Whole::from(2 * fraction + 1));
    let (of_number, of_middle) = if exponent >= 0 { (exponent, 0) } else { (0, -exponent) };
    number.by_power_of_ten(of_number);
    middle.by_power_of_ten(of_middle);
    if power > 0 {
        middle.double(power - 1)
    } else {
        number.double(1 - power)
    }
    match number.compare(&middle) {
        Ordering::Less => false,
        Ordering::Equal => fraction % 2 == 1,
        Ordering::Greater => true,
    }
}

/// A whole number of any length, the lowest 32 bits first, without zeros at its end.
#[derive(Clone, Default)]
struct Whole(Vec<u32>);

impl From<u64> for Whole {
    fn from(value: u64) -> Self {
        let mut parts = vec![value as u32, (value >> 32) as u32];
        while parts.last() == Some(&0) {
            parts.pop();
        }
        Self(parts)
    }
}

impl Whole {
    fn multiply_and_add(&mut self, factor: u32, more: u32) {
        let mut carry = u64::from(more);
        for part in &mut self.0 {
            let product = u64::from(*part) * u64::from(factor) + carry;
            (*part, carry) = (product as u32, product >> 32);
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn by_power_of_ten(&mut self, mut power: i64) {
        while power > 0 {
            self.multiply_and_add(10_u32.pow(power.min(9) as u32), 0);
            power -= 9;
        }
    }

    /// Times two, so often.
    fn double(&mut self, times: i64) {
        let parts = usize::try_from(times / 32).unwrap_or(0);
        self.multiply_and_add(1 << (times % 32), 0);
        if !self.0.is_empty() {
            self.0.splice(0..0, std::iter::repeat_n(0, parts));
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(text: &str) -> Result<(), TestCaseError> {
        let expect: Option<f64> = text.parse().ok();
        prop_assert_eq!(float(text).map(f64::to_bits), expect.map(f64::to_bits), "{}", text);
        Ok(())
    }

    proptest! {
        #[test]
        fn reads_what_the_standard_library_reads(text in "[+-]?[0-9]{0,30}(\\.[0-9]{0,30})?([eE][+-]?[0-9]{1,3})?") {
            // It takes `.` for nothing, and an empty text.
            same(&text)?;
        }

        #[test]
        fn reads_back_every_float(bits: u64, more in 0_usize..20) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                same(&format!("{value:e}"))?;
                same(&format!("{value}"))?;
                // A little above it, and half-way to the next.
                let next = f64::from_bits(bits + 1);
                if next.is_finite() {
                    same(&format!("{:.*e}", 30 + more, value / 2.0 + next / 2.0))?;
                }
            }
        }
    }

    #[test]
    fn ends_of_the_range() {
        for text in [
            "0",
            "-0",
            "0.000",
            "1e400",
            "-1e400",
            "1e-400",
            "1.7976931348623157e308",
            "1.7976931348623159e308",
            "4.9e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.2250738585072011e-308",
            "9007199254740993",
            "9007199254740993.00000000000000000000000000000000001",
            "1e23",
            "8.5e22",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0e99999999999999999999",
            "1e",
            "e1",
            ".",
            "",
            "+",
            "1.5.5",
            "--1",
            "1e+-1",
        ] {
            same(text).unwrap();
        }
        let long = format!("1.{}1", "0".repeat(3_000));
        same(&long).unwrap();
        // Exactly half-way, and a last digit beyond what is kept.
        let half = format!("9007199254740993.{}", "0".repeat(2_000));
        same(&half).unwrap();
        same(&(half + "1")).unwrap();
    }
}
