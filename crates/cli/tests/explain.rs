//! `mesh-failover explain` as its user meets it.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::process::{Command, Output};

use mesh_failover_harness::find;

fn explain(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mesh-failover"))
        .arg("explain")
        .args(arguments)
        .current_dir(find::workspace())
        .output()
        .unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = explain(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_seeds_gateway() {
    insta::assert_snapshot!(text(&["examples/seed", "--from", "europe-west1"]));
}

#[test]
fn a_gateway_with_failover() {
    insta::assert_snapshot!(text(&["examples/failover", "--from", "europe-west1"]));
}

/// Every line of the seed that decides about failover is pointed at.
#[test]
fn json_points_at_every_line_that_decides() {
    let json = text(&["examples/seed", "--from", "us-central1", "-o", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let cluster = &value["clusters"][0];
    assert_eq!(cluster["name"], "outbound|80||hello-world.default.svc.cluster.local");
    assert_eq!(cluster["localities"][0]["spill"]["unhealthy"], 1);
    // Host, request limit, four of outlier detection, the entry for this gateway and its two shares.
    for line in [7, 11, 13, 14, 15, 16, 25, 27, 28] {
        assert!(json.contains(&format!("\"line\": {line},")), "{line}");
    }
}

#[test]
fn clusters_that_no_route_names_are_left_out_unless_asked_for() {
    let count = |arguments: &[&str]| text(arguments).matches("\noutbound|").count();
    let route_away = ["examples/seed/topology.yaml", "examples/seed/gateway.yaml"];
    let from = ["--from", "europe-west1"];
    assert_eq!(count(&[&route_away[..], &from[..]].concat()), 0);
    assert_eq!(count(&[&route_away[..], &from[..], &["--all"]].concat()), 1);
}

#[test]
fn an_unknown_gateway_is_told_with_those_there_are() {
    let output = explain(&["examples/seed", "--from", "mars"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("europe-west1/europe-west1-b"), "{error}");
}
