//! JSON text to a tree.
//!
//! Strict, as RFC 8259 says.
//!
//! **Not modelled**: positions; `pluginConfig` reaches a gateway without its line breaks, and a path says more.

use std::fmt;

use super::node::number;
use super::{Entry, MAX_DEPTH, Node, Scalar, ScalarKind, Value};
use crate::diagnostic::Span;

/// Where a text stops being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JsonError {
    line: usize,
    column: usize,
    expected: &'static str,
}

impl JsonError {
    /// Line and column, from 1.
    pub(super) const fn place(self) -> (usize, usize) {
        (self.line, self.column)
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, expected } = self;
        write!(f, "expected {expected} at line {line} column {column}")
    }
}

/// Reads a whole text. Keys given twice are kept twice: the decoder reports them with their path.
pub(super) fn parse(text: &str) -> Result<Node, JsonError> {
    parse_wanted(text, |_| true)
}

/// The same without the values of keys that are not wanted: of those nothing is kept in memory.
pub(super) fn parse_wanted(text: &str, wants: fn(&str) -> bool) -> Result<Node, JsonError> {
    let mut parser = Parser { text, at: 0, wants, skipping: false };
    let result = parser.value(0).and_then(|node| match parser.peek() {
        None => Ok(node),
        Some(_) => Err("the end"),
    });
    result.map_err(|expected| {
        let before = text.as_bytes().get(..parser.at).unwrap_or_default();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        JsonError { line, column: 1 + before.len() - line_start, expected }
    })
}

/// The string that a text begins with, and what comes after it.
pub(super) fn leading_string(text: &str) -> Option<(String, &str)> {
    let mut parser = Parser { text, at: 0, wants: |_| true, skipping: false };
    (parser.byte() == Some(b'"')).then_some(())?;
    let string = parser.string().ok()?;
    Some((string, parser.rest()))
}

/// What was expected instead.
type Parsed<T> = Result<T, &'static str>;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    wants: fn(&str) -> bool,
    /// Whether what is read is thrown away.
    skipping: bool,
}

