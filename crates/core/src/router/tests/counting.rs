//! What is counted, and that nothing is counted twice or lost.

use mesh_failover_sorted::SortedMap;
use serde_json::json;

use super::support::{Worker, compiled, halves, whole};
use super::{CLUSTER, at};
use crate::router::{Check, Failure, Form, Metric, ProbeResult, Quota, Router, Sample};

/// Full name and value of everything that is new; of counters and histograms the sum.
fn flushed(router: &mut Router, millis: u64) -> SortedMap<String, u64> {
    let mut all = SortedMap::new();
    router.flush(at(millis), &mut |sample| {
        *all.entry(sample.full_name()).or_default() += sample.value
    });
    all
}

fn of_region(region: &str, kind: &str, name: &str) -> String {
    let kind = if kind.is_empty() { String::new() } else { format!("mesh_kind=.={kind};.;") };
    let host = "mesh_host=.=hello.default.svc.cluster.local;.;mesh_port=.=80;.;";
    format!("{host}mesh_region=.={region};.;{kind}{name}")
}

#[test]
fn zeros_come_first_then_only_what_changed() {
    let mut worker = Worker::new(compiled("a", halves(), json!({})));
    let first = flushed(&mut worker.router, 0);
    assert_eq!(first.get(&of_region("a", "timeout", "mesh_region_errors_total")), Some(&0));
    assert_eq!(first.get(&of_region("a", "probe", "mesh_region_ejections_total")), Some(&0));
    let full = (of_region("a", "", "mesh_region_traffic_percent"), 100);
    let others = first.iter().filter(|(name, value)| name.contains("=a;") && **value > 0);
    assert_eq!(others.collect::<Vec<_>>(), [(&full.0, &full.1)]);
    let unused = ["rescues", "probes_total"].map(|part| first.keys().any(|it| it.contains(part)));
    assert_eq!(unused, [false, false], "what is not configured has no zero");
    assert_eq!(flushed(&mut worker.router, 100), SortedMap::new());
    for _ in 0..10 {
        worker.router.choose(CLUSTER).expect("a region");
    }
    let requests = |region| (of_region(region, "", "mesh_region_requests_total"), 5);
    assert_eq!(
        flushed(&mut worker.router, 200).into_iter().collect::<Vec<_>>(),
        [requests("a"), requests("b")]
    );
}

#[test]
fn an_outage_is_counted_from_its_errors_to_its_return() {
    let mut worker = Worker::new(compiled("a", halves(), json!({})));
    flushed(&mut worker.router, 0);
    worker.fail("a", 1, Failure::Timeout, 100);
    worker.fail("a", 1, Failure::Response(503), 100);
    let out = flushed(&mut worker.router, 100);
    for (kind, name, value) in [
        ("timeout", "mesh_region_errors_total", 1),
        ("response", "mesh_region_errors_total", 1),
        ("consecutive_5xx", "mesh_region_ejections_total", 1),
        ("", "mesh_region_out", 1),
        ("", "mesh_region_traffic_percent", 0),
    ] {
        assert_eq!(out.get(&of_region("a", kind, name)), Some(&value), "{kind} {name}: {out:?}");
    }
    worker.run(200, 1_200);
    let back = flushed(&mut worker.router, 1_200);
    assert_eq!(back.get(&of_region("a", "", "mesh_region_out")), Some(&0));
    assert_eq!(back.get(&of_region("a", "", "mesh_region_out_milliseconds")), Some(&1_000));
    assert_eq!(back.get(&of_region("a", "", "mesh_region_traffic_percent")), Some(&100));
}

#[test]
fn a_ramp_is_seen_in_percent() {
    let failback = json!({"failback": {"ramp": {"duration": "10s", "startPercent": 10}}});
    let mut worker = Worker::new(compiled("a", halves(), failback));
    worker.fail("a", 2, Failure::Connection, 100);
    worker.run(200, 1_100);
    let percent = of_region("a", "", "mesh_region_traffic_percent");
    for (millis, value) in [(1_100, 10), (6_100, 55), (11_100, 100)] {
        assert_eq!(flushed(&mut worker.router, millis).get(&percent), Some(&value), "{millis}");
    }
}

