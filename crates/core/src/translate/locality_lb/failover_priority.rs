//! `failoverPriority`: endpoints that share more leading labels with the proxy come first.

use mesh_failover_sorted::SortedMap;

use super::compact;
use crate::cluster::{ClusterLoadAssignment, LbEndpoint, LocalityLbEndpoints};
use crate::translate::Proxy;
use crate::translate::labels::{Labels, NETWORK_LABEL};
use crate::units::Priority;

/// Splits every group by how many leading labels its endpoints share with the proxy.
///
/// With N labels, an endpoint whose first mismatch is at position j (from 0) gets N − j, one
/// without a mismatch 0. `key=value` compares with that value instead of the proxy's own. A label that
/// neither side has is a match. A proxy without labels changes nothing.
///
/// From 1.31 a leading bare `topology.istio.io/network` prefers the own network without requiring
/// it: its mismatch adds N and the comparison goes on.
///
/// **Source**: Istio loadbalancer.go `applyFailoverPriorities`, 1.31.
pub fn apply_failover_priorities(
    assignment: &mut ClusterLoadAssignment,
    proxy: &Proxy,
    failover_priority: &[String],
) {
    if proxy.labels.is_empty() {
        return;
    }
    let order = LabelOrder::new(proxy, failover_priority);
    let groups = std::mem::take(&mut assignment.endpoints);
    assignment.endpoints = groups.into_iter().flat_map(|group| order.split(group)).collect();
    compact(assignment);
}

/// The label that decides over an endpoint's priority, as its position in `failover_priority`: the first in which it differs from what the proxy
/// prefers. `None`: it differs in none.
#[must_use]
pub fn deciding_label(
    proxy: &Proxy,
    failover_priority: &[String],
    labels: &Labels,
) -> Option<usize> {
    let (network, position) = LabelOrder::new(proxy, failover_priority).mismatch(labels);
    position.or(network.then_some(0))
}

/// The labels to compare, with the values to compare them with.
struct LabelOrder<'a> {
    wanted: Vec<(&'a str, &'a str)>,
    prefers_network: bool,
}

impl<'a> LabelOrder<'a> {
    fn new(proxy: &'a Proxy, failover_priority: &'a [String]) -> Self {
        let parsed: Vec<_> = failover_priority.iter().map(|spec| parse(spec)).collect();
        // Of several values for one key the last holds wherever the key stands.
        let overrides: SortedMap<&str, &str> =
            SortedMap::from_iter(parsed.iter().filter_map(|&(key, value)| Some((key, value?))));
        let wanted = parsed.iter().map(|&(key, _)| {
            let own = || proxy.labels.get(key).map_or("", String::as_str);
            (key, overrides.get(key).copied().unwrap_or_else(own))
        });
        let network_first = failover_priority.first().is_some_and(|spec| spec == NETWORK_LABEL);
        Self {
            wanted: wanted.collect(),
            prefers_network: network_first && proxy.version.prefers_network(),
        }
    }

    fn priority(&self, labels: &Labels) -> Priority {
        let levels = self.wanted.len();
        let (network, position) = self.mismatch(labels);
        let base = if network { levels } else { 0 };
        Priority(position.map_or(base, |position| base + levels - position) as u32)
    }

    /// Whether the network is preferred and another one, and the first other label that differs.
    fn mismatch(&self, labels: &Labels) -> (bool, Option<usize>) {
        let differs =
            |(key, value): &(&str, &str)| labels.get(*key).map_or("", String::as_str) != *value;
        let network = self.prefers_network && self.wanted.first().is_some_and(differs);
        let rest = usize::from(network);
        (network, self.wanted.iter().skip(rest).position(differs).map(|index| index + rest))
    }

    /// One group a priority, most preferred first; endpoints keep their order.
    fn split(&self, group: LocalityLbEndpoints) -> impl Iterator<Item = LocalityLbEndpoints> {
        let mut by_priority: SortedMap<Priority, Vec<LbEndpoint>> = SortedMap::new();
        for endpoint in group.lb_endpoints {
            by_priority.entry(self.priority(&endpoint.labels)).or_default().push(endpoint);
        }
        by_priority.into_iter().map(move |(priority, lb_endpoints)| {
            let weights = lb_endpoints.iter().map(|endpoint| endpoint.load_balancing_weight);
            LocalityLbEndpoints {
                locality: group.locality.clone(),
                priority,
                load_balancing_weight: Some(weights.fold(0, u32::saturating_add)),
                lb_endpoints,
            }
        })
    }
}

/// `key` or `key=value`; with two or more `=` only the key counts.
fn parse(spec: &str) -> (&str, Option<&str>) {
    let mut parts = spec.split('=');
    let key = parts.next().unwrap_or_default();
    match (parts.next(), parts.next()) {
        (Some(value), None) => (key, Some(value)),
        _ => (key, None),
    }
}
