//! The reference in docs/cli.md, man pages and completions follow the command line.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::fs;
use std::process::Command;

use mesh_failover_harness::find;

fn run(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_mesh-failover")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const COMMANDS: [&str; 7] =
    ["check", "envoy", "simulate", "explain", "render", "completions", "man"];

#[test]
fn the_reference_is_what_the_program_says() {
    let (file, current) = (find::workspace().join("docs/cli.md"), run(&["reference"]));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &current).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == current, "docs/cli.md has drifted: run this test with UPDATE_DOCS=1");
    for command in COMMANDS {
        assert!(current.contains(&format!("## mesh-failover {command}\n")), "{command}");
    }
}

#[test]
fn every_command_has_a_page() {
    assert!(run(&["man"]).contains(".SH NAME\nmesh\\-failover"));
    for command in COMMANDS {
        let page = run(&["man", command]);
        assert!(page.contains(&format!(".SH NAME\nmesh\\-failover\\-{command}")), "{page}");
    }
}

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        for command in COMMANDS {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
}
