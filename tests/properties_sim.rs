//! Laws of the simulator, whatever happens in a scenario.

use std::collections::BTreeSet;

use mesh_failover_core::manifest::{Source, read};
use mesh_failover_core::sim::{EventKind, Options, Report, Simulation};
use proptest::prelude::*;

const MANIFESTS: &str = include_str!("scenarios/healthy-50-50.yaml");

/// The manifests of a scenario file, with other retries and timeouts, and a scenario of these steps.
fn text(steps: &[String], route: &str, rate: u32) -> String {
    let (manifests, _) = MANIFESTS
        .split_once("---\napiVersion: mesh-failover.dev/v1alpha1\nkind: Scenario")
        .expect("a scenario");
    let host = "    - destination: {host: hello-world.default.svc.cluster.local}\n";
    let manifests = manifests.replace(host, &format!("{host}{route}"));
    let steps: String = steps.iter().map(|step| format!("  - {step}\n")).collect();
    format!(
        "{manifests}---\napiVersion: mesh-failover.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: any}}\nspec:\n  gateway: cluster-a\n  \
         traffic: {{rate: {rate}, arrivals: poisson}}\n  duration: 12s\n  steps:\n{steps}"
    )
}

fn play(text: &str, seed: u64) -> Report {
    let (manifests, diagnostics) = read(&[Source { name: "any.yaml", text }]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}\n{text}");
    let options = Options { seed: Some(seed), ..Options::default() };
    Simulation::new(&manifests, &manifests.scenarios[0].spec, &options).expect("plays").run()
}

fn step() -> impl Strategy<Value = String> {
    let what = prop_oneof![
        (0..5_u32).prop_map(|n| format!("scale: {{TARGET, replicas: {n}}}")),
        (0..=100_u32, 500..505_u16).prop_map(|(r, s)| format!(
            "fail: {{TARGET, ratio: {}, status: {s}}}",
            f64::from(r) / 100.0
        )),
        (1..2_000_u32).prop_map(|ms| format!("slow: {{TARGET, latency: {ms}ms}}")),
        Just("slow: {TARGET, latency: {p50: 5ms, p99: 900ms}}".to_owned()),
        prop_oneof![
            Just("refuse"),
            Just("blackhole"),
            Just("unready"),
            Just("drain"),
            Just("partition"),
            Just("replace"),
            Just("restore")
        ]
        .prop_map(|kind| format!("{kind}: {{TARGET}}")),
    ];
    let target = prop_oneof![
        Just("cluster: cluster-a"),
        Just("region: us-central1"),
        Just("cluster: cluster-b, endpoints: [0, 2]"),
    ];
    (0..12_000_u32, what, target).prop_map(|(at, what, target)| {
        format!("{{at: {at}ms, {}}}", what.replace("TARGET", target))
    })
}

fn route() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("    retries: {attempts: 0}\n".to_owned()),
        Just("    timeout: 700ms\n".to_owned()),
        Just("    timeout: 700ms\n    retries: {attempts: 3, perTryTimeout: 150ms, retryOn: '5xx,reset', retryRemoteLocalities: true}\n".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every request that comes ends once, or hangs; attempts are requests and retries; shares add up.
    #[test]
    fn requests_are_conserved(
        steps in proptest::collection::vec(step(), 0..8),
        route in route(),
        rate in 1..400_u32,
        seed in any::<u64>(),
    ) {
        let report = play(&text(&steps, &route, rate), seed);
        prop_assert_eq!(report.started, report.total.requests + report.unfinished);
        for phase in &report.phases {
            let regions: u64 = phase.regions.values().map(|region| region.counts.requests).sum();
            prop_assert_eq!(regions, phase.total.requests);
            let attempts: u64 = phase.endpoints.values().map(|endpoint| endpoint.requests).sum();
            prop_assert!(attempts <= phase.total.requests + phase.retries + report.unfinished);
            let answered: u64 = phase.regions.iter().filter(|(name, _)| *name != "none").map(|(_, r)| r.counts.requests).sum();
            prop_assert!(attempts >= answered);
        }
        for frame in &report.frames {
            let weight: f64 = frame.regions.values().map(|region| region.weight).sum();
            prop_assert!(weight.abs() < 1e-6 || (weight - 100.0).abs() < 1e-6, "{weight}");
        }
        let times: Vec<f64> = report.events.iter().map(|event| event.at_ms).collect();
        prop_assert!(times.is_sorted());
    }

    /// A route's timeout ends every request.
    #[test]
    fn nothing_hangs_with_a_timeout(steps in proptest::collection::vec(step(), 0..8), seed in any::<u64>()) {
        let report = play(&text(&steps, "    timeout: 700ms\n", 100), seed);
        prop_assert_eq!(report.unfinished, 0);
        prop_assert!(report.phases.iter().all(|phase| phase.total.p99_ms.is_none_or(|p99| p99 <= 700.0)));
    }
}

