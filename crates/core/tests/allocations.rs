//! What a request costs in memory: nothing, once its cluster is known.

#![allow(unsafe_code, reason = "an allocator that counts is an allocator")]
#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use mesh_failover_core::locality::Locality;
use mesh_failover_core::router::{Decision, Facts, PluginConfig, Router};
use mesh_failover_core::time::MonotonicTime;

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread asks for memory meanwhile.
fn allocations(run: impl FnOnce()) -> u64 {
    let before = COUNT.with(Cell::get);
    run();
    COUNT.with(Cell::get) - before
}

const CLUSTER: &[u8] = b"outbound|80||hello-world.default.svc.cluster.local";

fn router(more: &str) -> Router {
    let config = format!(
        r#"{{"destinations": [{{
            "host": "hello-world.default.svc.cluster.local",
            "trafficPolicy": {{
                "outlierDetection": {{"consecutive5xxErrors": 5, "interval": "1s"}},
                "loadBalancer": {{"localityLbSetting": {{"distribute": [
                    {{"from": "a", "to": {{"a": 70, "b": 20, "c": 10}}}}
                ]}}}}
            }}{more}
        }}]}}"#
    );
    let locality = Locality { region: "a".to_owned(), ..Locality::default() };
    let config = PluginConfig::from_json(&config).unwrap();
    let (config, _) = config.compile(&locality).unwrap();
    Router::new(config, 1, MonotonicTime::from_nanos(1))
}

fn check(more: &str, facts: &Facts<'_>) {
    let mut router = router(more);
    let id = router.find(CLUSTER).unwrap();
    let mut routed = 0;
    let count = allocations(|| {
        for _ in 0..10_000 {
            let id = router.find(CLUSTER).unwrap_or(id);
            let _ = router.wants(id);
            let Decision::Region(route) = router.decide(id, facts) else { continue };
            routed += 1;
            let choice = route.choice;
            assert!(!router.is_suspect(choice, 200));
            router.on_success(choice, 200);
        }
    });
    assert_eq!(routed, 10_000, "every request had a region");
    assert_eq!(count, 0, "with `{more}`");
}

#[test]
fn a_request_allocates_nothing() {
    check("", &Facts::default());
}

#[test]
fn a_request_of_a_known_user_allocates_nothing() {
    let facts = Facts { user: Some(b"alice"), ..Facts::default() };
    check(r#", "affinity": {"header": "x-user"}"#, &facts);
}

#[test]
fn a_request_that_could_be_rescued_allocates_nothing() {
    check(r#", "rescue": {}"#, &Facts::default());
}

#[test]
fn the_count_counts() {
    assert!(allocations(|| drop(std::hint::black_box(vec![1, 2, 3]))) > 0);
}
