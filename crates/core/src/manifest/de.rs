//! A `serde::Deserializer` over [`Node`]s that reads as istiod reads.
//!
//! The as-written types with their plain derives are the only schema: the names of the fields that
//! serde hands to [`Deserializer::deserialize_struct`] are what unknown keys are compared with.
//!
//! Lenient where istiod is: a field goes by its JSON name or by its proto name
//! (`trafficPolicy`, `traffic_policy`), a number may stand in quotes, `1e2` is a whole number, `null` is unset.
//!
//! **Source**: the protobuf JSON mapping as istiod's `jsonpb` decoder applies it.

use std::collections::BTreeMap;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::field_name::names;
use super::node::number;
use super::pass::{Context, DecodeError, UnknownFields};
use super::{Entry, Node, Scalar, ScalarKind, Segment, Value, codes, hint, scalar};

impl Context {
    /// Decodes a child and leaves the path as it was.
    fn descend<'a, S: DeserializeSeed<'a>>(
        &'a self,
        segment: Segment,
        node: &'a Node,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        self.enter(segment);
        let result = Reader { node, cx: self }.read(seed);
        self.leave();
        result
    }
}

/// The deserializer: a node and the pass it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) node: &'a Node,
    pub(super) cx: &'a Context,
}

impl<'a> Reader<'a> {
    /// Decodes the node; an error that does not know its place gets this one.
    pub(super) fn read<S: DeserializeSeed<'a>>(self, seed: S) -> Result<S::Value, DecodeError> {
        seed.deserialize(self).map_err(|error| error.or_at(self.cx, self.node.span))
    }

    fn invalid(self, message: String, help: Option<String>) -> DecodeError {
        DecodeError::new(codes::INVALID_VALUE, message, help).or_at(self.cx, self.node.span)
    }

    fn expected(self, what: &str, help: Option<String>) -> DecodeError {
        self.invalid(format!("expected {what}, found {}", self.node.describe()), help)
    }

    /// The number, also from quotes.
    fn number(self) -> Option<ScalarKind> {
        match &self.node.value {
            Value::Scalar(Scalar { text, kind: ScalarKind::Text }) => number(text),
            Value::Scalar(Scalar { kind, .. }) => Some(*kind),
            _ => None,
        }
    }

    fn integer<T: TryFrom<i128>>(self, least: i128, most: i128) -> Result<T, DecodeError> {
        let value = match self.number() {
            Some(ScalarKind::Integer(value)) => value,
            // Beyond 2^53 a float no longer says which whole number was meant.
            Some(ScalarKind::Float(value)) if value.fract() == 0.0 && value.abs() < 9e15 => {
                value as i128
            }
            Some(ScalarKind::Float(_)) => return Err(self.expected("a whole number", None)),
            _ => return Err(self.expected("a number", None)),
        };
        T::try_from(value).map_err(|_| {
            let message = format!("the number `{}` is out of range", self.node.written());
            self.invalid(message, Some(format!("write a whole number from {least} to {most}")))
        })
    }

    fn float(self) -> Result<f64, DecodeError> {
        match self.number() {
            Some(ScalarKind::Integer(value)) => Ok(value as f64),
            Some(ScalarKind::Float(value)) if value.is_finite() => Ok(value),
            _ => Err(self.expected("a number", None)),
        }
    }

    fn text(self) -> Result<&'a str, DecodeError> {
        match &self.node.value {
            Value::Scalar(Scalar { text, kind: ScalarKind::Text }) => Ok(text),
            Value::Scalar(Scalar { text, kind }) if *kind != ScalarKind::Null => {
                Err(self.expected("text", Some(format!("put it in quotes: `\"{text}\"`"))))
            }
            _ => Err(self.expected("text", None)),
        }
    }

    fn seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Seq(items) => {
                visitor.visit_seq(Items { cx: self.cx, items: items.iter().zip(0..) })
            }
            Value::Scalar(_) | Value::Map(_) if !self.node.is_null() => Err(self
                .expected("a list", Some("start each item on a line of its own with `- `".into()))),
            _ => Err(self.expected("a list", None)),
        }
    }

    fn entries(self) -> Result<&'a [Entry], DecodeError> {
        match &self.node.value {
            Value::Map(entries) => Ok(entries),
            _ => Err(self.expected("a mapping", None)),
        }
    }

    /// Every entry under its own key, the last of each key.
    fn map(self) -> Result<Fields<'a>, DecodeError> {
        let mut seen = BTreeMap::new();
        let mut fields: Vec<(&'a str, &'a Entry)> = Vec::new();
        for entry in self.entries()? {
            if matches!(entry.value.value, Value::Pruned) {
                continue;
            }
            self.keep(&mut seen, &mut fields, &entry.key, entry);
        }
        Ok(Fields { cx: self.cx, fields: fields.into_iter(), value: None })
    }

    /// The entries that are fields of the struct `name`, the last of each field; null is unset.
    fn fields(self, name: &str, known: &'static [&'static str]) -> Result<Fields<'a>, DecodeError> {
        let mut seen = BTreeMap::new();
        let mut fields = Vec::new();
        for entry in self.entries()? {
            match known_field(known, &entry.key) {
                Some(field) => self.keep(&mut seen, &mut fields, field, entry),
                None => self.cx.unknown(name, known, entry),
            }
        }
        fields.retain(|(_, entry)| !entry.value.is_null());
        Ok(Fields { cx: self.cx, fields: fields.into_iter(), value: None })
    }

    fn keep<'k>(
        self,
        seen: &mut BTreeMap<&'k str, usize>,
        fields: &mut Vec<(&'k str, &'a Entry)>,
        key: &'k str,
        entry: &'a Entry,
    ) {
        match seen.get(key).and_then(|at| fields.get_mut(*at)) {
            Some(slot) => {
                self.cx.duplicate(key, slot.1, entry);
                slot.1 = entry;
            }
            None => {
                seen.insert(key, fields.len());
                fields.push((key, entry));
            }
        }
    }
}

