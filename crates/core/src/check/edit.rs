//! Changes of a text, worked out on the tree that was read from it: no reprinting, so comments, quotes and
//! everything else stay as they are.

use super::finding::{Fix, TextEdit};
use crate::diagnostic::Span;
use crate::manifest::{Document, Node, Path, Scalar, ScalarKind, Segment, Value, is_one_value};

/// Gives a scalar field a value, or adds the field, with what leads to it, to the mapping that is there.
/// `value` is YAML on one line. `None` where the text cannot be changed that simply.
pub(super) fn set(document: &Document, path: &str, value: &str) -> Option<Fix> {
    let path: Path = path.parse().ok()?;
    let mut node = &document.root;
    for (depth, segment) in path.segments().iter().enumerate() {
        match child(node, segment) {
            Some(next) if !next.is_null() => node = next,
            Some(_) => return None,
            None => {
                let missing = path.segments().get(depth..)?;
                let (title, edit) = insert(document, node, missing, value)?;
                return Some(Fix { title: format!("add `{title}`"), edits: vec![edit] });
            }
        }
    }
    let Value::Scalar(_) = node.value else { return None };
    let Some(Segment::Key(key)) = path.segments().last() else { return None };
    let edits = vec![replace(document, node.span, value)?];
    Some(Fix { title: format!("write `{key}: {value}`"), edits })
}

/// Gives an item of a list another value.
pub(super) fn set_item(document: &Document, list: &str, index: usize, value: &str) -> Option<Fix> {
    let path: Path = format!("{list}[{index}]").parse().ok()?;
    let mut node = &document.root;
    for segment in path.segments() {
        node = child(node, segment)?;
    }
    let edits = vec![replace(document, node.span, value)?];
    Some(Fix { title: format!("write `{value}`"), edits })
}

/// Gives a key another name.
pub(super) fn rename(document: &Document, path: &str, name: &str) -> Option<Fix> {
    let path: Path = path.parse().ok()?;
    let (last, above) = path.segments().split_last()?;
    let mut node = &document.root;
    for segment in above {
        node = child(node, segment)?;
    }
    let Segment::Key(key) = last else { return None };
    let entry = node.field(key)?;
    let edits = vec![replace(document, entry.key_span, name)?];
    Some(Fix { title: format!("rename `{key}` to `{name}`"), edits })
}

fn child<'a>(node: &'a Node, segment: &Segment) -> Option<&'a Node> {
    match (segment, &node.value) {
        (Segment::Key(key), _) => node.field(key).map(|entry| &entry.value),
        (Segment::Index(index), Value::Seq(items)) => items.get(usize::try_from(*index).ok()?),
        _ => None,
    }
}

fn replace(document: &Document, span: Span, text: &str) -> Option<TextEdit> {
    let is_there = span.end > span.start && span.line == span.end_line;
    (is_there && is_one_value(text)).then(|| TextEdit {
        file: document.file.clone(),
        start: span.start,
        end: span.end,
        text: text.to_owned(),
    })
}

/// Puts a new first entry into a mapping: before its first key nothing but its own indentation can stand.
fn insert(
    document: &Document,
    mapping: &Node,
    missing: &[Segment],
    value: &str,
) -> Option<(String, TextEdit)> {
    let Value::Map(entries) = &mapping.value else { return None };
    let first = entries.first()?;
    let keys: Option<Vec<&str>> = missing
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        })
        .collect();
    let (keys, at) = (keys?, first.key_span);
    // A mapping that only merges another has its first key there.
    let is_here = mapping.span.start <= at.start && at.end <= mapping.span.end;
    if at == Span::default() || !is_here || !is_one_value(value) {
        return None;
    }
    let written = at.end.checked_sub(at.start)?;
    let quoted = usize::try_from(written).ok()? > first.key.len();
    let in_flow = mapping.span.start < at.start;
    let title = nested(&keys, value, false);
    let text = match (in_flow, quoted) {
        (true, _) => format!("{}, ", nested(&keys, value, quoted)),
        (false, _) => format!("{}\n{}", block(&keys, value, at.column), indent(at.column)),
    };
    Some((title, TextEdit { file: document.file.clone(), start: at.start, end: at.start, text }))
}

/// `a: {b: value}`.
fn nested(keys: &[&str], value: &str, quoted: bool) -> String {
    let mut text = if quoted && !value.starts_with(['{', '[', '"']) && !is_number(value) {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    };
    for (depth, key) in keys.iter().rev().enumerate() {
        let key = if quoted { format!("\"{key}\"") } else { (*key).to_owned() };
        text = if depth == 0 { format!("{key}: {text}") } else { format!("{key}: {{{text}}}") };
    }
    text
}

