//! Facts from Envoy's own tests and from measurements on its binary, one named test a row.
//!
//! Reads every `*.json` below the folder in `MESH_FAILOVER_VECTORS`, else `tests/vectors`. A file is Envoy's
//! if it is an object with at least one of the families below; each of its arrays must be a known one.

mod envoy_rows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use envoy_rows::{balancing, measured, outlier};
use libtest_mimic::{Arguments, Failed, Trial};
use mesh_failover_conformance::vector_files::{json_files, unique};
use serde_json::Value;

/// What checks a row; a row that cannot be checked says why.
type Check = fn(&Value) -> Result<(), Failed>;

const FAMILIES: [(&str, Check); 8] = [
    ("priority_load", balancing::priority_load),
    ("choose_priority", balancing::choose_priority),
    ("locality_effective_weight", balancing::locality_effective_weight),
    ("edf", balancing::edf),
    ("retry_previous_priorities", balancing::retry_previous_priorities),
    ("zone_aware", balancing::zone_aware),
    ("outlier_sequences", outlier::sequence),
    ("outlier_formulas", outlier::formula),
];

/// Measurements in prose: each has a scenario of its own.
const PROSE: &str = "outlier_real_binary";

fn main() {
    let arguments = Arguments::from_args();
    let foreign = std::env::var_os("MESH_FAILOVER_VECTORS");
    let mut trials = Vec::new();
    let mut seen = BTreeMap::new();
    let mut prose = BTreeSet::new();
    for file in json_files() {
        for (family, value) in families(&file) {
            if family == "outlier_defaults" {
                trials.push(Trial::test("outlier_defaults", move || outlier::defaults(&value)));
                continue;
            }
            let Value::Array(rows) = value else { continue };
            for row in rows {
                let name = name(&family, &row, &mut seen);
                trials.push(trial(&family, name, row, &mut prose));
            }
        }
    }
    if foreign.is_none() {
        trials.push(Trial::test("outlier_real_binary/no scenario is stale", move || {
            measured::nothing_stale(&prose)
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(family: &str, name: String, row: Value, prose: &mut BTreeSet<&'static str>) -> Trial {
    if family == PROSE {
        return match measured::scenario(&row) {
            Some(scenario) => {
                prose.insert(scenario.about);
                Trial::test(name, scenario.run)
                    .with_ignored_flag(scenario.out_of_scope.is_some())
                    .with_kind(scenario.out_of_scope.unwrap_or_default())
            }
            None => Trial::test(name, || Ok(()))
                .with_ignored_flag(true)
                .with_kind("prose without a scenario"),
        };
    }
    match FAMILIES.iter().find(|(known, _)| *known == family) {
        Some((_, check)) => Trial::test(name, move || check(&row)),
        None => {
            let message = format!("`{family}` is not a family of rows that this test knows");
            Trial::test(name, move || Err(message.into()))
        }
    }
}

/// The members of an object of arrays that has at least one known family.
fn families(file: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(file).expect("a readable file");
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{} is not JSON: {error}", file.display()));
    let Value::Object(members) = value else { return Vec::new() };
    let known = |name: &String| name == PROSE || FAMILIES.iter().any(|(known, _)| known == name);
    if members.keys().any(known) { members.into_iter().collect() } else { Vec::new() }
}

/// Family and source, with a number from the second appearance on.
fn name(family: &str, row: &Value, seen: &mut BTreeMap<String, u32>) -> String {
    let source = row["source"].as_str().unwrap_or("row without a source");
    unique(format!("{family}/{source}"), seen)
}
