//! The manifest line behind a statement.

use std::fmt;

use serde::Serialize;

use crate::diagnostic::Location;
use crate::manifest::{Manifests, Place};

/// What in the manifests makes something so.
///
/// A default has no line of its own: it points at the nearest block in which it could be overridden.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The object, for example `DestinationRule default/hello-world`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The field, for example `spec.trafficPolicy.outlierDetection.interval`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Whose default it is, if the field is not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_of: Option<DefaultOf>,
    /// What would change a default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

/// What would change a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// A field in the block at the place.
    Field,
    /// A DestinationRule for what the place names: no rule applies.
    Rule,
    /// Nothing that Istio has: it comes with the block at the place.
    Nothing,
}

/// Whose default something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DefaultOf {
    /// istiod's.
    Istio,
    /// Envoy's.
    Envoy,
}

impl fmt::Display for DefaultOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Istio => "Istio's default",
            Self::Envoy => "Envoy's default",
        })
    }
}

/// `file:line:column path`, or whose default it is and what would change it.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(owner) = self.default_of else {
            return match &self.location {
                Some(at) => write!(f, "{at} {}", self.path),
                None => f.write_str(&self.path),
            };
        };
        match (self.change, &self.location) {
            (_, None) => owner.fmt(f),
            (Some(Change::Rule), Some(at)) => {
                write!(f, "{owner}, could be set by a DestinationRule for {at}")
            }
            (Some(Change::Nothing), Some(at)) => write!(f, "{owner}, comes with {at}"),
            (_, Some(at)) => write!(f, "{owner}, could be set below {at}"),
        }
    }
}

/// Finds causes.
#[derive(Clone, Copy)]
pub(super) struct Causes<'a> {
    pub(super) manifests: &'a Manifests,
    /// What is to blame where no block of a policy is; without an object there is nothing to point at.
    pub(super) otherwise: &'a Cause,
}

impl Causes<'_> {
    /// `namespace/name` of the object in a document.
    pub(super) fn title(&self, document: usize) -> String {
        let root = self.manifests.documents.get(document).map(|document| &document.root);
        let metadata = root.and_then(|root| root.get("metadata"));
        let text = |field| metadata.and_then(|it| it.get(field)).and_then(|it| it.as_text());
        format!("{}/{}", text("namespace").unwrap_or("default"), text("name").unwrap_or_default())
    }

    /// A field that is written.
    pub(super) fn of(&self, document: usize, path: &str) -> Cause {
        let at = self.manifests.documents.get(document);
        let kind = at.and_then(|it| it.root.get("kind")).and_then(|kind| kind.as_text());
        Cause {
            object: kind.map(|kind| format!("{kind} {}", self.title(document))),
            path: path.to_owned(),
            location: at.and_then(|document| document.locate(path)),
            default_of: None,
            change: None,
        }
    }

    /// A field of a block; `owner`'s default if it is not written.
    pub(super) fn field(&self, block: Option<&Place>, field: &str, owner: DefaultOf) -> Cause {
        let Some(block) = block else { return self.missing(owner) };
        let place = if field.is_empty() { block.clone() } else { block.field(field) };
        let document = self.manifests.documents.get(place.document);
        let written = document.is_some_and(|document| document.contains(&place.path));
        let default_of = (!written).then_some(owner);
        let change = default_of.map(|_| Change::Field);
        Cause { default_of, change, ..self.of(place.document, &place.path) }
    }

    /// A default for want of a block.
    pub(super) fn missing(&self, owner: DefaultOf) -> Cause {
        Cause { default_of: Some(owner), ..self.otherwise.clone() }
    }

    /// A place, or a default of istiod's.
    pub(super) fn place(&self, place: Option<&Place>) -> Cause {
        self.field(place, "", DefaultOf::Istio)
    }
}
