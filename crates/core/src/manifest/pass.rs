//! What one pass of the deserializer over a tree knows and collects.
//!
//! serde stops at the first value that it cannot read ([`DecodeError`]); everything else that is
//! worth saying is collected on the way ([`Finding`]).

use std::cell::RefCell;
use std::fmt::{self, Display};

use serde::de;

use super::{Entry, Path, Segment, codes, hint};
use crate::diagnostic::{Severity, Span};

/// What becomes of a field that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnknownFields {
    /// A warning: Istio drops it.
    Warn,
    /// An error: the schema is ours.
    Deny,
    /// Nothing: of Kubernetes' own kinds only some fields are read.
    Ignore,
}

/// Types that name only some of the real type's fields, so that an unknown field means nothing.
const PARTIAL: [&str; 2] = ["Metadata", "MeshConfig"];

/// Something found while decoding, with its place in the tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Unknown until the nearest node that knows its place has been passed.
    pub(super) place: Option<(Path, Span)>,
}

/// Why a value could not be read. One only: serde stops there.
#[derive(Debug)]
pub(super) struct DecodeError(pub(super) Box<Finding>);

impl DecodeError {
    pub(super) fn new(code: &'static str, message: String, help: Option<String>) -> Self {
        Self(Box::new(Finding { severity: Severity::Error, code, message, help, place: None }))
    }

    pub(super) fn or_at(mut self, cx: &Context, span: Span) -> Self {
        self.0.place.get_or_insert_with(|| (cx.path.borrow().clone(), span));
        self
    }
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    /// What follows the first semicolon says what to write instead.
    fn custom<T: Display>(message: T) -> Self {
        let text = message.to_string();
        match text.split_once("; ") {
            Some((message, help)) => {
                Self::new(codes::INVALID_VALUE, message.into(), Some(help.into()))
            }
            None => Self::new(codes::INVALID_VALUE, text, None),
        }
    }

    /// What was found is named by the reader, which knows the text as written.
    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(codes::INVALID_VALUE, format!("expected {expected}"), None)
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(codes::MISSING_FIELD, format!("`{field}` is missing"), None)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let help = hint::one_of(variant, expected);
        Self::new(codes::INVALID_VALUE, format!("`{variant}` is not a value of this field"), help)
    }
}

/// What one pass over a tree knows and collects.
pub(super) struct Context {
    pub(super) unknown_fields: UnknownFields,
    path: RefCell<Path>,
    findings: RefCell<Vec<Finding>>,
}

impl Context {
    /// `base` is the path of the node that is decoded.
    pub(super) fn new(unknown_fields: UnknownFields, base: Path) -> Self {
        Self { unknown_fields, path: RefCell::new(base), findings: RefCell::default() }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings.into_inner()
    }

    pub(super) fn report(
        &self,
        severity: Severity,
        code: &'static str,
        text: (String, Option<String>),
        entry: &Entry,
    ) {
        let mut path = self.path.borrow().clone();
        path.push(Segment::Key(entry.key.clone()));
        let (message, help) = text;
        let place = Some((path, entry.key_span));
        self.findings.borrow_mut().push(Finding { severity, code, message, help, place });
    }

    pub(super) fn unknown(&self, name: &str, fields: &'static [&'static str], entry: &Entry) {
        if self.unknown_fields == UnknownFields::Ignore {
            return;
        }
        let help = hint::field(&entry.key, fields);
        if PARTIAL.contains(&name) && help.is_none() {
            return;
        }
        let (severity, drops) = match self.unknown_fields {
            UnknownFields::Warn => (Severity::Warning, "; Istio drops it"),
            UnknownFields::Deny | UnknownFields::Ignore => (Severity::Error, ""),
        };
        let help = help.or_else(|| hint::list(fields));
        let message = format!("unknown field `{}`{drops}", entry.key);
        self.report(severity, codes::UNKNOWN_FIELD, (message, help), entry);
    }

    pub(super) fn duplicate(&self, key: &str, first: &Entry, second: &Entry) {
        let message = format!("`{key}` is given twice; the last one is kept");
        let help = if first.key == second.key {
            "remove one of them".into()
        } else {
            format!("`{}` and `{}` are the same field; remove one of them", first.key, second.key)
        };
        self.report(Severity::Error, codes::DUPLICATE_KEY, (message, Some(help)), second);
    }

    pub(super) fn enter(&self, segment: Segment) {
        self.path.borrow_mut().push(segment);
    }

    pub(super) fn leave(&self) {
        self.path.borrow_mut().pop();
    }
}
