//! `gateway.networking.k8s.io` Gateway and HTTPRoute, as written. The API server refuses what their schema does not allow, so here
//! nothing is said about fields. The playground does not read them: its module has no room for it.
//!
//! **Source**: sigs.k8s.io/gateway-api apis/v1, 1.4.

use mesh_failover_derive::Read;
use serde::Serialize;
use serde_json::Value;

use super::{Kind, Manifests, Object, Schema};

/// Their group.
pub(crate) const GROUP: &str = "gateway.networking.k8s.io";
/// Their versions.
const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// `Gateway.spec`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "serde_json::Map<String, Value>")
)]
#[serde(transparent)]
pub struct KubeGateway(pub Value);

/// `HTTPRoute.spec`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "serde_json::Map<String, Value>")
)]
#[serde(transparent)]
pub struct KubeHttpRoute(pub Value);

impl Kind for KubeGateway {
    const KIND: &'static str = "Gateway";
    const GROUP: &'static str = GROUP;
    const VERSIONS: &'static [&'static str] = &VERSIONS;
    const SCHEMA: Schema = Schema::Kubernetes;
    const NAMED: bool = true;

    fn list(manifests: &mut Manifests) -> &mut Vec<Object<Self>> {
        &mut manifests.kube_gateways
    }
}

impl Kind for KubeHttpRoute {
    const KIND: &'static str = "HTTPRoute";
    const GROUP: &'static str = GROUP;
    const VERSIONS: &'static [&'static str] = &VERSIONS;
    const SCHEMA: Schema = Schema::Kubernetes;
    const NAMED: bool = true;

    fn list(manifests: &mut Manifests) -> &mut Vec<Object<Self>> {
        &mut manifests.kube_http_routes
    }
}
