//! A folder is written whole or not at all, and a running Envoy sees each file change in one step.
//!
//! Everything is first written into a folder beside its destination, then moved there; the
//! bootstrap last. Files of an earlier run that are not written any more are removed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::report::Failure;

/// The file that makes a folder ours.
const BOOTSTRAP: &str = "envoy.yaml";
/// How a bootstrap of ours begins.
const MARK: &str = "# Envoy bootstrap for ";

/// Writes files, by path below `folder`.
pub(crate) fn write(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<(), Failure> {
    refuse_foreign(folder)?;
    let failed = |error: std::io::Error| {
        Failure::unusable(
            format!("cannot write `{}`: {}", folder.display(), error.kind()),
            "choose a folder that can be written with --out",
        )
    };
    let staging = folder.with_extension(format!("new-{}", std::process::id()));
    let result = stage(&staging, files).and_then(|()| move_all(&staging, folder, files));
    // What is left of it serves nobody; that it cannot be removed changes nothing.
    let _ = fs::remove_dir_all(&staging);
    result.map_err(failed)
}

fn refuse_foreign(folder: &Path) -> Result<(), Failure> {
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(_) if !folder.exists() => return Ok(()),
        Err(error) => {
            return Err(Failure::unusable(
                format!("cannot write into `{}`: {}", folder.display(), error.kind()),
                "--out names a folder",
            ));
        }
    };
    let ours = fs::read_to_string(folder.join(BOOTSTRAP)).is_ok_and(|text| text.starts_with(MARK));
    if ours || entries.next().is_none() {
        return Ok(());
    }
    Err(Failure::unusable(
        format!("`{}` holds files that this command did not write", folder.display()),
        "choose an empty or a new folder with --out",
    ))
}

fn stage(staging: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> std::io::Result<()> {
    for (path, bytes) in files {
        let path = staging.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

fn move_all(
    staging: &Path,
    folder: &Path,
    files: &BTreeMap<PathBuf, Vec<u8>>,
) -> std::io::Result<()> {
    if !folder.exists() {
        return fs::rename(staging, folder);
    }
    let (bootstrap, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
        files.keys().partition(|path| path.as_path() == Path::new(BOOTSTRAP));
    for path in others.into_iter().chain(bootstrap) {
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::rename(staging.join(path), target)?;
    }
    remove_stale(folder, files)
}

fn remove_stale(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> std::io::Result<()> {
    let eds = Path::new(mesh_failover_core::envoy::Options::DEFAULT_EDS_DIR);
    if !folder.join(eds).is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder.join(eds))? {
        let entry = entry?;
        if !files.contains_key(&eds.join(entry.file_name())) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Prints a command's answer, without colours where nobody would see them. A reader that has seen enough is no failure.
pub(crate) fn print(text: &str) {
    let _ = anstream::stdout().write_all(text.as_bytes());
}

/// Prints a command's answer as JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::unusable(format!("cannot write JSON: {error}"), ""))?;
    print(&(json + "\n"));
    Ok(())
}
