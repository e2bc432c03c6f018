//! One walk over a tree: values are read in place as istiod reads them, and everything that is wrong is collected.
//!
//! The as-written types are the only schema: `#[derive(Read)]` turns each into a table of names and a jump to a field. What happens
//! with them is here, once for all types, because every type's own copy of it would be the largest part of the page's module.
//!
//! Lenient where istiod is: a field goes by its JSON name or by its proto name
//! (`trafficPolicy`, `traffic_policy`), a number may stand in quotes, `1e2` is a whole number, `null` is unset.
//!
//! **Source**: the protobuf JSON mapping as istiod's `jsonpb` decoder applies it.

use super::field_name::of_proto_name;
use super::repeated::last_of_each;
use super::{Entry, Node, Path, Segment, Value, codes, hint};
use crate::diagnostic::{Diagnostic, Location, Severity, Span};

/// Errors of one document that are reported.
const MOST_ERRORS: usize = 50;

/// A value that can be read.
pub trait Read {
    /// Reads into `self`, which is at its default. False: the node as a whole could not be read, which has been said, and `self` is as it was.
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool;
}

/// A struct as the reader sees it.
pub trait Record {
    /// The field at this place in [`RecordFields::names`].
    fn field(&mut self, index: usize) -> Option<&mut dyn Read>;
}

/// What is known of a struct's fields.
#[derive(Debug, Clone, Copy)]
pub struct RecordFields {
    /// Their JSON names.
    pub names: &'static [&'static str],
    /// Those that must be there.
    pub required: &'static [&'static str],
    /// Whether the real type has more of them, so that an unknown field means nothing.
    pub partial: bool,
}

/// What becomes of a field that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownFields {
    /// A warning: Istio drops it.
    Warn,
    /// An error: the schema is ours.
    Deny,
    /// Nothing: of Kubernetes' own kinds only some fields are read.
    Ignore,
}

/// Something found while reading, with its place in the tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) place: (Path, Span),
}

impl Finding {
    /// Without its place in a text.
    pub(super) fn in_words(&self) -> String {
        format!("`{}`: {}", self.place.0, self.message)
    }

    /// With its place in a text, if there is one.
    pub(super) fn into_diagnostic(self, at: impl Fn(Span) -> Option<Location>) -> Diagnostic {
        let (path, span) = self.place;
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

/// Where the walk is, and what was found so far.
#[derive(Debug)]
pub struct Reader<'a> {
    unknown_fields: UnknownFields,
    /// The path of the node that is read.
    base: Path,
    /// From there to where the walk is.
    steps: Vec<Step<'a>>,
    /// Values that could not be read.
    errors: Vec<Finding>,
    /// What else is worth saying.
    findings: Vec<Finding>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(u32),
}

impl<'a> Reader<'a> {
    /// `base` is the path of the node that is read.
    pub(super) fn new(unknown_fields: UnknownFields, base: Path) -> Self {
        let (steps, errors, findings) = (Vec::new(), Vec::new(), Vec::new());
        Self { unknown_fields, base, steps, errors, findings }
    }

    /// Everything that was found, errors first; and whether they were too many to go on.
    pub(super) fn finish(self, span: Span) -> (Vec<Finding>, bool) {
        let Self { base, mut errors, findings, .. } = self;
        let is_full = errors.len() >= MOST_ERRORS;
        if is_full {
            let message = format!("more than {MOST_ERRORS} errors; the object is left out");
            errors.push(Finding {
                severity: Severity::Error,
                code: codes::TOO_MANY_ERRORS,
                message,
                help: None,
                place: (base, span),
            });
        } else {
            errors.extend(findings);
        }
        (errors, is_full)
    }

    /// Whether a name's number will do, as in protobuf.
    pub(super) fn takes_numbers(&self) -> bool {
        self.unknown_fields == UnknownFields::Warn
    }

    fn path(&self, further: Option<&str>) -> Path {
        let mut path = self.base.clone();
        path.extend(self.steps.iter().map(|step| match step {
            Step::Key(key) => Segment::Key((*key).to_owned()),
            Step::Index(index) => Segment::Index(*index),
        }));
        path.extend(further.map(|key| Segment::Key(key.to_owned())));
        path
    }

    /// A value that cannot be read; false, as [`Read::read`] says it.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        message: String,
        help: Option<String>,
        span: Span,
    ) -> bool {
        if self.errors.len() < MOST_ERRORS {
            let place = (self.path(None), span);
            let severity = Severity::Error;
            self.errors.push(Finding { severity, code, message, help, place });
        }
        false
    }

    pub(super) fn invalid(&mut self, node: &Node, message: String, help: Option<String>) -> bool {
        self.error(codes::INVALID_VALUE, message, help, node.span)
    }