fn is_number(value: &str) -> bool {
    let kind = Scalar::plain(value.to_owned()).kind;
    matches!(kind, ScalarKind::Integer(_) | ScalarKind::Float(_))
        || matches!(value, "true" | "false")
}

/// Each key on a line of its own, the first without indentation.
fn block(keys: &[&str], value: &str, column: u32) -> String {
    let mut text = String::new();
    for (depth, key) in (0_u32..).zip(keys) {
        if depth > 0 {
            text.push('\n');
            text.push_str(&indent(column.saturating_add(2 * depth)));
        }
        text.push_str(key);
        text.push(':');
    }
    text.push(' ');
    text.push_str(value);
    text
}

fn indent(column: u32) -> String {
    " ".repeat(usize::try_from(column.saturating_sub(1)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::apply;
    use crate::manifest::{Source, read};

    fn check(spec: &str, path: &str, value: &str, expected: &str) {
        let head =
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\n";
        let text = format!("{head}{spec}");
        let (manifests, _) = read(&[Source { name: "a", text: &text }]);
        let fix = set(&manifests.documents[0], path, value).expect("a fix");
        let (new, _) = apply("a", &text, [&fix]);
        assert_eq!(new.strip_prefix(head), Some(expected), "{fix:?}");
    }

    #[test]
    fn a_value_that_would_break_the_text_is_not_written() {
        for good in ["10", "30s", "{a: b}", "hello.default.svc.cluster.local", "'*'"] {
            assert!(is_one_value(good), "{good}");
        }
        for bad in ["a\rb", "a\nb: c", "a, b: c", "a: b", "a}", "*", "a #", "\u{7f}"] {
            assert!(!is_one_value(bad), "{bad:?}");
        }
    }

    #[test]
    fn an_anchor_or_a_tag_is_left_before_what_is_added() {
        let path = "spec.trafficPolicy.outlierDetection.interval";
        for properties in ["&why", "!!map", "&why !!map", "&why # and how\n     !!map # so"] {
            let spec = |own: &str, added: &str| {
                format!(
                    "spec:\n  trafficPolicy:\n    outlierDetection:{own} {properties}\n      {added}maxEjectionPercent: 1\n"
                )
            };
            for own in ["", "\n    "] {
                check(&spec(own, ""), path, "1s", &spec(own, "interval: 1s\n      "));
            }
        }
        check(
            "spec:\n  trafficPolicy:\n    outlierDetection: &why {\n      maxEjectionPercent: 1}\n",
            path,
            "1s",
            "spec:\n  trafficPolicy:\n    outlierDetection: &why {\n      interval: 1s, maxEjectionPercent: 1}\n",
        );
    }

    #[test]
    fn nothing_is_added_where_only_a_merged_mapping_has_keys() {
        let text = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: &all {name: a}\nspec:\n  <<: *all\n";
        let (manifests, _) = read(&[Source { name: "a", text }]);
        assert_eq!(set(&manifests.documents[0], "spec.host", "b"), None);
    }

    #[test]
    fn adds_and_replaces_in_place() {
        let outlier = "spec.trafficPolicy.outlierDetection.maxEjectionPercent";
        check(
            "spec:\n  trafficPolicy:\n    outlierDetection:\n      # why\n      interval: 1s\n",
            outlier,
            "100",
            "spec:\n  trafficPolicy:\n    outlierDetection:\n      # why\n      maxEjectionPercent: 100\n      interval: 1s\n",
        );
        check(
            "spec:\n  trafficPolicy:\n    outlierDetection: {maxEjectionPercent: '10'} # b\n",
            outlier,
            "100",
            "spec:\n  trafficPolicy:\n    outlierDetection: {maxEjectionPercent: 100} # b\n",
        );
        check(
            "spec:\n  traffic_policy:\n    outlier_detection:\n      max_ejection_percent: 10\n",
            outlier,
            "100",
            "spec:\n  traffic_policy:\n    outlier_detection:\n      max_ejection_percent: 100\n",
        );
        check(
            "spec: {\"trafficPolicy\": {\"outlierDetection\": {\"interval\": \"1s\"}}}\n",
            "spec.trafficPolicy.outlierDetection.baseEjectionTime",
            "30s",
            "spec: {\"trafficPolicy\": {\"outlierDetection\": {\"baseEjectionTime\": \"30s\", \"interval\": \"1s\"}}}\n",
        );
        check(
            "spec:\n  host: a\n",
            outlier,
            "100",
            "spec:\n  trafficPolicy:\n    outlierDetection:\n      maxEjectionPercent: 100\n  host: a\n",
        );
    }
}
