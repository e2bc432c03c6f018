//! YAML that every reader understands alike, and the only place that names serde_yaml, so that it can be swapped.
//!
//! Envoy reads with yaml-cpp and Kubernetes with goyaml, which take a plain `no`, `on` or `y` for a flag (YAML 1.1), while
//! serde_yaml leaves such strings plain (YAML 1.2): a header value `no` made Envoy refuse the whole file. So
//! a string is written plain here only where nothing could take it for anything else.
//!
//! **Source**: Envoy source/common/protobuf/yaml_utility.cc `parseYamlNode`, v1.40.

use super::{Entry, Node, Scalar, ScalarKind, Value};
use crate::json_text;

/// A YAML text as JSON, for what is JSON elsewhere and too long for [`super::read`]: a gateway's dump as `istioctl` prints it.
///
/// # Errors
/// Why it is not YAML, with its place.
pub fn to_json(text: &str) -> Result<String, String> {
    let value: serde_json::Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    Ok(json_text::of(&value))
}

/// A mapping as a block, with a line's end at its end.
pub(crate) fn document(entries: &[Entry]) -> String {
    let mut text = String::new();
    write_mapping(&mut text, entries, 0, 0);
    text
}

/// `first` is the indentation that the first line still needs: none behind a dash.
fn write_mapping(out: &mut String, entries: &[Entry], indent: usize, first: usize) {
    for (index, Entry { key, value, .. }) in entries.iter().enumerate() {
        pad(out, if index == 0 { first } else { indent });
        out.push_str(&string(key));
        out.push(':');
        match &value.value {
            Value::Map(inner) if !inner.is_empty() => {
                out.push('\n');
                write_mapping(out, inner, indent + 2, indent + 2);
            }
            Value::Seq(items) if !items.is_empty() => {
                out.push('\n');
                write_sequence(out, items, indent, indent);
            }
            flat => write_flat(out, flat),
        }
    }
}

fn write_sequence(out: &mut String, items: &[Node], indent: usize, first: usize) {
    for (index, item) in items.iter().enumerate() {
        pad(out, if index == 0 { first } else { indent });
        out.push('-');
        match &item.value {
            Value::Map(inner) if !inner.is_empty() => {
                out.push(' ');
                write_mapping(out, inner, indent + 2, 0);
            }
            Value::Seq(inner) if !inner.is_empty() => {
                out.push(' ');
                write_sequence(out, inner, indent + 2, 0);
            }
            flat => write_flat(out, flat),
        }
    }
}

fn write_flat(out: &mut String, value: &Value) {
    out.push(' ');
    out.push_str(&match value {
        Value::Scalar(Scalar { text, kind }) => scalar(text, *kind),
        Value::Seq(_) => "[]".to_owned(),
        Value::Map(_) => "{}".to_owned(),
    });
    out.push('\n');
}

fn pad(out: &mut String, columns: usize) {
    out.extend(std::iter::repeat_n(' ', columns));
}

fn scalar(text: &str, kind: ScalarKind) -> String {
    match kind {
        ScalarKind::Null => "null".to_owned(),
        ScalarKind::Bool(flag) => flag.to_string(),
        ScalarKind::Integer(number) => number.to_string(),
        ScalarKind::Float(number) => float(number),
        ScalarKind::Text => string(text),
    }
}

/// As serde_yaml does, without its table of powers of ten.
fn float(number: f64) -> String {
    match number {
        number if number.is_nan() => ".nan".to_owned(),
        f64::INFINITY => ".inf".to_owned(),
        f64::NEG_INFINITY => "-.inf".to_owned(),
        number => json_text::float(number),
    }
}

fn string(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().any(needs_escape) {
        double_quoted(text)
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Control characters, line separators and byte order marks.
fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if needs_escape(c) => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether nothing takes the text for a flag, a number, a comment or an indicator. A letter beyond
/// `f`, except the `x` of `0x`, keeps it from being a number in any notation.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity",
        "none",
    ];
    let first = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/' || c == '_');
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '|');
    first
        && text.chars().all(harmless)
        && text.chars().any(|c| matches!(c.to_ascii_lowercase(), 'g'..='w' | 'y' | 'z'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::tree;

    fn written(value: &serde_json::Value) -> String {
        match tree(value).value {
            Value::Map(entries) => document(&entries),
            other => panic!("not a mapping: {other:?}"),
        }
    }

    proptest! {
        #[test]
        fn floats_are_written_as_serde_yaml_does(bits: u64, part in -1e-3..1e3) {
            for number in [f64::from_bits(bits), part, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
                let (text, other) = (float(number), serde_yaml::Number::from(number).to_string());
                prop_assert!(text == other || json_text::is_written_as(number, &text, &other));
            }
        }
    }

    #[test]
    fn writes_blocks_a_person_can_read() {
        let value = serde_json::json!({
            "a": {"empty": {}, "list": ["10s", "no", "127.0.0.1", "it's", "two\nlines", 5, 1.5, true]},
            "b": [{"x": 1, "y": [[1, 2], [], {}]}],
            "type": "outbound|80||hello.svc",
        });
        let text = "'a':\n  empty: {}\n  list:\n  - 10s\n  - 'no'\n  - '127.0.0.1'\n  - 'it''s'\n  \
                    - \"two\\nlines\"\n  - 5\n  - 1.5\n  - true\n'b':\n- 'x': 1\n  'y':\n  - - 1\n    - 2\n  \
                    - []\n  - {}\ntype: outbound|80||hello.svc\n";
        assert_eq!(written(&value), text);
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,12}".prop_map(serde_json::Value::from),
            "[0-9exyno.+_-]{0,4}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::btree_map(".{0,6}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn is_read_back_as_it_was(inner in value()) {
            let whole = serde_json::json!({ "value": inner });
            let text = written(&whole);
            let read: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            prop_assert_eq!(read, whole, "{}", text);
        }
    }
}
