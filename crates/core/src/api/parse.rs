//! What the texts say, document by document.

use mesh_failover_derive::Read;
use serde::Serialize;

use super::error::Error;
use super::files::{self, File};
use crate::diagnostic::{Diagnostic, Location};
use crate::live::Mesh;
use crate::manifest::gateway_api::{KubeGateway, KubeHttpRoute};
use crate::manifest::{
    DestinationRule, Document, Gateway, Intent, Manifests, MeshConfig, Object, Scenario,
    ServiceEntry, Topology, TrafficExtension, VirtualService, WasmPlugin, WorkloadEntry,
};

/// Texts to read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ParseRequest {
    /// The texts.
    pub files: Vec<File>,
}

/// What the texts say.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ParseAnswer {
    /// The objects that could be read, in the order of the texts.
    pub objects: Vec<ParsedObject>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// An object and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParsedObject {
    /// `apiVersion` as written.
    pub api_version: String,
    /// `metadata.name`; may be empty in this tool's own kinds.
    pub name: String,
    /// The namespace that applies.
    pub namespace: String,
    /// From its first to its last character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What it is.
    #[serde(flatten)]
    pub body: Body,
}

macro_rules! bodies {
    ($($kind:ident $name:literal $list:ident $doc:literal;)*) => {
        /// An object's kind, and its fields as written.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(tag = "kind", content = "spec")]
        #[expect(clippy::large_enum_variant, reason = "one list, written as JSON at once")]
        pub enum Body {
            $(#[doc = $doc] #[serde(rename = $name)] $kind($kind),)*
        }

        /// Every object with the number of its document.
        fn objects(manifests: Manifests) -> Vec<(usize, ParsedObject)> {
            let Manifests { documents, $($list,)* .. } = manifests;
            let mut objects = Vec::new();
            $(objects.extend($list.into_iter().map(|object| {
                parsed(&documents, object, Body::$kind)
            }));)*
            objects
        }
    };
}

bodies! {
    Gateway "Gateway" gateways "Istio's Gateway.";
    VirtualService "VirtualService" virtual_services "Istio's VirtualService.";
    DestinationRule "DestinationRule" destination_rules "Istio's DestinationRule.";
    ServiceEntry "ServiceEntry" service_entries "Istio's ServiceEntry.";
    WorkloadEntry "WorkloadEntry" workload_entries "Istio's WorkloadEntry.";
    WasmPlugin "WasmPlugin" wasm_plugins "Istio's WasmPlugin.";
    TrafficExtension "TrafficExtension" traffic_extensions "Istio's TrafficExtension.";
    KubeGateway "Gateway" kube_gateways "The Gateway of the Kubernetes Gateway API, told by its `apiVersion`.";
    KubeHttpRoute "HTTPRoute" kube_http_routes "The HTTPRoute of the Kubernetes Gateway API.";
    MeshConfig "MeshConfig" mesh_configs "Istio's mesh-wide settings.";
    Topology "Topology" topologies "Which endpoints exist where.";
    Scenario "Scenario" scenarios "What happens, and what is expected.";
    Intent "Intent" intents "Which service fails over between which regions.";
}

/// Reads texts: what can be read, and everything that is wrong with the rest.
///
/// # Errors
/// None: a text that cannot be read is a diagnostic.
pub fn parse(request: ParseRequest) -> Result<ParseAnswer, Error> {
    let Mesh { manifests, diagnostics, .. } = files::read(&request.files);
    let mut objects = objects(manifests);
    mesh_failover_sorted::sort_by_key(&mut objects, |(document, _)| *document);
    Ok(ParseAnswer {
        objects: objects.into_iter().map(|(_, object)| object).collect(),
        diagnostics,
    })
}

fn parsed<T>(
    documents: &[Document],
    object: Object<T>,
    body: impl FnOnce(T) -> Body,
) -> (usize, ParsedObject) {
    let parsed = ParsedObject {
        name: object.metadata.name.clone(),
        namespace: object.metadata.namespace().to_owned(),
        api_version: object.api_version,
        location: documents.get(object.document).and_then(Document::location),
        body: body(object.spec),
    };
    (object.document, parsed)
}
