//! `mesh-failover.dev` Intent: which service fails over between which regions. Manifests are made from it, see [`crate::render`].
//! Strict: an unknown field is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Failover, GoDuration, OutlierDetection};

/// `Intent.spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Intent {
    /// The service's full name, `hello-world.default.svc.cluster.local`.
    pub host: String,
    /// The service's port; unset: routes leave it to the service's only one.
    pub port: Option<u16>,
    /// Where the service runs.
    pub regions: Vec<IntentRegion>,
    /// Percent of traffic by region, from everywhere alike; exclusive with `failover`. Unset, each gateway sends to the nearest region.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub distribute: BTreeMap<String, u32>,
    /// Where a region's traffic goes when it fails, as in a DestinationRule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failover: Vec<Failover>,
    /// When a host is taken out, as in a DestinationRule; unset: 5 errors in a row, looked at every second, 30 s out, all hosts may go.
    pub outlier_detection: Option<OutlierDetection>,
    /// Most requests in flight to the service; unset: no limit.
    pub max_requests: Option<u32>,
    /// How it is exposed.
    pub gateway: IntentGateway,
    /// Put the region router before Istio's own failover.
    pub router: Option<IntentRouter>,
}

/// A region of it.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct IntentRegion {
    /// The region.
    pub name: String,
    /// Its zone with the service's pods, if known.
    pub zone: Option<String>,
    /// The Kubernetes cluster there, as kubectl's contexts call it; unset: the region's name.
    pub cluster: Option<String>,
    /// Pods; unset: 3.
    pub replicas: Option<u32>,
    /// How long a response takes, for simulations.
    pub latency: Option<GoDuration>,
}

/// How the service is exposed.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct IntentGateway {
    /// The Gateway's name; unset: `public-gateway`.
    pub name: Option<String>,
    /// The port; unset: 80.
    pub port: Option<u16>,
    /// Host names served; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Labels of the gateway's pods; empty: `istio: ingressgateway`. Not for the Gateway API, whose Gateway brings its own pods.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub selector: BTreeMap<String, String>,
    /// Namespace of the gateway's pods; unset: `istio-system`.
    pub namespace: Option<String>,
    /// The language of the routes.
    pub api: RouteApi,
}

/// The language of the routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RouteApi {
    /// Istio's Gateway and VirtualService.
    #[default]
    Istio,
    /// The Kubernetes Gateway API: Gateway and HTTPRoute.
    GatewayApi,
}

/// The region router in the gateway.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct IntentRouter {
    /// The kind that loads it.
    pub extension: RouterExtension,
    /// Where the module is; unset: a file in the gateway's pods.
    pub url: Option<String>,
    /// Its digest.
    pub sha256: Option<String>,
}

/// The kind that loads the router.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[allow(missing_docs, reason = "the names are Istio's kinds")]
pub enum RouterExtension {
    #[default]
    WasmPlugin,
    /// From Istio 1.30.
    TrafficExtension,
}
