//! From a tree to a value, with every error, not only the first.

use super::reader::{Finding, UnknownFields};
use super::{Entry, Node, Path, Read, Reader, Scalar, ScalarKind, Value, codes, json};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::json_text;

/// Reads a value from JSON. Strict: an unknown field, a field given twice or a value of the wrong type
/// is an error, and all of them are returned, each with its path.
///
/// ```
/// use mesh_failover_core::manifest::{from_json_strict, OutlierDetection};
///
/// let read: OutlierDetection = from_json_strict(r#"{"interval": "1s", "maxEjectionPercent": "100"}"#).unwrap();
/// assert_eq!(read.max_ejection_percent, Some(100));
///
/// let errors = from_json_strict::<OutlierDetection>(r#"{"intervall": "1s"}"#).unwrap_err();
/// assert_eq!(errors[0].message, "unknown field `intervall`");
/// assert_eq!(errors[0].help.as_deref(), Some("did you mean `interval`?"));
/// assert_eq!(errors[0].path, "intervall");
/// ```
///
/// # Errors
/// Everything that is wrong with it.
pub fn from_json_strict<T: Read + Default>(text: &str) -> Result<T, Vec<Diagnostic>> {
    let node = json_tree(text)?;
    let mut value = T::default();
    let findings = match decode(&node, Path::default(), UnknownFields::Deny, &mut value) {
        (true, findings) if findings.is_empty() => return Ok(value),
        (_, findings) => findings,
    };
    Err(findings.into_iter().map(|finding| finding.into_diagnostic(|_| None)).collect())
}

/// Reads JSON as a tree, for readers of their own.
pub(crate) fn json_tree(text: &str) -> Result<Node, Vec<Diagnostic>> {
    json::parse(text)
        .map_err(|error| vec![plain_error(codes::SYNTAX, format!("not valid JSON: {error}"))])
}

/// Reads one of Envoy's answers, without what `T` has no field for. The place is given where the text is no JSON.
///
/// # Errors
/// What is wrong with it first.
pub(crate) fn from_dump<T: Read + Default>(
    text: &str,
    wants: fn(&str) -> bool,
) -> Result<T, (String, Option<(usize, usize)>)> {
    let node = json::parse_wanted(text, wants)
        .map_err(|error| (error.to_string(), Some(error.place())))?;
    let mut value = T::default();
    match decode(&node, Path::default(), UnknownFields::Ignore, &mut value) {
        (true, findings) if findings.is_empty() => Ok(value),
        (_, findings) => Err((findings.first().map(Finding::in_words).unwrap_or_default(), None)),
    }
}

/// Reads a part of a manifest that was kept as JSON, unknown fields aside; `None` if anything else is wrong with it.
pub(crate) fn from_value<T: Read + Default>(value: &serde_json::Value) -> Option<T> {
    let mut read = T::default();
    let (is_read, findings) =
        decode(&tree(value), Path::default(), UnknownFields::Ignore, &mut read);
    (is_read && findings.is_empty()).then_some(read)
}

/// JSON as a tree.
pub(crate) fn tree(value: &serde_json::Value) -> Node {
    use serde_json::Value as Json;
    let value = match value {
        Json::Array(items) => Value::Seq(items.iter().map(tree).collect()),
        Json::Object(entries) => {
            let entry = |(key, value): (&String, &Json)| Entry {
                key: key.clone(),
                key_span: Span::default(),
                value: tree(value),
            };
            Value::Map(entries.iter().map(entry).collect())
        }
        Json::String(text) => Value::Scalar(Scalar::text(text.clone())),
        Json::Null => Value::default(),
        Json::Bool(flag) => {
            Value::Scalar(Scalar { text: flag.to_string(), kind: ScalarKind::Bool(*flag) })
        }
        Json::Number(_) => Value::Scalar(Scalar::plain(json_text::of(value))),
    };
    Node { value, span: Span::default() }
}

/// Reads into `value` and says whether that can be used, and everything found on the way.
/// `base` is the node's own path.
pub(super) fn decode(
    node: &Node,
    base: Path,
    unknown_fields: UnknownFields,
    value: &mut dyn Read,
) -> (bool, Vec<Finding>) {
    let mut reader = Reader::new(unknown_fields, base);
    let is_read = value.read(node, &mut reader);
    let (findings, is_full) = reader.finish(node.span);
    (is_read && !is_full, findings)
}

/// An error without a place.
pub(super) fn plain_error(code: &'static str, message: String) -> Diagnostic {
    let severity = Severity::Error;
    Diagnostic { severity, code, message, help: None, location: None, path: String::new() }
}
