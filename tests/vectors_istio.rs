//! Facts from Istio's own tests, one named test a row.
//!
//! Reads every `*.json` below the folder in `MESH_FAILOVER_VECTORS`, else `tests/vectors`. The shape
//! says what a file is: arrays whose rows have a `kind` are rules, arrays whose rows have a
//! `proxyLocality` are locality load balancing; objects are Envoy's and not read here.

mod istio_rows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

fn main() {
    let arguments = Arguments::from_args();
    let folder = std::env::var_os("MESH_FAILOVER_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors"), PathBuf::from);
    let mut trials = Vec::new();
    let mut seen = BTreeMap::new();
    for file in json_files(&folder) {
        for row in rows(&file) {
            trials.push(trial(row, &mut seen));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Every `*.json` below a folder, in the order of the names.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read the folder {}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder entry").path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files
}

/// The rows of an array; an object is another test's.
fn rows(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("a readable file");
    match serde_json::from_str(&text) {
        Ok(Value::Array(rows)) => rows,
        Ok(_) => Vec::new(),
        Err(error) => panic!("{} is not JSON: {error}", file.display()),
    }
}

/// One test, named by the row's source, with a number from its second appearance on.
fn trial(row: Value, seen: &mut BTreeMap<String, u32>) -> Trial {
    let source = row["source"].as_str().unwrap_or("row without a source").to_owned();
    let count = seen.entry(source.clone()).or_default();
    *count += 1;
    let name = if *count == 1 { source } else { format!("{source}#{count}") };
    Trial::test(name, move || check(&row).map_err(Failed::from))
}

fn check(row: &Value) -> Result<(), String> {
    if let Some(kind) = row["kind"].as_str() {
        istio_rows::rules::check(kind, row)
    } else if row.get("proxyLocality").is_some() {
        istio_rows::locality_lb::check(row)
    } else {
        Err("neither `kind` nor `proxyLocality`: not a shape that is known".to_owned())
    }
}
