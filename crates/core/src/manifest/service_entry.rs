//! `networking.istio.io` ServiceEntry and WorkloadEntry.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;
use serde_with::skip_serializing_none;

use super::Port;

/// `ServiceEntry.spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntry {
    /// Hosts of the service.
    pub hosts: Vec<String>,
    /// Virtual addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Service ports.
    pub ports: Vec<Port>,
    /// `MESH_EXTERNAL` or `MESH_INTERNAL`.
    pub location: Option<String>,
    /// `NONE`, `STATIC`, `DNS`, `DNS_ROUND_ROBIN`, `DYNAMIC_DNS`.
    pub resolution: Option<String>,
    /// Endpoints; exclusive with `workloadSelector`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<WorkloadEntry>,
    /// Selects WorkloadEntries and pods; the `labels` map, in Istio's older spelling.
    pub workload_selector: Option<ServiceWorkloadSelector>,
    /// Namespaces that see it; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub export_to: Vec<String>,
    /// Accepted names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject_alt_names: Vec<String>,
}

/// `networking.v1 WorkloadSelector` (not the `matchLabels` one of a DestinationRule).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceWorkloadSelector {
    /// Labels the workload must carry.
    pub labels: SortedMap<String, String>,
}

/// `WorkloadEntry.spec`, also an endpoint of a ServiceEntry.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadEntry {
    /// IP address or DNS name.
    pub address: Option<String>,
    /// Port by the name of the service port; unset: the service's number.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub ports: SortedMap<String, u32>,
    /// Labels, the topology labels included.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub labels: SortedMap<String, String>,
    /// Network it is in.
    pub network: Option<String>,
    /// `region/zone/subzone`.
    pub locality: Option<String>,
    /// Share within its locality; unset or 0: 1.
    pub weight: Option<u32>,
    /// Identity.
    pub service_account: Option<String>,
}
