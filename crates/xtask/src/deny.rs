//! `cargo xtask deny`: licences, sources, bans and advisories of everything that is linked.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::process::{self, Finished};
use crate::{tools, workspace};

/// A clone of the advisory database takes seconds; where it hangs, nothing will come.
const FETCH_LIMIT: Duration = Duration::from_secs(60);

/// Arguments of `cargo xtask deny`.
#[derive(clap::Args)]
pub struct Args {
    /// Fail when the advisory database cannot be had, instead of saying so
    #[arg(long)]
    require_advisories: bool,
}

/// Runs cargo-deny over the workspace with `deny.toml`.
pub fn run(args: Args) -> Result<()> {
    let checks = ["licenses", "bans", "sources"];
    let finished = deny(&[&["check", "--hide-inclusion-graph"][..], &checks].concat(), None)?;
    if !finished.success {
        bail!("the dependencies break a rule of deny.toml:\n{}", finished.output.trim());
    }
    let database = deny(&["fetch", "db"], Some(FETCH_LIMIT))?;
    if database.success {
        let finished = deny(&["check", "--disable-fetch", "advisories"], None)?;
        if !finished.success {
            bail!("a dependency has an advisory:\n{}", finished.output.trim());
        }
        println!("licences, bans, sources and advisories are fine");
    } else if args.require_advisories {
        bail!("the advisory database cannot be had:\n{}", database.output.trim());
    } else {
        let reason = database.output.lines().rfind(|line| !line.trim().is_empty());
        println!("licences, bans and sources are fine");
        println!(
            "advisories skipped, no RustSec database: {}",
            reason.unwrap_or("no reason given")
        );
    }
    Ok(())
}

fn deny(arguments: &[&str], limit: Option<Duration>) -> Result<Finished> {
    let mut command = Command::new(tools::cargo_deny()?);
    command.current_dir(workspace::root()).args(["--locked", "--color", "never"]).args(arguments);
    // git must not wait for a password that nobody will type.
    command.env("GIT_TERMINAL_PROMPT", "0");
    process::with_progress(&format!("cargo deny {}", arguments.join(" ")), &mut command, limit)
}
