//! From a tree to a value, with every error, not only the first.
//!
//! serde stops at the first wrong value. So: decode; if it fails, keep the error, prune the node it
//! names, decode again. What is left decodes, and nothing that was wrong goes unsaid.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::de::Reader;
use super::pass::{Context, Finding, UnknownFields};
use super::{Node, Path, Segment, Value, codes, json};
use crate::diagnostic::{Diagnostic, Location, Severity, Span};

/// Errors of one document that are reported; each costs one more pass.
const MOST_ERRORS: usize = 50;

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
pub fn from_json_strict<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Diagnostic>> {
    let node = json_tree(text)?;
    let (value, findings) = decode(&node, Path::default(), UnknownFields::Deny);
    match value {
        Some(value) if findings.is_empty() => Ok(value),
        _ => Err(findings.into_iter().map(|finding| finding.into_diagnostic(|_| None)).collect()),
    }
}

/// Reads JSON as a tree, for readers of their own.
pub(crate) fn json_tree(text: &str) -> Result<Node, Vec<Diagnostic>> {
    json::parse(text)
        .map_err(|error| vec![plain_error(codes::SYNTAX, format!("not valid JSON: {error}"))])
}

/// The value, unless the node as a whole cannot be read, and everything found on the way.
/// `base` is the node's own path.
pub(super) fn decode<T: DeserializeOwned>(
    node: &Node,
    base: Path,
    unknown_fields: UnknownFields,
) -> (Option<T>, Vec<Finding>) {
    let mut errors: Vec<Finding> = Vec::new();
    let mut tree = Cow::Borrowed(node);
    loop {
        let cx = Context::new(unknown_fields, base.clone());
        let error = match (Reader { node: &tree, cx: &cx }).read(PhantomData::<T>) {
            Ok(value) => {
                errors.extend(cx.into_findings());
                return (Some(value), errors);
            }
            Err(error) => *error.0,
        };
        let path = error.place.as_ref().map(|(path, _)| path.segments()).unwrap_or_default();
        let below = path.get(base.segments().len()..).unwrap_or_default().to_vec();
        errors.push(error);
        if errors.len() >= MOST_ERRORS {
            errors.push(too_many(&base, node.span));
            return (None, errors);
        }
        if below.is_empty() || !prune(tree.to_mut(), &below) {
            errors.extend(cx.into_findings());
            return (None, errors);
        }
    }
}

fn too_many(base: &Path, span: Span) -> Finding {
    Finding {
        severity: Severity::Error,
        code: codes::TOO_MANY_ERRORS,
        message: format!("more than {MOST_ERRORS} errors; the object is left out"),
        help: None,
        place: Some((base.clone(), span)),
    }
}

/// Takes the node at `path` out of the tree; false if there is none, or if it is out already.
fn prune(root: &mut Node, path: &[Segment]) -> bool {
    let mut node = root;
    for segment in path {
        let next = match (&mut node.value, segment) {
            (Value::Map(entries), Segment::Key(key)) => {
                entries.iter_mut().rfind(|entry| entry.key == *key).map(|entry| &mut entry.value)
            }
            (Value::Seq(items), Segment::Index(index)) => {
                usize::try_from(*index).ok().and_then(|index| items.get_mut(index))
            }
            _ => None,
        };
        let Some(next) = next else { return false };
        node = next;
    }
    std::mem::replace(&mut node.value, Value::Pruned) != Value::Pruned
}

impl Finding {
    /// With its place in a text, if there is one.
    pub(super) fn into_diagnostic(self, at: impl Fn(Span) -> Option<Location>) -> Diagnostic {
        let (path, span) = self.place.unwrap_or_default();
        Diagnostic {
            severity: self.severity,
            code: self.code,
            message: self.message,
            help: self.help,
            location: at(span),
            path: path.to_string(),
        }
    }
}

/// An error without a place.
pub(super) fn plain_error(code: &'static str, message: String) -> Diagnostic {
    let severity = Severity::Error;
    Diagnostic { severity, code, message, help: None, location: None, path: String::new() }
}
