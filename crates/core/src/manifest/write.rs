//! From an object back to YAML.

use serde::Serialize;

use super::decode::{json_tree, plain_error};
use super::{Kind, Metadata, Object, Value, codes, yaml};
use crate::diagnostic::Diagnostic;
use crate::json_text;

/// In the order in which people read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a, T> {
    api_version: String,
    kind: &'static str,
    metadata: &'a Metadata,
    spec: &'a T,
}

/// One YAML document without a leading `---`. An empty `api_version` is written as the kind's own.
///
/// # Errors
/// If a value has no YAML form; none of this crate's kinds has such a value.
pub fn write<T: Kind + Serialize>(object: &Object<T>) -> Result<String, Box<Diagnostic>> {
    let api_version = if object.api_version.is_empty() {
        let version = T::VERSIONS.first().copied().unwrap_or_default();
        // Kubernetes' own core has no group.
        let parts: &[&str] = if T::GROUP.is_empty() { &[version] } else { &[T::GROUP, version] };
        parts.join("/")
    } else {
        object.api_version.clone()
    };
    let written =
        Written { api_version, kind: T::KIND, metadata: &object.metadata, spec: &object.spec };
    let json = json_text::to_string(&written).map_err(|reason| refused(&reason))?;
    document(&json)
}

/// A JSON object as a YAML document.
fn document(json: &str) -> Result<String, Box<Diagnostic>> {
    match json_tree(json).map(|tree| tree.value) {
        Ok(Value::Map(entries)) => Ok(yaml::document(&entries)),
        _ => Err(refused(&"not a mapping")),
    }
}

fn refused(reason: &dyn std::fmt::Display) -> Box<Diagnostic> {
    let message = format!("cannot be written as YAML: {reason}");
    Box::new(plain_error(codes::INVALID_VALUE, message))
}
