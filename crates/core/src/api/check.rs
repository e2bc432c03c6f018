//! What is wrong with the manifests, or does not do what it seems to.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::files::{self, File};
use crate::diagnostic::Diagnostic;
use crate::translate::{Proxy, translate};

/// Manifests to check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// The texts. With a Topology among them every gateway's part is checked too.
    pub files: Vec<File>,
    /// The istiod to imitate, for example `1.31`; unset: the newest.
    #[serde(default)]
    pub istio: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckAnswer {
    /// Everything that was found, in the order of the texts, each once.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks manifests.
///
/// # Errors
/// [`codes::REQUEST`](super::codes::REQUEST) for a version of Istio that is not modelled. Texts that cannot be read are diagnostics.
pub fn check(request: CheckRequest) -> Result<CheckAnswer, Error> {
    let version = files::istio_version(request.istio.as_deref())?;
    let (manifests, mut diagnostics) = files::read(&request.files);
    for proxy in Proxy::gateways(&manifests) {
        for found in translate(&manifests, &proxy.with_version(version)).diagnostics {
            if !diagnostics.contains(&found) {
                diagnostics.push(found);
            }
        }
    }
    Ok(CheckAnswer { diagnostics })
}
