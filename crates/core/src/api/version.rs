//! What this is, and what it imitates.

use serde::Serialize;

use crate::manifest::{Kind as _, Topology};
use crate::translate::IstioVersion;

/// What this is, and what it imitates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// Of mesh-failover.
    pub version: &'static str,
    /// `apiVersion` of this tool's own documents.
    pub api_version: String,
    /// The oldest istiod that can be imitated.
    pub istio_oldest: String,
    /// The newest istiod that can be imitated, and the default.
    pub istio_newest: String,
    /// The Envoy that is followed.
    pub envoy: &'static str,
}

/// What this is, and what it imitates.
#[must_use]
pub fn version() -> Version {
    let version = Topology::VERSIONS.first().copied().unwrap_or_default();
    Version {
        version: env!("CARGO_PKG_VERSION"),
        api_version: format!("{}/{version}", Topology::GROUP),
        istio_oldest: IstioVersion::OLDEST.to_string(),
        istio_newest: IstioVersion::NEWEST.to_string(),
        envoy: "1.40",
    }
}
