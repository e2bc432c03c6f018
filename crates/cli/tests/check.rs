//! `mesh-failover check` as its user meets it: exit status, formats, repairs.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use mesh_failover_harness::find;
use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mesh-failover"))
        .arg("check")
        .args(arguments)
        .current_dir(find::workspace().join("tests/lints"))
        .output()
        .unwrap()
}

fn stdout(arguments: &[&str], status: i32) -> String {
    let output = run(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}{errors}");
    text
}

fn json(arguments: &[&str], status: i32) -> Value {
    serde_json::from_str(&stdout(arguments, status)).unwrap()
}

fn check(arguments: &[&str], status: i32, expected: &[&str]) {
    let output = run(arguments);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
    for part in expected {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

/// The finding that all tests here look at.
const BAD: &str = "MF0201/bad.yaml";

#[test]
fn the_exit_status_says_what_came_out() {
    check(&["MF0201/good.yaml"], 0, &["no findings"]);
    check(
        &[BAD],
        1,
        &["warning[MF0201]", "MF0201/bad.yaml:9:9", "docs/lints/MF0201.md", "1 warning"],
    );
    check(&[BAD, "--fail-on", "error"], 0, &["warning[MF0201]"]);
    check(&[BAD, "--fail-on", "never"], 0, &["warning[MF0201]"]);
    check(&["missing.yaml"], 2, &["cannot read `missing.yaml`"]);
    check(&["MF0208/bad.yaml"], 0, &["note[MF0208]"]);
    check(&["MF0208/bad.yaml", "--fail-on", "note"], 1, &["note[MF0208]"]);
}

#[test]
fn version_and_target_change_what_is_wrong() {
    check(&["MF0901/bad.yaml", "--istio", "1.29"], 1, &["MF0901"]);
    check(&["MF0901/bad.yaml", "--istio", "1.30"], 0, &[]);
    check(&["MF1001/bad.yaml", "--target", "cloud-service-mesh"], 1, &["MF1001"]);
}

#[test]
fn json_has_everything() {
    let found = json(&[BAD, "-o", "json"], 1);
    let first = &found["findings"][0];
    assert_eq!(first["code"], "MF0201");
    assert_eq!(first["object"], "DestinationRule default/hello-world");
    assert_eq!(first["location"]["line"], 9);
    assert!(first["fix"]["edits"][0]["text"].as_str().unwrap().contains("outlierDetection"));
}

/// Every example of a lint as one log, against OASIS' schema (`tests/sarif`, as the crate serde-sarif 0.8.0 has it; MIT).
#[test]
fn sarif_is_valid_against_its_schema() {
    let folder = find::workspace().join("tests/lints");
    let mut logs = vec![json(&["MF0101/good.yaml", "-o", "sarif"], 0)];
    let mut files: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("bad.yaml"))
        .filter(|file| file.exists())
        .map(|file| file.strip_prefix(&folder).unwrap().display().to_string())
        .collect();
    files.sort();
    let mut arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    arguments.extend(["-o", "sarif", "--fail-on", "never"]);
    let all = json(&arguments, 0);
    assert!(all["runs"][0]["results"].as_array().unwrap().len() > 20);
    logs.push(all);
    let schema: Value =
        serde_json::from_str(include_str!("sarif/sarif-schema-2.1.0.json")).unwrap();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("sarif.json", schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("sarif.json", &mut schemas).unwrap();
    for log in &logs {
        if let Err(error) = schemas.validate(log, index) {
            panic!("{error:#}");
        }
    }
    let mut broken = logs.swap_remove(0);
    broken["runs"][0]["tool"]["driver"]["name"] = Value::Null;
    assert!(schemas.validate(&broken, index).is_err(), "the schema was not looked at");
}

/// What the schema of SARIF 2.1.0 and GitHub's code scanning require of a log.
#[test]
fn sarif_has_what_code_scanning_needs() {
    let log = json(&[BAD, "MF1101/bad.yaml", "-o", "sarif"], 1);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "mesh-failover");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["/id", "/shortDescription/text", "/fullDescription/text", "/help/text"] {
            assert!(rule.pointer(text).is_some_and(Value::is_string), "{text} of {rule}");
        }
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("bad.yaml"));
        for position in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(place["region"][position].as_u64().unwrap() >= 1, "{position} of {place}");
        }
    }
    let replacement = &results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["deletedRegion"]["startLine"], 7);
    assert!(replacement["insertedContent"]["text"].is_string());
}

