//! A document that was read, kept so that later parts can point into it.

use super::{Node, Path, Segment, Value};
use crate::diagnostic::{Location, Span};

/// One object as it stands in its file. An item of a `List` is a document of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The file's name as the user gave it; `-` for standard input.
    pub file: String,
    /// The object.
    pub root: Node,
}

impl Document {
    /// Where a field stands: its value if that is a scalar or a list item, else its key. For a field that is not
    /// there, the nearest enclosing one that is. `None` if `path` is not a [`Path`] or the document has no positions.
    ///
    /// ```
    /// use mesh_failover_core::manifest::{read, Source};
    ///
    /// let text = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec:\n  host: a\n";
    /// let (manifests, _) = read(&[Source { name: "dr.yaml", text }]);
    /// let document = &manifests.documents[manifests.destination_rules[0].document];
    /// assert_eq!(document.locate("spec.host").unwrap().to_string(), "dr.yaml:5:9");
    /// assert_eq!(document.locate("spec.trafficPolicy.tls").unwrap().to_string(), "dr.yaml:4:1");
    /// ```
    #[must_use]
    pub fn locate(&self, path: &str) -> Option<Location> {
        let path: Path = path.parse().ok()?;
        let mut span = self.root.span;
        let mut node = &self.root;
        for segment in path.segments() {
            let Some((next, place)) = step(node, segment) else { break };
            node = next;
            span = place;
        }
        self.at(span)
    }

    /// Where the whole object stands; `None` where there is no text.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.at(self.root.span)
    }

    /// Whether a field is written.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        let Ok(path) = path.parse::<Path>() else { return false };
        let down = |node, segment: &Segment| step(node, segment).map(|(next, _)| next);
        path.segments().iter().try_fold(&self.root, down).is_some()
    }

    /// `span` in this file; `None` where there is no text.
    pub(super) fn at(&self, span: Span) -> Option<Location> {
        (span != Span::default()).then(|| Location { file: self.file.clone(), span })
    }
}

/// A field of one of the documents that were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Index into [`Manifests::documents`].
    pub document: usize,
    /// The field's [`Path`].
    pub path: String,
}

impl Place {
    /// A field below this one.
    #[must_use]
    pub fn field(&self, path: &str) -> Self {
        Self { document: self.document, path: format!("{}.{path}", self.path) }
    }
}

/// The node one step down and where a person would look for it.
fn step<'a>(node: &'a Node, segment: &Segment) -> Option<(&'a Node, Span)> {
    match (&node.value, segment) {
        (Value::Map(_), Segment::Key(key)) => {
            let entry = node.field(key)?;
            let scalar = matches!(entry.value.value, Value::Scalar(_)) && !entry.value.is_null();
            Some((&entry.value, if scalar { entry.value.span } else { entry.key_span }))
        }
        (Value::Seq(items), Segment::Index(index)) => {
            let item = items.get(usize::try_from(*index).ok()?)?;
            Some((item, item.span))
        }
        _ => None,
    }
}
