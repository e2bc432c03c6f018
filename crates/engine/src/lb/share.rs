//! Where a worker would send the next request: its effective weights, host by host.
//!
//! **Units**: percent of requests.

use super::host_set::{Host, HostSet};
use super::load_balancer::LoadBalancer;
use super::priority::HostAvailability;
use crate::units::Priority;

/// Splits `share` percent as the load balancer splits requests in the long run, and gives each host's part to
/// `add`, with the host's priority. Zone-aware routing is not looked at.
pub fn split_share(
    balancer: &LoadBalancer,
    locality_weighted: bool,
    share: f64,
    add: &mut impl FnMut(Priority, &Host, f64),
) {
    let load = balancer.priority_load();
    for (index, host_set) in (0..).zip(balancer.host_sets()) {
        let priority = Priority(index);
        let add = &mut |host: &Host, share| add(priority, host, share);
        let loads = [
            (HostAvailability::Healthy, load.healthy.get(index as usize)),
            (HostAvailability::Degraded, load.degraded.get(index as usize)),
        ];
        for (availability, percent) in loads {
            let Some(percent) = percent.filter(|percent| **percent > 0) else { continue };
            let share = share * f64::from(*percent) / 100.0;
            if let Some(weights) = balancer.hashed_weights(priority) {
                let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
                for (position, weight) in weights {
                    if let Some(host) = host_set.host(position) {
                        add(host, share * weight / total);
                    }
                }
            } else if balancer.is_in_panic(priority) {
                split_over(host_set, host_set.all_hosts(), share, add);
            } else {
                split_over_eligible(host_set, availability, locality_weighted, share, add);
            }
        }
    }
}

fn split_over_eligible(
    host_set: &HostSet,
    availability: HostAvailability,
    locality_weighted: bool,
    share: f64,
    add: &mut impl FnMut(&Host, f64),
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
        split_over(host_set, hosts, share, add);
        return;
    }
    for (group, weight) in host_set.localities().iter().zip(weights) {
        let hosts = match availability {
            HostAvailability::Healthy => &group.healthy,
            HostAvailability::Degraded => &group.degraded,
        };
        split_over(host_set, hosts, share * weight / total, add);
    }
}

/// Splits by host weight, which all policies do in the long run.
fn split_over(host_set: &HostSet, positions: &[u32], share: f64, add: &mut impl FnMut(&Host, f64)) {
    let hosts = || positions.iter().filter_map(|position| host_set.host(*position));
    let total: f64 = hosts().map(|host| f64::from(host.weight)).sum();
    for host in hosts() {
        add(host, share * f64::from(host.weight) / total);
    }
}
