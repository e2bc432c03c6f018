//! What is wrong with the manifests, or does not do what it seems to.

use mesh_failover_derive::Read;
use serde::Serialize;

use super::error::Error;
use super::files::{self, File};
use crate::check::{self, Finding, Rule, Target};
use crate::live::{self, Mesh};
use crate::manifest::Source;

/// Manifests to check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// The texts. With a Topology among them every gateway's part is checked too.
    pub files: Vec<File>,
    /// The istiod to imitate, for example `1.31`; unset: the newest.
    #[serde(default)]
    pub istio: Option<String>,
    /// Who programs the proxies; unset: istiod.
    #[serde(default)]
    pub target: Option<Target>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckAnswer {
    /// Everything that was found, in the order of the texts, each once: what cannot be read first.
    pub diagnostics: Vec<Finding>,
    /// Why the lints among it matter, by code.
    pub rules: Vec<&'static Rule>,
}

/// Checks manifests.
///
/// # Errors
/// [`codes::REQUEST`](super::codes::REQUEST) for a version of Istio that is not modelled. Texts that cannot be read are diagnostics.
pub fn check(request: CheckRequest) -> Result<CheckAnswer, Error> {
    let version = files::istio_version(request.istio.as_deref())?;
    let sources: Vec<Source<'_>> =
        request.files.iter().map(|file| Source { name: &file.name, text: &file.text }).collect();
    let Mesh { manifests, gateways, diagnostics: unreadable } = live::read(&sources, version);
    let found = check::check(&check::Input {
        manifests: &manifests,
        sources: &sources,
        version,
        target: request.target.unwrap_or_default(),
        live: &gateways,
    });
    let diagnostics: Vec<Finding> =
        unreadable.into_iter().map(Finding::from).chain(found).collect();
    let mut rules = check::rules();
    rules.retain(|rule| diagnostics.iter().any(|found| found.diagnostic.code == rule.code));
    Ok(CheckAnswer { diagnostics, rules })
}