#[test]
fn github_gets_annotations() {
    let text = stdout(&[BAD, "-o", "github"], 1);
    assert!(
        text.starts_with("::warning title=MF0201,file=MF0201/bad.yaml,line=9,col=9::"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
}

/// What would end a command, or a property of it, is written as GitHub reads it.
#[test]
fn github_annotations_are_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("50%,a:b.yaml");
    fs::copy(find::workspace().join("tests/lints").join(BAD), &file).unwrap();
    let text = stdout(&[&file.display().to_string(), "-o", "github"], 1);
    assert!(text.contains("/50%25%2Ca%3Ab.yaml,line=9,col=9::"), "{text}");
    // The help comes on a line of its own, within one command.
    assert!(text.contains("%0A"), "{text}");
    let text = stdout(&["MF0601/bad.yaml", "-o", "github"], 1);
    assert!(text.contains("weights send 80 %25 to `europe-west1`, 20 %25 to"), "{text}");
}

/// The same command on a terminal of its own, and into a pipe.
#[test]
fn colours_are_for_terminals() {
    let plain = stdout(&[BAD], 1);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let command = format!("{} check {BAD}", env!("CARGO_BIN_EXE_mesh-failover"));
    let terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .current_dir(find::workspace().join("tests/lints"))
        .output()
        .unwrap();
    let styled = String::from_utf8_lossy(&terminal.stdout);
    assert_eq!(terminal.status.code(), Some(1), "{styled}");
    assert!(styled.contains("\u{1b}["), "{styled}");
    assert!(styled.contains("MF0201"), "{styled}");
}

/// In the order of the files as they were given, and of the text within each; every time.
#[test]
fn findings_come_in_the_order_of_the_text() {
    let files = ["MF0203/bad.yaml", "MF0101/bad.yaml", "MF0201/bad.yaml", "MF0606/bad.yaml"];
    let places = |files: &[&str]| -> Vec<(String, u64)> {
        let arguments = [files, &["-o", "json", "--fail-on", "never"]].concat();
        let found = json(&arguments, 0);
        let findings = found["findings"].as_array().unwrap().clone();
        let place = |it: &Value| {
            let at = &it["location"];
            (at["file"].as_str().unwrap().to_owned(), at["start"].as_u64().unwrap())
        };
        findings.iter().filter(|it| it["location"].is_object()).map(place).collect()
    };
    let first = places(&files);
    assert!(first.len() >= 3, "{first:?}");
    assert_eq!(first, places(&files), "the order is not the same each time");
    let rank =
        |place: &(String, u64)| (files.iter().position(|file| *file == place.0).unwrap(), place.1);
    assert!(first.is_sorted_by_key(rank), "{first:?}");
}

/// Every example with a fix: what was fixed is gone, and there is nothing left to do.
#[test]
fn fixing_again_changes_nothing() {
    let root = find::workspace().join("tests/lints");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("bad.yaml").exists());
    folders.sort();
    let mut fixed = 0;
    for folder in folders {
        let copy = tempfile::tempdir().unwrap();
        let file = copy.path().join("bad.yaml");
        fs::copy(folder.join("bad.yaml"), &file).unwrap();
        let name = file.display().to_string();
        let before = fs::read_to_string(&file).unwrap();
        run(&[&name, "--fix"]);
        let once = fs::read_to_string(&file).unwrap();
        fixed += u32::from(once != before);
        let diff = run(&[&name, "--diff"]);
        assert_eq!(String::from_utf8_lossy(&diff.stdout).matches("\n+").count(), 0, "{name}");
        run(&[&name, "--fix"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), once, "{}", folder.display());
    }
    assert!(fixed >= 10, "only {fixed} examples were changed");
}

fn copied(folder: &Path, name: &str) -> PathBuf {
    let file = folder.join(name);
    fs::copy(find::workspace().join("tests/lints").join(BAD), &file).unwrap();
    file
}

#[test]
fn fix_repairs_the_file_and_diff_only_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = copied(folder.path(), "dr.yaml");
    let name = file.display().to_string();
    let before = fs::read_to_string(&file).unwrap();
    let diff = stdout(&[&name, "--diff"], 0);
    assert!(diff.contains("+    outlierDetection: {"), "{diff}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    check(&[&name, "--fix"], 0, &["no findings"]);
    let after = fs::read_to_string(&file).unwrap();
    assert!(after.contains("    outlierDetection: {consecutive5xxErrors: 5"), "{after}");
    assert_eq!(after.lines().count(), before.lines().count() + 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_comment_switches_a_finding_off() {
    let folder = tempfile::tempdir().unwrap();
    let file = copied(folder.path(), "dr.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("# mesh-failover: allow MF0201 -- a game day is planned\n{text}"))
        .unwrap();
    check(&[&file.display().to_string()], 0, &["no findings"]);
    for unheard in ["allow MF0201", "allow MF0201 --", "allow MF0202 -- another code"] {
        fs::write(&file, format!("# mesh-failover: {unheard}\n{text}")).unwrap();
        check(&[&file.display().to_string()], 1, &["warning[MF0201]"]);
    }
}

#[test]
fn standard_input_is_a_file() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mesh-failover"))
        .args(["check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let text = fs::read(find::workspace().join("tests/lints").join(BAD)).unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("--> -:9:9"));
}
