//! What happens when, as a table: one router, one region that suffers, and what is seen of it.

use super::{CLUSTER, at, config, exchange, router};
use crate::router::{Action, Check, Choice, Failure, Reason, RegionState, Router};

/// A step of a time line.
enum Step {
    /// This many requests to region `a` end so.
    Fail(u32, Failure),
    /// A request to region `a` ends well.
    Succeed,
    /// A tick; `Some` is what the check it must ask for finds, `None`: it must ask for none.
    Tick(Option<Check>),
    /// What is said of region `a`.
    Is(RegionState),
}
use Step::{Fail, Is, Succeed, Tick};

const EJECTED: RegionState = RegionState::Ejected(Reason::Consecutive5xx);
const ERROR: Failure = Failure::Response(500);

/// Region `a` of a router whose regions have all been looked at.
fn verified() -> (Router, Choice, Option<Vec<u8>>) {
    let mut router = router(&[("a", 50), ("b", 50)], 1);
    let mut shared = None;
    exchange(&mut router, &mut shared, at(0));
    router.on_tick(at(0));
    let mut choices = Vec::new();
    while let Some(Action::CheckUsable(choice)) = router.poll_action() {
        router.on_check(choice, Check::Usable, at(0));
        choices.push(choice);
    }
    assert_eq!(choices.len(), 2, "each region is looked at once");
    (router, choices[0], shared)
}

fn check(steps: &[(u64, Step)]) {
    let (mut router, a, mut shared) = verified();
    for (millis, step) in steps {
        let now = at(*millis);
        match step {
            Fail(times, failure) => {
                for _ in 0..*times {
                    router.on_failure(a, *failure, now);
                }
            }
            Succeed => router.on_success(a, 200),
            Tick(expected) => {
                exchange(&mut router, &mut shared, now);
                router.on_tick(now);
                let asked = router.poll_action();
                assert_eq!(asked.is_some(), expected.is_some(), "a check at {millis} ms");
                if let (Some(Action::CheckUsable(choice)), Some(found)) = (asked, expected) {
                    assert_eq!(choice, a);
                    router.on_check(choice, *found, now);
                }
            }
            Is(state) => {
                let record = router.records().values().next().expect("region a sorts first");
                assert_eq!(record.state, *state, "at {millis} ms");
            }
        }
    }
}

#[test]
fn errors_eject_until_the_time_is_over_and_a_host_is_there() {
    check(&[
        (0, Fail(1, ERROR)),
        (0, Is(RegionState::Usable)),
        (0, Fail(1, ERROR)),
        (0, Is(EJECTED)),
        (999, Tick(None)),
        (1000, Tick(Some(Check::Usable))),
        (1000, Is(RegionState::Usable)),
    ]);
}

#[test]
fn a_success_between_errors_ends_the_run() {
    check(&[(0, Fail(1, ERROR)), (0, Succeed), (0, Fail(1, ERROR)), (0, Is(RegionState::Usable))]);
}

#[test]
fn each_ejection_soon_after_another_lasts_longer_and_the_back_off_decays() {
    check(&[
        (0, Fail(2, ERROR)),
        (1000, Tick(Some(Check::Usable))),
        (1000, Fail(2, ERROR)),
        (2900, Tick(None)),
        (3000, Tick(Some(Check::Usable))),
        // Two intervals in use take both steps off.
        (5000, Fail(2, ERROR)),
        (6000, Tick(Some(Check::Usable))),
    ]);
}

#[test]
fn no_usable_host_is_at_once_both_ways() {
    check(&[
        (0, Fail(1, Failure::NoUsableHost)),
        (0, Is(RegionState::NoUsableHost)),
        (100, Tick(Some(Check::NoUsableHost))),
        (200, Tick(Some(Check::NoUsableHost))),
        (300, Tick(Some(Check::Usable))),
        (300, Is(RegionState::Usable)),
        (400, Tick(None)),
    ]);
}

#[test]
fn an_ejected_region_that_is_found_empty_returns_when_it_is_not() {
    check(&[
        (0, Fail(2, ERROR)),
        (1000, Tick(Some(Check::NoUsableHost))),
        (1000, Is(RegionState::NoUsableHost)),
        (1100, Tick(Some(Check::Usable))),
        (1100, Is(RegionState::Usable)),
    ]);
}

#[test]
fn connection_failures_and_timeouts_count_as_errors() {
    check(&[(0, Fail(1, Failure::Connection)), (0, Fail(1, Failure::Timeout)), (0, Is(EJECTED))]);
}

#[test]
fn a_missing_cluster_leaves_the_whole_destination_alone_and_is_looked_for_each_second() {
    check(&[
        (0, Fail(1, Failure::NoCluster)),
        (0, Is(RegionState::NoCluster)),
        (999, Tick(None)),
        (1000, Tick(Some(Check::NoCluster))),
        (1999, Tick(None)),
        (2000, Tick(Some(Check::Usable))),
        (2000, Is(RegionState::Usable)),
    ]);
    let (mut router, a, _) = verified();
    router.on_failure(a, Failure::NoCluster, at(1));
    assert_eq!(router.choose(CLUSTER), None);
}

