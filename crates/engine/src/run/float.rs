//! Logarithm and exponential from correctly rounded operations only.
//!
//! Why not the standard library's: `f64::ln` and `f64::exp` call the platform's mathematics library, whose last bit differs between
//! systems and from wasm32. `+ - * /` are correctly rounded everywhere, so what is built from them in a fixed
//! order has the same bits everywhere.

/// 2⁵², the weight of the lowest bit of a mantissa in [1, 2).
const MANTISSA: u64 = (1 << 52) - 1;
/// ln 2 in two parts: the first has trailing zeros, so that its product with an exponent is exact.
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// The natural logarithm of a positive normal number, to within a few units of the last place.
///
/// `x = m · 2^e` with `m` in [√½, √2); `ln m = 2 artanh s` with `s = (m-1)/(m+1)`, |s| ≤ 0.172, by its series up to s²³. The series
/// is summed in two halves that do not wait for each other.
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) as i64) - 1023;
    let mut mantissa = f64::from_bits((bits & MANTISSA) | (1023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let fourth = square * square;
    let series = |first: f64, last: f64| {
        let mut sum = 0.0;
        let mut odd = last;
        while odd >= first {
            sum = sum * fourth + 1.0 / odd;
            odd -= 4.0;
        }
        sum
    };
    let sum = series(3.0, 23.0) + square * series(5.0, 21.0);
    let artanh = s + s * (square * sum);
    let exponent = exponent as f64;
    exponent * LN2_HIGH + (2.0 * artanh + exponent * LN2_LOW)
}

/// `e^x` for |x| below 700, to within a few units of the last place.
///
/// `x = k ln 2 + r` with |r| ≤ ½ ln 2; `e^r` by its series up to r¹⁷.
pub(crate) fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let k = (x / std::f64::consts::LN_2 + 0.5).floor();
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let mut sum = 1.0;
    let mut n = 17.0;
    while n > 0.0 {
        sum = 1.0 + sum * r / n;
        n -= 1.0;
    }
    sum * f64::from_bits(((1023 + k as i64) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 4e-16 * b.abs().max(1.0)
    }

    #[test]
    fn agrees_with_the_platform_to_a_few_units_of_the_last_place() {
        for i in 1..100_000_u32 {
            let x = f64::from(i) / 1_000.0;
            assert!(close(ln(x), x.ln()), "ln {x}");
            let y = f64::from(i) / 10_000.0 - 5.0;
            assert!((exp(y) - y.exp()).abs() <= 1e-15 * y.exp(), "exp {y}");
        }
        let smallest = 1.0 / 9_007_199_254_740_992.0;
        assert!(close(ln(smallest) / smallest.ln(), 1.0));
    }

    /// The bits themselves, so that a target or a compiler that rounds otherwise is found.
    #[test]
    fn has_the_same_bits_everywhere() {
        assert_eq!(ln(1.0).to_bits(), 0);
        let hash = (1..1_000_u32).fold(0_u64, |hash, i| {
            let x = f64::from(i) / 7.0;
            hash.rotate_left(5) ^ ln(x).to_bits() ^ exp(-x).to_bits().rotate_left(17)
        });
        assert_eq!(hash, HASH);
    }

    const HASH: u64 = 391_069_142_059_458_112;
}
