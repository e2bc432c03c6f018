//! Facts from Istio's own tests, one named test a row.
//!
//! Reads every `*.json` below the folder in `MESH_FAILOVER_VECTORS`, else `tests/vectors`. The shape
//! says what a file is: arrays whose rows have a `kind` are rules, arrays whose rows have a
//! `proxyLocality` are locality load balancing; objects are Envoy's and not read here.

mod istio_rows;

use std::collections::BTreeMap;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use mesh_failover_conformance::vector_files::{json_files, unique};
use serde_json::Value;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let mut seen = BTreeMap::new();
    let all: Vec<Value> = json_files().iter().flat_map(|file| rows(file)).collect();
    // Rows from elsewhere need not be all.
    if std::env::var_os("MESH_FAILOVER_VECTORS").is_none() {
        let missing = istio_rows::spec::without_a_row(&all);
        trials.push(Trial::test("every message of istiod's has a row or a reason", move || {
            if missing.is_empty() { Ok(()) } else { Err(format!("{missing:#?}").into()) }
        }));
    }
    for row in all {
        trials.push(trial(row, &mut seen));
    }
    libtest_mimic::run(&arguments, trials).exit();
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
    Trial::test(unique(source, seen), move || check(&row).map_err(Failed::from))
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
