//! When traffic starts to leave a locality, and where it goes.

use super::shares::{self, Model};
use super::{LocalityShare, Spill};
use crate::cluster::LocalityLbEndpoints;
use crate::units::OverprovisioningFactor;

/// Shares are sums of products; what differs by less is the same.
const SAME: f64 = 1e-9;

/// The first number of failed endpoints that takes traffic from group `index`; `None` if none does.
///
/// The share falls with every failure once it falls at all, until the priority panics and from then on again: two stretches, each of which
/// can be halved.
pub(super) fn find(
    model: &Model<'_>,
    (index, group): (usize, &LocalityLbEndpoints),
    now: &[f64],
) -> Option<Spill> {
    let healthy = shares::healthy(group);
    let before = now.get(index).copied().filter(|share| *share > 0.0)?;
    let falls = |down| share_of(&model.shares(index, down), index) < before - SAME;
    let panic = first(1, healthy, |down| model.panics(index, down));
    let calm = panic.map_or(healthy, |panic| panic - 1);
    let unhealthy =
        first(1, calm, falls).or_else(|| panic.and_then(|panic| first(panic, healthy, falls)))?;
    let then = model.shares(index, unhealthy);
    let to = gains(model, now, &then);
    let within = to.iter().any(|it| it.priority == group.priority.0);
    let facts = Facts::new(unhealthy, group, within && !model.is_weighted());
    Some(Spill {
        unhealthy,
        of: healthy,
        healthy_percent: facts.healthy_percent,
        availability_percent: facts.availability_percent,
        overprovisioning_factor: factor(),
        share: share_of(&then, index),
        text: facts.sentence(before, share_of(&then, index), &to),
        to,
    })
}

/// The first number from `low` to `high` for which it holds; once it does, it does for all that follow.
fn first(mut low: u32, mut high: u32, holds: impl Fn(u32) -> bool) -> Option<u32> {
    if low > high || !holds(high) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(high)
}

/// Localities that get more than now.
fn gains(model: &Model<'_>, now: &[f64], then: &[f64]) -> Vec<LocalityShare> {
    let more = now.iter().zip(then).map(|(now, then)| if *then > now + SAME { *then } else { 0.0 });
    model.named(&more.collect::<Vec<_>>())
}

fn share_of(shares: &[f64], index: usize) -> f64 {
    shares.get(index).copied().unwrap_or(0.0)
}

fn factor() -> f64 {
    f64::from(OverprovisioningFactor::DEFAULT.percent()) / 100.0
}

/// The arithmetic behind a spill.
struct Facts {
    unhealthy: u32,
    healthy: u32,
    left: u32,
    endpoints: usize,
    healthy_percent: f64,
    availability_percent: f64,
    /// Whether it falls because every endpoint of the priority counts alike.
    alike: bool,
}

impl Facts {
    fn new(unhealthy: u32, group: &LocalityLbEndpoints, alike: bool) -> Self {
        let endpoints = group.lb_endpoints.len();
        let healthy = shares::healthy(group);
        let left = healthy.saturating_sub(unhealthy);
        let healthy_percent = 100.0 * f64::from(left) / endpoints as f64;
        Self {
            unhealthy,
            healthy,
            left,
            endpoints,
            healthy_percent,
            availability_percent: healthy_percent * factor(),
            alike,
        }
    }

    fn sentence(&self, before: f64, after: f64, to: &[LocalityShare]) -> String {
        let Self { unhealthy, healthy, left, endpoints, availability_percent, alike, .. } = self;
        if to.is_empty() {
            return format!(
                "its traffic is lost once all {healthy} are unhealthy: nobody else takes it"
            );
        }
        let to: Vec<&str> = to.iter().map(|it| it.locality.as_str()).collect();
        let to = to.join(", ");
        let shares = format!("share {before:.1} % → {after:.1} %");
        if *left == 0 {
            return format!(
                "all {healthy} must be unhealthy before traffic moves to {to} ({shares})"
            );
        }
        let why = if *availability_percent < 100.0 && !alike {
            let factor = factor();
            let below = 100.0 / factor;
            format!(
                "{factor} × {left}/{endpoints} = {availability_percent:.1} % < 100 %, that is, below {below:.1} % healthy"
            )
        } else {
            "every endpoint counts alike".to_owned()
        };
        format!(
            "from {unhealthy} unhealthy of {healthy} on, traffic moves to {to}: {why} ({shares})"
        )
    }
}
