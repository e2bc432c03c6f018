//! How a row's JSON is turned into a call, and the answer into something to compare.

pub mod locality_lb;
pub mod messages;
pub mod rules;
pub mod spec;

use std::fmt::Debug;

use mesh_failover_core::manifest::{Read, from_json_strict};
use mesh_failover_core::sorted::SortedMap;
use serde_json::Value;

/// Reads a value; `null` and absent are `None`.
///
/// Go's tests have lists with nil elements, which no manifest can have: they read as empty objects.
pub fn read<T: Read + Default>(value: &Value) -> Result<Option<T>, String> {
    if value.is_null() {
        return Ok(None);
    }
    from_json_strict(&without_null_elements(value.clone()).to_string())
        .map(Some)
        .map_err(|errors| format!("cannot read {value}: {errors:?}"))
}

fn without_null_elements(value: Value) -> Value {
    match value {
        Value::Array(elements) => elements
            .into_iter()
            .map(|element| match element {
                Value::Null => Value::Object(serde_json::Map::new()),
                other => without_null_elements(other),
            })
            .collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, without_null_elements(value))).collect()
        }
        other => other,
    }
}

pub fn labels(value: &Value) -> Result<SortedMap<String, String>, String> {
    Ok(read(value)?.unwrap_or_default())
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Fails with both sides.
pub fn same<T: PartialEq + Debug>(found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("\n   found: {found:?}\nexpected: {expected:?}"))
    }
}
