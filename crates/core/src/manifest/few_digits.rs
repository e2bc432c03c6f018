//! Numbers as the filter's module reads them, of which what reads every float exactly would be a fifth: a fraction, or a number with an
//! exponent, has at most 15 digits and a value of at least 1e-22 and at most 1e22.

use super::ScalarKind;
use super::node::integer;

/// A 64-bit integer, or a float of few digits, read without rounding: both the digits and the
/// power of ten are floats exactly, so one operation rounds once (Clinger, "How to read floating point numbers accurately", 1990).
pub(super) fn few_digits(text: &str) -> Option<ScalarKind> {
    if let Some(value) = integer(text) {
        return Some(ScalarKind::Integer(value));
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let negative = whole.starts_with('-');
    let digits = [whole.trim_start_matches('-'), fraction].concat();
    if digits.len() > 15 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.parse::<u64>().ok()? as f64;
    let scale = exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?;
    let power = (0..scale.unsigned_abs().min(23)).fold(1.0, |power, _| power * 10.0);
    let value = match scale {
        0..=22 => digits * power,
        -22..=-1 => digits / power,
        _ => return None,
    };
    Some(ScalarKind::Float(if negative { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_numbers_exactly(digits in 0..999_999_999_999_999_u64, point in 1..14_usize, exponent in -8..8) {
            let mut text = format!("{digits:015}");
            text.insert(point, '.');
            let text = format!("{}e{exponent}", text.trim_start_matches('0'));
            let expect = text.parse().ok().map(ScalarKind::Float);
            prop_assert_eq!(few_digits(&text), expect, "{}", text);
        }
    }
}
