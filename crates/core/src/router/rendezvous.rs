//! Consistent hashing over weighted regions: the same key gets the same region while it is there.
//!
//! Every region draws a number from the key and its own name; the greatest `weight / -log(number)` wins. So each region wins its share of the
//! keys, and a change of one weight moves keys only from or to that region: nobody else's user moves, and a region
//! that comes back gets its own users back.
//!
//! **Source**: Schindelhauer, Schomaker, "Weighted distributed hash tables", SPAA 2005 (logarithmic method).
//!
//! **Units**: logarithms in base 2 as fixed point with 24 bits after the point; integers only, so that all targets agree.

const FRACTION: u32 = 24;

/// The winner among regions with these hashes of their names and weights; one of weight 0 never wins. Does not allocate.
pub(super) fn winner(key: u64, regions: impl Iterator<Item = (u64, u64)>) -> Option<u32> {
    let mut best: Option<(u32, u64, u64)> = None;
    for (index, (name, weight)) in (0..).zip(regions) {
        if weight == 0 {
            continue;
        }
        let cost = minus_log2(mix(key ^ name));
        // weight / cost > other weight / other cost
        let wins = best.is_none_or(|(_, other_weight, other_cost)| {
            u128::from(weight) * u128::from(other_cost)
                > u128::from(other_weight) * u128::from(cost)
        });
        if wins {
            best = Some((index, weight, cost));
        }
    }
    best.map(|(index, _, _)| index)
}

/// A hash of bytes, well mixed: FNV-1a and a finish.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    mix(super::shared::fnv_1a(bytes.iter().copied()))
}

/// The finish of SplitMix64: each bit of the input changes half of the output's.
pub(super) const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `-log2(x / 2^64)`, positive; bit by bit, by squaring.
const fn minus_log2(x: u64) -> u64 {
    let x = if x == 0 { 1 } else { x };
    let zeros = x.leading_zeros();
    // x = m * 2^(63 - zeros) with 1 <= m < 2, m as fixed point with 31 bits after the point.
    let mut m = (x << zeros) >> 32;
    let mut log = 0_u64;
    let mut bit = FRACTION;
    while bit > 0 {
        bit -= 1;
        m = (m * m) >> 31;
        if m >> 32 > 0 {
            m >>= 1;
            log |= 1 << bit;
        }
    }
    let negative = ((zeros as u64 + 1) << FRACTION) - log;
    if negative == 0 { 1 } else { negative }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right_to_six_digits() {
        for x in [1_u64, 2, 3, 1 << 20, 1 << 63, 0x9e37_79b9_7f4a_7c15, u64::MAX] {
            let exact = 64.0 - (x as f64).log2();
            let ours = minus_log2(x) as f64 / f64::from(1 << FRACTION);
            assert!((exact - ours).abs() < 1e-6, "{x}: {exact} {ours}");
        }
    }
}
