//! `cargo xtask tidy`.

use anyhow::{Result, bail};

/// Arguments of `cargo xtask tidy`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> Result<()> {
    bail!("`cargo xtask tidy` is not there yet")
}
