//! How a row of Envoy's vectors is checked.

pub mod balancing;
pub mod measured;
pub mod outlier;

use std::fmt::Debug;

use libtest_mimic::Failed;
use serde_json::Value;

/// A number of a row; 0 if it is missing.
pub fn number(value: &Value) -> u32 {
    value.as_u64().map_or(0, |number| u32::try_from(number).expect("a 32-bit number"))
}

/// Numbers of a row.
pub fn numbers(value: &Value) -> Vec<u32> {
    value.as_array().expect("an array").iter().map(number).collect()
}

/// Floats of a row.
pub fn floats(value: &Value) -> Vec<f64> {
    let float = |value: &Value| value.as_f64().expect("a number");
    value.as_array().expect("an array").iter().map(float).collect()
}

/// Fails with both sides if they differ.
pub fn check<T: PartialEq + Debug>(what: &str, actual: T, expected: T) -> Result<(), Failed> {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("{what}: got {actual:?}, Envoy has {expected:?}").into())
    }
}