/// Up to Istio 1.30 unready endpoints are left out of discovery, so the rest look completely healthy and
/// nothing spills; from 1.31 they count, and 1.4 × 50 % = 70 % stay.
#[test]
fn unreadiness_spills_from_istio_1_31_on() {
    let text = include_str!("scenarios/partial-50-percent.yaml");
    let (manifests, _) = read(&[Source { name: "partial-50-percent.yaml", text }]);
    let local_share = |version: &str| {
        let options =
            Options { version: version.parse().expect("a version"), ..Options::default() };
        let simulation = Simulation::new(&manifests, &manifests.scenarios[0].spec, &options);
        simulation.expect("plays").run().phases[1].regions["europe-west1"].share
    };
    assert_eq!(local_share("1.30"), 100.0);
    assert!((local_share("1.31") - 70.0).abs() < 1.5);
}

/// Two gateways together are what each of them is alone: counts add up, and no gateway's chance is another's.
#[test]
fn gateways_add_up() {
    let text = include_str!("scenarios/two-gateways.yaml");
    let (manifests, _) = read(&[Source { name: "two-gateways.yaml", text }]);
    let scenario = &manifests.scenarios[0].spec;
    let simulation = || Simulation::new(&manifests, scenario, &Options::default()).expect("plays");
    let parts: Vec<Report> = simulation().split().into_iter().map(Simulation::run).collect();
    let all = simulation().run();
    let [a, b] = parts.as_slice() else { panic!("{} gateways", parts.len()) };
    let sum = |of: fn(&Report) -> u64| of(a) + of(b);
    assert_eq!(all.started, sum(|it| it.started));
    assert_eq!(all.total.errors, sum(|it| it.total.errors));
    for (index, phase) in all.phases.iter().enumerate() {
        for (region, counts) in &phase.regions {
            let of = |it: &Report| it.phases[index].regions[region].counts.requests;
            assert_eq!(counts.counts.requests, of(a) + of(b), "{region} in phase {index}");
        }
        let names: Vec<&str> = phase.gateways.iter().map(|it| it.gateway.as_str()).collect();
        assert_eq!(names, ["cluster-a", "cluster-b"]);
        assert_eq!(phase.gateways[1].total, b.phases[index].total);
    }
    let pods = |report: &Report| {
        let kinds = report.events.iter().filter_map(|event| match &event.kind {
            EventKind::Ejected { gateway, .. } => Some(*gateway),
            _ => None,
        });
        kinds.collect::<BTreeSet<u32>>()
    };
    assert_eq!(pods(&all), BTreeSet::from([0, 1, 2]), "one pod of the first, two of the second");
    assert_eq!(pods(b), BTreeSet::from([0, 1]));
    assert!(all.events.is_sorted_by(|a, b| a.at_ms <= b.at_ms));
    // The first gateway is as it is without the other.
    let mut alone = scenario.clone();
    alone.other_gateways.clear();
    alone.steps.retain(|step| step.gateway.is_none());
    alone.expect.clear();
    let alone = Simulation::new(&manifests, &alone, &Options::default()).expect("plays").run();
    assert_eq!(alone.total, a.total);
}

#[test]
fn a_gateway_is_named_as_it_is_written() {
    let check = |change: (&str, &str), expect: &str| {
        let text = include_str!("scenarios/two-gateways.yaml").replace(change.0, change.1);
        let (manifests, _) = read(&[Source { name: "two-gateways.yaml", text: &text }]);
        let scenario = &manifests.scenarios[0].spec;
        let error = Simulation::new(&manifests, scenario, &Options::default());
        let error = error.expect_err("cannot be played").to_string();
        assert!(error.starts_with(expect), "{error}");
    };
    check(
        ("{gateway: cluster-b, traffic", "{gateway: cluster-a, traffic"),
        "`spec.otherGateways[0].gateway`: `cluster-a` has traffic already",
    );
    check(
        ("{gateway: cluster-b, traffic", "{gateway: mars, traffic"),
        "`spec.steps[1].gateway`: `cluster-b` has no traffic; `cluster-a`, `mars` have",
    );
    check(
        ("traffic: {rate: 80}", "traffic: {rate: -1}"),
        "`spec.otherGateways[0].traffic.rate`: `-1`",
    );
    check(
        ("rate: 160, gateway: cluster-b", "rate: 160, gateway: mars"),
        "`spec.steps[1].gateway`: `mars`",
    );
    check(
        ("fail: {region: us-central1}", "gateway: cluster-b, fail: {region: us-central1}"),
        "`spec.steps[2].fail`: happens to endpoints",
    );
}
