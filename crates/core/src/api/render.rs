//! Manifests from an intent.

use mesh_failover_derive::Read;
use serde::Serialize;

use super::error::{Error, codes};
use super::files::{self, File};
use crate::diagnostic::{Diagnostic, Severity};
use crate::live::Mesh;
use crate::render::{self, Rendered};

/// An intent to render.
#[derive(Debug, Clone, Default, PartialEq, Eq, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RenderRequest {
    /// The texts; an Intent among them.
    pub files: Vec<File>,
    /// The name of the intent to render; unset: the first one.
    #[serde(default)]
    pub intent: Option<String>,
}

/// Its manifests.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RenderAnswer {
    /// The manifests and how they are applied.
    #[serde(flatten)]
    pub rendered: Rendered,
    /// What is doubtful about the texts.
    pub diagnostics: Vec<Diagnostic>,
}

/// Renders an intent: manifests of the guide, a Topology, and the kubectl commands that apply and validate them.
///
/// # Errors
/// If the texts cannot be read, have no such intent, or the intent contradicts itself; the diagnostics say where.
pub fn render(request: RenderRequest) -> Result<RenderAnswer, Error> {
    let Mesh { manifests, diagnostics, .. } = files::read(&request.files);
    if diagnostics.iter().any(|it| it.severity == Severity::Error) {
        return Err(files::unusable(diagnostics));
    }
    let wanted = request.intent.as_deref();
    let mut intents = manifests.intents.iter();
    let intent = intents
        .find(|it| wanted.is_none_or(|name| it.metadata.name == name))
        .ok_or_else(|| match wanted {
            Some(name) => Error::new(codes::NO_INTENT, format!("no intent `{name}`")),
            None => Error::new(codes::NO_INTENT, "no intent says what to render"),
        })
        .map_err(|error| error.help("add a document with `kind: Intent`"))?;
    let rendered = render::render(&manifests, intent).map_err(files::unusable)?;
    Ok(RenderAnswer { rendered, diagnostics })
}
