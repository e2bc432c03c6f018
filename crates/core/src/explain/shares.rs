//! Shares of the localities, asked from a load balancer.

use super::LocalityShare;
use crate::cluster::{Cluster, ClusterLoadAssignment, HealthStatus, LbPolicy, LocalityLbEndpoints};
use crate::host::HostId;
use crate::lb::config::LbConfig;
use crate::lb::load_balancer::{LoadBalancer, Moment};
use crate::lb::priority_set::PrioritySet;
use crate::lb::share::split_share;
use crate::locality::Locality;
use crate::time::MonotonicTime;
use crate::units::Percent;

/// A cluster that can be asked what becomes of the traffic when endpoints fail.
pub(super) struct Model<'a> {
    assignment: &'a ClusterLoadAssignment,
    config: LbConfig,
    locality_weighted: bool,
    local: &'a Locality,
}

impl<'a> Model<'a> {
    /// `local` is where the gateway is.
    ///
    /// Consistent hashing splits requests over localities as the others do in the long run, so it is asked as a random policy.
    pub(super) fn new(cluster: &'a Cluster, local: &'a Locality) -> Self {
        let balanced = |lb_policy| Cluster { lb_policy, ..cluster.clone() };
        let config = LbConfig::try_from(cluster)
            .or_else(|_| LbConfig::try_from(&balanced(LbPolicy::Random)))
            .unwrap_or(LbConfig {
                policy: crate::lb::config::HostPolicy::Random,
                locality: crate::lb::config::LocalityLbConfig::None,
                healthy_panic_threshold: Percent::ZERO,
            });
        Self {
            assignment: &cluster.load_assignment,
            config,
            locality_weighted: cluster.locality_weighted,
            local,
        }
    }

    /// The share of every group of endpoints while the first `down` healthy ones of group `of` have failed.
    pub(super) fn shares(&self, of: usize, down: u32) -> Vec<f64> {
        let balancer = self.balancer(&self.with_down(of, down));
        let groups = self.assignment.endpoints.iter().enumerate();
        let group_of: Vec<usize> = groups
            .flat_map(|(index, group)| group.lb_endpoints.iter().map(move |_| index))
            .collect();
        let mut shares = vec![0.0; self.assignment.endpoints.len()];
        split_share(&balancer, self.locality_weighted, 100.0, &mut |_, host, part| {
            let group = group_of.get(host.id.0 as usize).and_then(|group| shares.get_mut(*group));
            if let Some(share) = group {
                *share += part;
            }
        });
        shares
    }

    /// Whether the priority of group `of` panics then.
    pub(super) fn panics(&self, of: usize, down: u32) -> bool {
        let group = self.assignment.endpoints.get(of);
        group.is_some_and(|group| {
            self.balancer(&self.with_down(of, down)).is_in_panic(group.priority)
        })
    }

    /// A worker that knows the endpoints as discovery tells them.
    pub(super) fn now(&self) -> LoadBalancer {
        self.balancer(self.assignment)
    }

    /// The endpoints by their hosts' ids, each with its group.
    pub(super) fn endpoints(&self) -> Vec<(&LocalityLbEndpoints, &str)> {
        let groups = self.assignment.endpoints.iter();
        groups
            .flat_map(|group| group.lb_endpoints.iter().map(move |it| (group, it.name.as_str())))
            .collect()
    }

    /// Whether the groups of a priority share by weight; otherwise each of its endpoints counts alike.
    pub(super) const fn is_weighted(&self) -> bool {
        self.locality_weighted
    }

    /// Below this share of usable hosts a priority panics.
    pub(super) const fn panic_threshold(&self) -> Percent {
        self.config.healthy_panic_threshold
    }

    /// Groups that have a part in the traffic, with their shares.
    pub(super) fn named(&self, shares: &[f64]) -> Vec<LocalityShare> {
        let groups = self.assignment.endpoints.iter().zip(shares);
        let used = groups.filter(|(_, share)| **share > 0.0);
        used.map(|(group, share)| LocalityShare {
            locality: name(group),
            priority: group.priority.0,
            share: *share,
        })
        .collect()
    }

    fn balancer(&self, assignment: &ClusterLoadAssignment) -> LoadBalancer {
        let mut next = 0;
        let hosts = PrioritySet::from_assignment(assignment, Some(self.local), |_, _| {
            next += 1;
            HostId(next - 1)
        });
        let moment = Moment { now: MonotonicTime::ZERO, active_requests: &|_| 0 };
        LoadBalancer::new(self.config.clone(), hosts.host_sets(), None, &moment, &mut || 0)
    }

    fn with_down(&self, of: usize, down: u32) -> ClusterLoadAssignment {
        let mut assignment = self.assignment.clone();
        let group = assignment.endpoints.get_mut(of);
        let endpoints = group.into_iter().flat_map(|group| &mut group.lb_endpoints);
        let healthy = endpoints.filter(|it| it.health_status == HealthStatus::Healthy);
        for endpoint in healthy.take(usize::try_from(down).unwrap_or(usize::MAX)) {
            endpoint.health_status = HealthStatus::Unhealthy;
        }
        assignment
    }
}

/// A group's locality as it is shown.
pub(super) fn name(group: &LocalityLbEndpoints) -> String {
    group.locality.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// How many endpoints of a group discovery calls healthy.
pub(super) fn healthy(group: &LocalityLbEndpoints) -> u32 {
    let endpoints = group.lb_endpoints.iter();
    let healthy = endpoints.filter(|it| it.health_status == HealthStatus::Healthy).count();
    u32::try_from(healthy).unwrap_or(u32::MAX)
}
