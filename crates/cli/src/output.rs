//! A folder is written whole or not at all, and a running Envoy sees each file change in one step.
//!
//! Everything is first written into a folder beside its destination, then moved there; the file that marks the folder as ours
//! last. Files of an earlier run that are not written any more are removed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::report::Failure;

/// What makes a folder a command's own.
pub(crate) struct Mark {
    /// The file that is always there.
    pub(crate) file: &'static str,
    /// How it begins.
    pub(crate) begins: &'static str,
}

impl Mark {
    fn is_on(&self, path: &Path) -> bool {
        fs::read_to_string(path).is_ok_and(|text| text.starts_with(self.begins))
    }
}

/// Writes files, by path below `folder`.
pub(crate) fn write(
    folder: &Path,
    files: &BTreeMap<PathBuf, Vec<u8>>,
    mark: &Mark,
) -> Result<(), Failure> {
    refuse_foreign(folder, mark)?;
    let failed = |error: std::io::Error| {
        Failure::unusable(
            format!("cannot write `{}`: {}", folder.display(), error.kind()),
            "choose a folder that can be written with --out",
        )
    };
    let staging = folder.with_extension(format!("new-{}", std::process::id()));
    let result = stage(&staging, files).and_then(|()| move_all(&staging, folder, files, mark));
    // What is left of it serves nobody; that it cannot be removed changes nothing.
    let _ = fs::remove_dir_all(&staging);
    result.map_err(failed)
}

fn refuse_foreign(folder: &Path, mark: &Mark) -> Result<(), Failure> {
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
    if mark.is_on(&folder.join(mark.file)) || entries.next().is_none() {
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
    mark: &Mark,
) -> std::io::Result<()> {
    if !folder.exists() {
        return fs::rename(staging, folder);
    }
    let (marked, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
        files.keys().partition(|path| path.as_path() == Path::new(mark.file));
    for path in others.into_iter().chain(marked) {
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::rename(staging.join(path), target)?;
    }
    remove_stale(folder, files, mark)
}

/// Endpoint files, and whatever bears the command's mark.
fn remove_stale(
    folder: &Path,
    files: &BTreeMap<PathBuf, Vec<u8>>,
    mark: &Mark,
) -> std::io::Result<()> {
    for below in [Path::new(""), Path::new(mesh_failover_core::envoy::Options::DEFAULT_EDS_DIR)] {
        let Ok(entries) = fs::read_dir(folder.join(below)) else { continue };
        for entry in entries {
            let entry = entry?;
            let is_own = below != Path::new("") || mark.is_on(&entry.path());
            if is_own && !files.contains_key(&below.join(entry.file_name())) {
                fs::remove_file(entry.path())?;
            }
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
