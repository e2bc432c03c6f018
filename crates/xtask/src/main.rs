//! `cargo xtask`: every chore of the project behind one command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{bench, chaos, demo, deny, fidelity, filter, fuzz, image, test, tidy, tools, www};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find or fetch what the other commands need: the wasm32 standard library, Envoy, npm packages, …
    Setup(tools::Args),
    /// Play the regional failover live: real backends, a real Envoy, with and without the filter
    Demo(demo::Args),
    /// Build the Proxy-Wasm filters into optimised modules under target/filter
    Filter(filter::Args),
    /// Pack the region router as an OCI image that a gateway can pull
    Image(image::Args),
    /// Build the npm package and the playground
    Www(www::Args),
    /// Pack the npm package and try the tarball in Node, in bundlers and in a browser
    Npm(www::NpmArgs),
    /// Try the built playground in a real browser
    Browser(www::BrowserArgs),
    /// Run every check that CI runs, one line a step
    Test(test::Args),
    /// Run the fuzz targets
    Fuzz(fuzz::Args),
    /// Hold the simulator against a real Envoy: every scenario of the corpus played by both
    Fidelity(fidelity::Args),
    /// The region router in a real Envoy under random faults, from printed seeds
    Chaos(chaos::Args),
    /// Measure what the filter costs, and how fast the simulator plays
    Bench(bench::Args),
    /// Check the dependencies' licences, sources and known vulnerabilities
    Deny(deny::Args),
    /// Check the house rules that no compiler knows
    Tidy(tidy::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Setup(args) => tools::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Filter(args) => filter::run(args),
        Command::Image(args) => image::run(args),
        Command::Www(args) => www::run(args),
        Command::Npm(args) => www::run_npm(args),
        Command::Browser(args) => www::run_browser(args),
        Command::Test(args) => test::run(args),
        Command::Fidelity(args) => fidelity::run(args),
        Command::Fuzz(args) => fuzz::run(args),
        Command::Chaos(args) => chaos::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Deny(args) => deny::run(args),
        Command::Tidy(args) => tidy::run(args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
