//! `cargo xtask test`: everything that CI checks, in the order in which it fails fastest.
//!
//! Every step is a process, one line long unless it fails. All steps run: one look shows all that is wrong.

mod results;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::process::{self, Progress};
use crate::{filter, fuzz, tools, workspace};
use results::Results;

/// A step that takes longer hangs, also on a machine at half the usual speed; its output so far says where.
const LIMIT: Duration = Duration::from_secs(45 * 60);
const FUZZ_SECONDS: u32 = 30;
const CHAOS_SEEDS: u32 = 6;

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
#[command(after_help = "\
MESH_FAILOVER_VECTORS=folder makes the vector tests read every *.json below that folder.")]
pub struct Args {
    /// Only these steps (repeat or separate by commas)
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Step>,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// The tools that the steps need
    Setup,
    /// Formatting
    Fmt,
    /// House rules
    Tidy,
    /// Lints, none allowed
    Clippy,
    /// Licences, sources, advisories
    Deny,
    /// The Proxy-Wasm modules
    Filter,
    /// The npm package and the playground
    Www,
    /// The packed npm package in Node, in bundlers and in a browser
    Npm,
    /// The built playground in a real browser
    Browser,
    /// Unit, vector, property, interface and end-to-end tests
    Test,
    /// The region router under random faults, a few schedules
    Chaos,
    /// The simulator against a real Envoy, the quick scenarios
    Fidelity,
    /// Each fuzz target for 30 s
    Fuzz,
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn command(self, xtask: &Path) -> Result<Command> {
        let chore = |arguments: &[&str]| {
            let mut command = Command::new(xtask);
            command.args(arguments);
            command
        };
        let cargo = |arguments: &[&str]| {
            let mut command = Command::new("cargo");
            command.args(arguments).current_dir(workspace::root());
            command
        };
        Ok(match self {
            Step::Setup => chore(&["setup"]),
            Step::Fmt => {
                let mut fmt = cargo(&["fmt", "--all", "--check", "--"]);
                // The fuzz targets are a workspace of their own.
                fmt.args(fuzz::targets()?.iter().map(|it| format!("{}/{it}.rs", fuzz::SOURCES)));
                fmt
            }
            Step::Tidy => chore(&["tidy"]),
            Step::Clippy => {
                let what = ["clippy", "--quiet", "--locked", "--workspace", "--all-targets"];
                cargo(&[&what[..], &["--", "--deny", "warnings"]].concat())
            }
            Step::Deny => chore(&["deny"]),
            Step::Filter => chore(&["filter"]),
            Step::Www => chore(&["www"]),
            Step::Npm => chore(&["npm"]),
            Step::Browser => chore(&["browser"]),
            Step::Test => {
                let mut tests = cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]);
                // What is missing has failed its own step; the tests that need it fail by name.
                let needed = [
                    ("MESH_FAILOVER_ENVOY", tools::envoy()),
                    ("MESH_FAILOVER_FILTER", filter::build("region-router")),
                ];
                tests.envs(needed.into_iter().filter_map(|(name, path)| Some((name, path.ok()?))));
                tests
            }
            Step::Chaos => chore(&["chaos", "--seeds", &CHAOS_SEEDS.to_string()]),
            Step::Fidelity => chore(&["fidelity", "--quick"]),
            Step::Fuzz => chore(&["fuzz", "--seconds", &FUZZ_SECONDS.to_string()]),
        })
    }
}

/// Runs the asked steps, all by default, and sums up.
pub fn run(args: Args) -> Result<()> {
    // Taken now: a build below may replace the file behind it.
    let xtask = std::env::current_exe().context("this program has no path")?;
    let mut failed = Vec::new();
    let mut results = None;
    for &step in Step::value_variants() {
        if !args.only.is_empty() && !args.only.contains(&step) {
            continue;
        }
        if step == Step::Fuzz && args.only.is_empty() && fuzz::targets()?.is_empty() {
            continue;
        }
        let output = perform(step, &xtask, &mut failed);
        if step == Step::Test {
            results = Some(Results::read(&output));
        }
    }
    if let Some(results) = results {
        println!("{results}");
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// Runs a step behind its line, shows what it said when it failed, and returns that.
fn perform(step: Step, xtask: &Path, failed: &mut Vec<String>) -> String {
    let mut progress = Progress::announced(format!("{:<8}", step.name()));
    let finished = step
        .command(xtask)
        .and_then(|mut command| process::capture(&mut command, Some(LIMIT), || progress.tick()));
    let (success, output) = match finished {
        Ok(finished) => (finished.success, finished.output),
        Err(error) => (false, format!("{error:#}\n")),
    };
    progress.end(if success { "ok" } else { "FAILED" });
    if !success {
        failed.push(step.name());
        println!("{}", output.trim_end());
    } else if step != Step::Setup && step != Step::Test {
        // What these found out is worth a line each even when all is well.
        output
            .lines()
            .filter(|line| !line.contains(" … "))
            .for_each(|line| println!("         {line}"));
    }
    output
}
