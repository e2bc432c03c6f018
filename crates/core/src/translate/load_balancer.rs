//! How a host is chosen once priority and locality are.
//!
//! **Source**: Istio pilot/pkg/networking/core/cluster_traffic_policy.go `applyLoadBalancer`,
//! `applySimpleDefaultLoadBalancer`, `ApplyRingHashLoadBalancer`, `setWarmup`, 1.31.
//!
//! **Not modelled**: Redis clusters.

use super::LbSetting;
use crate::cluster::{Cluster, DiscoveryType, LbPolicy, SlowStart, ZoneAwareLbConfig};
use crate::manifest::{ConsistentHash, LoadBalancer, SimpleLb};
use crate::units::Percent;

/// istiod's ring when neither ring nor table is configured.
const MINIMUM_RING_SIZE: u64 = 1024;

/// Sets balancer, locality weighting and zone awareness of a cluster.
///
/// `outlier_detection` says whether the cluster ejects hosts, the mesh's default policy included.
pub fn apply_load_balancer(
    cluster: &mut Cluster,
    load_balancer: Option<&LoadBalancer>,
    setting: &LbSetting,
    outlier_detection: bool,
) {
    cluster.locality_weighted = is_locality_weighted(setting, outlier_detection);
    if let LbSetting::ZoneAware(setting) = setting {
        cluster.zone_aware = Some(ZoneAwareLbConfig {
            routing_enabled: (setting.enabled == Some(false)).then_some(Percent::ZERO),
            min_cluster_size: setting.min_cluster_size,
        });
    }
    if cluster.discovery == DiscoveryType::OriginalDst {
        cluster.lb_policy = LbPolicy::ClusterProvided;
        return;
    }
    cluster.lb_policy = lb_policy(load_balancer);
    if cluster.lb_policy == LbPolicy::ClusterProvided {
        cluster.discovery = DiscoveryType::OriginalDst;
        cluster.load_assignment.endpoints.clear();
    }
}

/// `LocalityWeightedLbConfig`: default failover has no locality weighting, lists and shares do.
fn is_locality_weighted(setting: &LbSetting, outlier_detection: bool) -> bool {
    match setting {
        LbSetting::Locality { setting, force } => {
            let ordered = !setting.failover.is_empty() || !setting.failover_priority.is_empty();
            !setting.distribute.is_empty() || (outlier_detection || *force) && ordered
        }
        LbSetting::None | LbSetting::ZoneAware(_) => false,
    }
}

fn lb_policy(load_balancer: Option<&LoadBalancer>) -> LbPolicy {
    let slow_start = || load_balancer.and_then(slow_start);
    if let Some(hash) = load_balancer.and_then(|lb| lb.consistent_hash.as_ref()) {
        return consistent_hash(hash);
    }
    match load_balancer.and_then(|lb| lb.simple) {
        Some(SimpleLb::RoundRobin) => LbPolicy::RoundRobin { slow_start: slow_start() },
        Some(SimpleLb::Random) => LbPolicy::Random,
        Some(SimpleLb::Passthrough) => LbPolicy::ClusterProvided,
        None | Some(SimpleLb::Unspecified | SimpleLb::LeastConn | SimpleLb::LeastRequest) => {
            LbPolicy::LeastRequest { choice_count: None, slow_start: slow_start() }
        }
    }
}

fn consistent_hash(hash: &ConsistentHash) -> LbPolicy {
    match (&hash.ring_hash, &hash.maglev) {
        (Some(ring), _) => LbPolicy::RingHash {
            minimum_ring_size: ring.minimum_ring_size.unwrap_or(MINIMUM_RING_SIZE),
        },
        (None, Some(maglev)) => LbPolicy::Maglev { table_size: maglev.table_size },
        (None, None) => LbPolicy::RingHash {
            minimum_ring_size: hash
                .minimum_ring_size
                .filter(|&size| size > 0)
                .unwrap_or(MINIMUM_RING_SIZE),
        },
    }
}

fn slow_start(load_balancer: &LoadBalancer) -> Option<SlowStart> {
    let Some(warmup) = &load_balancer.warmup else {
        let window = load_balancer.warmup_duration_secs?.0;
        return Some(SlowStart { window, aggression: None, min_weight_percent: None });
    };
    let percent = |value: f64| Percent::clamped(value.max(0.0) as u32);
    Some(SlowStart {
        window: warmup.duration?.0,
        aggression: warmup.aggression,
        min_weight_percent: warmup.minimum_percent.map(percent),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{GoDuration, Maglev, Warmup};
    use std::time::Duration;

    fn check(load_balancer: LoadBalancer, expect: LbPolicy) {
        assert_eq!(lb_policy(Some(&load_balancer)), expect, "{load_balancer:?}");
    }

    #[test]
    fn least_request_is_the_default() {
        let expect = LbPolicy::LeastRequest { choice_count: None, slow_start: None };
        assert_eq!(lb_policy(None), expect);
        for simple in [SimpleLb::Unspecified, SimpleLb::LeastConn, SimpleLb::LeastRequest] {
            let lb = LoadBalancer { simple: Some(simple), ..LoadBalancer::default() };
            check(lb, expect.clone());
        }
    }

    #[test]
    fn a_hash_without_ring_or_table_is_a_ring_of_1024() {
        let of = |hash| LoadBalancer { consistent_hash: Some(hash), ..LoadBalancer::default() };
        check(of(ConsistentHash::default()), LbPolicy::RingHash { minimum_ring_size: 1024 });
        let old = ConsistentHash { minimum_ring_size: Some(64), ..ConsistentHash::default() };
        check(of(old), LbPolicy::RingHash { minimum_ring_size: 64 });
        let maglev = ConsistentHash {
            maglev: Some(Maglev { table_size: Some(7) }),
            ..ConsistentHash::default()
        };
        check(of(maglev), LbPolicy::Maglev { table_size: Some(7) });
    }

    #[test]
    fn warmup_is_for_balancers_with_weights() {
        let window = Duration::from_secs(30);
        let warmup = Some(Warmup {
            duration: Some(GoDuration(window)),
            minimum_percent: Some(20.0),
            aggression: None,
        });
        let of = |simple| LoadBalancer {
            simple: Some(simple),
            warmup: warmup.clone(),
            ..LoadBalancer::default()
        };
        let slow_start =
            SlowStart { window, aggression: None, min_weight_percent: Percent::new(20) };
        let expect = LbPolicy::RoundRobin { slow_start: Some(slow_start) };
        check(of(SimpleLb::RoundRobin), expect);
        check(of(SimpleLb::Random), LbPolicy::Random);
    }
}
