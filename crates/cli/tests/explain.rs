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
fn a_hash_table_and_its_hosts() {
    insta::assert_snapshot!(text(&["tests/scenarios/maglev.yaml", "--from", "europe-west1"]));
}

#[test]
fn what_zone_aware_routing_would_do() {
    insta::assert_snapshot!(text(&["tests/scenarios/zone-aware.yaml", "--from", "europe-west1"]));
}

/// As `istioctl proxy-config all -o yaml` prints it, and as Envoy does.
#[test]
fn a_dump_may_be_yaml() {
    let json = "tests/fuzz/corpus/dump/config_dump.json";
    let written = std::fs::read_to_string(find::workspace().join(json)).unwrap();
    let value: serde_json::Value = serde_json::from_str(&written).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let yaml = folder.path().join("config_dump.yaml");
    std::fs::write(&yaml, block(&value, 0).trim_start()).unwrap();
    let of = |path: &str| text(&[path, "--from", "europe-west1", "--all"]);
    assert_eq!(of(yaml.to_str().unwrap()), of(json));
    std::fs::write(&yaml, "configs:\n- {a: [b\n").unwrap();
    let output = explain(&[yaml.to_str().unwrap(), "--from", "europe-west1"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is not a dump of Envoy") && said.contains("line"), "{said}");
}

/// Block style, as Go's YAML writes it.
fn block(value: &serde_json::Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        serde_json::Value::Object(fields) if !fields.is_empty() => fields
            .iter()
            .map(|(key, value)| {
                let key = if key.starts_with('@') { format!("'{key}'") } else { key.clone() };
                format!("\n{pad}{key}: {}", block(value, indent + 2))
            })
            .collect(),
        serde_json::Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| format!("\n{pad}- {}", block(item, indent + 2).trim_start()))
            .collect(),
        flat => flat.to_string(),
    }
}

#[test]
fn that_no_dump_is_of_the_gateway_is_said() {
    let dump = "tests/fuzz/corpus/dump/config_dump.json";
    let said = |from: &str| {
        let output = explain(&["examples/seed", dump, "--from", from]);
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(!said("europe-west1").contains("no dump is of"), "{}", said("europe-west1"));
    let other = said("us-central1");
    assert!(other.contains("no dump is of a gateway at `us-central1/us-central1-a"), "{other}");
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
