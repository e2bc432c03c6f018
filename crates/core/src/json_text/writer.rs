//! JSON from serde's data model, into a text that takes everything.
//!
//! serde_json's serializer writes into anything that may fail, and every field of every type asks whether it did. Nothing fails here but
//! a map whose keys are no texts, so the compiler can leave these questions out: 11 kB of what is sent of the page's module.

use std::fmt::Display;

use serde::Serialize;
use serde::ser::{
    self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::float;

/// A value that has no JSON: a map whose keys are no texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoJson;

impl Display for NoJson {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a map has keys that are no texts")
    }
}

impl std::error::Error for NoJson {}

impl ser::Error for NoJson {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Serializes into a text, without white space.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) text: String,
}

type Written = Result<(), NoJson>;

impl Writer {
    /// Begins an item of a list or of an object: only right behind the bracket no comma is needed.
    fn separate(&mut self) {
        if !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                '\0'..' ' => self.text.push_str(&format!("\\u{:04x}", u32::from(character))),
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }

    /// A key and its colon.
    fn key(&mut self, key: &str) {
        self.separate();
        self.string(key);
        self.text.push(':');
    }

    fn open(&mut self, bracket: char) -> Result<&mut Self, NoJson> {
        self.text.push(bracket);
        Ok(self)
    }

    fn raw(&mut self, text: &str) -> Written {
        self.text.push_str(text);
        Ok(())
    }

    fn open_variant(&mut self, name: &str, bracket: char) -> Result<&mut Self, NoJson> {
        self.text.push('{');
        self.key(name);
        self.open(bracket)
    }
}

/// Narrow numbers, by way of the widest of their kind: one formatter each.
macro_rules! whole_numbers {
    ($($method:ident $number:ident),* as $wide:ident) => {$(
        fn $method(self, value: $number) -> Written {
            self.$wide(value.into())
        }
    )*};
}

macro_rules! numbers {
    ($($method:ident $number:ident),*) => {$(
        fn $method(self, value: $number) -> Written {
            self.raw(&value.to_string())
        }
    )*};
}

impl ser::Serializer for &mut Writer {
    type Ok = ();
    type Error = NoJson;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn serialize_bool(self, value: bool) -> Written {
        self.raw(if value { "true" } else { "false" })
    }

