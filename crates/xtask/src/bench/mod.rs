//! `cargo xtask bench`: what the filter costs, measured.

mod gateway;

use anyhow::Result;
use clap::Subcommand;

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// CPU time that the router adds to a request in one Envoy worker
    Gateway(gateway::Args),
}

pub fn run(args: Args) -> Result<()> {
    match args.bench {
        Bench::Gateway(args) => gateway::run(args),
    }
}
