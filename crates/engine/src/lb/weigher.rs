//! What a host weighs when the policy picks, and whether weights matter at all.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/{round_robin,least_request}
//! `hostWeight`; common/load_balancer_impl.cc `EdfLoadBalancerBase::refresh`, v1.40.

use super::config::HostPolicy;
use super::host_set::{CoarseHealth, HostSet};
use super::least_request;
use super::load_balancer::Moment;
use super::slow_start::SlowStartRamp;
use crate::host::HostId;
use crate::time::MonotonicTime;

/// `hostWeight` of the policy at one moment.
pub(super) struct Weigher {
    pub(super) by_requests: bool,
    /// `None` once no host can be in slow start.
    pub(super) ramp: Option<SlowStartRamp>,
}

impl Weigher {
    /// How hosts weigh at `now`, when one came last at `since`.
    pub(super) fn new(policy: &HostPolicy, since: MonotonicTime, now: MonotonicTime) -> Self {
        Self {
            by_requests: matches!(policy, HostPolicy::LeastRequest { .. }),
            ramp: policy.slow_start().filter(|ramp| ramp.contains(since, now)).copied(),
        }
    }

    pub(super) fn needs_edf(&self, host_set: &HostSet, hosts: &[u32]) -> bool {
        let mut weights =
            hosts.iter().filter_map(|host| host_set.host(*host)).map(|host| host.weight);
        let first = weights.next();
        hosts.len() > 1 && (self.ramp.is_some() || weights.any(|weight| Some(weight) != first))
    }

    pub(super) fn weight(
        &self,
        host_set: &HostSet,
        position: u32,
        moment: &Moment<'_, impl Fn(HostId) -> u32>,
    ) -> f64 {
        // INVARIANT: positions come from this host set.
        let Some(host) = host_set.host(position) else { return 1.0 };
        let weight = if self.by_requests {
            least_request::host_weight(host.weight, (moment.active_requests)(host.id))
        } else {
            f64::from(host.weight)
        };
        let since = host.last_hc_pass_time;
        match (&self.ramp, since) {
            (Some(ramp), Some(since)) if host.flags.coarse_health() == CoarseHealth::Healthy => {
                weight * ramp.factor(since, moment.now)
            }
            _ => weight,
        }
    }
}
