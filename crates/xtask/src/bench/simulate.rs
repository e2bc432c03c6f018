//! `cargo xtask bench simulate`: how fast the simulator plays, and how that grows. The measuring program is tests/throughput, built optimised.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

pub fn run() -> Result<()> {
    let status = Command::new("cargo")
        .args(["run", "--quiet", "--locked", "--release", "--package", "mesh-failover-throughput"])
        .current_dir(workspace::root())
        .status()
        .context("cannot start cargo")?;
    if status.success() { Ok(()) } else { bail!("the benchmark ended with {status}") }
}
