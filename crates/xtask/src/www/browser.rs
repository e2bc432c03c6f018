//! `cargo xtask browser`: the built playground in a real browser.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::{build, node_tests, run_tests};
use crate::workspace;

/// Arguments of `cargo xtask browser`.
#[derive(clap::Args)]
#[command(after_help = "\
CHROMIUM=path is the browser, else the one on PATH. Screenshots are written to target/screenshots.")]
pub struct BrowserArgs {
    /// Only tests whose names match this
    #[arg(long)]
    only: Option<String>,
}

/// Builds the playground and runs its tests.
pub fn run_browser(args: BrowserArgs) -> Result<()> {
    let site = build()?;
    let mut node = node_tests(&tests(), ".test.mjs", args.only.as_deref())?;
    run_tests("the playground", node.env("MESH_FAILOVER_SITE", site))
}

/// Runs a measurement that prints its own table; `script` is a file beside the tests.
pub fn measure_in_browser(script: &str, rounds: u32) -> Result<()> {
    let mut node = Command::new("node");
    node.arg(tests().join(script)).env("ROUNDS", rounds.to_string());
    if !node.status()?.success() {
        bail!("`{script}` did not finish: see what it says above");
    }
    Ok(())
}

fn tests() -> PathBuf {
    workspace::root().join("tests/browser")
}
