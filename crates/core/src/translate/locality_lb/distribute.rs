//! `distribute`: fixed shares by locality. What no key names gets nothing, not even as failover.

use crate::cluster::ClusterLoadAssignment;
use crate::locality::Locality;
use crate::manifest::Distribute;

/// Gives each locality group its share of the first entry whose `from` fits the proxy.
///
/// A key's percentage is split over the groups it covers by their weight (the sum of their
/// endpoints'), each part rounded up, so weights may add up to more than 100: they are ratios. A
/// group that no key covers loses its endpoints. Priorities stay as they are.
///
/// Keys that overlap: istiod walks a Go map and so chooses at random which key claims a group. Here
/// the most specific key does, equals by name; [`overlapping_keys`] finds them.
///
/// **Source**: Istio loadbalancer.go `applyLocalityWeights`, 1.31, including its 32-bit product that wraps.
pub fn apply_locality_weights(
    assignment: &mut ClusterLoadAssignment,
    proxy: &Locality,
    distribute: &[Distribute],
) {
    let Some((_, entry)) = distribute_entry(proxy, distribute) else { return };
    let mut unclaimed: Vec<_> = assignment.endpoints.iter_mut().collect();
    for (_, rule, percent) in by_specificity(entry) {
        let (mut claimed, rest): (Vec<_>, Vec<_>) = unclaimed
            .into_iter()
            .partition(|group| group.locality.clone().unwrap_or_default().matches(&rule));
        unclaimed = rest;
        let original = |weight: Option<u32>| weight.unwrap_or(1);
        let total = claimed
            .iter()
            .fold(0_u32, |sum, group| sum.wrapping_add(original(group.load_balancing_weight)));
        for group in &mut claimed {
            let product = original(group.load_balancing_weight).wrapping_mul(percent);
            let weight = (f64::from(product) / f64::from(total)).ceil();
            if weight > 0.0 {
                // Weights far below 2^32: a product of 32 bits, divided by at least 1.
                group.load_balancing_weight = Some(weight as u32);
            }
        }
    }
    for group in unclaimed {
        group.lb_endpoints.clear();
    }
}

/// Pairs of `to` keys of an entry that can claim the same locality.
///
/// ```
/// use mesh_failover_core::manifest::Distribute;
/// use mesh_failover_core::translate::overlapping_keys;
///
/// let to = [("a/*".to_owned(), 50), ("a/b".to_owned(), 30), ("c".to_owned(), 20)].into();
/// let entry = Distribute { from: "a".to_owned(), to };
/// assert_eq!(overlapping_keys(&entry), [("a/*", "a/b")]);
/// ```
#[must_use]
pub fn overlapping_keys(entry: &Distribute) -> Vec<(&str, &str)> {
    let keys: Vec<&str> = entry.to.keys().map(String::as_str).collect();
    let mut pairs = Vec::new();
    for (index, one) in keys.iter().enumerate() {
        for other in keys.iter().skip(index + 1) {
            if overlap(&Locality::parse(one), &Locality::parse(other)) {
                pairs.push((*one, *other));
            }
        }
    }
    pairs
}

fn overlap(one: &Locality, other: &Locality) -> bool {
    let region = one.region == other.region || one.region == "*" || other.region == "*";
    let any = |part: &str| part.is_empty() || part == "*";
    let part = |one: &str, other: &str| one == other || any(one) || any(other);
    region && part(&one.zone, &other.zone) && part(&one.sub_zone, &other.sub_zone)
}

/// The first entry whose `from` fits the proxy, with its index.
#[must_use]
pub fn distribute_entry<'a>(
    proxy: &Locality,
    distribute: &'a [Distribute],
) -> Option<(usize, &'a Distribute)> {
    distribute.iter().enumerate().find(|(_, entry)| proxy.matches(&Locality::parse(&entry.from)))
}

/// The key of an entry's `to` that claims a locality, and its percentage.
#[must_use]
pub fn claiming_key<'a>(entry: &'a Distribute, locality: &Locality) -> Option<(&'a str, u32)> {
    let rules = by_specificity(entry).into_iter();
    let mut claiming = rules.filter(|(_, rule, _)| locality.matches(rule));
    claiming.next().map(|(key, _, percent)| (key, percent))
}

fn by_specificity(entry: &Distribute) -> Vec<(&str, Locality, u32)> {
    let rules =
        entry.to.iter().map(|(key, &percent)| (key.as_str(), Locality::parse(key), percent));
    let mut rules: Vec<_> = rules.collect();
    let named = |part: &str| !part.is_empty() && part != "*";
    // A stable sort: equally specific keys keep the map's order.
    mesh_failover_sorted::sort_by_key(&mut rules, |(_, rule, _)| {
        std::cmp::Reverse([&rule.region, &rule.zone, &rule.sub_zone].map(|part| named(part)))
    });
    rules
}
