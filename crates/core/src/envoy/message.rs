//! Protobuf messages in their JSON mapping, written as YAML.
//!
//! Fields keep the order in which they were set, so that a written configuration reads from the
//! important to the particular and the same input gives the same bytes. A field that is not set is left out, as in
//! istiod's own output.

use std::time::Duration;

use crate::diagnostic::Span;
use crate::manifest::{Entry, Node, Scalar, ScalarKind, Value, tree, yaml};

/// A message being put together.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<Entry>);

impl Message {
    /// A message without fields.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A `google.protobuf.Any` of this type; `name` is without the leading `envoy.`.
    pub(super) fn any(name: &str) -> Self {
        Self::new().with("@type", format!("type.googleapis.com/envoy.{name}"))
    }

    /// Sets a field.
    pub(super) fn with(self, field: &str, value: impl Into<Node>) -> Self {
        self.with_node(field, value.into())
    }

    fn with_node(mut self, field: &str, value: Node) -> Self {
        self.0.push(Entry { key: field.to_owned(), key_span: Span::default(), value });
        self
    }

    /// Sets a field that may be unset.
    pub(super) fn with_some(self, field: &str, value: Option<impl Into<Node>>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }

    /// Sets a repeated field; an empty one is as good as unset.
    pub(super) fn with_list<T: Into<Node>>(
        self,
        field: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values: Vec<Node> = values.into_iter().map(Into::into).collect();
        if values.is_empty() { self } else { self.with(field, values) }
    }

    /// Sets a string, unless it is empty: protobuf does not tell that from unset.
    pub(super) fn with_text(self, field: &str, text: &str) -> Self {
        if text.is_empty() { self } else { self.with(field, text) }
    }

    /// Sets a flag, unless it is false: protobuf does not tell that from unset.
    pub(super) fn with_flag(self, field: &str, flag: bool) -> Self {
        if flag { self.with(field, true) } else { self }
    }

    /// Whether no field is set.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `None` if no field is set.
    pub(super) fn non_empty(self) -> Option<Self> {
        if self.is_empty() { None } else { Some(self) }
    }

    /// A YAML document below a comment.
    pub(super) fn to_document(&self, comment: &[String]) -> String {
        let comment = comment.iter().flat_map(|line| line.lines());
        let mut text: String = comment.map(|line| format!("# {line}\n")).collect();
        text.push_str(&yaml::document(&self.0));
        text
    }
}

impl From<Message> for Node {
    fn from(message: Message) -> Self {
        Value::Map(message.0).into()
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { value, span: Span::default() }
    }
}

impl From<Vec<Self>> for Node {
    fn from(items: Vec<Self>) -> Self {
        Value::Seq(items).into()
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Value::Scalar(Scalar::text(text)).into()
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<ScalarKind> for Node {
    fn from(kind: ScalarKind) -> Self {
        Value::Scalar(Scalar { text: String::new(), kind }).into()
    }
}

impl From<bool> for Node {
    fn from(flag: bool) -> Self {
        ScalarKind::Bool(flag).into()
    }
}

macro_rules! whole_numbers {
    ($($number:ident)*) => {$(
        impl From<$number> for Node {
            fn from(number: $number) -> Self {
                ScalarKind::Integer(number.into()).into()
            }
        }
    )*};
}

whole_numbers!(u8 u16 u32 u64);

impl From<f64> for Node {
    fn from(number: f64) -> Self {
        ScalarKind::Float(number).into()
    }
}

/// `google.protobuf.Duration`: seconds with up to nine digits after the point.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match duration.subsec_nanos() {
        0 => format!("{seconds}s"),
        nanos => format!("{seconds}.{}s", format!("{nanos:09}").trim_end_matches('0')),
    }
}

/// A JSON value in a message.
pub(super) fn json(value: &serde_json::Value) -> Node {
    tree(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_durations_as_protobuf_reads_them() {
        for (nanos, text) in [
            (0, "0s"),
            (1_000_000_000, "1s"),
            (250_000_000, "0.25s"),
            (90_000_000_001, "90.000000001s"),
        ] {
            assert_eq!(duration(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn keeps_the_order_of_fields_and_leaves_unset_ones_out() {
        let message = Message::new()
            .with("zone", "z")
            .with_some("anything", None::<u32>)
            .with_list("list", Vec::<String>::new())
            .with_text("text", "")
            .with("number", 1_u32);
        assert_eq!(
            message.to_document(&["two\nlines".to_owned()]),
            "# two\n# lines\nzone: z\nnumber: 1\n"
        );
    }
}
