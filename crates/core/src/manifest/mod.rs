//! What the user wrote: Istio's kinds and our own, as written, with the place of every field.
//!
//! [`read`] never stops at the first problem: what can be read is read, the rest becomes
//! [`Diagnostic`]s. Field types here keep Istio's spelling and are optional wherever Istio's are; defaults and validity are
//! [`crate::translate`]'s business.
//!
//! Text → [`parse`](MAX_TEXT) → [`Node`] → [`Read`] → the types below. [`from_json_strict`] enters at the second step, [`write`]
//! is the way back, and [`Document::locate`] finds a field again.
//!
//! **Source**: istio/api v1 (networking, extensions, mesh), Istio 1.31.

pub mod codes;
mod decode;
mod destination_rule;
mod document;
mod extension;
mod field_name;
mod float;
mod forbidden;
mod gateway;
pub mod gateway_api;
mod hint;
mod intent;
mod json;
mod kinds;
pub mod kubernetes;
mod mesh_config;
mod metadata;
mod node;
mod numbers;
mod parse;
mod path;
mod positions;
mod read;
mod reader;
mod repeated;
mod scalar;
mod scenario;
mod service_entry;
mod syntax_help;
#[cfg(test)]
mod tests;
mod topology;
mod values;
mod virtual_service;
mod write;
pub(crate) mod yaml;

pub use decode::from_json_strict;
pub(crate) use decode::{from_dump, from_value, json_tree, tree};
pub use destination_rule::*;
pub use document::*;
pub use extension::*;
pub use gateway::*;
pub(crate) use hint::field as field_hint;
pub use intent::*;
pub use kinds::*;
pub use mesh_config::*;
pub use metadata::*;
pub use node::*;
pub use numbers::{MAX_ENDPOINTS, MAX_WORKERS};
pub(crate) use parse::is_one_value;
pub use parse::{MAX_DEPTH, MAX_EXPANSION, MAX_TEXT};
pub use path::*;
pub use read::read;
pub use reader::{Read, Reader, Record, RecordFields};
pub use scalar::*;
pub use scenario::*;
pub use service_entry::*;
pub use topology::*;
pub use virtual_service::*;
pub use write::write;
pub use yaml::to_json;

/// A text to read, and its name in diagnostics.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// File name as the user gave it; `-` for standard input.
    pub name: &'a str,
    /// YAML, any number of documents.
    pub text: &'a str,
}

/// An object with its metadata and the document it came from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object<T> {
    /// `apiVersion` as written.
    pub api_version: String,
    /// `metadata`.
    pub metadata: Metadata,
    /// `spec`.
    pub spec: T,
    /// Index into [`Manifests::documents`]; also the order in which objects were read.
    pub document: usize,
}

/// Everything that was read, by kind, in the order of the sources.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "one list a kind; the field names are the kinds")]
pub struct Manifests {
    pub gateways: Vec<Object<Gateway>>,
    pub virtual_services: Vec<Object<VirtualService>>,
    /// Of the Kubernetes Gateway API; so is the next.
    pub kube_gateways: Vec<Object<gateway_api::KubeGateway>>,
    pub kube_http_routes: Vec<Object<gateway_api::KubeHttpRoute>>,
    pub destination_rules: Vec<Object<DestinationRule>>,
    pub service_entries: Vec<Object<ServiceEntry>>,
    pub workload_entries: Vec<Object<WorkloadEntry>>,
    pub wasm_plugins: Vec<Object<WasmPlugin>>,
    pub traffic_extensions: Vec<Object<TrafficExtension>>,
    pub services: Vec<Object<kubernetes::Service>>,
    pub endpoint_slices: Vec<Object<kubernetes::EndpointSlice>>,
    pub nodes: Vec<Object<kubernetes::Node>>,
    pub namespaces: Vec<Object<kubernetes::Namespace>>,
    pub pods: Vec<Object<kubernetes::Pod>>,
    pub mesh_configs: Vec<Object<MeshConfig>>,
    pub topologies: Vec<Object<Topology>>,
    pub scenarios: Vec<Object<Scenario>>,
    pub intents: Vec<Object<Intent>>,
    /// The documents the objects came from; [`Object::document`] is an index into it.
    pub documents: Vec<Document>,
}
