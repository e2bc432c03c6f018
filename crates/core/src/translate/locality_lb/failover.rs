//! Failover by region: nearer endpoints get a lower priority. It orders, it never forbids: a
//! region that no entry names comes last, not never.

use super::compact;
use crate::cluster::{ClusterLoadAssignment, LocalityLbEndpoints};
use crate::locality::{Locality, lb_priority};
use crate::manifest::Failover;

/// Levels of [`lb_priority`] plus one for regions the failover list does not prefer.
const LEVELS: u32 = 5;
/// Own region, preferred region, others.
const ZONE_AWARE_LEVELS: u32 = 3;

/// Orders groups by distance: same sub-zone, same zone, same region, the region that `failover`
/// names for the proxy's, all others.
///
/// Only the first entry of the proxy's region counts. Composes with priorities that labels gave
/// before: those stay more significant.
///
/// **Source**: Istio loadbalancer.go `applyLocalityFailover`, 1.31.
pub fn apply_locality_failover(
    assignment: &mut ClusterLoadAssignment,
    proxy: &Locality,
    failover: &[Failover],
) {
    let preferred = preferred_region(proxy, failover);
    for group in &mut assignment.endpoints {
        let place = group.locality.clone().unwrap_or_default();
        let mut base = lb_priority(proxy, &place);
        if base == 3 && preferred.is_some_and(|region| !is_in(group, region)) {
            base = 4;
        }
        group.priority.0 = group.priority.0.saturating_mul(LEVELS).saturating_add(base);
    }
    compact(assignment);
}

/// Orders groups by region only, for `zoneAwareLbSetting` (1.31): zones within the region are
/// Envoy's zone-aware routing.
///
/// **Source**: Istio loadbalancer.go `applyZoneAwareFailover`, 1.31.
pub fn apply_zone_aware_failover(
    assignment: &mut ClusterLoadAssignment,
    proxy: &Locality,
    failover: &[Failover],
) {
    let preferred = preferred_region(proxy, failover);
    for group in &mut assignment.endpoints {
        let bucket = if is_in(group, &proxy.region) {
            0
        } else if preferred.is_some_and(|region| is_in(group, region)) {
            1
        } else {
            2
        };
        group.priority.0 =
            group.priority.0.saturating_mul(ZONE_AWARE_LEVELS).saturating_add(bucket);
    }
    compact(assignment);
}

fn preferred_region<'a>(proxy: &Locality, failover: &'a [Failover]) -> Option<&'a str> {
    failover_entry(proxy, failover).map(|(_, entry)| entry.to.as_str())
}

/// The entry that counts for the proxy's region, with its index.
#[must_use]
pub fn failover_entry<'a>(
    proxy: &Locality,
    failover: &'a [Failover],
) -> Option<(usize, &'a Failover)> {
    failover.iter().enumerate().find(|(_, entry)| entry.from == proxy.region)
}

/// An unknown place is in no region, not even in the empty one.
fn is_in(group: &LocalityLbEndpoints, region: &str) -> bool {
    group.locality.as_ref().is_some_and(|place| place.region == region)
}
