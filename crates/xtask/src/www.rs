//! `cargo xtask www`: the npm package and the playground, from the core's bindings to files that a static host serves.

mod answers;
mod bindings;
mod browser;
mod decisions;
mod order;
mod package;
mod serve;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{filter, process, tools, workspace};

pub use browser::{BrowserArgs, measure_in_browser, run_browser};
pub use package::{NpmArgs, run_npm};
pub use serve::serve;

/// The most that the module may weigh on its way to a reader, compressed as any web server does it. The aim is 350 kB;
/// this is where it stands, so that it does not grow unseen.
const BUDGET_GZIP_BYTES: usize = 473_000;
/// The same where the standard library cannot be built for size.
const BUDGET_WITH_INSTALLED_STD: usize = 516_000;

/// Arguments of `cargo xtask www`.
#[derive(clap::Args)]
#[command(after_help = "\
The package is built in www/sdk/dist, the playground in www/playground/dist.")]
pub struct Args {
    /// Only write the TypeScript types anew from the Rust types; a build fails when they differ
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
        return write_types();
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
    // The filter ships with the package: a simulation can let it decide.
    fs::copy(
        filter::build("region-router")?,
        folder().join("sdk/src/generated/region-router.wasm"),
    )?;
    npm("checking the TypeScript types", &["run", "types", "-w", "mesh-failover", "--", "--check"])
        .context("the types are not those of the Rust code; run `cargo xtask www --types`")?;
    npm("building the npm package", &["run", "build", "-w", "mesh-failover"])?;
    Ok(built_module())
}

/// Where the module is once the package is built.
fn built_module() -> PathBuf {
    folder().join("sdk/dist/mesh-failover.wasm")
}

/// Builds everything and returns the folder of the playground.
pub fn build() -> Result<PathBuf> {
    tools::node_modules()?;
    build_sdk()?;
    build_playground()
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

/// Node's test runner for the files of a folder that end so; `only` those tests whose names match.
fn node_tests(tests: &Path, ending: &str, only: Option<&str>) -> Result<Command> {
    let mut files = Vec::new();
    for entry in
        fs::read_dir(tests).with_context(|| format!("no tests in `{}`", tests.display()))?
    {
        files.push(entry?.path());
    }
    files.retain(|path| path.to_string_lossy().ends_with(ending));
    files.sort();
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]);
    node.args(only.map(|only| format!("--test-name-pattern={only}"))).args(files);
    node.current_dir(folder()).env("MESH_FAILOVER_CHROMIUM", tools::chromium()?);
    Ok(node)
}

/// Runs the tests and prints how many passed.
fn run_tests(label: &str, node: &mut Command) -> Result<()> {
    let finished = process::with_progress(&format!("testing {label}"), node, None)?;
    if !finished.success {
        bail!("{label} has failing tests:\n{}", finished.output.trim());
    }
    let passed = finished.output.lines().find_map(|line| line.strip_prefix("ℹ pass "));
    println!("{} tests of {label} passed", passed.unwrap_or("0"));
    Ok(())
}

fn weighed(module: &Path) -> Result<String> {
    let bytes = fs::read(module)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes).context("gzip")?;
    let packed = gzip.finish().context("gzip")?.len();
    let path = module.strip_prefix(workspace::root()).unwrap_or(module).display();
    let (budget, std) = if bindings::has_small_std() {
        (BUDGET_GZIP_BYTES, "")
    } else {
        (
            BUDGET_WITH_INSTALLED_STD,
            " (with the installed standard library; `rustup component add rust-src` makes it smaller)",
        )
    };
    let line = format!("{path}  {} bytes, {packed} gzipped{std}", bytes.len());
    if packed > budget {
        bail!("{line}\nthat is above the budget of {budget} gzipped bytes");
    }
    Ok(line)
}
