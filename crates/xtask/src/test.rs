//! `cargo xtask test`.

use anyhow::{Result, bail};

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> Result<()> {
    bail!("`cargo xtask test` is not there yet")
}
