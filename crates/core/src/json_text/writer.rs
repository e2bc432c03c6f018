//! JSON from serde's data model, into a text that takes everything.
//!
//! serde_json's serializer writes into anything that may fail, and every field of every type asks whether it did. Nothing fails here but
//! a map whose keys are no texts, so the compiler leaves nearly all of these questions out: a tenth of the page's module.

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

    fn number(&mut self, number: impl Display) -> Written {
        self.text.push_str(&number.to_string());
        Ok(())
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

    fn serialize_i8(self, value: i8) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Written {
        self.number(value)
    }

    fn serialize_i128(self, value: i128) -> Written {
        self.number(value)
    }

    fn serialize_u8(self, value: u8) -> Written {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Written {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Written {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Written {
        self.number(value)
    }

    fn serialize_u128(self, value: u128) -> Written {
        self.number(value)
    }

    fn serialize_f32(self, value: f32) -> Written {
        self.serialize_f64(value.into())
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
