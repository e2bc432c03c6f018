//! What a check found: a diagnostic, what Istio says of it, and a change that repairs it.

use serde::Serialize;

use crate::diagnostic::Diagnostic;

/// One finding of [`check`](super::check).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What is wrong, where, and what to write instead.
    #[serde(flatten)]
    pub diagnostic: Diagnostic,
    /// The object, `DestinationRule default/hello-world`; empty: the file or the mesh as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// Istio's own message about it, letter by letter; `None`: istiod accepts it without a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub istiod: Option<String>,
    /// A change of the text after which the finding is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

/// A diagnostic of a reader or of a translation, of which nothing more is known.
impl From<Diagnostic> for Finding {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, object: String::new(), istiod: None, fix: None }
    }
}

/// A change of texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// What it does, as an order: ``set `maxEjectionPercent: 100` ``.
    pub title: String,
    /// Its parts; none touches what another touches.
    pub edits: Vec<TextEdit>,
}

/// The bytes from `start` up to `end` of a file give way to `text`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TextEdit {
    /// The file's name as the user gave it.
    pub file: String,
    /// Byte offset of the first byte replaced.
    pub start: u32,
    /// Byte offset just after the last byte replaced; equal to `start`: an insertion.
    pub end: u32,
    /// What comes there.
    pub text: String,
}

/// Applies to one file's text the fixes that concern it, as long as they do not touch each other; the first
/// of two that do goes first. Returns the new text and how many fixes it holds.
///
/// ```
/// use mesh_failover_core::check::{Fix, TextEdit, apply};
///
/// let edit = |start, end, text: &str| TextEdit { file: "a".into(), start, end, text: text.into() };
/// let fix = |edit| Fix { title: String::new(), edits: vec![edit] };
/// let (text, applied) = apply("a", "max: 10\n", &[fix(edit(5, 7, "100")), fix(edit(6, 7, "1"))]);
/// assert_eq!((text.as_str(), applied), ("max: 100\n", 1));
/// ```
#[must_use]
pub fn apply<'a>(
    file: &str,
    text: &str,
    fixes: impl IntoIterator<Item = &'a Fix>,
) -> (String, usize) {
    let mut taken: Vec<&TextEdit> = Vec::new();
    let mut applied = 0;
    for fix in fixes {
        let edits: Vec<_> = fix.edits.iter().filter(|edit| edit.file == file).collect();
        let free = |edit: &&TextEdit| taken.iter().all(|other| are_apart(edit, other));
        if !edits.is_empty() && edits.iter().all(free) {
            taken.extend(edits);
            applied += 1;
        }
    }
    mesh_failover_sorted::sort_by_key(&mut taken, |edit| std::cmp::Reverse((edit.start, edit.end)));
    let mut new = text.to_owned();
    for edit in taken {
        let range = usize_of(edit.start)..usize_of(edit.end);
        if new.get(range.clone()).is_some() {
            new.replace_range(range, &edit.text);
        }
    }
    (new, applied)
}

/// Two insertions at one place depend on their order, so they are not apart.
fn are_apart(one: &TextEdit, other: &TextEdit) -> bool {
    one.end < other.start || other.end < one.start
}

fn usize_of(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
