//! What is read of Kubernetes' own kinds: which endpoints a service has, and where their pods run. Everything else in them is
//! ignored.
//!
//! **Source**: k8s.io/api core/v1, discovery/v1.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;
use serde_json::Value;
use serde_with::skip_serializing_none;

/// `v1 Service.spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Labels of its pods.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub selector: SortedMap<String, String>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// `v1 ServicePort`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// Its name; EndpointSlices find it by that.
    pub name: Option<String>,
    /// The port that clients use.
    pub port: u32,
    /// The pods' port, by number or by name; unset: the same.
    pub target_port: Option<Value>,
}

/// `discovery.k8s.io/v1 EndpointSlice`; its fields stand beside `metadata`, not below `spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlice {
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: Option<String>,
    /// The endpoints.
    pub endpoints: Vec<SliceEndpoint>,
    /// Ports that all of them have; `null`: none.
    pub ports: Option<Vec<SlicePort>>,
}

/// `discovery.k8s.io/v1 Endpoint`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "camelCase", default)]
pub struct SliceEndpoint {
    /// Addresses; clients use the first.
    pub addresses: Vec<String>,
    /// Its state.
    pub conditions: Option<Conditions>,
    /// Node it runs on.
    pub node_name: Option<String>,
    /// Zone it runs in.
    pub zone: Option<String>,
    /// The pod.
    pub target_ref: Option<ObjectRef>,
}

/// `discovery.k8s.io/v1 EndpointConditions`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "camelCase", default)]
pub struct Conditions {
    /// Unset: yes.
    pub ready: Option<bool>,
    /// Unset: no.
    pub terminating: Option<bool>,
}

/// `v1 ObjectReference`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// `discovery.k8s.io/v1 EndpointPort`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "camelCase", default)]
pub struct SlicePort {
    /// Name of the service's port.
    pub name: Option<String>,
    /// The port at the endpoint.
    pub port: Option<u32>,
}

/// `v1 Node`: only the labels in its metadata are looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(default)]
pub struct Node {}

/// `v1 Namespace`: only the labels in its metadata are looked at, and it may have no `spec`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(default)]
pub struct Namespace {}

/// `v1 Pod.spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    /// Node it runs on.
    pub node_name: Option<String>,
}
