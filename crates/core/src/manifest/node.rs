//! A document as a tree in which every value knows where it stands.
//!
//! Reading works on this tree, not on text, so that a field can be found again afterwards,
//! and so that JSON (without positions) and YAML (with positions) share one reader.

use super::field_name::names;
use super::float::float;
use crate::diagnostic::Span;

/// A value and its place. [`Span::default`] where there is no text to point at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Seq(Vec<Node>),
    /// Keys and values in the order of the text.
    Map(Vec<Entry>),
}

/// One key of a mapping and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key as written.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

/// A single value: what it means, and how it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// As written, without quotes.
    pub text: String,
    /// What it means.
    pub kind: ScalarKind,
}

/// The meaning of a scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScalarKind {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// Text.
    Text,
}

impl Default for Value {
    fn default() -> Self {
        Self::Scalar(Scalar { text: String::new(), kind: ScalarKind::Null })
    }
}

impl Node {
    /// Whether it counts as unset.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar(scalar) => scalar.kind == ScalarKind::Null,
            Value::Seq(_) | Value::Map(_) => false,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(Scalar { text, kind: ScalarKind::Text }) => Some(text),
            _ => None,
        }
    }

    /// A scalar as written, without quotes; empty for anything else.
    pub(crate) fn written(&self) -> &str {
        match &self.value {
            Value::Scalar(scalar) => &scalar.text,
            Value::Seq(_) | Value::Map(_) => "",
        }
    }

    /// The entry of a mapping with this key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The entry of a mapping for this field, under its JSON name or its proto name.
    #[must_use]
    pub fn field(&self, field: &str) -> Option<&Entry> {
        let Value::Map(entries) = &self.value else { return None };
        self.entry(field).or_else(|| entries.iter().rfind(|entry| names(&entry.key, field)))
    }

    /// The value of a mapping under this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// What it is in the words of a person: ``the text `abc` ``, `a list`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Seq(_) => "a list".into(),
            Value::Map(_) => "a mapping".into(),
            Value::Scalar(Scalar { text, kind }) => match kind {
                ScalarKind::Null if text.is_empty() => "nothing".into(),
                ScalarKind::Null => format!("`{text}`"),
                ScalarKind::Bool(_) => format!("the boolean `{text}`"),
                ScalarKind::Integer(_) | ScalarKind::Float(_) => format!("the number `{text}`"),
                ScalarKind::Text if text.is_empty() => "an empty text".into(),
                ScalarKind::Text => format!("the text `{}`", shortened(text)),
            },
        }
    }
}

/// The first line, and of that only as much as reads well in a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && line.chars().count() <= MOST {
        return line.to_owned();
    }
    line.chars().take(MOST).chain(['…']).collect()
}

impl Scalar {
    /// What a plain (unquoted) scalar means, as Kubernetes reads it.
    ///
    /// **Source**: sigs.k8s.io/yaml, goyaml.v2 `resolve.go`: YAML 1.1 in its booleans (`yes`, `no`,
    /// `on`, `off`, `y`, `n` are booleans) and in its octals (`010` is 8); a date is text.
    #[must_use]
    pub fn plain(text: String) -> Self {
        let kind = match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "y" | "Y" | "on" | "On" | "ON" => {
                ScalarKind::Bool(true)
            }
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "n" | "N" | "off" | "Off"
            | "OFF" => ScalarKind::Bool(false),
            other => number(other).unwrap_or(ScalarKind::Text),
        };
        Self { text, kind }
    }

    /// Text, whatever it looks like.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self { text, kind: ScalarKind::Text }
    }
}

/// The number a plain scalar stands for.
pub(super) fn number(text: &str) -> Option<ScalarKind> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Some(ScalarKind::Float(f64::INFINITY));
        }
        "-.inf" | "-.Inf" | "-.INF" => return Some(ScalarKind::Float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Some(ScalarKind::Float(f64::NAN)),
        _ => {}
    }
    let plain = text.replace('_', "");
    integer(&plain).map(ScalarKind::Integer).or_else(|| float(&plain).map(ScalarKind::Float))
}

/// A 64-bit integer with Go's prefixes; anything larger is left to [`float()`].
pub(super) fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if negative { -magnitude } else { magnitude };
    (value >= i128::from(i64::MIN)).then_some(value)
}
