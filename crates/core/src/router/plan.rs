//! From levels to weights: who takes which part of the requests of one plan.
//!
//! - A region has its share times its level. What it does not take is offered to its failover targets, in order, each by its own level.
//! - What nobody with a share takes is left to those who take something, in proportion.
//! - The best level among them says how much of the whole stays with them. The rest goes to the tiers below: while
//!   the only region of a tier ramps up from 10 %, the tier below it still has 90 %.
//!
//! All of it moves without jumps as levels move.

use super::config::PlanPolicy;
use super::level::Level;

/// The whole, where parts of it must be split.
const WHOLE: u64 = 1 << 24;

/// A region's part of the requests is its weight in the sum of all. One entry for each of `regions` regions.
pub(super) fn weights(plan: &PlanPolicy, level: impl Fn(u32) -> Level, regions: usize) -> Vec<u64> {
    let mut weights = vec![0_u64; regions];
    let mut add = |region: u32, weight: u64| {
        if let Some(sum) = weights.get_mut(region as usize) {
            *sum += weight;
        }
    };
    let mut best = Level::NONE;
    for ((region, share), next) in plan.shares.iter().zip(&plan.next) {
        let mut open = u64::from(*share) * u64::from(Level::FULL.get());
        for taker in std::iter::once(region).chain(next) {
            let taken = level(*taker).of(open);
            add(*taker, taken);
            open -= taken;
            if taken > 0 {
                best = best.max(level(*taker));
            }
        }
    }
    if best == Level::FULL || plan.rest.is_empty() {
        return weights;
    }
    let sum: u64 = weights.iter().sum();
    let own = best.of(WHOLE);
    for weight in &mut weights {
        *weight = (*weight * own).checked_div(sum).unwrap_or(0);
    }
    let mut open = WHOLE - own;
    for tier in &plan.rest {
        let best = tier.iter().map(|region| level(*region)).max().unwrap_or(Level::NONE);
        let taken = best.of(open);
        let sum: u64 = tier.iter().map(|region| u64::from(level(*region).get())).sum();
        for region in tier {
            let part = (u64::from(level(*region).get()) * taken).checked_div(sum).unwrap_or(0);
            if let Some(weight) = weights.get_mut(*region as usize) {
                *weight += part;
            }
        }
        open -= taken;
    }
    weights
}
