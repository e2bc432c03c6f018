//! The less busy of a few drawn hosts.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/least_request/least_request_lb.cc
//! `LeastRequestLoadBalancer`, v1.40.

use crate::random::{Modulus, Random};

/// Envoy's default, and its least.
pub const DEFAULT_CHOICE_COUNT: u32 = 2;

/// Draws `choice_count` hosts of `hosts`, of which there are `len`, with replacement, and takes the one with the fewest active
/// requests; the first drawn of equals.
///
/// **Draws**: `choice_count`, none if `hosts` is empty.
///
/// ```
/// use mesh_failover_engine::lb::least_request::unweighted_host_pick;
/// use mesh_failover_engine::random::Modulus;
///
/// let mut numbers = [3, 1].into_iter();
/// let mut random = || numbers.next().unwrap_or(0);
/// let busy = |host| if host == 7 { 5 } else { 0 };
/// assert_eq!(unweighted_host_pick(&[7, 8, 9], Modulus::new(3), 2, busy, &mut random), Some(8));
/// ```
#[inline]
pub fn unweighted_host_pick(
    hosts: &[u32],
    len: Modulus,
    choice_count: u32,
    active_requests: impl Fn(u32) -> u32,
    random: &mut impl Random,
) -> Option<u32> {
    if len.bound() == 0 {
        return None;
    }
    let mut candidate: Option<(u32, u32)> = None;
    for _ in 0..choice_count {
        let sampled = *hosts.get(usize::try_from(len.of(random.random())).ok()?)?;
        let active = active_requests(sampled);
        if candidate.is_none_or(|(_, fewest)| active < fewest) {
            candidate = Some((sampled, active));
        }
    }
    candidate.map(|(host, _)| host)
}

/// The weight of a host in a list of unequal weights: it counts for less while it is busy.
///
/// ```
/// use mesh_failover_engine::lb::least_request::host_weight;
///
/// assert_eq!(host_weight(6, 2), 2.0);
/// ```
#[must_use]
pub fn host_weight(weight: u32, active_requests: u32) -> f64 {
    f64::from(weight) / (f64::from(active_requests) + 1.0)
}
