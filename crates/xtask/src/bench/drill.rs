//! `cargo xtask bench drill`: ten minutes at 1,000 requests/s as one call of the npm package, in Node and in a real browser.

use anyhow::Result;

use crate::{tools, www};

/// Arguments of `cargo xtask bench drill`.
#[derive(clap::Args)]
pub struct Args {
    /// Runs, of which the best counts
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// Measure what is built already
    #[arg(long)]
    built: bool,
}

pub fn run(args: &Args) -> Result<()> {
    tools::node_modules()?;
    if !args.built {
        www::build_sdk()?;
    }
    www::measure_in_browser("drill.mjs", args.rounds)
}
