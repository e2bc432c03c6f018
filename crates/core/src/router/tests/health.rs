//! What takes a region out besides errors in a row: rates, slowness, probes. And that not knowing never does.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Worker, compiled, halves};
use super::{at, exchange};
use crate::router::{Action, Check, Failure, ProbeResult, Reason, RegionState, Router};

fn worker(parts: Value) -> Worker {
    Worker::new(compiled("a", halves(), parts))
}

/// One request to `a` every 10 ms: each `every`th fails.
fn traffic(worker: &mut Worker, from: u64, to: u64, every: u64) {
    let choice = worker.choice("a");
    for millis in (from..to).step_by(10) {
        if millis % 100 == 0 {
            worker.tick(millis);
        }
        if every > 0 && millis / 10 % every == 0 {
            worker.router.on_failure(choice, Failure::Response(500), at(millis));
        } else {
            worker.router.on_success(choice, 200);
        }
    }
}

#[test]
fn a_low_success_rate_ejects_although_no_run_is_long() {
    let rate = json!({"health": {"successRate": {"minimumPercent": 80, "window": "1s", "minimumRequests": 50}}});
    let mut steady = worker(rate.clone());
    traffic(&mut steady, 0, 5_000, 10);
    assert_eq!(steady.state("a"), RegionState::Usable, "90 % are enough");
    traffic(&mut steady, 5_000, 7_000, 3);
    assert_eq!(steady.state("a"), RegionState::Ejected(Reason::SuccessRate));
    let said = steady.router.poll_event().expect("one line").to_string();
    assert!(said.contains("ejected for 1000 ms, too many errors ("), "{said}");

    let mut quiet = worker(rate);
    for second in 0..20 {
        traffic(&mut quiet, 1_000 * second, 1_000 * second + 300, 3);
    }
    assert_eq!(quiet.state("a"), RegionState::Usable, "30 requests a window prove nothing");
}

#[test]
fn slow_answers_eject() {
    let parts = json!({"health": {"latency": {"threshold": "100ms", "percent": 60, "window": "1s", "minimumRequests": 10}}});
    let mut worker = worker(parts);
    let choice = worker.choice("a");
    assert!(worker.router.wants_latency(choice));
    let answers = |worker: &mut Worker, from: u64, slow_of_ten: u64| {
        for request in 0..100 {
            let millis = from + 10 * request;
            let time = if request % 10 < slow_of_ten { 101 } else { 100 };
            worker.router.on_latency(choice, Duration::from_millis(time), at(millis));
            worker.tick(millis);
        }
    };
    answers(&mut worker, 0, 3);
    assert_eq!(worker.state("a"), RegionState::Usable);
    answers(&mut worker, 1_000, 8);
    assert_eq!(worker.state("a"), RegionState::Ejected(Reason::Latency));
}

const PROBE: &str = r#"{"probe": {"interval": "1s", "timeout": "500ms", "healthyThreshold": 2, "unhealthyThreshold": 3}}"#;

fn probed() -> Worker {
    worker(serde_json::from_str(PROBE).expect("JSON"))
}

#[test]
fn probes_take_out_and_bring_back() {
    let mut worker = probed();
    worker.found.insert("a", (Check::Usable, ProbeResult::Status(500)));
    worker.run(100, 2_900);
    assert_eq!(worker.state("a"), RegionState::Usable, "two failures are not enough");
    worker.run(3_000, 3_000);
    assert_eq!(worker.state("a"), RegionState::Ejected(Reason::Probe));
    worker.found.clear();
    worker.run(3_100, 4_900);
    assert_eq!(worker.shares(), "b 100");
    worker.run(5_000, 5_000);
    assert_eq!(worker.shares(), "a 50, b 50", "interval times threshold");
    let to_a = worker.sent.iter().filter(|(_, region)| region == "a").count();
    assert_eq!(to_a, 6, "one each second: {:?}", worker.sent);
}

#[test]
fn a_region_whose_probes_pass_but_whose_users_see_errors_is_damped() {
    let mut worker = probed();
    let mut out = Vec::new();
    let mut millis = 0;
    for _ in 0..3 {
        worker.fail("a", 2, Failure::Response(500), millis);
        let from = millis;
        while worker.state("a") != RegionState::Usable {
            millis += 100;
            worker.tick(millis);
        }
        out.push(millis - from);
    }
    assert!(out[0] <= 2_000 && out[1] > out[0] / 2 && out[2] >= 2_000, "{out:?}");
}

