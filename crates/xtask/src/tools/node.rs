//! Node and the packages of the npm workspace, exactly those of its lock file.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::filter::hex;
use crate::{process, www};

/// The oldest Node that the workspace is used with.
const OLDEST_NODE: u32 = 20;

/// Installs the packages if the lock file is not the one they were installed from.
pub fn node_modules() -> Result<()> {
    check_node()?;
    let folder = www::folder();
    let lock = folder.join("package-lock.json");
    let inputs = fs::read(&lock).with_context(|| format!("cannot read `{}`", lock.display()))?;
    let inputs = hex(&Sha256::digest(inputs));
    // npm removes the whole folder before it installs, and with it this record.
    let record = folder.join("node_modules/.installed-from");
    if fs::read_to_string(&record).is_ok_and(|known| known == inputs) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]);
    npm.current_dir(&folder);
    let finished = process::with_progress("fetching npm packages into www", &mut npm, None)?;
    if !finished.success {
        let start: Vec<&str> = finished.output.lines().take(10).collect();
        bail!("npm could not install the packages of www:\n{}", start.join("\n"));
    }
    Ok(fs::write(record, inputs)?)
}

fn check_node() -> Result<()> {
    let way_out = format!("install Node {OLDEST_NODE} or later, with npm");
    let answer = process::stdout_of(Command::new("node").arg("--version"))
        .with_context(|| way_out.clone())?;
    let major = answer.trim_start_matches('v').split('.').next().and_then(|it| it.parse().ok());
    if major.is_none_or(|major: u32| major < OLDEST_NODE) {
        bail!("Node {answer} is too old: {way_out}");
    }
    Ok(())
}
