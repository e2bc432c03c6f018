//! A real Chromium for the tests of the page: whatever version the system has.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::process;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// `$CHROMIUM`, else the first on `PATH`, else Debian's package, installed system-wide.
pub fn chromium() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CHROMIUM").filter(|path| !path.is_empty()).map(PathBuf::from) {
        answers(&path).with_context(|| format!("CHROMIUM=`{}` does not run", path.display()))?;
        return Ok(path);
    }
    if let Some(path) = on_path() {
        return Ok(path);
    }
    apt::install("tests in a real browser (400 MB)", &["chromium"])
        .context("the tests of the page need a Chromium on PATH or in CHROMIUM")?;
    match on_path() {
        Some(path) => Ok(path),
        None => bail!("Debian's chromium was installed, but does not run"),
    }
}

fn on_path() -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    let named =
        NAMES.iter().flat_map(|name| env::split_paths(&folders).map(move |it| it.join(name)));
    named.filter(|path| path.is_file()).find(|path| answers(path).is_ok())
}

fn answers(path: &PathBuf) -> Result<()> {
    process::stdout_of(Command::new(path).arg("--version")).map(drop)
}
