//! What the documentation says of CI is what CI would do: the workflow is one by GitHub's schema, and its commands run as written.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use mesh_failover_harness::find;
use serde_json::Value;

/// The workflow in docs/check.md.
fn workflow() -> Value {
    let text = fs::read_to_string(find::workspace().join("docs/check.md")).unwrap();
    let (_, rest) = text.split_once("```yaml\nname: ").unwrap();
    let (workflow, _) = rest.split_once("```").unwrap();
    serde_yaml::from_str(&format!("name: {workflow}")).unwrap()
}

/// Against the schema of SchemaStore (Apache-2.0), as the Python package check-jsonschema 0.39.0 carries it.
#[test]
fn the_workflow_is_one_by_its_schema() {
    let schema: Value = serde_json::from_str(include_str!("github/github-workflow.json")).unwrap();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("workflow.json", schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("workflow.json", &mut schemas).unwrap();
    let mut workflow = workflow();
    if let Err(error) = schemas.validate(&workflow, index) {
        panic!("{error:#}");
    }
    workflow["jobs"]["check"]["steps"][0]["run"] = Value::Bool(true);
    assert!(schemas.validate(&workflow, index).is_err(), "the schema was not looked at");
}

/// As a runner does it: `bash -e`, in the checkout, with the command on the path.
fn step(folder: &Path, command: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_mesh-failover")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    Command::new("bash")
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", command])
        .env("PATH", path)
        .env("GITHUB_ACTIONS", "true")
        .current_dir(folder)
        .output()
        .unwrap()
}

fn checkout(example: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("manifests")).unwrap();
    let from = find::workspace().join("tests/lints").join(example);
    fs::copy(from, folder.path().join("manifests/rule.yaml")).unwrap();
    folder
}

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

#[test]
fn the_workflows_steps_run_as_written() {
    let workflow = workflow();
    let steps = workflow["jobs"]["check"]["steps"].as_array().unwrap();
    let commands: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    let [scan, annotate] = commands.as_slice() else { panic!("{commands:?}") };
    let uploaded = steps.iter().find_map(|step| step["with"]["sarif_file"].as_str()).unwrap();

    let bad = checkout("MF0201/bad.yaml");
    let scanned = step(bad.path(), scan);
    assert!(scanned.status.success(), "{}", text(&scanned.stderr));
    let sarif = fs::read_to_string(bad.path().join(uploaded)).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    // Code scanning knows files by their path in the checkout.
    assert_eq!(place["artifactLocation"]["uri"], "manifests/rule.yaml");
    let annotated = step(bad.path(), annotate);
    assert_eq!(annotated.status.code(), Some(1), "a finding fails the job");
    let lines = text(&annotated.stdout);
    assert!(
        lines.starts_with("::warning title=MF0201,file=manifests/rule.yaml,line=9,col=9::"),
        "{lines}"
    );

    let good = checkout("MF0201/good.yaml");
    for command in commands {
        let output = step(good.path(), command);
        assert!(output.status.success(), "{command}: {}", text(&output.stdout));
    }
}

/// pre-commit calls `entry` with the files that change.
#[test]
fn the_pre_commit_hook_runs_as_written() {
    let hooks = fs::read_to_string(find::workspace().join(".pre-commit-hooks.yaml")).unwrap();
    let hooks: Value = serde_yaml::from_str(&hooks).unwrap();
    let [hook] = hooks.as_array().unwrap().as_slice() else { panic!("{hooks}") };
    for field in ["id", "name", "entry", "language"] {
        assert!(hook[field].is_string(), "{field} of {hook}");
    }
    let entry = hook["entry"].as_str().unwrap();
    for (example, status) in [("MF0201/bad.yaml", 1), ("MF0201/good.yaml", 0)] {
        let folder = checkout(example);
        let output = step(folder.path(), &format!("{entry} manifests/rule.yaml"));
        assert_eq!(output.status.code(), Some(status), "{}", text(&output.stdout));
    }
}
