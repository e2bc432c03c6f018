//! `cargo xtask www`: the npm package and the playground, from the core's bindings to files that a static host serves.

mod answers;
mod bindings;
mod package;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{process, tools, workspace};

pub use package::{NpmArgs, run_npm};

/// The most that the module may weigh on its way to a reader, compressed as any web server does it.
pub const BUDGET_GZIP_BYTES: usize = 350_000;

/// Arguments of `cargo xtask www`.
#[derive(clap::Args)]
#[command(after_help = "\
The package is built in www/sdk/dist, the playground in www/playground/dist.")]
pub struct Args {
    /// Write the TypeScript types anew from the Rust types, instead of failing when they differ
    #[arg(long)]
    types: bool,
    /// Only the npm package, not the playground
    #[arg(long)]
    sdk: bool,
}

/// Builds what was asked and prints sizes; fails above the size budget.
pub fn run(args: Args) -> Result<()> {
    tools::node_modules()?;
    if args.types {
        write_types()?;
    }
    let module = build_sdk()?;
    println!("{}", weighed(&module)?);
    if !args.sdk {
        println!("{}", build_playground()?.display());
    }
    Ok(())
}

/// The folder of the npm workspace.
pub fn folder() -> PathBuf {
    workspace::root().join("www")
}

/// Builds the npm package in `www/sdk/dist` and returns its module.
pub fn build_sdk() -> Result<PathBuf> {
    bindings::build()?;
    npm("checking the TypeScript types", &["run", "types", "-w", "mesh-failover", "--", "--check"])
        .context("the types are not those of the Rust code; run `cargo xtask www --types`")?;
    npm("building the npm package", &["run", "build", "-w", "mesh-failover"])?;
    Ok(folder().join("sdk/dist/mesh-failover.wasm"))
}

/// Builds the playground and returns its folder.
pub fn build_playground() -> Result<PathBuf> {
    npm("building the playground", &["run", "build", "-w", "playground"])?;
    Ok(folder().join("playground/dist"))
}

fn write_types() -> Result<()> {
    bindings::write_schema()?;
    npm("writing the TypeScript types", &["run", "types", "-w", "mesh-failover"])
}

/// Runs npm in the workspace; shows what it said if it fails.
fn npm(label: &str, arguments: &[&str]) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["--silent", "--no-update-notifier"]).args(arguments).current_dir(folder());
    let finished = process::with_progress(label, &mut npm, None)?;
    if !finished.success {
        bail!("{label} failed (`npm {}`):\n{}", arguments.join(" "), finished.output.trim());
    }
    Ok(())
}

fn weighed(module: &Path) -> Result<String> {
    let bytes = fs::read(module)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes).context("gzip")?;
    let packed = gzip.finish().context("gzip")?.len();
    let path = module.strip_prefix(workspace::root()).unwrap_or(module).display();
    let line = format!("{path}  {} bytes, {packed} gzipped", bytes.len());
    if packed > BUDGET_GZIP_BYTES {
        bail!("{line}\nthat is above the budget of {BUDGET_GZIP_BYTES} gzipped bytes");
    }
    Ok(line)
}