/// The field a key names: by its JSON name, or by its proto name.
fn known_field(fields: &'static [&'static str], key: &str) -> Option<&'static str> {
    let exact = fields.iter().copied().find(|field| *field == key);
    exact.or_else(|| fields.iter().copied().find(|field| names(key, field)))
}

/// The items of a list; what was pruned is passed over, its index is not reused.
struct Items<'a> {
    cx: &'a Context,
    items: std::iter::Zip<std::slice::Iter<'a, Node>, std::ops::RangeFrom<u32>>,
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'a>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        let next = self.items.find(|(node, _)| !matches!(node.value, Value::Pruned));
        next.map(|(node, index)| self.cx.descend(Segment::Index(index), node, seed)).transpose()
    }
}

/// The entries of a mapping, each under the name the visitor knows.
struct Fields<'a> {
    cx: &'a Context,
    fields: std::vec::IntoIter<(&'a str, &'a Entry)>,
    value: Option<&'a Entry>,
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = DecodeError;

    fn next_key_seed<S: DeserializeSeed<'a>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        let Some((name, entry)) = self.fields.next() else { return Ok(None) };
        self.value = Some(entry);
        let key = seed.deserialize(BorrowedStrDeserializer::new(name));
        key.map(Some).map_err(|error: DecodeError| error.or_at(self.cx, entry.key_span))
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        let entry = self.value.take().ok_or_else(|| de::Error::custom("a value without a key"))?;
        self.cx.descend(Segment::Key(entry.key.clone()), &entry.value, seed)
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visitor.$visit(self.integer::<$type>(<$type>::MIN as i128, <$type>::MAX as i128)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = DecodeError;

    integers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Pruned => visitor.visit_unit(),
            Value::Seq(_) => self.seq(visitor),
            Value::Map(_) => visitor.visit_map(self.map()?),
            Value::Scalar(scalar) => match scalar.kind {
                ScalarKind::Null => visitor.visit_unit(),
                ScalarKind::Bool(value) => visitor.visit_bool(value),
                ScalarKind::Float(value) => visitor.visit_f64(value),
                ScalarKind::Text => visitor.visit_borrowed_str(&scalar.text),
                ScalarKind::Integer(value) => match (u64::try_from(value), i64::try_from(value)) {
                    (Ok(value), _) => visitor.visit_u64(value),
                    (_, Ok(value)) => visitor.visit_i64(value),
                    _ => visitor.visit_f64(value as f64),
                },
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Scalar(Scalar { kind: ScalarKind::Bool(value), .. }) => {
                visitor.visit_bool(*value)
            }
            Value::Scalar(Scalar { text, .. }) if text == "true" || text == "false" => {
                Err(self.expected("a boolean", Some(format!("write it without quotes: `{text}`"))))
            }
            _ => Err(self.expected("a boolean", Some("write `true` or `false`".into()))),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.seq(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(self.map()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_map(self.fields(name, fields)?)
    }

    /// A duration says so itself, so that what is expected can be named.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name == scalar::GO_DURATION && self.node.as_text().is_none() {
            let help = match self.number() {
                Some(ScalarKind::Integer(_)) => {
                    format!("write it with a unit: `{}s`", self.node.written())
                }
                _ => "write a number with a unit, for example `30s` or `250ms`".into(),
            };
            return Err(self.expected("a duration", Some(help)));
        }
        visitor.visit_newtype_struct(self)
    }

    /// A unit variant by its name or, as in protobuf, by its number; others as a mapping of one key.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Scalar(Scalar { text, kind: ScalarKind::Text }) => {
                visitor.visit_enum(text.as_str().into_deserializer())
            }
            Value::Scalar(Scalar { kind: ScalarKind::Integer(number), text })
                if self.cx.unknown_fields == UnknownFields::Warn =>
            {
                let variant = usize::try_from(*number).ok().and_then(|index| variants.get(index));
                let variant = variant.ok_or_else(|| {
                    let message = format!("`{text}` is not a value of this field");
                    self.invalid(message, hint::list(variants))
                })?;
                visitor.visit_enum((*variant).into_deserializer())
            }
            Value::Map(_) => visitor.visit_enum(MapAccessDeserializer::new(self.map()?)),
            _ => Err(self.expected("a name", hint::list(variants))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple_struct identifier
    }
}
