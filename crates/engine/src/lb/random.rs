//! Any host.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/random/random_lb.cc `RandomLoadBalancer::peekOrChoose`, v1.40.

/// The host of `hosts` that `hash` names.
///
/// **Draws**: none of its own. Envoy uses the number that has just chosen the priority, so priority and host are
/// not independent: with load on several priorities, some hosts of a list get more than others.
///
/// ```
/// use mesh_failover_engine::lb::random::host_pick;
///
/// assert_eq!(host_pick(&[7, 8, 9], 4), Some(8));
/// assert_eq!(host_pick(&[], 4), None);
/// ```
#[must_use]
pub fn host_pick(hosts: &[u32], hash: u64) -> Option<u32> {
    let position = hash.checked_rem(u64::try_from(hosts.len()).ok()?)?;
    hosts.get(usize::try_from(position).ok()?).copied()
}