#[test]
fn when_all_regions_are_out_istio_decides() {
    let (mut router, _, _) = verified();
    for _ in 0..2 {
        let (choice, _) = router.choose(CLUSTER).expect("one is left");
        router.on_failure(choice, Failure::NoUsableHost, at(1));
    }
    assert_eq!(router.choose(CLUSTER), None);
}

#[test]
fn the_cap_keeps_a_region_in() {
    let json = r#"{"destinations": [{"host": "hello.default.svc.cluster.local", "port": 80, "trafficPolicy": {
        "outlierDetection": {"consecutive5xxErrors": 1, "maxEjectionPercent": 50},
        "loadBalancer": {"localityLbSetting": {"distribute": [{"from": "*", "to": {"a": 50, "b": 50}}]}}}}]}"#;
    let written = crate::router::PluginConfig::from_json(json).expect("well-formed");
    let config = written.compile(&crate::locality::Locality::parse("x")).expect("valid").0;
    let mut router = Router::new(config, 3, at(0));
    let (first, _) = router.choose(CLUSTER).expect("healthy");
    router.on_failure(first, ERROR, at(0));
    for _ in 0..10 {
        let (second, _) = router.choose(CLUSTER).expect("the cap");
        assert_ne!(second, first);
        router.on_failure(second, ERROR, at(0));
    }
}

#[test]
fn another_worker_ejects_by_exchange_and_only_one_of_them_checks() {
    let (mut one, a, mut shared) = verified();
    let mut two = router(&[("a", 50), ("b", 50)], 2);
    exchange(&mut two, &mut shared, at(0));
    one.on_failure(a, Failure::NoUsableHost, at(10));
    exchange(&mut one, &mut shared, at(10));
    exchange(&mut two, &mut shared, at(20));
    assert!((0..10).all(|_| two.choose(CLUSTER).is_some_and(|(_, region)| region == "b")));
    two.on_tick(at(20));
    assert_eq!(two.poll_action(), None, "the other one has the lease");
    // The first worker dies; its lease ends.
    exchange(&mut two, &mut shared, at(600));
    two.on_tick(at(600));
    assert_eq!(two.poll_action(), Some(Action::CheckUsable(a)));
}

#[test]
fn a_new_configuration_keeps_what_is_known() {
    let (mut router, a, _) = verified();
    router.on_failure(a, Failure::NoUsableHost, at(1));
    let mut next = router.reconfigured(config(&[("a", 20), ("b", 40), ("c", 40)]), at(2));
    assert!((0..30).all(|_| next.choose(CLUSTER).is_some_and(|(_, region)| region != "a")));
}

#[test]
fn a_subset_that_a_client_reached_is_routed_by_policy_and_other_clusters_are_left_alone() {
    let mut router = router(&[("a", 50), ("b", 50)], 1);
    let own = b"outbound|80|a|hello.default.svc.cluster.local";
    let regions: Vec<String> =
        (0..4).filter_map(|_| router.choose(own).map(|(_, name)| name.to_owned())).collect();
    assert!(regions.contains(&"a".to_owned()) && regions.contains(&"b".to_owned()));
    for other in [
        &b"outbound|80|canary|hello.default.svc.cluster.local"[..],
        b"outbound|81||hello.default.svc.cluster.local",
        b"inbound|80||",
        b"outbound|80||hello.default.svc.cluster.local|",
        b"PassthroughCluster",
        b"\xff|",
        b"",
    ] {
        assert_eq!(router.choose(other), None, "{}", String::from_utf8_lossy(other));
    }
}

/// After a reload the workers with the old configuration live on for minutes.
#[test]
fn the_worker_configured_last_makes_the_checks_and_nobody_ends_an_ejection_early() {
    let (mut old, a, mut shared) = verified();
    let mut new = old.reconfigured(config(&[("a", 20), ("b", 80)]), at(5));
    exchange(&mut old, &mut shared, at(10));
    exchange(&mut new, &mut shared, at(10));
    exchange(&mut old, &mut shared, at(250));
    new.on_failure(a, ERROR, at(300));
    new.on_failure(a, ERROR, at(300));
    exchange(&mut new, &mut shared, at(300));
    exchange(&mut old, &mut shared, at(300));
    old.on_tick(at(310));
    assert_eq!(old.poll_action(), None, "the lease has gone to the new one");
    exchange(&mut old, &mut shared, at(1_200));
    old.on_tick(at(1_200));
    assert_eq!(old.poll_action(), None, "the new one is gone, but the ejection is not over");
    exchange(&mut old, &mut shared, at(1_300));
    old.on_tick(at(1_300));
    assert_eq!(old.poll_action(), Some(Action::CheckUsable(a)));
}
