//! `cargo xtask npm`: the tarball as it would be published, and proof that it works where people will use it.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::{
    answers, build_sdk, built_module, decisions, folder, node_tests, npm, run_tests, weighed,
};
use crate::{filter, tools, workspace};

/// Arguments of `cargo xtask npm`.
#[derive(clap::Args)]
#[command(after_help = "\
The tarball is written to target/npm. Its tests install it into projects of their own below that folder.")]
pub struct NpmArgs {
    /// Only pack, without the tests
    #[arg(long)]
    pack: bool,
    /// Test what was built last, without building it anew
    #[arg(long, conflicts_with = "pack")]
    as_built: bool,
}

/// Packs the package and tests it.
pub fn run_npm(args: NpmArgs) -> Result<()> {
    tools::node_modules()?;
    let module = if args.as_built { built_module() } else { build_sdk()? };
    let tarball = pack()?;
    println!("{}", weighed(&module)?);
    let size = fs::metadata(&tarball)?.len();
    let shown = tarball.strip_prefix(workspace::root()).unwrap_or(&tarball).display();
    println!("{shown}  {size} bytes");
    if args.pack {
        return Ok(());
    }
    let mut node = node_tests(&folder().join("sdk/tests"), ".test.js", None)?;
    node.env("MESH_FAILOVER_TARBALL", tarball).env("MESH_FAILOVER_ANSWERS", answers::write()?);
    let filter = filter::build("region-router")?;
    node.env("MESH_FAILOVER_FILTER", filter).env("MESH_FAILOVER_DECISIONS", decisions::write()?);
    node.env("MESH_FAILOVER_IDLE_FILTER", filter::build("do-nothing")?);
    run_tests("the npm package", &mut node)
}

fn pack() -> Result<PathBuf> {
    let output = workspace::target().join("npm");
    fs::create_dir_all(&output)?;
    let place = output.display().to_string();
    let arguments = ["pack", "-w", "mesh-failover", "--pack-destination", &place];
    npm("packing the npm package", &arguments)?;
    Ok(output.join(format!("mesh-failover-{}.tgz", env!("CARGO_PKG_VERSION"))))
}
