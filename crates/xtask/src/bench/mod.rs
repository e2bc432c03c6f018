//! `cargo xtask bench`.

use anyhow::{Result, bail};

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> Result<()> {
    bail!("`cargo xtask bench` is not there yet")
}
