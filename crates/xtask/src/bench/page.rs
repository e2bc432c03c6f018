//! `cargo xtask bench page`: what the playground costs its reader, measured in a real browser.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{tools, workspace, www};

/// Arguments of `cargo xtask bench page`.
#[derive(clap::Args)]
pub struct Args {
    /// Loads of the page and of a blank one, interleaved
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Measure what is built already
    #[arg(long)]
    built: bool,
}

pub fn run(args: &Args) -> Result<()> {
    tools::node_modules()?;
    if !args.built {
        www::build_sdk()?;
        www::build_playground()?;
    }
    let mut node = Command::new("node");
    node.arg(workspace::root().join("tests/browser/bench.mjs"))
        .env("ROUNDS", args.rounds.to_string());
    if !node.status()?.success() {
        bail!("the benchmark of the page did not finish: see what it says above");
    }
    Ok(())
}