#[test]
fn a_probe_sees_an_empty_region_before_a_user_does_and_looks_on_every_tick() {
    let mut worker = probed();
    worker.found.insert("a", (Check::NoUsableHost, ProbeResult::NoAnswer));
    worker.run(100, 1_000);
    assert_eq!(worker.state("a"), RegionState::NoUsableHost);
    worker.found.clear();
    worker.run(1_100, 2_100);
    assert_eq!(
        worker.state("a"),
        RegionState::Usable,
        "the first good probe at 1100, the next 1 s later"
    );
}

#[test]
fn an_answer_that_never_comes_is_a_failure() {
    let mut worker = probed();
    for millis in (100..20_000).step_by(100) {
        exchange(&mut worker.router, &mut worker.shared, at(millis));
        worker.router.on_tick(at(millis));
        while let Some(action) = worker.router.poll_action() {
            if let Action::Probe(choice) = action
                && worker.router.region(choice) == Some("b")
            {
                worker.router.on_probe(choice, ProbeResult::Status(204), at(millis));
            }
        }
    }
    assert_eq!(worker.state("a"), RegionState::Ejected(Reason::Probe));
    assert_eq!(worker.state("b"), RegionState::Usable);
}

#[test]
fn one_worker_probes_and_another_takes_over_when_it_dies() {
    let config = || compiled("a", halves(), serde_json::from_str(PROBE).expect("JSON"));
    let mut one = Worker::new(config());
    let mut two = Worker::sharing(config(), 2, one.shared.clone());
    for millis in (100..=5_000).step_by(100) {
        one.shared.clone_from(&two.shared);
        one.tick(millis);
        two.shared.clone_from(&one.shared);
        two.tick(millis);
    }
    assert!(two.sent.is_empty(), "{:?}", two.sent);
    two.run(5_100, 7_000);
    let first = two.sent.first().expect("it took over").0;
    assert!(first <= 7_000, "within two intervals: {first}");
}

/// A gateway whose shared data does not work: nobody can ever hold the lease.
#[test]
fn without_shared_data_every_worker_looks_for_itself() {
    let config = compiled("a", halves(), json!({}));
    let mut router = Router::new(config, 1, at(0));
    let (choice, _) = router.choose(super::CLUSTER).expect("usable");
    router.on_failure(choice, Failure::NoUsableHost, at(10));
    for millis in (100..10_000).step_by(100) {
        router.on_tick(at(millis));
        while let Some(action) = router.poll_action() {
            let (Action::CheckUsable(choice) | Action::Probe(choice)) = action;
            router.on_check(choice, Check::Usable, at(millis));
        }
    }
    assert_eq!(router.record(choice).expect("known").state, RegionState::Usable);
}

#[test]
fn what_cannot_be_found_out_is_over_when_its_time_is() {
    let mut worker = worker(json!({}));
    worker.found.insert("a", (Check::Unknown, ProbeResult::NoAnswer));
    worker.fail("a", 2, Failure::Response(500), 0);
    worker.run(100, 900);
    assert!(matches!(worker.state("a"), RegionState::Ejected(_)));
    worker.run(1_000, 1_000);
    assert_eq!(worker.state("a"), RegionState::Usable);
}

#[test]
fn a_request_that_went_elsewhere_is_said_once_by_each_worker() {
    let config = || compiled("a", halves(), json!({}));
    let mut one = Worker::new(config());
    let mut two = Worker::sharing(config(), 2, one.shared.clone());
    let plain = super::CLUSTER;
    for millis in [100, 11_000, 22_000] {
        for worker in [&mut one, &mut two] {
            worker.router.on_tick(at(millis));
            let choice = worker.choice("a");
            assert!(worker.router.wants_cluster(choice));
            assert!(!worker.router.on_served_by(choice, plain, at(millis)));
            assert!(!worker.router.wants_cluster(choice), "not for each request");
        }
        one.tick(millis);
        two.shared.clone_from(&one.shared);
    }
    for worker in [&mut one, &mut two] {
        let said: Vec<String> =
            std::iter::from_fn(|| worker.router.poll_event()).map(|it| it.to_string()).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        let own = "instead of `outbound|80|a|hello.default.svc.cluster.local`";
        assert!(said[0].contains(own), "{said:?}");
    }
    let choice = one.choice("a");
    one.router.on_served_by(choice, b"outbound|80|a|hello.default.svc.cluster.local", at(30_000));
    one.tick(30_100);
    one.router.on_served_by(choice, plain, at(30_100));
    assert!(one.router.poll_event().is_some(), "it was right meanwhile");
}
