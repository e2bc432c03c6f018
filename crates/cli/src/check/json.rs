//! Findings as one JSON document.

use mesh_failover_core::check::Finding;

use crate::report::Failure;

pub(super) fn report(findings: &[Finding]) -> Result<String, Failure> {
    let document = serde_json::json!({ "findings": findings });
    serde_json::to_string_pretty(&document)
        .map(|text| text + "\n")
        .map_err(|error| Failure::unusable(format!("cannot write JSON: {error}"), ""))
}
