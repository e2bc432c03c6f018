//! What holds whatever happens.

use mesh_failover_sorted::SortedMap;
use proptest::prelude::*;

use super::{CLUSTER, at, router};
use crate::router::{
    DrainRecord, Failure, Lease, Reason, RegionKey, RegionRecord, RegionState, Router, SharedState,
};
use crate::time::MonotonicTime;

/// Shares of two to five regions, all positive, 100 together.
fn shares() -> impl Strategy<Value = Vec<(String, u32)>> {
    proptest::collection::btree_set(1_u32..100, 1..5).prop_map(|cuts| {
        let mut cuts: Vec<u32> = std::iter::once(0).chain(cuts).chain([100]).collect();
        cuts.dedup();
        let widths = cuts.windows(2).map(|pair| pair[1] - pair[0]);
        widths.zip('a'..).map(|(share, name)| (name.to_string(), share)).collect()
    })
}

fn borrowed(shares: &[(String, u32)]) -> Vec<(&str, u32)> {
    shares.iter().map(|(name, share)| (name.as_str(), *share)).collect()
}

fn counts(router: &mut Router, picks: u32) -> SortedMap<String, u32> {
    let mut counts = SortedMap::new();
    for _ in 0..picks {
        if let Some((_, region)) = router.choose(CLUSTER) {
            *counts.entry(region.to_owned()).or_default() += 1;
        }
    }
    counts
}

fn state() -> impl Strategy<Value = RegionState> {
    prop_oneof![
        Just(RegionState::Usable),
        Just(RegionState::NoUsableHost),
        Just(RegionState::NoCluster),
        Just(RegionState::Recovering),
        Just(RegionState::Ejected(Reason::Consecutive5xx)),
        Just(RegionState::Ejected(Reason::Probe)),
    ]
}

fn shared() -> impl Strategy<Value = SharedState> {
    let time = || (0_u64..5).prop_map(MonotonicTime::from_nanos);
    let key = ("[a-c]\\.x", 1_u16..3, "[a-c]").prop_map(|(host, port, region)| RegionKey {
        host,
        port,
        region,
    });
    let record = (0_u32..3, time(), state(), 0_u32..3, time()).prop_map(
        |(epoch, at, state, backoff, until)| RegionRecord { epoch, at, state, backoff, until },
    );
    let lease = (time(), time(), 0_u64..3).prop_map(|(until, configured_at, holder)| Lease {
        until,
        configured_at,
        holder,
    });
    let drain = (0_u32..3, time(), any::<bool>(), 0_u32..3, time()).prop_map(
        |(epoch, at, drained, from, until)| DrainRecord { epoch, at, drained, from, until },
    );
    let records = proptest::collection::btree_map(key.clone(), record, 0..6);
    let drains = proptest::collection::btree_map(key, drain, 0..3);
    (time(), lease, records, drains).prop_map(|(written_at, lease, records, drains)| SharedState {
        written_at,
        lease,
        records: records.into(),
        drains: drains.into(),
    })
}

fn merged(one: &SharedState, other: &SharedState) -> SharedState {
    let mut result = one.clone();
    result.merge(other);
    result
}

proptest! {
    /// The scheduler's granularity is one request for each region.
    #[test]
    fn shares_are_exact(shares in shares(), seed: u64) {
        let counts = counts(&mut router(&borrowed(&shares), seed), 1000);
        prop_assert_eq!(counts.values().sum::<u32>(), 1000);
        for (name, share) in &shares {
            let got = counts.get(name).copied().unwrap_or(0);
            prop_assert!(got.abs_diff(10 * share) <= 2, "{}: {} of 1000 for {} %", name, got, share);
        }
    }

    #[test]
    fn a_region_that_is_out_leaves_its_share_to_the_others_in_proportion(shares in shares(), seed: u64) {
        let mut router = router(&borrowed(&shares), seed);
        let (choice, out) = router.choose(CLUSTER).expect("all usable");
        let out = out.to_owned();
        router.on_failure(choice, Failure::NoUsableHost, at(0));
        let rest: u32 = shares.iter().filter(|(name, _)| *name != out).map(|(_, share)| share).sum();
        let counts = counts(&mut router, 100 * rest);
        prop_assert_eq!(counts.get(&out), None);
        for (name, share) in shares.iter().filter(|(name, _)| *name != out) {
            let got = counts.get(name).copied().unwrap_or(0);
            prop_assert!(got.abs_diff(100 * share) <= 2, "{}: {}", name, got);
        }
    }

    /// Whatever fails in whatever order: no region is chosen that is out, and one is chosen while any is usable.
    #[test]
    fn what_is_out_is_never_chosen(shares in shares(), seed: u64, failures in proptest::collection::vec(0_u8..4, 1..60)) {
        let mut router = router(&borrowed(&shares), seed);
        for (step, failure) in failures.iter().enumerate() {
            let now = at(step as u64);
            let usable: Vec<String> = router.records().iter()
                .filter(|(_, record)| record.is_usable())
                .map(|(key, _)| key.region.clone()).collect();
            match router.choose(CLUSTER) {
                None => prop_assert!(usable.is_empty()),
                Some((choice, region)) => {
                    prop_assert!(usable.iter().any(|name| name == region));
                    match failure {
                        0 => router.on_success(choice, 200),
                        1 => router.on_failure(choice, Failure::NoUsableHost, now),
                        2 => router.on_failure(choice, Failure::Timeout, now),
                        _ => router.on_failure(choice, Failure::Response(500), now),
                    }
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_regions_changes_nothing(shares in shares(), seed: u64) {
        let mut reversed = borrowed(&shares);
        reversed.reverse();
        let (mut one, mut other) = (router(&borrowed(&shares), seed), router(&reversed, seed));
        for _ in 0..50 {
            prop_assert_eq!(one.choose(CLUSTER), other.choose(CLUSTER));
        }
    }

    #[test]
    fn merging_is_commutative_associative_and_idempotent(a in shared(), b in shared(), c in shared()) {
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &a), a);
    }

    #[test]
    fn bytes_bring_back_what_was_written(state in shared()) {
        prop_assert_eq!(SharedState::decode(&state.encode()), Some(state));
    }

    #[test]
    fn damaged_bytes_count_as_absent(state in shared(), at: prop::sample::Index, bit in 0_u8..8) {
        let mut bytes = state.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(SharedState::decode(&bytes), None);
    }

    #[test]
    fn no_bytes_are_too_strange(bytes: Vec<u8>) {
        prop_assert_eq!(SharedState::decode(&bytes), None);
        let mut router = router(&[("a", 50), ("b", 50)], 1);
        router.merge(Some(&bytes), at(0));
        prop_assert!(router.choose(CLUSTER).is_some());
    }
}
