//! `cargo xtask demo`.

use anyhow::{Result, bail};

/// Arguments of `cargo xtask demo`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> Result<()> {
    bail!("`cargo xtask demo` is not there yet")
}
