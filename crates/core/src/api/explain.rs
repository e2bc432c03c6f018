//! What one gateway was given, and which line is to blame.

use mesh_failover_derive::Read;
use serde::Serialize;

use super::error::{Error, codes};
use super::files::{self, File};
use crate::diagnostic::Diagnostic;
use crate::explain::{self, Explanation};
use crate::live::Mesh;
use crate::translate::Proxy;

/// A gateway to explain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// The texts; a Topology among them.
    pub files: Vec<File>,
    /// Where the gateway is, `REGION[/ZONE[/SUBZONE]]`; unset: the topology's first gateway.
    #[serde(default)]
    pub from: Option<String>,
    /// The istiod to imitate, for example `1.31`; unset: the newest.
    #[serde(default)]
    pub istio: Option<String>,
}

/// The explanation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExplainAnswer {
    /// The gateway and its clusters.
    pub explanation: Explanation,
    /// What is doubtful about the texts.
    pub diagnostics: Vec<Diagnostic>,
}

/// Explains every cluster of one gateway.
///
/// # Errors
/// If the texts cannot be used, or the gateway does not exist.
pub fn explain(request: ExplainRequest) -> Result<ExplainAnswer, Error> {
    let version = files::istio_version(request.istio.as_deref())?;
    let Mesh { manifests, gateways, diagnostics } = files::read_usable(&request.files)?;
    let proxy = Proxy::gateway_at(&manifests, request.from.as_deref().unwrap_or_default())
        .map_err(|error| Error::new(codes::NO_GATEWAY, error.to_string()))?
        .with_version(version);
    let explanation = explain::explain_live(&manifests, &proxy, &gateways);
    Ok(ExplainAnswer { explanation, diagnostics })
}
