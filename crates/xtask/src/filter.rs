//! `cargo xtask filter`: from a filter's crate to the module that ships.
//!
//! What cargo makes is not what Envoy should load: the SDK exports every callback of the ABI, and Envoy
//! enters the VM for each export it finds, several times a request. So the exports are trimmed to those of
//! `mesh-failover-abi`, which exports what a filter handles, and what only the others reached is removed (`sweep`, wasm-opt).

pub(crate) mod build;
mod functions;
pub mod interface;
pub(crate) mod sections;
mod sweep;
mod trim;

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::workspace;

pub use build::build;

/// The most that a filter may weigh: it is fetched by every gateway pod.
pub const BUDGET_BYTES: u64 = 200_000;

/// Arguments of `cargo xtask filter`.
#[derive(clap::Args)]
#[command(after_help = "\
The module is written to target/filter/NAME.wasm, `-` in the name replaced by `_`. Its inputs are
the crate under filters/, the core, the compiler and wasm-opt; nothing is done when they are unchanged.")]
pub struct Args {
    /// The filters to build, by their folder under filters/ [default: all]
    names: Vec<String>,
    /// List the module's imports and exports too
    #[arg(long)]
    interface: bool,
    /// List the largest functions too, as the compiler made them
    #[arg(long)]
    sizes: bool,
}

/// Builds the asked filters and prints what came out; fails above the size budget.
pub fn run(args: Args) -> Result<()> {
    let names = if args.names.is_empty() { all()? } else { args.names };
    for name in names {
        let module = build(&name)?;
        println!("{}", report(&module)?);
        if args.interface {
            print!("{}", interface::of(&fs::read(&module)?)?);
        }
        if args.sizes {
            print!("{}", functions::sizes(&fs::read(build::compiled(&name)?)?)?);
        }
    }
    Ok(())
}

/// The folders under `filters/` that hold a crate.
pub fn all() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(workspace::root().join("filters"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Fails with the names that there are.
fn check_name(name: &str) -> Result<()> {
    if !workspace::root().join("filters").join(name).join("Cargo.toml").is_file() {
        bail!("there is no filter `{name}`; there are: {}", all()?.join(", "));
    }
    Ok(())
}

fn report(module: &Path) -> Result<String> {
    let bytes = fs::read(module)?;
    let path = module.strip_prefix(workspace::root()).unwrap_or(module);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes).context("gzip")?;
    let packed = gzip.finish().context("gzip")?.len();
    let line = format!(
        "{}  {} bytes, {packed} gzipped, sha256 {}",
        path.display(),
        bytes.len(),
        hex(&Sha256::digest(&bytes))
    );
    if bytes.len() as u64 > BUDGET_BYTES {
        bail!("{line}\nthat is above the budget of {BUDGET_BYTES} bytes");
    }
    Ok(line)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