#[test]
fn probes_and_lost_hosts_and_refusals_are_counted() {
    let probe =
        json!({"probe": {"interval": "100ms", "unhealthyThreshold": 2}, "allRegionsOut": "fail"});
    let mut worker = Worker::new(compiled("a", halves(), probe));
    worker.found.insert("a", (Check::Usable, ProbeResult::Status(500)));
    worker.found.insert("b", (Check::NoUsableHost, ProbeResult::NoAnswer));
    worker.run(100, 300);
    assert!(worker.router.choose(CLUSTER).is_none());
    let all = flushed(&mut worker.router, 300);
    let count = |region, kind, name| all.get(&of_region(region, kind, name)).copied();
    assert_eq!(count("a", "failed", "mesh_region_probes_total"), Some(3));
    assert_eq!(count("a", "probe", "mesh_region_ejections_total"), Some(1));
    assert_eq!(count("b", "no_usable_host", "mesh_region_ejections_total"), Some(1));
    let refused = all.iter().find(|(name, _)| name.contains("unrouted"));
    let (name, value) = refused.expect("counted for the destination");
    assert!(name.contains("mesh_kind=.=failed") && !name.contains("mesh_region=") && *value == 1);
}

#[test]
fn what_a_configuration_takes_away_is_set_to_zero() {
    let mut worker = Worker::new(compiled("a", halves(), json!({})));
    worker.fail("b", 2, Failure::Timeout, 100);
    let next = compiled("a", json!({"distribute": [{"from": "*", "to": {"a": 100}}]}), json!({}));
    let mut zeroed = Vec::new();
    worker.router.retire(&next, &mut |sample| zeroed.push((sample.full_name(), sample.value)));
    let names = ["mesh_region_out", "mesh_region_traffic_percent"];
    assert_eq!(zeroed, names.map(|name| (of_region("b", "", name), 0)));
    worker.router.retire(&whole("a", json!({})), &mut |_| zeroed.push((String::new(), 0)));
    assert_eq!(zeroed.len(), 6, "and of all regions when the destination goes");
}

#[test]
fn every_sample_has_a_number_and_a_name_of_its_own() {
    let mut keys = SortedMap::new();
    for (host, port, region) in
        [("a.b", 80, "c"), ("a.b", 81, "c"), ("a.bc", 80, ""), ("a.b", 80, "cd")]
    {
        for metric in Metric::ALL {
            let sample = Sample { metric, host, port, region, value: 1 };
            assert_eq!(keys.insert(sample.key(), sample.full_name()), None, "{sample:?}");
        }
    }
    for metric in Metric::ALL {
        let total = metric.name().ends_with("_total");
        assert_eq!(total, metric.form() == Form::Counter, "{metric:?}");
        assert!(metric.meaning().ends_with('.'), "{metric:?}");
    }
}

#[test]
fn the_debug_header_and_the_log_say_why() {
    let mut config = json!({"destinations": [], "debugHeader": "x-debug"});
    assert_eq!(whole("a", json!({})).debug_header, None);
    let plain = json!({"host": "hello.default.svc.cluster.local", "port": 80, "trafficPolicy": {
        "outlierDetection": {"consecutive5xxErrors": 2, "baseEjectionTime": "1s"},
        "loadBalancer": {"localityLbSetting": halves()}
    }});
    config["destinations"] = json!([plain]);
    let mut worker = Worker::new(whole("a", config));
    worker.fail("a", 2, Failure::Timeout, 100);
    let debug = |choice, worker: &Worker| {
        worker.router.debug(choice, at(100)).map(|(name, value)| format!("{name}: {value}"))
    };
    let of_b = debug(Some(worker.choice("b")), &worker);
    let said = "x-debug: region=b; state=usable; percent=100; out=a:consecutive_5xx";
    assert_eq!(of_b.as_deref(), Some(said));
    assert_eq!(debug(None, &worker).as_deref(), Some("x-debug: left to Istio"));
    let mut lines = Vec::new();
    while let Some(event) = worker.router.poll_event() {
        lines.push(event.to_string());
    }
    let fields = "[from=usable to=ejected reason=consecutive_5xx was_ms=100 for_ms=1000 backoff=1 \
                  requests=0 errors=0 slow=0]";
    assert!(lines.iter().any(|line| line.ends_with(fields)), "{lines:?}");
}

#[test]
fn lines_are_rationed_and_the_missing_ones_counted() {
    let mut quota = Quota::default();
    let written = (0..Quota::MOST + 7).filter(|_| quota.take()).count();
    assert_eq!(written, Quota::MOST as usize);
    assert_eq!(quota.refill(), None, "the first line that there is room for is a change");
    assert_eq!(quota.refill(), Some(7));
    assert!(quota.take() && quota.take() && !quota.take());
}
