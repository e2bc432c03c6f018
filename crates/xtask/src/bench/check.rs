//! `cargo xtask bench check`: how long a thousand manifests take, against reading them alone.

use std::process::Command;

use anyhow::{Result, bail};

/// Builds the core's example and runs it; everything it measures, it measures in one process.
pub fn run() -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "run",
        "--quiet",
        "--release",
        "-p",
        "mesh-failover-core",
        "--example",
        "check_speed",
    ]);
    if cargo.current_dir(crate::workspace::root()).status()?.success() {
        Ok(())
    } else {
        bail!("the benchmark did not run")
    }
}