    pub(super) fn expected(&mut self, node: &Node, what: &str, help: Option<String>) -> bool {
        let message = ["expected ", what, ", found ", &node.describe()].concat();
        self.invalid(node, message, help)
    }

    /// Goes down to a part, reads it, and comes back.
    pub(super) fn at(&mut self, step: Step<'a>, node: &'a Node, value: &mut dyn Read) -> bool {
        if self.errors.len() >= MOST_ERRORS {
            return false;
        }
        self.steps.push(step);
        let is_read = value.read(node, self);
        self.steps.pop();
        is_read
    }

    /// A struct: every entry that is a field, the last of each; null is unset.
    pub fn record(
        &mut self,
        node: &'a Node,
        fields: &'static RecordFields,
        record: &mut dyn Record,
    ) -> bool {
        let Value::Map(entries) = &node.value else {
            return self.expected(node, "a mapping", None);
        };
        let mut kept: Vec<(usize, &'a Entry)> = Vec::new();
        for entry in entries {
            let Some((index, name)) = known_field(fields.names, &entry.key) else {
                self.unknown(fields, entry);
                continue;
            };
            match kept.iter_mut().find(|(other, _)| *other == index) {
                Some((_, first)) => {
                    self.duplicate(name, first, entry);
                    *first = entry;
                }
                None => kept.push((index, entry)),
            }
        }
        kept.retain(|(_, entry)| !entry.value.is_null());
        for (index, entry) in &kept {
            if let Some(field) = record.field(*index) {
                self.at(Step::Key(&entry.key), &entry.value, field);
            }
        }
        for name in fields.required {
            if !kept.iter().any(|(index, _)| fields.names.get(*index) == Some(name)) {
                self.error(codes::MISSING_FIELD, format!("`{name}` is missing"), None, node.span);
            }
        }
        true
    }

    /// A mapping: every entry under its own key, the last of each.
    pub(super) fn entries(
        &mut self,
        node: &'a Node,
        read: &mut dyn FnMut(&mut Self, &'a Entry),
    ) -> bool {
        let Value::Map(entries) = &node.value else {
            return self.expected(node, "a mapping", None);
        };
        let entries = entries.iter().collect();
        let kept = last_of_each::<&'a Entry>(entries, |first, again| {
            self.duplicate(&again.key, first, again);
        });
        kept.into_iter().for_each(|entry| read(self, entry));
        true
    }

    /// A list.
    pub(super) fn items(
        &mut self,
        node: &'a Node,
        read: &mut dyn FnMut(&mut Self, Step<'a>, &'a Node),
    ) -> bool {
        match &node.value {
            Value::Seq(items) => {
                for (item, index) in items.iter().zip(0..) {
                    read(self, Step::Index(index), item);
                }
                true
            }
            _ => {
                let help = "start each item on a line of its own with `- `";
                let help = (!node.is_null()).then(|| help.to_owned());
                self.expected(node, "a list", help)
            }
        }
    }

    /// A finding about an entry, at its key.
    fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        (message, help): (String, Option<String>),
        entry: &Entry,
    ) {
        let place = (self.path(Some(&entry.key)), entry.key_span);
        self.findings.push(Finding { severity, code, message, help, place });
    }

    fn unknown(&mut self, fields: &'static RecordFields, entry: &Entry) {
        let (severity, drops) = match self.unknown_fields {
            UnknownFields::Ignore => return,
            UnknownFields::Warn => (Severity::Warning, "; Istio drops it"),
            UnknownFields::Deny => (Severity::Error, ""),
        };
        let help = hint::field(&entry.key, fields.names);
        if fields.partial && help.is_none() {
            return;
        }
        let help = help.or_else(|| hint::list(fields.names));
        let message = format!("unknown field `{}`{drops}", entry.key);
        self.report(severity, codes::UNKNOWN_FIELD, (message, help), entry);
    }

    fn duplicate(&mut self, key: &str, first: &Entry, second: &Entry) {
        let message = format!("`{key}` is given twice; the last one is kept");
        let help = if first.key == second.key {
            "remove one of them".into()
        } else {
            format!("`{}` and `{}` are the same field; remove one of them", first.key, second.key)
        };
        self.report(Severity::Error, codes::DUPLICATE_KEY, (message, Some(help)), second);
    }
}

/// The field a key names: by its JSON name, or by its proto name.
fn known_field(names: &'static [&'static str], key: &str) -> Option<(usize, &'static str)> {
    let find = |key: &str| {
        let index = names.iter().position(|name| *name == key)?;
        Some((index, *names.get(index)?))
    };
    find(key).or_else(|| find(&of_proto_name(key)?))
}
