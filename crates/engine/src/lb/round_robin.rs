//! Hosts in turn.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/round_robin/round_robin_lb.h
//! `RoundRobinLoadBalancer::unweightedHostPick`, v1.40.

/// The next of `hosts`; moves `rr_index` on. `rr_index` starts at the load balancer's seed and outlives changes of the list.
///
/// ```
/// use mesh_failover_engine::lb::round_robin::unweighted_host_pick;
///
/// let mut rr_index = 4;
/// assert_eq!(unweighted_host_pick(&[7, 8, 9], &mut rr_index), Some(8));
/// assert_eq!(unweighted_host_pick(&[7, 8, 9], &mut rr_index), Some(9));
/// assert_eq!(unweighted_host_pick(&[], &mut rr_index), None);
/// ```
pub fn unweighted_host_pick(hosts: &[u32], rr_index: &mut u64) -> Option<u32> {
    let position = rr_index.checked_rem(u64::try_from(hosts.len()).ok()?)?;
    *rr_index = rr_index.wrapping_add(1);
    hosts.get(usize::try_from(position).ok()?).copied()
}
