//! wasm-opt, of one exact version: another one would make another module from the same source.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{cache, check_version};
use crate::process;

/// The version of Binaryen whose wasm-opt shapes the filters.
pub const WASM_OPT_VERSION: &str = "132";

/// The path of wasm-opt: one of the right version on `PATH`, else the one of npm's `binaryen`.
pub fn wasm_opt() -> Result<PathBuf> {
    if check(Path::new("wasm-opt")).is_ok() {
        return Ok("wasm-opt".into());
    }
    let folder = format!("binaryen-{WASM_OPT_VERSION}");
    cache::provide(&folder, "node_modules/binaryen/bin/wasm-opt", fetch, check)
}

fn fetch(folder: &Path) -> Result<()> {
    let way_out = format!("install Node 20 or later, or put wasm-opt {WASM_OPT_VERSION} on PATH");
    let mut npm = Command::new("npm");
    // npm's own patience with a registry that does not answer is over a minute.
    npm.args(["install", "--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"])
        .args(["--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(folder)
        .arg(format!("binaryen@{WASM_OPT_VERSION}"));
    let label = format!("fetching wasm-opt {WASM_OPT_VERSION} (100 MB unpacked) from npm");
    let finished =
        process::with_progress(&label, &mut npm, None).with_context(|| way_out.clone())?;
    if !finished.success {
        let start: Vec<&str> = finished.output.lines().take(4).collect();
        bail!("npm could not install binaryen: {way_out}\n{}", start.join("\n"));
    }
    Ok(())
}

/// The answer is `wasm-opt version 132 (version_132)`.
fn check(program: &Path) -> Result<()> {
    check_version(program, "wasm-opt", WASM_OPT_VERSION)
}
