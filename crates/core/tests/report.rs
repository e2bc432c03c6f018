//! Reports for people and for CI: complete, well-formed, and open to no network.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail as the test does")]

use mesh_failover_core::manifest::{Manifests, Source, read};
use mesh_failover_core::report::{Run, html, junit};
use mesh_failover_core::sim::{EventKind, Options, Report, Simulation};

const SEED: [&str; 4] = [
    include_str!("../../../examples/seed/topology.yaml"),
    include_str!("../../../examples/seed/gateway.yaml"),
    include_str!("../../../examples/seed/virtual-service.yaml"),
    include_str!("../../../examples/seed/destination-rule.yaml"),
];

/// A region that fails, a name that would break markup, and one expectation of two that comes true.
const FAILING: &str = "
apiVersion: mesh-failover.dev/v1alpha1
kind: Scenario
metadata: {name: '<script>alert(1)</script> & \"co\"'}
spec:
  gateway: cluster-a
  traffic: {rate: 200}
  duration: 40s
  steps:
  - {at: 10s, fail: {cluster: cluster-a}}
  - {at: 20s, restore: {cluster: cluster-a}}
  expect:
  - {to: 10s, share: {europe-west1: 50}, within: 3}
  - {from: 12s, to: 20s, share: {us-central1: 70}, within: 3}
";

fn manifests(scenario: &str) -> Manifests {
    let texts = SEED.iter().copied().chain([scenario]);
    let sources: Vec<_> = texts.map(|text| Source { name: "test", text }).collect();
    let (manifests, diagnostics) = read(&sources);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    manifests
}

fn played<T>(scenario: &str, test: impl FnOnce(Run<'_>) -> T) -> T {
    let manifests = manifests(scenario);
    let object = manifests.scenarios.first().unwrap();
    let simulation = Simulation::new(&manifests, &object.spec, &Options::default()).unwrap();
    let report = simulation.run();
    test(Run { name: &object.metadata.name, scenario: &object.spec, report: &report })
}

fn count(page: &str, part: &str) -> usize {
    page.matches(part).count()
}

fn events(report: &Report, wanted: impl Fn(&EventKind) -> bool) -> usize {
    report.events.iter().filter(|event| wanted(&event.kind)).count()
}

#[test]
fn junit_tells_what_came_instead() {
    played(FAILING, |run| insta::assert_snapshot!(junit(&[run])));
}

#[test]
fn the_page_marks_every_ejection() {
    played(FAILING, |run| {
        let page = html(&[run]);
        let out = events(run.report, |kind| matches!(kind, EventKind::Ejected { .. }));
        let back = events(run.report, |kind| matches!(kind, EventKind::Unejected { .. }));
        assert_eq!((out, back), (3, 0), "baseEjectionTime is 30 s");
        // Once more in the legend.
        assert_eq!(count(&page, "◆"), out + 1);
        assert_eq!(count(&page, "◇"), back + 1);
        assert_eq!(count(&page, "class=\"track endpoint\""), run.report.endpoints.len());
        assert_eq!(count(&page, "class=\"track region\""), 2);
        assert_eq!(count(&page, "class=\"corridor met\""), 1);
        assert_eq!(count(&page, "class=\"corridor missed\""), 1);
        assert!(page.contains("1 of 2 expectations did not come true"));
    });
}

#[test]
fn what_a_user_writes_stays_text() {
    played(FAILING, |run| {
        let page = html(&[run]);
        assert!(!page.contains("<script>alert"), "the name is markup");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;co&quot;"));
    });
}

#[test]
fn the_page_opens_without_a_network() {
    played(FAILING, |run| {
        let page = html(&[run]);
        for part in ["http:", "https:", "@import", "url(", "src=", "<link"] {
            assert!(!page.contains(part), "{part}");
        }
    });
}

/// Every element that is opened is closed, in order, in a page with several runs.
#[test]
fn the_page_is_well_formed() {
    played(FAILING, |run| {
        let page = html(&[run, run]);
        let mut open: Vec<&str> = Vec::new();
        let mut rest = page.as_str();
        while let Some((_, after)) = rest.split_once('<') {
            let (tag, after) = after.split_once('>').unwrap();
            rest = after;
            let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "before {:?}", after.get(..40));
            } else if !tag.ends_with('/') && !matches!(name, "!doctype" | "meta" | "br") {
                open.push(name);
                // Their content is not markup.
                if matches!(name, "script" | "style") {
                    rest = rest.find("</").and_then(|at| rest.get(at..)).unwrap();
                }
            }
        }
        assert!(open.is_empty(), "{open:?}");
        assert_eq!(count(&page, "<article"), 2);
        assert!(page.contains("2 of 2 scenarios did not come as expected."));
    });
}

#[test]
fn a_run_without_requests_has_a_page() {
    let scenario = "
apiVersion: mesh-failover.dev/v1alpha1
kind: Scenario
metadata: {name: silence}
spec: {gateway: cluster-a, traffic: {rate: 0.001}, duration: 1s}
";
    played(scenario, |run| {
        let page = html(&[run]);
        assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    });
}
