//! Where a worker would send the next request: its effective weights, summed up by region.
//!
//! **Units**: percent of requests.

use super::pods::RegionId;
use crate::host::HostId;
use crate::lb::host_set::HostSet;
use crate::lb::load_balancer::LoadBalancer;
use crate::lb::priority::HostAvailability;
use crate::units::Priority;

/// Adds `share` percent, split as the load balancer splits requests, to the regions in `sums`.
pub(super) fn add_shares(
    balancer: &LoadBalancer,
    locality_weighted: bool,
    share: f64,
    region: &impl Fn(HostId) -> RegionId,
    sums: &mut Vec<f64>,
) {
    let load = balancer.priority_load();
    for (index, host_set) in (0..).zip(balancer.host_sets()) {
        let priority = Priority(index);
        let loads = [
            (HostAvailability::Healthy, load.healthy.get(index as usize)),
            (HostAvailability::Degraded, load.degraded.get(index as usize)),
        ];
        for (availability, percent) in loads {
            let Some(percent) = percent.filter(|percent| **percent > 0) else { continue };
            let share = share * f64::from(*percent) / 100.0;
            if balancer.is_in_panic(priority) {
                add_hosts(host_set, host_set.all_hosts(), share, region, sums);
            } else {
                add_eligible(host_set, availability, locality_weighted, share, region, sums);
            }
        }
    }
}

fn add_eligible(
    host_set: &HostSet,
    availability: HostAvailability,
    locality_weighted: bool,
    share: f64,
    region: &impl Fn(HostId) -> RegionId,
    sums: &mut Vec<f64>,
) {
    let factor = host_set.overprovisioning_factor();
    let weights: Vec<f64> = host_set
        .locality_counts()
        .map(|counts| counts.effective_weight(availability, factor))
        .collect();
    let total: f64 = weights.iter().sum();
    if !locality_weighted || total <= 0.0 {
        let hosts = match availability {
            HostAvailability::Healthy => host_set.healthy_hosts(),
            HostAvailability::Degraded => host_set.degraded_hosts(),
        };
        add_hosts(host_set, hosts, share, region, sums);
        return;
    }
    for (group, weight) in host_set.localities().iter().zip(weights) {
        let hosts = match availability {
            HostAvailability::Healthy => &group.healthy,
            HostAvailability::Degraded => &group.degraded,
        };
        add_hosts(host_set, hosts, share * weight / total, region, sums);
    }
}

/// Splits by host weight, which all policies do in the long run.
fn add_hosts(
    host_set: &HostSet,
    positions: &[u32],
    share: f64,
    region: &impl Fn(HostId) -> RegionId,
    sums: &mut Vec<f64>,
) {
    let hosts = || positions.iter().filter_map(|position| host_set.host(*position));
    let total: f64 = hosts().map(|host| f64::from(host.weight)).sum();
    for host in hosts() {
        let index = region(host.id).0 as usize;
        if index >= sums.len() {
            sums.resize(index + 1, 0.0);
        }
        if let Some(sum) = sums.get_mut(index) {
            *sum += share * f64::from(host.weight) / total;
        }
    }
}
