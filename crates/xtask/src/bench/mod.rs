//! `cargo xtask bench`: what the filter and a check cost, what an outage does to clients, and how fast the simulator plays, measured.

mod check;
mod drill;
mod gateway;
mod outage;
mod page;
mod simulate;

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
    /// What clients meet when a region dies: Istio alone, the router, and the router with second tries and probes
    Outage(outage::Args),
    /// Bytes, time to the first picture and click, simulation and memory of the playground in a browser
    Page(page::Args),
    /// Ten minutes at 1,000 requests/s as one call of the npm package, in Node and in a browser
    Drill(drill::Args),
    /// Time that the simulator takes for a request, and how it grows with endpoints and regions
    Simulate,
    /// Time and memory of a check of a thousand manifests
    Check,
}

pub fn run(args: Args) -> Result<()> {
    match args.bench {
        Bench::Gateway(args) => gateway::run(args),
        Bench::Outage(args) => outage::run(&args),
        Bench::Page(args) => page::run(&args),
        Bench::Drill(args) => drill::run(&args),
        Bench::Simulate => simulate::run(),
        Bench::Check => check::run(),
    }
}
