//! What is tried again, where, and how often.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::at;
use super::support::{Worker, compiled, halves};
use crate::router::{Refusal, RequestHead, Rescue};

fn worker(rescue: Value) -> Worker {
    Worker::new(compiled("a", halves(), json!({"rescue": rescue})))
}

fn head(method: &str, end_of_stream: bool) -> RequestHead<'_> {
    RequestHead { method: method.as_bytes(), end_of_stream, ..RequestHead::default() }
}

/// Whether a request may be tried again after an answer, and after none was reached.
fn may(rescue: &Rescue) -> (bool, bool) {
    (rescue.may_repeat(false), rescue.may_repeat(true))
}

#[test]
fn only_what_is_safe_to_repeat_is() {
    let listed = ["PATCH".to_owned()];
    let admitted = |head: &RequestHead<'_>| may(&Rescue::admit(&listed, 100, head));
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"] {
        assert_eq!(admitted(&head(method, true)), (true, true), "{method}");
    }
    for method in ["POST", "get", "LINK", ""] {
        assert_eq!(admitted(&head(method, true)), (false, true), "{method}");
    }
    assert_eq!(admitted(&head("CONNECT", true)), (false, false));
    assert_eq!(admitted(&RequestHead { upgrade: true, ..head("GET", true) }), (false, false));
    assert_eq!(admitted(&RequestHead { grpc: true, ..head("POST", true) }), (false, false));
}

#[test]
fn bodies_are_kept_while_they_are_small() {
    let with_body = |method, parts: &[(usize, bool)]| {
        let mut rescue = Rescue::admit(&["POST".to_owned()], 100, &head(method, false));
        assert!(rescue.wants_body() && !rescue.may_repeat(true));
        parts.iter().for_each(|(bytes, end)| rescue.on_body(*bytes, *end));
        (may(&rescue), rescue.wants_body())
    };
    assert_eq!(with_body("POST", &[(60, false), (40, false), (0, true)]), ((true, true), false));
    assert_eq!(with_body("POST", &[(60, false)]), ((false, false), true), "not complete");
    assert_eq!(with_body("POST", &[(60, false), (41, true)]), ((false, false), false), "too long");
    assert_eq!(with_body("PUT", &[(9, true)]), ((false, true), false), "not listed with a body");
    let none = Rescue::admit(&["POST".to_owned()], 0, &head("POST", false));
    assert!(!none.wants_body());
}

#[test]
fn a_second_try_goes_elsewhere_and_there_is_no_third() {
    let mut worker = worker(json!({"timeout": "3s"}));
    let failed = worker.choice("a");
    let mut rescue = worker.router.admit(failed, &head("GET", true));
    let replay = worker.router.rescue(failed, &mut rescue, false, at(0)).expect("one");
    assert_eq!(worker.router.region(replay.choice), Some("b"));
    assert_eq!(replay.timeout.as_secs(), 3);
    let again = worker.router.rescue(replay.choice, &mut rescue, true, at(0));
    assert_eq!(again, Err(Refusal::NotRepeatable));
}

/// Two errors in a row eject, whichever tries they were; what is only late speaks against nobody.
#[test]
fn a_second_try_that_fails_counts_against_its_region() {
    let mut worker = worker(json!({}));
    let second = worker.choice("b");
    for status in [Some(504); 5] {
        assert!(!worker.router.on_second_answer(second, status, at(0)));
    }
    assert!(!worker.router.on_second_answer(second, Some(503), at(0)));
    assert!(worker.router.on_second_answer(second, Some(404), at(1)), "an answer");
    assert!(!worker.router.on_second_answer(second, Some(500), at(2)));
    assert!(!worker.router.has_news());
    assert!(!worker.router.on_second_answer(second, None, at(3)));
    assert!(worker.router.has_news(), "b is out");
}

#[test]
fn there_is_none_without_a_region_or_without_the_feature() {
    let mut one = worker(json!({}));
    let failed = one.choice("a");
    one.empty("b", 0);
    let mut rescue = one.router.admit(failed, &head("GET", true));
    assert_eq!(one.router.rescue(failed, &mut rescue, true, at(0)), Err(Refusal::NoRegion));
    one.empty("a", 0);
    assert_eq!(one.router.rescue(failed, &mut rescue, true, at(0)), Err(Refusal::NoRegion));
    let mut other = Worker::new(compiled("a", halves(), json!({})));
    let mut rescue = other.router.admit(failed, &head("GET", true));
    assert_eq!(other.router.rescue(failed, &mut rescue, true, at(0)), Err(Refusal::NotConfigured));
}

