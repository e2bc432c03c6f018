//! Laws that Envoy's balancing and ejection keep for every input.

use std::sync::Arc;
use std::time::Duration;

use mesh_failover_core::cluster::{Address, OutlierDetection};
use mesh_failover_core::host::HostId;
use mesh_failover_core::lb::config::{HostPolicy, LbConfig, LocalityLbConfig};
use mesh_failover_core::lb::edf::EdfScheduler;
use mesh_failover_core::lb::host_set::{CoarseHealth, HealthFlags, Host, HostSet};
use mesh_failover_core::lb::load_balancer::{LoadBalancer, Moment};
use mesh_failover_core::lb::priority::{HostAvailability, HostCounts, PriorityState};
use mesh_failover_core::locality::Locality;
use mesh_failover_core::outlier::{Detector, DetectorConfig};
use mesh_failover_core::sorted::SortedMap;
use mesh_failover_core::time::MonotonicTime;
use mesh_failover_core::units::{OverprovisioningFactor, Percent, Priority};
use proptest::prelude::*;

/// A reproducible source: SplitMix64.
fn random(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn counts() -> impl Strategy<Value = HostCounts> {
    (0..20_u32, 0..20_u32, 0..20_u32, 0..20_u32).prop_map(
        |(healthy, degraded, failed, excluded)| {
            let excluded = excluded.min(failed);
            let total = healthy + degraded + failed;
            HostCounts { total, healthy, degraded, excluded, ..HostCounts::default() }
        },
    )
}

fn hosts() -> impl Strategy<Value = Vec<Host>> {
    let flags = prop_oneof![
        4 => Just(HealthFlags::default()),
        1 => Just(HealthFlags::FAILED_OUTLIER_CHECK),
        1 => Just(HealthFlags::DEGRADED_EDS_HEALTH),
        1 => Just(HealthFlags::EDS_STATUS_DRAINING),
    ];
    prop::collection::vec((flags, 0..3_u8, 1..4_u32), 0..12).prop_map(|hosts| {
        let host = |(id, (flags, locality, weight)): (u32, (HealthFlags, u8, u32))| Host {
            id: HostId(id),
            address: Address { host: "10.0.0.1".to_owned(), port: id as u16 },
            locality: Locality::parse(&format!("region-{locality}")),
            weight,
            flags,
            last_hc_pass_time: None,
        };
        (0..).zip(hosts).map(host).collect()
    })
}

fn weights() -> SortedMap<Locality, u32> {
    let weight = |(region, weight): (&str, u32)| (Locality::parse(region), weight);
    [("region-0", 80), ("region-1", 15), ("region-2", 5)].into_iter().map(weight).collect()
}

fn host_set(hosts: Vec<Host>) -> HostSet {
    HostSet::new(hosts, &weights(), None, OverprovisioningFactor::DEFAULT)
}

#[derive(Debug, Clone)]
enum Step {
    Respond(u32, u16),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..8_u32, prop_oneof![Just(200_u16), Just(500), Just(503)])
            .prop_map(|(host, code)| Step::Respond(host, code)),
        1 => (0..4_000_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..400)
}

fn written(max_ejection_percent: u32) -> OutlierDetection {
    OutlierDetection {
        consecutive_5xx: Some(2),
        interval: Some(Duration::from_secs(1)),
        base_ejection_time: Some(Duration::from_secs(2)),
        max_ejection_time_jitter: Some(Duration::from_millis(700)),
        max_ejection_percent: Some(max_ejection_percent),
        enforcing_consecutive_5xx: Some(70),
        success_rate_request_volume: Some(3),
        success_rate_minimum_hosts: Some(3),
        ..Default::default()
    }
}

fn detector(max_ejection_percent: u32) -> Detector {
    let config = DetectorConfig::try_from(&written(max_ejection_percent)).expect("valid");
    let mut detector = Detector::new(config, MonotonicTime::ZERO);
    (0..8).for_each(|host| detector.add_host(HostId(host)));
    detector
}

fn flagged(detector: &Detector) -> u64 {
    detector.monitors().map(|(_, monitor)| u64::from(monitor.is_ejected())).sum()
}

