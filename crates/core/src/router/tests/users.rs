//! Users who are kept in a region.

use mesh_failover_sorted::SortedMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{Worker, compiled, halves};
use crate::router::{Decision, Facts, UserKey};

const USERS: u32 = 2000;

fn config(shares: &Value, affinity: &Value) -> Worker {
    let setting = json!({"distribute": [{"from": "*", "to": shares}]});
    Worker::new(compiled("x", setting, json!({"affinity": affinity})))
}

fn region(worker: &mut Worker, user: &[u8]) -> String {
    match worker.decide(&Facts { user: Some(user), ..Facts::default() }) {
        Decision::Region(route) => {
            assert_eq!(route.cookie, None, "a user who is known needs no cookie");
            route.region.to_owned()
        }
        other => panic!("{other:?}"),
    }
}

fn all(worker: &mut Worker) -> Vec<String> {
    (0..USERS).map(|number| region(worker, format!("user-{number}").as_bytes())).collect()
}

fn counts(regions: &[String]) -> SortedMap<&str, u32> {
    let mut counts = SortedMap::new();
    regions.iter().for_each(|region| *counts.entry(region.as_str()).or_default() += 1);
    counts
}

fn shares() -> impl Strategy<Value = [u32; 3]> {
    (1_u32..98, 1_u32..98)
        .prop_filter("three shares", |(a, b)| a + b < 100)
        .prop_map(|(a, b)| [a, b, 100 - a - b])
}

fn written([a, b, c]: [u32; 3]) -> Value {
    json!({"a": a, "b": b, "c": c})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn users_are_spread_by_the_weights(shares in shares()) {
        let regions = all(&mut config(&written(shares), &json!({"header": "x-user"})));
        let counts = counts(&regions);
        for (name, share) in ["a", "b", "c"].iter().zip(shares) {
            let got = f64::from(counts.get(name).copied().unwrap_or(0));
            let p = f64::from(share) / 100.0;
            // Five standard deviations: one in two million draws.
            let bound = 5.0 * (f64::from(USERS) * p * (1.0 - p)).sqrt() + 1.0;
            prop_assert!((got - f64::from(USERS) * p).abs() <= bound, "{}: {} for {} %", name, got, share);
        }
    }

    /// Of two regions whose weights change, users move in one direction only, and nobody else moves between others.
    #[test]
    fn a_change_of_weights_moves_only_who_must_move(before in shares(), after in shares()) {
        let affinity = json!({"header": "x-user"});
        let one = all(&mut config(&written(before), &affinity));
        let other = all(&mut config(&written(after), &affinity));
        let place = |name: &String| usize::from(name.as_bytes()[0] - b'a');
        for (from, to) in one.iter().zip(&other).filter(|(from, to)| from != to) {
            let (from, to) = (place(from), place(to));
            // Who wins has gained weight against who loses.
            prop_assert!(u64::from(after[to]) * u64::from(before[from]) > u64::from(after[from]) * u64::from(before[to]));
        }
    }
}

#[test]
fn a_region_that_comes_back_gets_its_own_users_back_and_nobody_else_moves() {
    let mut worker = config(&json!({"a": 40, "b": 30, "c": 30}), &json!({"header": "x-user"}));
    let before = all(&mut worker);
    worker.empty("a", 10);
    let meanwhile = all(&mut worker);
    for (one, other) in before.iter().zip(&meanwhile) {
        assert!(one == "a" && other != "a" || one == other);
    }
    worker.found.clear();
    worker.tick(100);
    assert_eq!(all(&mut worker), before);
}

#[test]
fn workers_and_gateways_agree_on_a_user() {
    let setting = || compiled("x", halves(), json!({"affinity": {"sourceAddress": true}}));
    let mut one = Worker::sharing(setting(), 1, None);
    let mut other = Worker::sharing(setting(), 99, None);
    assert_eq!(all(&mut one), all(&mut other));
    for (address, same) in [("10.1.2.3:1000", "10.1.2.3:2000"), ("[fd00::1]:1", "[fd00::1]:2")] {
        assert_eq!(region(&mut one, address.as_bytes()), region(&mut one, same.as_bytes()));
    }
}

#[test]
fn a_new_user_gets_a_cookie_that_leads_to_the_same_region() {
    let affinity =
        json!({"cookie": {"name": "site", "ttl": "1h", "attributes": ["Secure", "HttpOnly"]}});
    let mut worker = config(&json!({"a": 90, "b": 10}), &affinity);
    let id = worker.router.find(super::CLUSTER).expect("a policy");
    assert_eq!(worker.router.wants(id).user, Some(UserKey::Header("cookie")));
    let mut in_b = 0;
    for header in [None, Some(&b"other=1"[..]), Some(b"site="), Some(b"\xff;;=")].repeat(500) {
        let facts = Facts { user: header, ..Facts::default() };
        let Decision::Region(route) = worker.decide(&facts) else { panic!("a region") };
        let (choice, name) = (route.choice, route.region.to_owned());
        let value = route.cookie.expect("a new user");
        in_b += u32::from(name == "b");
        let set = worker.router.set_cookie(choice, &value).expect("cookies");
        let (pair, attributes) = set.split_once("; ").expect("attributes");
        assert_eq!(attributes, "Path=/; Max-Age=3600; Secure; HttpOnly");
        assert_eq!(region(&mut worker, format!("x=y; {pair}").as_bytes()), name);
    }
    assert!((130..=270).contains(&in_b), "{in_b} of 2000 for 10 %");
}
