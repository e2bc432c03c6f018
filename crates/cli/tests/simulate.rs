//! `mesh-failover simulate` as its user meets it.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::fs;
use std::process::{Command, Output};

use mesh_failover_harness::find;

fn simulate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mesh-failover"))
        .arg("simulate")
        .args(arguments)
        .current_dir(find::workspace())
        .output()
        .unwrap()
}

fn check(arguments: &[&str], status: i32, stdout: &[&str], stderr: &[&str]) {
    let output = simulate(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(status), "{out}\n{err}");
    for (all, parts) in [(&out, stdout), (&err, stderr)] {
        for part in parts {
            assert!(all.contains(part), "no `{part}` in:\n{all}");
        }
    }
}

/// A scenario for the seed's manifests in a file of its own.
fn with_scenario(spec: &str, test: impl FnOnce(&[&str])) {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("scenario.yaml");
    let text = format!(
        "apiVersion: mesh-failover.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: mine}}\nspec:\n{spec}"
    );
    fs::write(&scenario, text).unwrap();
    let manifests = ["destination-rule", "gateway", "virtual-service"]
        .map(|name| format!("examples/seed/{name}.yaml"));
    let scenario = scenario.display().to_string();
    let mut arguments: Vec<&str> = manifests.iter().map(String::as_str).collect();
    arguments.extend(["--topology", "examples/seed/topology.yaml", "--scenario", &scenario]);
    test(&arguments);
}

#[test]
fn the_seeds_table_comes_true() {
    check(
        &["examples/seed", "--seed", "42"],
        0,
        &[
            "cluster-a-down: ",
            "seed 42",
            "gone: europe-west1-b-0, europe-west1-b-1, europe-west1-b-2",
            "ok    22 s to 40 s      share of us-central1 100 % ± 1: 100.00 %",
        ],
        &[],
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for format in ["text", "json", "csv", "html", "junit"] {
        let play = |seed| simulate(&["examples/seed", "--seed", seed, "-o", format]).stdout;
        assert!(!play("1").is_empty());
        assert_eq!(play("1"), play("1"), "{format}");
        assert_ne!(play("1"), play("2"), "{format}");
    }
}

/// **Source**: `junit/junit-10.xsd` is the schema of Jenkins' xUnit plugin (github.com/jenkinsci/xunit-plugin, MIT) as pytest 8.4.2 carries
/// it to check its own reports, testing/example_scripts.
#[test]
fn junit_is_valid_against_the_schema_that_ci_systems_read() {
    let valid = |report: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.xml");
        fs::write(&file, report).unwrap();
        let tests = find::workspace().join("crates/cli/tests/junit");
        let node = Command::new("node")
            .arg(tests.join("validate.mjs"))
            .args([&tests.join("junit-10.xsd"), &file])
            .current_dir(find::workspace().join("www"))
            .output()
            .expect("node runs the validator");
        let errors = String::from_utf8_lossy(&node.stderr);
        assert!(errors.is_empty(), "`cargo xtask setup` installs the validator: {errors}");
        node.status.success()
    };
    let passes = simulate(&["examples/seed", "-o", "junit"]).stdout;
    assert!(valid(&passes), "{}", String::from_utf8_lossy(&passes));
    let spec = "  gateway: cluster-a\n  traffic: {rate: 100}\n  duration: 10.0005s\n  expect:\n  - {share: {us-central1: 90}, within: 1, errors: {'503': {min: 1}}}\n";
    with_scenario(spec, |arguments| {
        let fails = simulate(&[arguments, &["-o", "junit"]].concat()).stdout;
        let text = String::from_utf8_lossy(&fails);
        assert!(text.contains("<failure"), "{text}");
        assert!(valid(&fails), "{text}");
        let without_name = text.replace("<testcase classname=\"mine\" name=", "<testcase was=");
        assert!(!valid(without_name.as_bytes()), "the schema tells nothing apart");
    });
}

#[test]
fn the_router_decides_where_a_plugin_puts_it_unless_another_arm_is_asked_for() {
    check(
        &["examples/region-router"],
        0,
        &["router arm", "region europe-west1: no usable host, out until there is one"],
        &[],
    );
    check(&["examples/region-router", "--arm", "native"], 0, &["native arm"], &[]);
    check(&["examples/seed"], 0, &["native arm"], &[]);
    check(
        &["examples/seed", "--arm", "router"],
        2,
        &[],
        &["no WasmPlugin selects the gateway; add the WasmPlugin with its `pluginConfig`"],
    );
    check(&["examples/seed", "--arm", "both"], 2, &[], &["write `auto`, `native` or `router`"]);
}

#[test]
fn what_does_not_come_as_expected_is_told_and_exits_with_1() {
    let spec = "  gateway: cluster-a\n  traffic: {rate: 100}\n  duration: 10s\n  expect:\n  - {share: {us-central1: 90}, within: 1}\n";
    with_scenario(spec, |arguments| {
        check(
            arguments,
            1,
            &["FAIL  0 s to 10 s       share of us-central1 90 % ± 1: "],
            &["not as expected: `mine`"],
        );
    });
}

#[test]
fn what_cannot_be_played_exits_with_2() {
    let spec = |step: &str| {
        format!(
            "  gateway: cluster-a\n  traffic: {{rate: 100}}\n  duration: 10s\n  steps:\n  - {step}\n"
        )
    };
    with_scenario(&spec("{at: 1s, fail: {cluster: cluster-x}}"), |arguments| {
        check(
            arguments,
            2,
            &[],
            &[
                "`spec.steps[0]`: `fail 100 % with 503 at cluster-x` hits no workload; there are `europe-west1-b`",
            ],
        );
    });
    with_scenario(&spec("{at: 1s, fial: {cluster: cluster-a}}"), |arguments| {
        check(arguments, 2, &[], &["unknown field `fial`", "did you mean `fail`?"]);
    });
    with_scenario("  gateway: cluster-c\n  duration: 1s\n", |arguments| {
        check(
            arguments,
            2,
            &[],
            &["no gateway in cluster `cluster-c`", "`cluster-a`, `cluster-b`"],
        );
    });
    check(&["examples/failover"], 2, &[], &["no scenario says what happens"]);
}