proptest! {
    #[test]
    fn loads_sum_to_100(counts in prop::collection::vec(counts(), 1..6), threshold in 1..=100_u32) {
        let mut state = PriorityState::default();
        state.recalculate(&counts, Percent::clamped(threshold));
        let load = state.load();
        prop_assert_eq!(load.healthy.iter().chain(&load.degraded).sum::<u32>(), 100);
    }

    #[test]
    fn edf_shares_are_within_one_pick_per_entry(
        weights in prop::collection::vec(1..100_u32, 1..20),
        picks in 0..500_u32,
    ) {
        let mut scheduler = EdfScheduler::new();
        for (index, weight) in weights.iter().enumerate() {
            scheduler.add(f64::from(*weight), index);
        }
        let mut counts = vec![0_u32; weights.len()];
        for _ in 0..picks {
            let index = scheduler.pick_and_add(|index| f64::from(weights[*index]));
            counts[index.expect("never empty")] += 1;
        }
        let sum = f64::from(weights.iter().sum::<u32>());
        for (count, weight) in counts.iter().zip(&weights) {
            let share = f64::from(picks) * f64::from(*weight) / sum;
            let ahead = weights.len() as f64 * f64::from(*weight) / sum;
            let error = f64::from(*count) - share;
            prop_assert!(-1.0 - 1e-9 < error && error < ahead + 1e-9, "{error} of {share}");
        }
    }

    #[test]
    fn permuting_hosts_changes_no_weight(hosts in hosts(), seed: u64) {
        let mut shuffled = hosts.clone();
        let mut random = random(seed);
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, (random() % (last as u64 + 1)) as usize);
        }
        let (one, other) = (host_set(hosts), host_set(shuffled));
        prop_assert_eq!(one.counts(), other.counts());
        let bits = |host_set: &HostSet, availability| -> Vec<u64> {
            let factor = host_set.overprovisioning_factor();
            let weight = |counts: mesh_failover_core::lb::locality_wrr::LocalityCounts| {
                counts.effective_weight(availability, factor).to_bits()
            };
            host_set.locality_counts().map(weight).collect()
        };
        for availability in [HostAvailability::Healthy, HostAvailability::Degraded] {
            prop_assert_eq!(bits(&one, availability), bits(&other, availability));
        }
    }

    #[test]
    fn no_pick_of_an_unusable_host_without_panic(
        priorities in prop::collection::vec(hosts(), 1..4),
        policy in 0..3_u8,
        weighted: bool,
        seed: u64,
    ) {
        let policy = match policy {
            0 => HostPolicy::RoundRobin { slow_start: None },
            1 => HostPolicy::LeastRequest { choice_count: 2, slow_start: None },
            _ => HostPolicy::Random,
        };
        let locality =
            if weighted { LocalityLbConfig::LocalityWeighted } else { LocalityLbConfig::None };
        let config = LbConfig { policy, locality, healthy_panic_threshold: Percent::clamped(50) };
        let host_sets: Vec<Arc<HostSet>> =
            priorities.into_iter().map(|hosts| Arc::new(host_set(hosts))).collect();
        let mut random = random(seed);
        let moment = Moment { now: MonotonicTime::ZERO, active_requests: &|host: HostId| host.0 % 3 };
        let mut balancer = LoadBalancer::new(config, &host_sets, None, &moment, &mut random);
        let usable = host_sets.iter().any(|set| !set.healthy_hosts().is_empty());
        for _ in 0..50 {
            let pick = balancer.choose_host(&moment, None, &mut random);
            prop_assert!(pick.is_some() || !usable, "a healthy host was not found");
            let Some(pick) = pick else { continue };
            let host_set = &host_sets[pick.priority.0 as usize];
            let host = host_set.hosts().iter().find(|host| host.id == pick.host);
            let health = host.expect("a host of the priority").flags.coarse_health();
            prop_assert!(pick.panic || health != CoarseHealth::Unhealthy);
            prop_assert_eq!(pick.panic, balancer.is_in_panic(Priority(pick.priority.0)));
        }
    }

    #[test]
    fn ejected_hosts_stay_within_the_cap(steps in steps(), percent in 0..=100_u32, seed: u64) {
        let mut detector = detector(percent);
        let mut random = random(seed);
        let mut now = MonotonicTime::ZERO;
        for step in steps {
            match step {
                Step::Respond(host, code) => {
                    detector.put_http_response_code(HostId(host), code, now, &mut random);
                }
                Step::Wait(millis) => {
                    now = now + Duration::from_millis(millis);
                    detector.on_interval_timer(now, &mut random);
                }
            }
            prop_assert_eq!(detector.stats().ejections_active, flagged(&detector));
            prop_assert!(flagged(&detector) * 100 <= u64::from(percent) * 8);
        }
    }

    #[test]
    fn looking_at_the_clock_more_often_changes_nothing(steps in steps(), seed: u64) {
        let (mut eager, mut punctual) = (detector(60), detector(60));
        let (mut eager_random, mut punctual_random) = (random(seed), random(seed));
        let mut now = MonotonicTime::ZERO;
        for step in steps {
            match step {
                Step::Respond(host, code) => {
                    eager.put_http_response_code(HostId(host), code, now, &mut eager_random);
                    punctual.put_http_response_code(HostId(host), code, now, &mut punctual_random);
                }
                Step::Wait(millis) => {
                    let end = now + Duration::from_millis(millis);
                    while now < end {
                        now = (now + Duration::from_millis(100)).min(end);
                        let due = punctual.poll_timeout();
                        if due <= now {
                            punctual.on_interval_timer(due, &mut punctual_random);
                            eager.on_interval_timer(due, &mut eager_random);
                        }
                        eager.on_interval_timer(now, &mut eager_random);
                        eager.on_interval_timer(now, &mut eager_random);
                    }
                }
            }
        }
        punctual.on_interval_timer(now, &mut punctual_random);
        prop_assert_eq!(eager, punctual);
    }
}
