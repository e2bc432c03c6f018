//! Where the vector files are, and what a row is called.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

/// Every `*.json` below the folder in `MESH_FAILOVER_VECTORS`, else `tests/vectors`, in the order of the names.
#[must_use]
pub fn json_files() -> Vec<PathBuf> {
    let folder = env::var_os("MESH_FAILOVER_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors"), PathBuf::from);
    below(&folder)
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read the folder {}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder entry").path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(below(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files
}

/// A test's name, with a number from its second appearance on.
pub fn unique(name: String, seen: &mut BTreeMap<String, u32>) -> String {
    let count = seen.entry(name.clone()).or_default();
    *count += 1;
    if *count == 1 { name } else { format!("{name} #{count}") }
}
