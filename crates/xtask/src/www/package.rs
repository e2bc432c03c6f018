//! `cargo xtask npm`: the tarball as it would be published, and proof that it works where people will use it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::{answers, build_sdk, folder, npm, weighed};
use crate::{process, tools, workspace};

/// Arguments of `cargo xtask npm`.
#[derive(clap::Args)]
#[command(after_help = "\
The tarball is written to target/npm. Its tests install it into projects of their own below that folder.")]
pub struct NpmArgs {
    /// Only pack, without the tests
    #[arg(long)]
    pack: bool,
}

/// Packs the package and tests it.
pub fn run_npm(args: NpmArgs) -> Result<()> {
    tools::node_modules()?;
    let module = build_sdk()?;
    let tarball = pack()?;
    println!("{}", weighed(&module)?);
    let size = fs::metadata(&tarball)?.len();
    let shown = tarball.strip_prefix(workspace::root()).unwrap_or(&tarball).display();
    println!("{shown}  {size} bytes");
    if args.pack {
        return Ok(());
    }
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", "sdk/tests/*.test.js"]).current_dir(folder());
    node.env("MESH_FAILOVER_ANSWERS", answers::write()?);
    node.env("MESH_FAILOVER_TARBALL", &tarball).env("MESH_FAILOVER_CHROMIUM", tools::chromium()?);
    let finished = process::with_progress("testing the npm package", &mut node, None)?;
    if !finished.success {
        bail!("the npm package has failing tests:\n{}", finished.output.trim());
    }
    for line in finished.output.lines().filter(|line| line.starts_with("ℹ pass")) {
        println!("{} tests of the npm package passed", line.trim_start_matches("ℹ pass").trim());
    }
    Ok(())
}

fn pack() -> Result<PathBuf> {
    let output = workspace::target().join("npm");
    fs::create_dir_all(&output)?;
    let place = output.display().to_string();
    let arguments = ["pack", "-w", "mesh-failover", "--pack-destination", &place];
    npm("packing the npm package", &arguments)?;
    Ok(output.join(format!("mesh-failover-{}.tgz", env!("CARGO_PKG_VERSION"))))
}
