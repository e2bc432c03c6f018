//! Debian packages: the only thing that is ever installed system-wide, and never silently.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{self, Finished};

/// Installs Debian packages where that is possible without asking anybody: as root, with apt-get, and
/// without removing anything. Otherwise fails with the command that a person would run.
pub(super) fn install(why: &str, packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !available() {
        bail!("no apt-get here to install {}", packages.join(", "));
    }
    if process::stdout_of(Command::new("id").arg("-u"))? != "0" {
        bail!("Debian packages are missing; run `sudo {by_hand}` and try again");
    }
    eprintln!("installing Debian packages system-wide for {why}: {}", packages.join(" "));
    update()?;
    let arguments = ["install", "--no-install-recommends", "--no-remove"];
    let installed = apt_get(&[&arguments, packages].concat())?;
    if !installed.success {
        bail!("`{by_hand}` failed:\n{}", installed.output.trim());
    }
    Ok(())
}

/// The dependency of a package that starts so: `llvm-22` for `rust-web-llvm` and `llvm-`.
pub(super) fn dependency(package: &str, start: &str) -> Result<String> {
    if !available() {
        bail!("no apt-get here to install {package}");
    }
    let ask = || process::stdout_of(Command::new("apt-cache").args(["depends", package]));
    let find = |answer: &str| {
        let mut names = answer.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
        names.find(|name| name.starts_with(start)).map(str::to_owned)
    };
    let known = ask().ok().and_then(|answer| find(&answer));
    if let Some(name) = known {
        return Ok(name);
    }
    update()?;
    find(&ask()?).with_context(|| format!("Debian's {package} is not what it was: no `{start}…`"))
}

fn available() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

/// An outdated package list is a reason to go on nevertheless, so only a missing apt-get fails.
fn update() -> Result<()> {
    apt_get(&["update"]).map(drop)
}

fn apt_get(arguments: &[&str]) -> Result<Finished> {
    let mut command = Command::new("apt-get");
    command.args(["--quiet", "--yes"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    let what = arguments.first().copied().unwrap_or_default();
    process::with_progress(&format!("apt-get {what}"), &mut command, None)
}
