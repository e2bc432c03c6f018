//! Regions that come back: when, how fast, and what a relapse costs. Times in milliseconds.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{Worker, compiled, halves};
use crate::router::{Check, Curve, Failure, Level, ProbeResult, Ramp, RegionState};

const ERROR: Failure = Failure::Response(503);

fn worker(failback: Value) -> Worker {
    Worker::new(compiled("a", halves(), json!({"failback": failback})))
}

#[test]
fn a_ramp_gives_exact_shares_at_every_moment() {
    let mut worker = worker(json!({"ramp": {"duration": "10s", "startPercent": 10}}));
    worker.fail("a", 2, ERROR, 0);
    assert_eq!(worker.shares(), "b 100");
    worker.run(100, 1_000);
    assert_eq!(worker.state("a"), RegionState::Usable);
    // Weight 10 % to 50, 55 % to 50, 100 % to 50.
    for (millis, expected) in [(1_000, "a 9, b 91"), (6_000, "a 35, b 65"), (11_000, "a 50, b 50")]
    {
        worker.run(millis, millis);
        assert_eq!(worker.shares(), expected, "at {millis}");
    }
}

#[test]
fn a_ramp_takes_from_the_tier_below_what_it_does_not_serve_yet() {
    let setting = json!({"failover": [{"from": "a", "to": "b"}]});
    let parts = json!({"failback": {"ramp": {"duration": "10s", "startPercent": 20}}});
    let mut worker = Worker::new(compiled("a", setting, parts));
    assert_eq!(worker.shares(), "a 100");
    worker.fail("a", 2, ERROR, 0);
    assert_eq!(worker.shares(), "b 100");
    for (millis, expected) in [(1_000, "a 20, b 80"), (6_000, "a 60, b 40"), (11_000, "a 100")] {
        worker.run(millis, millis);
        assert_eq!(worker.shares(), expected, "at {millis}");
    }
}

#[test]
fn a_relapse_ends_the_ramp_and_the_next_ejection_lasts_longer() {
    let mut worker = worker(json!({"ramp": {"duration": "10s"}}));
    worker.fail("a", 2, ERROR, 0);
    worker.run(100, 5_000);
    assert!(worker.level("a", 5_000) > Level::NONE);
    worker.fail("a", 2, ERROR, 5_000);
    assert_eq!(worker.level("a", 5_000), Level::NONE);
    worker.run(5_100, 6_900);
    assert!(matches!(worker.state("a"), RegionState::Ejected(_)), "two seconds this time");
    worker.run(7_000, 7_000);
    assert_eq!(worker.state("a"), RegionState::Usable);
    assert_eq!(worker.level("a", 7_000), Level::new(1_000), "and the ramp begins anew");
}

#[test]
fn the_back_off_decays_at_full_weight_only() {
    let mut worker = worker(json!({"ramp": {"duration": "3s"}}));
    let backoff =
        |worker: &Worker| worker.router.record(worker.choice("a")).expect("known").backoff;
    worker.fail("a", 2, ERROR, 0);
    worker.run(100, 1_000);
    worker.fail("a", 2, ERROR, 3_900);
    assert_eq!(backoff(&worker), 2, "three intervals of ramp took nothing off");
    worker.run(3_900, 5_900);
    worker.fail("a", 2, ERROR, 5_900 + 3_000 + 2_500);
    assert_eq!(backoff(&worker), 1, "two intervals in full use took both off");
}

#[test]
fn a_region_must_stay_well_before_it_takes_traffic() {
    let mut worker = worker(json!({"minimumHealthyTime": "3s"}));
    worker.empty("a", 0);
    worker.run(100, 1_000);
    worker.found.clear();
    worker.run(1_100, 1_100);
    assert_eq!(worker.state("a"), RegionState::Recovering);
    assert_eq!(worker.shares(), "b 100");
    worker.found.insert("a", (Check::NoUsableHost, ProbeResult::NoAnswer));
    worker.run(1_200, 2_200);
    assert_eq!(worker.state("a"), RegionState::NoUsableHost, "it was looked at once a second");
    worker.found.clear();
    worker.run(2_300, 5_200);
    assert_eq!(worker.state("a"), RegionState::Recovering);
    worker.run(5_300, 5_300);
    assert_eq!(worker.shares(), "a 50, b 50");
}

#[test]
fn who_waits_to_come_back_serves_when_nobody_else_does() {
    let mut worker = worker(json!({"minimumHealthyTime": "30s"}));
    worker.empty("a", 0);
    worker.found.clear();
    worker.tick(100);
    assert_eq!(worker.state("a"), RegionState::Recovering);
    worker.empty("b", 200);
    assert_eq!(worker.shares(), "a 100");
}

#[test]
fn a_region_that_loses_its_hosts_again_and_again_is_damped() {
    let mut worker = worker(json!({"ramp": {"duration": "100ms"}}));
    let mut out = Vec::new();
    let mut millis = 0;
    for _ in 0..4 {
        worker.empty("a", millis);
        worker.found.clear();
        let from = millis;
        while worker.state("a") != RegionState::Usable {
            millis += 100;
            worker.tick(millis);
        }
        out.push(millis - from);
        millis += 100;
    }
    assert_eq!(out, [100, 1_000, 2_000, 3_000], "at once, then longer and longer");
}

#[test]
fn without_failback_the_first_and_every_return_is_at_once() {
    let mut worker = worker(json!({}));
    for round in 0..5 {
        worker.empty("a", 200 * round);
        worker.found.clear();
        worker.tick(200 * round + 100);
        assert_eq!(worker.shares(), "a 50, b 50");
    }
}

#[test]
fn a_worker_that_restarts_during_a_ramp_goes_on_with_it() {
    let config = || {
        compiled(
            "a",
            halves(),
            json!({"failback": {"ramp": {"duration": "10s", "startPercent": 1}}}),
        )
    };
    let mut worker = Worker::new(config());
    worker.fail("a", 2, ERROR, 0);
    worker.run(100, 5_000);
    let mut next = Worker::sharing(config(), 2, worker.shared.clone());
    next.run(5_000, 5_000);
    assert_eq!(next.level("a", 5_000), worker.level("a", 5_000));
    assert_eq!(next.shares(), worker.shares());
}

fn ramps() -> impl Strategy<Value = Ramp> {
    (1_u64..100_000, 1_u32..=10_000, any::<bool>()).prop_map(|(millis, start, linear)| Ramp {
        duration: Duration::from_millis(millis),
        start: Level::new(start),
        curve: if linear { Curve::Linear } else { Curve::Exponential },
    })
}

proptest! {
    #[test]
    fn a_ramp_begins_at_its_start_never_falls_and_ends_full(ramp in ramps(), steps in 2_u32..50) {
        prop_assert_eq!(ramp.level(Duration::ZERO), ramp.start);
        prop_assert_eq!(ramp.level(ramp.duration), Level::FULL);
        let levels: Vec<Level> = (0..=steps).map(|step| ramp.level(ramp.duration * step / steps)).collect();
        prop_assert!(levels.is_sorted(), "{levels:?}");
    }
}
