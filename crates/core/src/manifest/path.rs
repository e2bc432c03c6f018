//! Field paths, as they stand in diagnostics and as later parts ask for them.
//!
//! **Syntax**: keys joined by dots, list indices in brackets, counted from 0. A key that is empty or
//! has a dot, a bracket, a quote, a backslash, a space or a control character stands in brackets as
//! a JSON string: `spec.http[0].match[1].headers.x-mesh-region`,
//! `spec.subsets[0].labels["topology.kubernetes.io/region"]`. The empty path is the whole document.

use std::fmt;
use std::str::FromStr;

use super::json;
use crate::json_text;

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// To the value of a key.
    Key(String),
    /// To an item of a list.
    Index(u32),
}

/// A way down from the root of a document.
///
/// ```
/// use mesh_failover_core::manifest::Path;
///
/// let path: Path = r#"spec.labels["topology.kubernetes.io/region"]"#.parse()?;
/// assert_eq!(path.segments().len(), 3);
/// assert_eq!(path.to_string(), r#"spec.labels["topology.kubernetes.io/region"]"#);
/// # Ok::<(), mesh_failover_core::manifest::InvalidPath>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Segment>);

/// The text is not a field path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPath;

impl fmt::Display for InvalidPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a field path; write keys joined by dots, for example `spec.http[0].route`")
    }
}

impl std::error::Error for InvalidPath {}

impl Path {
    /// The steps from the root.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The step to a key as it is written behind a path: `.from`, `["us-central1/*"]`.
    pub(crate) fn step(key: &str) -> String {
        let path = Self(vec![Segment::Index(0), Segment::Key(key.to_owned())]).to_string();
        path.strip_prefix("[0]").unwrap_or_default().to_owned()
    }

    pub(super) fn push(&mut self, segment: Segment) {
        self.0.push(segment);
    }

    pub(super) fn extend(&mut self, segments: impl IntoIterator<Item = Segment>) {
        self.0.extend(segments);
    }
}

impl From<Vec<Segment>> for Path {
    fn from(segments: Vec<Segment>) -> Self {
        Self(segments)
    }
}

fn needs_quotes(key: &str) -> bool {
    let special =
        |c: char| matches!(c, '.' | '[' | ']' | '"' | '\\') || c.is_whitespace() || c.is_control();
    key.is_empty() || key.contains(special)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if needs_quotes(key) => {
                    write!(f, "[{}]", json_text::to_string(key.as_str()).unwrap_or_default())?;
                }
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (segment, after) = match rest.strip_prefix('[') {
                Some(bracketed) => bracket(bracketed).ok_or(InvalidPath)?,
                None => {
                    let key = match rest.strip_prefix('.') {
                        Some(key) if !segments.is_empty() => key,
                        None if segments.is_empty() => rest,
                        _ => return Err(InvalidPath),
                    };
                    let end = key.find(['.', '[']).unwrap_or(key.len());
                    let (key, after) = key.split_at_checked(end).ok_or(InvalidPath)?;
                    if needs_quotes(key) {
                        return Err(InvalidPath);
                    }
                    (Segment::Key(key.to_owned()), after)
                }
            };
            segments.push(segment);
            rest = after;
        }
        Ok(Self(segments))
    }
}

/// What stands behind an opening bracket, and what comes after the closing one.
fn bracket(text: &str) -> Option<(Segment, &str)> {
    if text.starts_with('"') {
        let (key, after) = json::leading_string(text)?;
        return Some((Segment::Key(key), after.strip_prefix(']')?));
    }
    let (index, after) = text.split_once(']')?;
    if index.is_empty() || !index.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((Segment::Index(index.parse().ok()?), after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_not_a_path() {
        for text in
            [".a", "a..b", "a.", "a[", "a[]", "a[x]", "a[-1]", "a b", "a]", "a[\"b\"", "[0]a"]
        {
            assert_eq!(text.parse::<Path>(), Err(InvalidPath), "{text}");
        }
    }

    fn segment() -> impl Strategy<Value = Segment> {
        prop_oneof![
            any::<String>().prop_map(Segment::Key),
            "[a-z./\"\\[\\]]{0,6}".prop_map(Segment::Key),
            any::<u32>().prop_map(Segment::Index),
        ]
    }

    proptest! {
        #[test]
        fn survives_writing_and_reading(segments in prop::collection::vec(segment(), 0..6)) {
            let path = Path::from(segments);
            prop_assert_eq!(path.to_string().parse::<Path>(), Ok(path));
        }
    }
}
