//! Regions that are emptied and filled again. Times in milliseconds.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::at;
use super::support::{Worker, compiled, halves};
use crate::router::{Facts, Failure, Level, RegionState, RouterConfig};

fn config(drain: Value) -> RouterConfig {
    compiled("a", halves(), json!({"drain": drain}))
}

fn reconfigure(worker: &mut Worker, drain: Value, millis: u64) {
    worker.router = worker.router.reconfigured(config(drain), at(millis));
    worker.tick(millis);
}

#[test]
fn a_drain_takes_its_time_and_so_does_its_end() {
    let mut worker = Worker::new(config(json!({})));
    reconfigure(&mut worker, json!({"regions": ["a"], "duration": "10s"}), 1_000);
    // 100 %, 50 %, 20 % of its weight against the other's 100 %.
    for (millis, expected) in
        [(1_000, "a 50, b 50"), (6_000, "a 33, b 67"), (9_000, "a 17, b 83"), (11_000, "b 100")]
    {
        worker.run(millis, millis);
        assert_eq!(worker.shares(), expected, "at {millis}");
    }
    reconfigure(&mut worker, json!({"duration": "10s"}), 20_000);
    for (millis, expected) in [(20_000, "b 100"), (25_000, "a 33, b 67"), (30_000, "a 50, b 50")] {
        worker.run(millis, millis);
        assert_eq!(worker.shares(), expected, "at {millis}");
    }
}

#[test]
fn a_change_of_mind_turns_round_where_it_is() {
    let mut worker = Worker::new(config(json!({})));
    reconfigure(&mut worker, json!({"regions": ["a"], "duration": "10s"}), 0);
    worker.run(4_000, 4_000);
    assert_eq!(worker.level("a", 4_000), Level::new(6_000));
    reconfigure(&mut worker, json!({"duration": "10s"}), 4_000);
    assert_eq!(worker.level("a", 4_000), Level::new(6_000));
    worker.run(6_000, 6_000);
    assert_eq!(worker.level("a", 6_000), Level::new(8_000));
    worker.run(8_000, 8_000);
    assert_eq!(worker.level("a", 8_000), Level::FULL);
}

#[test]
fn changing_only_the_drain_keeps_all_health() {
    let mut worker = Worker::new(config(json!({})));
    worker.fail("b", 2, Failure::Response(500), 0);
    let before = worker.router.record(worker.choice("b"));
    reconfigure(&mut worker, json!({"regions": ["a"], "duration": "10s"}), 100);
    assert_eq!(worker.router.record(worker.choice("b")), before);
    assert!(matches!(worker.state("b"), RegionState::Ejected(_)));
}

/// Better a drained region than an error.
#[test]
fn a_drained_region_serves_when_no_other_can() {
    let mut worker = Worker::new(config(json!({"regions": ["a"]})));
    assert_eq!(worker.shares(), "b 100", "a gateway that starts during a drain begins with it");
    worker.empty("b", 0);
    assert_eq!(worker.shares(), "a 100");
    worker.found.clear();
    worker.run(100, 100);
    assert_eq!(worker.shares(), "b 100");
}

#[test]
fn workers_agree_on_a_drain_and_one_with_the_old_configuration_does_not_undo_it() {
    let mut old = Worker::new(config(json!({})));
    let drain = json!({"regions": ["a"], "duration": "10s"});
    let mut new = Worker::sharing(config(drain.clone()), 2, old.shared.clone());
    new.run(100, 5_000);
    old.shared.clone_from(&new.shared);
    old.run(5_000, 5_000);
    assert_eq!(old.shares(), new.shares());
    let mut late = Worker::sharing(config(drain), 3, old.shared.clone());
    late.run(5_000, 5_000);
    assert_eq!(late.level("a", 5_000), new.level("a", 5_000), "a worker that restarts goes on");
    assert_eq!(old.level("a", 5_000), Level::new(5_000));
}

fn user(name: &str) -> Facts<'_> {
    Facts { user: Some(name.as_bytes()), ..Facts::default() }
}

fn of_users(worker: &mut Worker, users: u32) -> Vec<String> {
    let region = |worker: &mut Worker, number: u32| {
        let name = format!("user-{number}");
        match worker.decide(&user(&name)) {
            crate::router::Decision::Region(route) => route.region.to_owned(),
            other => panic!("{other:?}"),
        }
    };
    (0..users).map(|number| region(worker, number)).collect()
}

#[test]
fn known_users_stay_or_go_as_configured() {
    for (affinity, stay) in [("keep", true), ("break", false)] {
        let parts = |regions: Value| {
            let drain = json!({"regions": regions, "affinity": affinity});
            compiled("a", halves(), json!({"drain": drain, "affinity": {"header": "x-user"}}))
        };
        let mut worker = Worker::new(parts(json!([])));
        let before = of_users(&mut worker, 200);
        worker.router = worker.router.reconfigured(parts(json!(["a"])), at(10));
        worker.tick(10);
        let after = of_users(&mut worker, 200);
        if stay {
            assert_eq!(before, after);
        } else {
            assert!(after.iter().all(|region| region == "b"));
        }
        assert_eq!(worker.shares(), "b 100", "who is not known never goes there");
    }
}

proptest! {
    /// However often and whenever an operator changes their mind, a level never jumps.
    #[test]
    fn a_level_moves_without_jumps(turns in proptest::collection::vec(1_u64..8_000, 1..8)) {
        let mut worker = Worker::new(config(json!({})));
        let (mut now, mut drained) = (0, false);
        let mut last = worker.level("a", 0);
        for turn in turns {
            drained = !drained;
            let regions = if drained { json!(["a"]) } else { json!([]) };
            reconfigure(&mut worker, json!({"regions": regions, "duration": "4s"}), now);
            for _ in 0..turn / 100 {
                now += 100;
                let level = worker.level("a", now);
                prop_assert!(last.get().abs_diff(level.get()) <= 251, "{:?} to {:?} in 100 ms of 4 s", last, level);
                last = level;
            }
        }
    }
}
