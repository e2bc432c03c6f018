//! Named texts, and what can be made of them.

use mesh_failover_derive::Read;
use serde::Serialize;

use super::error::{Error, codes};
use crate::diagnostic::{Diagnostic, Severity};
use crate::live::{self, Mesh};
use crate::manifest::Source;
use crate::translate::IstioVersion;

/// A named text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name in diagnostics.
    pub name: String,
    /// YAML or JSON, any number of documents.
    pub text: String,
}

/// What the texts say, and everything that is wrong with them.
pub(super) fn read(files: &[File]) -> Mesh {
    let sources: Vec<Source<'_>> =
        files.iter().map(|file| Source { name: &file.name, text: &file.text }).collect();
    live::read(&sources, IstioVersion::NEWEST)
}

/// What the texts say if they can be read and say where endpoints are, and what is doubtful about them.
pub(super) fn read_usable(files: &[File]) -> Result<Mesh, Error> {
    let mesh = read(files);
    if mesh.diagnostics.iter().any(|it| it.severity == Severity::Error) {
        return Err(unusable(mesh.diagnostics));
    }
    if mesh.manifests.topologies.is_empty() {
        return Err(Error::new(codes::NO_TOPOLOGY, "no topology says where the endpoints are")
            .help("add a document with `kind: Topology`"));
    }
    Ok(mesh)
}

/// The errors among what was found, the first of them in words.
pub(super) fn unusable(mut diagnostics: Vec<Diagnostic>) -> Error {
    diagnostics.retain(|it| it.severity == Severity::Error);
    let Some(first) = diagnostics.first() else {
        return Error::new(codes::UNREADABLE, "the manifests cannot be used");
    };
    let more = match diagnostics.len() {
        1 => String::new(),
        count => format!(", the first of {count} errors"),
    };
    let place = first.location.as_ref().map(|it| format!("{it}: ")).unwrap_or_default();
    let message = format!("the manifests cannot be used: {place}{}{more}", plain(&first.message));
    Error { diagnostics, ..Error::new(codes::UNREADABLE, message) }
}

/// A scanner's message may span lines.
fn plain(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// The version of istiod to imitate; unset: the newest.
pub(super) fn istio_version(asked: Option<&str>) -> Result<IstioVersion, Error> {
    let Some(asked) = asked else { return Ok(IstioVersion::default()) };
    asked.parse().map_err(|error| Error::new(codes::REQUEST, format!("`istio`: {error}")))
}
