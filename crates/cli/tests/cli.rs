//! The binary as its user meets it: exit status, messages, and files that the real Envoy accepts.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mesh_failover_harness::find;

fn examples() -> PathBuf {
    find::workspace().join("examples")
}

fn envoy(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mesh-failover"))
        .arg("envoy")
        .args(arguments)
        .current_dir(examples())
        .output()
        .unwrap()
}

fn check(arguments: &[&str], status: i32, expected: &[&str]) {
    let output = envoy(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    for part in expected {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

/// The smallest module there is: Envoy's check of a configuration does not need more.
fn module(folder: &Path) -> String {
    let path = folder.join("module.wasm");
    fs::write(&path, b"\0asm\x01\0\0\0").unwrap();
    path.display().to_string()
}

fn accepted(out: &Path) {
    let output = Command::new(find::envoy().unwrap())
        .args(["--mode", "validate", "--use-dynamic-base-id", "-l", "error", "-c", "envoy.yaml"])
        .current_dir(out)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {log}", out.display());
}

#[test]
fn envoy_accepts_every_example_from_every_gateway() {
    let folder = tempfile::tempdir().unwrap();
    for (example, regions) in [
        ("seed", &["europe-west1", "us-central1"][..]),
        ("region-router", &["europe-west1", "us-central1"]),
        ("failover", &["europe-west1", "us-central1", "asia-east1"]),
        ("failover-priority", &["europe-west1", "us-central1"]),
        ("three-regions", &["europe-west1", "us-central1", "asia-east1"]),
    ] {
        for region in regions {
            let out = folder.path().join(format!("{example}-{region}"));
            let name = out.display().to_string();
            check(&[example, "--from", region, "--out", &name], 0, &[]);
            accepted(&out);
        }
    }
}

#[test]
fn the_filter_comes_with_the_plugins_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let (name, module) = (out.display().to_string(), module(folder.path()));
    check(&["region-router", "--from", "us-central1", "--router", &module, "--out", &name], 0, &[]);
    let bootstrap = fs::read_to_string(out.join("envoy.yaml")).unwrap();
    for part in
        ["name: istio-system.region-router", "FAIL_OPEN", "filename: filter.wasm", "distribute"]
    {
        assert!(bootstrap.contains(part), "no `{part}` in:\n{bootstrap}");
    }
    assert!(out.join("filter.wasm").is_file());
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let read = || fs::read_to_string(out.join("envoy.yaml")).unwrap();
    let name = out.display().to_string();
    check(&["seed", "--from", "europe-west1", "--out", &name], 0, &[]);
    let first = read();
    check(&["seed", "--from", "europe-west1", "--out", &name], 0, &[]);
    assert_eq!(first, read());
}

#[test]
fn unusable_input_is_told_apart_from_findings() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let name = out.display().to_string();
    let broken = folder.path().join("broken.yaml");
    fs::write(&broken, "kind: Gateway\nspec: [\n").unwrap();
    let broken = broken.display().to_string();
    let topology = examples().join("seed/topology.yaml").display().to_string();

    check(&["missing.yaml", "--from", "x", "--out", &name], 2, &["cannot read `missing.yaml`"]);
    check(&[&broken, "--from", "x", "--out", &name], 2, &["broken.yaml:"]);
    check(&["seed", "--from", "mars", "--out", &name], 2, &["`mars`", "europe-west1"]);
    check(&[&topology, "--from", "europe-west1", "--out", &name], 1, &["nothing to listen on"]);
    let module = module(folder.path());
    check(
        &["seed", "--from", "europe-west1", "--router", &module, "--out", &name],
        1,
        &["no WasmPlugin selects", "failStrategy: FAIL_OPEN"],
    );
    assert!(!out.exists(), "nothing is written unless all of it is");
}

/// A route to a subset that no DestinationRule has: requests would get 503.
#[test]
fn nothing_is_written_after_an_error_of_the_translation() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let seed = examples().join("region-router");
    for file in fs::read_dir(seed).unwrap().map(Result::unwrap) {
        let text = fs::read_to_string(file.path()).unwrap();
        let text = text.replace("subset: us-central1", "subset: us-central2");
        fs::write(folder.path().join(file.file_name()), text).unwrap();
    }
    let (input, name) = (folder.path().display().to_string(), out.display().to_string());
    let line = "virtual-service.yaml:29:7";
    let expected = [line, "us-central2", "does not exist", "nothing was written"];
    check(&[&input, "--from", "europe-west1", "--out", &name], 1, &expected);
    assert!(!out.exists());
}

#[test]
fn the_seeds_bootstrap_is_this() {
    let folder = tempfile::tempdir().unwrap();
    for (example, more) in [("seed", None), ("region-router", Some("--router"))] {
        let out = folder.path().join(example);
        let (name, module) = (out.display().to_string(), module(folder.path()));
        let mut arguments = vec![example, "--from", "europe-west1", "--out", &name];
        arguments.extend(more.map(|flag| [flag, &module]).into_iter().flatten());
        check(&arguments, 0, &[]);
        insta::assert_snapshot!(example, fs::read_to_string(out.join("envoy.yaml")).unwrap());
    }
}

#[test]
fn files_of_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let name = folder.path().display().to_string();
    check(&["seed", "--from", "europe-west1", "--out", &name], 2, &["did not write"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