#[test]
fn a_second_try_is_not_made_in_a_drained_or_ejected_region() {
    let setting = json!({"distribute": [{"from": "*", "to": {"a": 40, "b": 30, "c": 30}}]});
    let parts = json!({"rescue": {"budget": {"percent": 100}}, "drain": {"regions": ["b"]}});
    let mut worker = Worker::new(compiled("a", setting, parts));
    worker.shares();
    for _ in 0..100 {
        let failed = worker.choice("a");
        let mut rescue = worker.router.admit(failed, &head("GET", true));
        let replay = worker.router.rescue(failed, &mut rescue, false, at(0)).expect("c is there");
        assert_eq!(worker.router.region(replay.choice), Some("c"));
    }
}

/// Everything fails: the load on what is left grows by the budget, not by a factor.
#[test]
fn the_budget_bounds_second_tries() {
    let budget = json!({"percent": 20, "minRetryConcurrency": 3, "budgetInterval": "1s"});
    let mut worker = worker(json!({"budget": budget}));
    let failed = worker.choice("a");
    let tried = |worker: &mut Worker, millis: u64, requests: u32| {
        let mut tried = 0;
        for _ in 0..requests {
            worker.router.choose(super::CLUSTER);
            let mut rescue = worker.router.admit(failed, &head("GET", true));
            tried +=
                u32::from(worker.router.rescue(failed, &mut rescue, false, at(millis)).is_ok());
        }
        tried
    };
    assert_eq!(tried(&mut worker, 0, 10), 3, "the floor");
    assert_eq!(tried(&mut worker, 100, 90), 17, "a fifth of a hundred");
    assert_eq!(tried(&mut worker, 1_400, 5), 3, "a second later it is forgotten");
}

proptest! {
    /// None is allowed beyond the budget of the interval before it, however requests and ticks fall.
    #[test]
    fn no_interval_has_more_than_its_budget(steps in proptest::collection::vec((0_u64..400, 0_u32..30), 1..40)) {
        let mut worker = worker(json!({"budget": {"percent": 10, "minRetryConcurrency": 2}}));
        let failed = worker.choice("a");
        let (mut now, mut begun, mut tries) = (0, Vec::new(), Vec::new());
        for (pause, requests) in steps {
            now += pause;
            worker.tick(now);
            for _ in 0..requests {
                worker.router.choose(super::CLUSTER);
                begun.push(now);
                let mut rescue = worker.router.admit(failed, &head("GET", true));
                if worker.router.rescue(failed, &mut rescue, false, at(now)).is_err() {
                    continue;
                }
                tries.push(now);
                // The window is as long as the interval, give or take a slice.
                let lately = |times: &[u64], millis| {
                    times.iter().filter(|time| **time + millis > now).count()
                };
                let allowed = (lately(&begun, 1_250) / 10).max(2);
                prop_assert!(lately(&tries, 750) <= allowed);
            }
        }
    }
}

/// All shares are A's; B only fails over.
#[test]
fn a_second_try_goes_where_the_region_would_fail_over() {
    let setting = json!({"failover": [{"from": "a", "to": "b"}]});
    let parts = json!({"regions": ["b", "c"], "rescue": {}});
    let mut worker = Worker::new(compiled("a", setting, parts));
    let failed = worker.choice("a");
    let again = |worker: &mut Worker| {
        let mut rescue = worker.router.admit(failed, &head("GET", true));
        let replay = worker.router.rescue(failed, &mut rescue, false, at(0));
        replay.ok().and_then(|it| worker.router.region(it.choice).map(str::to_owned))
    };
    assert_eq!(again(&mut worker).as_deref(), Some("b"));
    worker.empty("b", 0);
    assert_eq!(again(&mut worker).as_deref(), Some("c"));
    worker.empty("c", 0);
    assert_eq!(again(&mut worker), None);
}
