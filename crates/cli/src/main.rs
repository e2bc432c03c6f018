//! `mesh-failover`: arguments and printing; everything else is the core's.
//!
//! Exit status 0: done; 1: the manifests cannot give what was asked for; 2: they, or the
//! arguments, cannot be used as they are.

mod args;
mod check;
mod dumps;
mod envoy;
mod explain;
mod input;
mod output;
mod reference;
mod render;
mod report;
mod simulate;
mod style;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::report::Failure;

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Check(args) => check::run(&args),
        Command::Envoy(args) => envoy::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Render(args) => render::run(&args),
        Command::Completions(args) => reference::completions(&args),
        Command::Man(args) => reference::man(&args),
        Command::Reference => {
            reference::markdown();
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            match failure {
                Failure::Findings(_) => ExitCode::from(1),
                Failure::Unusable(_) => ExitCode::from(2),
            }
        }
    }
}
