//! Fields of an object as it was written. What has another type than its schema says counts as unset: the API server refused it.

use serde_json::Value;

pub(super) fn list<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}

pub(super) fn owned(object: &Value, field: &str) -> Option<String> {
    text(object, field).map(str::to_owned)
}

pub(super) fn number(object: &Value, field: &str) -> Option<u32> {
    object.get(field).and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok())
}

/// The object in a field; nothing at all where there is none.
pub(super) fn object<'a>(of: &'a Value, field: &str) -> &'a Value {
    of.get(field).unwrap_or(&Value::Null)
}
