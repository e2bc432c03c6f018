//! `cargo xtask fuzz`.

use anyhow::{Result, bail};

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> Result<()> {
    bail!("`cargo xtask fuzz` is not there yet")
}
