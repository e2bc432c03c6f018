//! `cargo xtask bench`: what the filter costs, measured.

mod gateway;
mod page;

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
    /// Bytes, time to the first picture and click, simulation and memory of the playground in a browser
    Page(page::Args),
}

pub fn run(args: Args) -> Result<()> {
    match args.bench {
        Bench::Gateway(args) => gateway::run(args),
        Bench::Page(args) => page::run(&args),
    }
}