impl<'a> Parser<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte after white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Parsed<Node> {
        if depth > MAX_DEPTH {
            return Err("fewer levels");
        }
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::Scalar(Scalar::text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", ScalarKind::Bool(true))?,
            Some(b'f') => self.word("false", ScalarKind::Bool(false))?,
            Some(b'n') => self.word("null", ScalarKind::Null)?,
            _ => return Err("a value"),
        };
        Ok(Node { value, span: Span::default() })
    }

    fn object(&mut self, depth: usize) -> Parsed<Value> {
        let mut entries = Vec::new();
        self.at += 1;
        if self.eat(b'}') {
            return Ok(Value::Map(entries));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err("a key in quotes");
            }
            let key = self.string()?;
            if !self.eat(b':') {
                return Err("`:`");
            }
            let skipping = self.skipping;
            self.skipping = skipping || !(self.wants)(&key);
            let value = self.value(depth + 1)?;
            if !self.skipping {
                entries.push(Entry { key, key_span: Span::default(), value });
            }
            self.skipping = skipping;
            if self.eat(b'}') {
                return Ok(Value::Map(entries));
            }
            if !self.eat(b',') {
                return Err("`,` or `}`");
            }
        }
    }

    fn array(&mut self, depth: usize) -> Parsed<Value> {
        let mut items = Vec::new();
        self.at += 1;
        if self.eat(b']') {
            return Ok(Value::Seq(items));
        }
        loop {
            let item = self.value(depth + 1)?;
            if !self.skipping {
                items.push(item);
            }
            if self.eat(b']') {
                return Ok(Value::Seq(items));
            }
            if !self.eat(b',') {
                return Err("`,` or `]`");
            }
        }
    }

    fn word(&mut self, word: &'static str, kind: ScalarKind) -> Parsed<Value> {
        if !self.rest().starts_with(word) {
            return Err("a value");
        }
        self.at += word.len();
        Ok(Value::Scalar(Scalar { text: word.to_owned(), kind }))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn number(&mut self) -> Parsed<Value> {
        let from = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let text = self.text.get(from..self.at).unwrap_or_default().to_owned();
        let kind = number(&text).ok_or("a number")?;
        Ok(Value::Scalar(Scalar { text, kind }))
    }

    fn digits(&mut self) -> Parsed<()> {
        let from = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == from { Err("a digit") } else { Ok(()) }
    }

    fn string(&mut self) -> Parsed<String> {
        let mut text = String::new();
        self.at += 1;
        loop {
            let plain = self.rest().find(|c: char| c < ' ' || c == '"' || c == '\\');
            let plain = self.rest().get(..plain.ok_or("`\"`")?).unwrap_or_default();
            if !self.skipping {
                text.push_str(plain);
            }
            self.at += plain.len();
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escaped()?);
                }
                _ => return Err("`\"`, or a control character as `\\u`"),
            }
        }
    }

    fn escaped(&mut self) -> Parsed<char> {
        let character = match self.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err("an escape"),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self) -> Parsed<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or("a character");
        }
        if !self.rest().starts_with("\\u") {
            return Err("the second half of a character");
        }
        self.at += 2;
        let second = self.hex()?.checked_sub(0xdc00).filter(|half| *half < 0x400);
        let second = second.ok_or("the second half of a character")?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second).ok_or("a character")
    }

    fn hex(&mut self) -> Parsed<u32> {
        let digits = self.rest().get(..4).filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let value = value.ok_or("four hexadecimal digits")?;
        self.at += 4;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same tree by the field's own reader.
    fn tree(node: &Node) -> serde_json::Value {
        match &node.value {
            Value::Seq(items) => items.iter().map(tree).collect(),
            Value::Map(entries) => {
                entries.iter().map(|e| (e.key.clone(), tree(&e.value))).collect()
            }
            Value::Scalar(Scalar { text, kind }) => match kind {
                ScalarKind::Text => text.clone().into(),
                _ => serde_json::from_str(text).unwrap(),
            },
        }
    }

    fn check(text: &str) {
        let expect: Result<serde_json::Value, _> = serde_json::from_str(text);
        let found = parse(text);
        assert_eq!(found.is_ok(), expect.is_ok(), "{text}: {found:?}, {expect:?}");
        if let (Ok(found), Ok(expect)) = (found, expect) {
            assert_eq!(tree(&found), expect, "{text}");
        }
    }

    #[test]
    fn reads_and_refuses_what_the_fields_reader_does() {
        for text in [
            "",
            " ",
            "{}",
            "[]",
            " [ ] ",
            "{\"a\":1,}",
            "[1,]",
            "[1 2]",
            "{\"a\" 1}",
            "{a:1}",
            "01",
            "-",
            "-0",
            "1.",
            ".5",
            "1.5e3",
            "1e",
            "1E+2",
            "tru",
            "true",
            "nul",
            "null x",
            "\"a",
            "\"\\u00e9\\n\\/\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\udc00\"",
            "\"\\x\"",
            "\"\u{1}\"",
            "\"é😀\"",
            "{\"a\":{\"b\":[null,true,{}]}}",
            "\u{feff}{}",
            "+1",
            "NaN",
            "\"\\u12",
        ] {
            check(text);
        }
    }

    #[test]
    fn says_where_it_stopped() {
        let error = parse("{\"a\": 1,\n \"b\" 2}").unwrap_err();
        assert_eq!(error.to_string(), "expected `:` at line 2 column 6");
        assert!(parse(&"[".repeat(100_000)).is_err(), "not by the stack");
    }

    proptest! {
        #[test]
        fn agrees_with_the_fields_reader_on_what_looks_like_json(
            text in "[\\[\\]{},:\" 0-9eE+.\\\\truefalsn-]{0,24}",
        ) {
            check(&text);
        }

        #[test]
        fn reads_any_text(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            let read = parse(&written).unwrap();
            prop_assert_eq!(read.as_text(), Some(text.as_str()));
        }
    }
}
