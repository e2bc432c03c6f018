//! How single values, lists and mappings are read.

use mesh_failover_sorted::SortedMap;

use super::node::number;
use super::reader::Step;
use super::{GoDuration, Node, Read, Reader, Scalar, ScalarKind, Value, hint};

/// The number, also from quotes.
fn number_of(node: &Node) -> Option<ScalarKind> {
    match &node.value {
        Value::Scalar(Scalar { text, kind: ScalarKind::Text }) => number(text),
        Value::Scalar(Scalar { kind, .. }) => Some(*kind),
        _ => None,
    }
}

impl Reader<'_> {
    fn integer(&mut self, node: &Node, least: i128, most: i128) -> Option<i128> {
        let value = match number_of(node) {
            Some(ScalarKind::Integer(value)) => value,
            // Beyond 2^53 a float no longer says which whole number was meant.
            Some(ScalarKind::Float(value)) if value.fract() == 0.0 && value.abs() < 9e15 => {
                value as i128
            }
            number => {
                let whole = matches!(number, Some(ScalarKind::Float(_)));
                self.expected(node, if whole { "a whole number" } else { "a number" }, None);
                return None;
            }
        };
        if (least..=most).contains(&value) {
            return Some(value);
        }
        let message = format!("the number `{}` is out of range", node.written());
        self.invalid(node, message, Some(format!("write a whole number from {least} to {most}")));
        None
    }

    fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(Scalar { text, kind: ScalarKind::Text }) => return Some(text),
            Value::Scalar(Scalar { text, kind }) if *kind != ScalarKind::Null => {
                self.expected(node, "text", Some(format!("put it in quotes: `\"{text}\"`")));
            }
            _ => {
                self.expected(node, "text", None);
            }
        }
        None
    }

    /// One of these words or, as in protobuf, the place of one, by its place.
    pub(crate) fn word(&mut self, node: &Node, words: &[&str]) -> Option<usize> {
        let (found, help) = match &node.value {
            Value::Scalar(Scalar { text, kind: ScalarKind::Text }) => {
                let found = words.iter().position(|word| word == text);
                (found, if found.is_none() { hint::one_of(text, words) } else { None })
            }
            Value::Scalar(Scalar { kind: ScalarKind::Integer(number), .. })
                if self.takes_numbers() =>
            {
                let place = usize::try_from(*number).ok();
                (place.filter(|place| *place < words.len()), hint::list(words))
            }
            _ => {
                self.expected(node, "a name", hint::list(words));
                return None;
            }
        };
        if found.is_none() {
            let message = format!("`{}` is not a value of this field", node.written());
            self.invalid(node, message, help);
        }
        found
    }

    fn duration(&mut self, node: &Node) -> Option<GoDuration> {
        const FORM: &str = "write a number with a unit, for example `30s` or `250ms`";
        let Some(text) = node.as_text() else {
            let help = match number_of(node) {
                Some(ScalarKind::Integer(_)) => {
                    format!("write it with a unit: `{}s`", node.written())
                }
                _ => FORM.to_owned(),
            };
            self.expected(node, "a duration", Some(help));
            return None;
        };
        let duration = GoDuration::parse(text);
        if duration.is_none() {
            self.invalid(node, format!("`{text}` is not a duration"), Some(FORM.to_owned()));
        }
        duration
    }
}

/// Keeps what was read.
fn keep<T>(slot: &mut T, value: Option<T>) -> bool {
    value.map(|value| *slot = value).is_some()
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Read for $type {
            fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
                let value = reader.integer(node, Self::MIN.into(), Self::MAX.into());
                keep(self, value.and_then(|value| Self::try_from(value).ok()))
            }
        }
    )*};
}

integers!(i32, u16, u32, u64);

impl Read for bool {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        match &node.value {
            Value::Scalar(Scalar { kind: ScalarKind::Bool(value), .. }) => keep(self, Some(*value)),
            Value::Scalar(Scalar { text, .. }) if text == "true" || text == "false" => {
                let help = format!("write it without quotes: `{text}`");
                reader.expected(node, "a boolean", Some(help))
            }
            _ => reader.expected(node, "a boolean", Some("write `true` or `false`".into())),
        }
    }
}

impl Read for f64 {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        match number_of(node) {
            Some(ScalarKind::Integer(value)) => keep(self, Some(value as Self)),
            Some(ScalarKind::Float(value)) if value.is_finite() => keep(self, Some(value)),
            _ => reader.expected(node, "a number", None),
        }
    }
}

impl Read for String {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        keep(self, reader.text(node).map(str::to_owned))
    }
}

impl Read for GoDuration {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        keep(self, reader.duration(node))
    }
}

/// Null is `None`.
impl<T: Read + Default> Read for Option<T> {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        if node.is_null() {
            return true;
        }
        let is_read = self.insert(T::default()).read(node, reader);
        if !is_read {
            *self = None;
        }
        is_read
    }
}

/// What cannot be read is left out.
impl<T: Read + Default> Read for Vec<T> {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        reader.items(node, &mut |reader, step, node| {
            let mut item = T::default();
            if reader.at(step, node, &mut item) {
                self.push(item);
            }
        })
    }
}

/// What cannot be read is left out.
impl<T: Read + Default> Read for SortedMap<String, T> {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        let mut pairs = Vec::new();
        let fits = reader.entries(node, &mut |reader, entry| {
            let mut value = T::default();
            if reader.at(Step::Key(&entry.key), &entry.value, &mut value) {
                pairs.push((entry.key.clone(), value));
            }
        });
        // Not one by one: there may be a million in any order.
        *self = pairs.into();
        fits
    }
}

/// Anything at all.
impl Read for serde_json::Value {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        *self = match &node.value {
            Value::Map(_) => {
                let mut map = serde_json::Map::new();
                map.read(node, reader);
                Self::Object(map)
            }
            Value::Seq(_) => {
                let mut items = Vec::new();
                items.read(node, reader);
                Self::Array(items)
            }
            Value::Scalar(Scalar { text, kind }) => match *kind {
                ScalarKind::Null => Self::Null,
                ScalarKind::Bool(value) => value.into(),
                ScalarKind::Float(value) => value.into(),
                ScalarKind::Text => text.as_str().into(),
                ScalarKind::Integer(value) => match (u64::try_from(value), i64::try_from(value)) {
                    (Ok(value), _) => value.into(),
                    (_, Ok(value)) => value.into(),
                    _ => (value as f64).into(),
                },
            },
        };
        true
    }
}

impl Read for serde_json::Map<String, serde_json::Value> {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        reader.entries(node, &mut |reader, entry| {
            let mut value = serde_json::Value::Null;
            reader.at(Step::Key(&entry.key), &entry.value, &mut value);
            self.insert(entry.key.clone(), value);
        })
    }
}
