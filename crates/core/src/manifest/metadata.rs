//! What every Kubernetes object carries.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;
use serde_with::skip_serializing_none;

/// `metadata`: only what binding and precedence look at.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[read(partial)]
pub struct Metadata {
    /// The object's name.
    pub name: String,
    /// Its namespace; `None` reads as `default`.
    pub namespace: Option<String>,
    /// Its labels.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub labels: SortedMap<String, String>,
    /// Its annotations.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub annotations: SortedMap<String, String>,
    /// RFC 3339; the older of two objects wins where istiod merges, among equals the first by name.
    pub creation_timestamp: Option<String>,
}

impl Metadata {
    /// The namespace that applies.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }
}
