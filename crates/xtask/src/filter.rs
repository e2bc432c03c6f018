//! `cargo xtask filter`.

use std::path::PathBuf;

use anyhow::{Result, bail};

/// Arguments of `cargo xtask filter`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> Result<()> {
    bail!("`cargo xtask filter` is not there yet")
}

/// Builds the filter of that folder under `filters/` (when its inputs changed) and returns the
/// path of the optimised module, for example `target/filter/region_router.wasm`.
pub fn build(_name: &str) -> Result<PathBuf> {
    bail!("`cargo xtask filter` is not there yet")
}