    whole_numbers!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32 as serialize_i64);
    whole_numbers!(serialize_u8 u8, serialize_u16 u16, serialize_u32 u32 as serialize_u64);
    numbers!(serialize_i64 i64, serialize_u64 u64, serialize_i128 i128, serialize_u128 u128);

    /// By way of its own shortest text: widened it would have digits that nobody wrote.
    fn serialize_f32(self, value: f32) -> Written {
        self.serialize_f64(value.to_string().parse().unwrap_or(f64::NAN))
    }

    fn serialize_f64(self, value: f64) -> Written {
        if !value.is_finite() {
            return self.serialize_unit();
        }
        let text = float(value);
        match text.split_once('e').filter(|(_, exponent)| !exponent.starts_with('-')) {
            Some((digits, exponent)) => self.raw(&[digits, "e+", exponent].concat()),
            None => self.raw(&text),
        }
    }

    fn serialize_char(self, value: char) -> Written {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Written {
        self.string(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Written {
        value.serialize(self)
    }

    fn serialize_none(self) -> Written {
        self.raw("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        self.raw("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.raw("null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        self.text.push('{');
        self.key(variant);
        value.serialize(&mut *self)?;
        self.raw("}")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, NoJson> {
        self.open('[')
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, NoJson> {
        self.open('[')
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, NoJson> {
        self.open('[')
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, NoJson> {
        self.open_variant(variant, '[')
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, NoJson> {
        self.open('{')
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, NoJson> {
        self.open('{')
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, NoJson> {
        self.open_variant(variant, '{')
    }
}

/// What is in a list: values behind commas, and a bracket at the end.
macro_rules! lists {
    ($($form:ident $item:ident $end:literal;)*) => {$(
        impl $form for &mut Writer {
            type Ok = ();
            type Error = NoJson;

            fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
                self.separate();
                value.serialize(&mut **self)
            }

            fn end(self) -> Written {
                self.raw($end)
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element "]";
    SerializeTuple serialize_element "]";
    SerializeTupleStruct serialize_field "]";
    SerializeTupleVariant serialize_field "]}";
}

/// What is in an object of known fields.
macro_rules! records {
    ($($form:ident $end:literal;)*) => {$(
        impl $form for &mut Writer {
            type Ok = ();
            type Error = NoJson;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
                self.key(key);
                value.serialize(&mut **self)
            }

            fn end(self) -> Written {
                self.raw($end)
            }
        }
    )*};
}

records! {
    SerializeStruct "}";
    SerializeStructVariant "}}";
}

impl SerializeMap for &mut Writer {
    type Ok = ();
    type Error = NoJson;

    /// Numbers and truth values are put in quotes.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.separate();
        let start = self.text.len();
        key.serialize(&mut **self)?;
        match self.text.as_bytes().get(start) {
            Some(b'"') => {}
            Some(b'0'..=b'9' | b'-' | b't' | b'f') => {
                self.text.insert(start, '"');
                self.text.push('"');
            }
            _ => return Err(NoJson),
        }
        self.text.push(':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(&mut **self)
    }

    fn end(self) -> Written {
        self.raw("}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::NoJson;
    use crate::json_text::to_string;

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Pair(&'static str, u8);

    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Form {
        Plain,
        One(u8),
        Two(u8, char),
        Named { list: Vec<&'static str>, none: Option<()> },
    }

    #[derive(Serialize)]
    #[serde(tag = "kind", content = "spec")]
    enum Beside {
        Empty,
        Full { text: &'static str },
    }

    #[derive(Serialize)]
    struct All {
        forms: Vec<Form>,
        beside: [Beside; 2],
        unit: Unit,
        pair: Pair,
        tuple: (i8, i128, u128, i64),
        floats: [f64; 4],
        narrow: [f32; 3],
        empty: (Vec<u8>, BTreeMap<u8, u8>),
        numbers: BTreeMap<i32, bool>,
        flags: BTreeMap<bool, Vec<Vec<u8>>>,
        words: BTreeMap<Form, &'static str>,
        #[serde(flatten)]
        more: BTreeMap<&'static str, char>,
    }

    #[test]
    fn every_form_is_written_as_serde_json_does() {
        let named = Form::Named { list: vec!["[", "{", ""], none: None };
        let all = All {
            forms: vec![Form::Plain, Form::One(1), Form::Two(2, '"'), named],
            beside: [Beside::Empty, Beside::Full { text: "\u{1f}\u{8}\u{c}\r\t\\/é\u{2028}" }],
            unit: Unit,
            pair: Pair("a", 1),
            tuple: (-1, i128::MIN, u128::MAX, i64::MIN),
            floats: [0.1, f64::NAN, f64::NEG_INFINITY, -0.0],
            narrow: [0.1, 1e20, f32::INFINITY],
            empty: (Vec::new(), BTreeMap::new()),
            numbers: [(-1, true), (2, false)].into(),
            flags: [(true, vec![vec![], vec![1, 2]])].into(),
            words: [(Form::Plain, "}")].into(),
            more: [("x", 'y')].into(),
        };
        assert_eq!(to_string(&all).unwrap(), serde_json::to_string(&all).unwrap());
    }

    #[test]
    fn a_map_without_text_keys_has_no_json() {
        assert_eq!(to_string(&BTreeMap::from([((1, 2), 3)])), Err(NoJson));
        assert_eq!(to_string(&BTreeMap::from([(Form::One(1), 3)])), Err(NoJson));
        assert_eq!(to_string(&BTreeMap::from([(Some(()), 3)])), Err(NoJson));
    }
}
