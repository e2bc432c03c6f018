//! Locality load balancing: where the proxy is decides which endpoints come first and how much
//! each place gets.
//!
//! Everything istiod says to Envoy about regions is in the result: priorities (failover) and
//! weights of locality groups (`distribute`). Envoy does the rest.
//!
//! **Source**: Istio pilot/pkg/networking/core/loadbalancer/loadbalancer.go
//! `ApplyLocalityLoadBalancer`, 1.31.
//!
//! **Worked example**: a proxy in `europe-west1` and `failover: [{from: europe-west1, to: us-central1}]`. Endpoints of
//! its region get priority 0, those of `us-central1` 1, all others 2.

mod distribute;
mod failover;
mod failover_priority;

pub use distribute::{apply_locality_weights, claiming_key, distribute_entry, overlapping_keys};
pub use failover::{apply_locality_failover, apply_zone_aware_failover, failover_entry};
pub use failover_priority::{apply_failover_priorities, deciding_label};
use mesh_failover_sorted::SortedMap;

use super::{LbSetting, Proxy};
use crate::cluster::ClusterLoadAssignment;
use crate::units::Priority;

/// Applies a locality setting to a cluster's endpoints.
///
/// `failover` says whether the effective policy has outlier detection; without it, `failover`,
/// `failoverPriority` and the default failover do nothing, while `distribute` and zone-aware settings work.
pub fn apply_locality_load_balancer(
    assignment: &mut ClusterLoadAssignment,
    proxy: &Proxy,
    setting: &LbSetting,
    failover: bool,
) {
    match setting {
        LbSetting::None => {}
        LbSetting::ZoneAware(setting) if setting.enabled == Some(false) => {}
        LbSetting::ZoneAware(setting) => {
            if !setting.failover_priority.is_empty() {
                apply_failover_priorities(assignment, proxy, &setting.failover_priority);
            }
            apply_zone_aware_failover(assignment, &proxy.locality, &setting.failover);
        }
        LbSetting::Locality { setting, force } => {
            if !setting.distribute.is_empty() {
                apply_locality_weights(assignment, &proxy.locality, &setting.distribute);
            } else if failover || *force {
                if setting.failover_priority.is_empty() {
                    apply_locality_failover(assignment, &proxy.locality, &setting.failover);
                } else {
                    apply_failover_priorities(assignment, proxy, &setting.failover_priority);
                    if !setting.failover.is_empty() {
                        apply_locality_failover(assignment, &proxy.locality, &setting.failover);
                    }
                }
            }
        }
    }
}

/// Renumbers priorities 0, 1, 2, …: Envoy refuses gaps.
fn compact(assignment: &mut ClusterLoadAssignment) {
    let used: SortedMap<Priority, ()> =
        SortedMap::from_iter(assignment.endpoints.iter().map(|group| (group.priority, ())));
    let renumbered: SortedMap<Priority, Priority> =
        SortedMap::from_iter(used.into_keys().zip((0..).map(Priority)));
    for group in &mut assignment.endpoints {
        if let Some(&priority) = renumbered.get(&group.priority) {
            group.priority = priority;
        }
    }
}
