//! `mesh-failover render` as its user meets it: what it writes is usable by the other commands at once.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mesh-failover")).args(arguments).output().unwrap()
}

fn check(arguments: &[&str], status: i32, parts: &[&str]) -> String {
    let output = run(arguments);
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8(all).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
    text
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const SERVICE: [&str; 3] = ["render", "--service", "hello-world.default.svc.cluster.local"];
const SHARES: [&str; 4] = ["--region", "europe-west1=50", "--region", "us-central1=50"];

const INTENT: &str = "
apiVersion: mesh-failover.dev/v1alpha1
kind: Intent
metadata: {name: hello-world}
spec:
  host: hello-world.default.svc.cluster.local
  regions: [{name: europe-west1}, {name: us-central1}, {name: asia-east1}]
  distribute: {europe-west1: 50, us-central1: 50}
  failover: [{from: europe-west1, to: us-central1}]
  router:
    failback: {minimumHealthyTime: 10s, ramp: {duration: 1m}}
    health: {successRate: {minimumPercent: 90}}
    probe: {path: /healthz, interval: 2s}
    drain: {regions: [us-central1], duration: 2s}
    affinity: {header: x-user}
    rescue: {maxBodyBytes: 1024}
    allRegionsOut: fail
";

/// `us-central1` is drained, so what is left serves alone.
const SCENARIO: &str = "
apiVersion: mesh-failover.dev/v1alpha1
kind: Scenario
metadata: {name: drained}
spec:
  gateway: europe-west1
  traffic: {rate: 100}
  duration: 30s
  expect:
  - {from: 10s, to: 30s, share: {europe-west1: 100}, within: 0}
";

#[test]
fn what_is_rendered_passes_check_and_can_be_explained() {
    let folder = tempfile::tempdir().unwrap();
    let nearest = ["--region", "europe-west1", "--region", "us-central1"];
    for (number, flags) in [
        [&SHARES[..], &[]].concat(),
        [&SHARES[..], &["--router"]].concat(),
        [&SHARES[..], &["--router", "--traffic-extension"]].concat(),
        [&nearest[..], &["--failover", "europe-west1=us-central1"]].concat(),
        [&nearest[..], &["--failover-priority", "topology.kubernetes.io/region"]].concat(),
        [&nearest[..], &["--router"]].concat(),
        [&SHARES[..], &["--failover", "europe-west1=us-central1", "--router"]].concat(),
        [&SHARES[..], &["--gateway-api", "--port", "80"]].concat(),
    ]
    .iter()
    .enumerate()
    {
        let out = folder.path().join(number.to_string());
        let out = out.display().to_string();
        check(&[&SERVICE[..], flags, &["--out", &out]].concat(), 0, &["kubectl", "wrote"]);
        check(&["check", &out, "--fail-on", "warning"], 0, &[]);
        let by_istio = !flags.contains(&"--gateway-api");
        let hosts: &[&str] = if by_istio { &["outbound|80||hello-world"] } else { &[] };
        check(&["explain", &out, "--from", "us-central1"], 0, hosts);
    }
}

/// All that the router can be told, from an intent: the commands take what comes out, and so does the router itself.
#[test]
fn the_routers_own_words_pass_check_and_can_be_played() {
    let folder = tempfile::tempdir().unwrap();
    let intent = folder.path().join("intent.yaml");
    fs::write(&intent, INTENT).unwrap();
    let (intent, out) = (intent.display().to_string(), folder.path().join("out"));
    let out = out.display().to_string();
    check(&["render", "--intent", &intent, "--out", &out], 0, &["wasm-plugin.yaml"]);
    check(&["check", &out, "--fail-on", "warning"], 0, &[]);
    let scenario = folder.path().join("scenario.yaml");
    fs::write(&scenario, SCENARIO).unwrap();
    let scenario = scenario.display().to_string();
    let arms = ["--arm", "router", "--scenario", &scenario];
    check(&[&["simulate", &out], &arms[..]].concat(), 0, &["europe-west1"]);
}

#[test]
fn nothing_of_an_earlier_run_is_left_to_be_applied() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let name = out.display().to_string();
    let render = |flags: &[&str]| {
        check(&[&SERVICE[..], &SHARES[..], flags, &["--out", &name]].concat(), 0, &[]);
        names(&out)
    };
    assert!(render(&["--router"]).contains(&"wasm-plugin.yaml".to_owned()));
    let native = [
        "commands.txt",
        "destination-rule.yaml",
        "gateway.yaml",
        "topology.yaml",
        "virtual-service.yaml",
    ];
    assert_eq!(render(&[]), native);

    fs::write(out.join("gateway.yaml"), "mine").unwrap();
    check(&[&SERVICE[..], &SHARES[..], &["--out", &name]].concat(), 2, &["did not write"]);
}

#[test]
fn what_cannot_be_rendered_is_told() {
    check(&[&SERVICE[..], &["--region", "a=x"]].concat(), 2, &["`x` in `--region a=x`"]);
    check(&[&SERVICE[..], &["--region", "a=90"]].concat(), 2, &["add up to 90"]);
    check(&["render", "--region", "a=100"], 2, &["--service"]);
    let folder = tempfile::tempdir().unwrap();
    let intent = folder.path().join("intent.yaml");
    let text = "apiVersion: mesh-failover.dev/v1alpha1\nkind: Intent\nmetadata: {name: a}\nspec:\n  hosst: a\n";
    fs::write(&intent, text).unwrap();
    let name = intent.display().to_string();
    check(&["render", "--intent", &name], 2, &["intent.yaml:5:3", "did you mean `host`?"]);
    let text = text.replace("hosst: a", "host: web");
    fs::write(&intent, text).unwrap();
    check(
        &["render", "--intent", &name],
        2,
        &["intent.yaml:5:9", "not the full name of a service", "no region is given"],
    );
}
