//! `mesh-failover.dev` Topology: which endpoints exist where. Strict: an unknown field is an error.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;
use serde_with::skip_serializing_none;

use super::Latency;

/// `Topology.spec`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Topology {
    /// Kubernetes clusters.
    pub clusters: Vec<TopologyCluster>,
}

/// One Kubernetes cluster of the mesh.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TopologyCluster {
    /// Its id (`topology.istio.io/cluster`).
    pub name: String,
    /// Where its gateway and, unless they say otherwise, its workloads are: `region/zone/subzone`.
    pub locality: String,
    /// Its network (`topology.istio.io/network`); unset: one flat network.
    pub network: Option<String>,
    /// Addresses `host:port` under which other networks reach it; empty: its endpoints are reached
    /// directly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub east_west_gateways: Vec<String>,
    /// Its ingress gateway, if it has one.
    pub gateway: Option<TopologyGateway>,
    /// What runs in it.
    pub workloads: Vec<Workload>,
}

/// An ingress gateway.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TopologyGateway {
    /// Pods; unset: 1. Each has its own ejection state.
    pub replicas: Option<u32>,
    /// Envoy worker threads of a pod; unset: 2.
    pub workers: Option<u32>,
    /// Its namespace; unset: `istio-system`.
    pub namespace: Option<String>,
    /// Its labels; unset: `istio: ingressgateway`.
    pub labels: Option<SortedMap<String, String>>,
}

/// Endpoints of one service with the same labels and locality.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Workload {
    /// Prefix of the endpoints' names; unset: the last segment of the locality.
    pub name: Option<String>,
    /// Service host, fully qualified.
    pub service: String,
    /// Service port.
    pub port: u32,
    /// Endpoints.
    pub replicas: u32,
    /// Unset: the cluster's.
    pub locality: Option<String>,
    /// Pod labels; topology labels are added by themselves.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub labels: SortedMap<String, String>,
    /// Weight of each endpoint; unset: 1.
    pub weight: Option<u32>,
    /// How long a response takes; unset: 1 ms.
    pub latency: Option<Latency>,
    /// Real addresses `host:port`, one an endpoint; unset: made up on loopback where a runnable
    /// configuration is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// The endpoints there are, if they are not simply `replicas` ready ones from ordinal 0: what a
    /// simulation knows at a moment. Not part of the document.
    #[serde(skip)]
    pub pods: Option<Vec<Pod>>,
}

/// One endpoint of a workload at a moment. Endpoints that are leaving are not listed: Istio never sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pod {
    /// The number in its name, `<workload name>-<ordinal>`.
    pub ordinal: u32,
    /// Whether Kubernetes finds it ready.
    pub ready: bool,
}
