//! `cargo xtask bench page`: what the playground costs its reader, measured in a real browser.

use anyhow::Result;

use crate::{tools, www};

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
    www::measure_in_browser("bench.mjs", args.rounds)
}
