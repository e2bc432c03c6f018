//! `mesh-failover.dev` Intent: which service fails over between which regions. Manifests are made from it, see [`crate::render`].
//! Strict: an unknown field is an error.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::{Failover, GoDuration, Node, OutlierDetection, Read, Reader};

/// `Intent.spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Intent {
    /// The service's full name, `hello-world.default.svc.cluster.local`.
    pub host: String,
    /// The service's port; unset: routes leave it to the service's only one.
    pub port: Option<u16>,
    /// Where the service runs.
    pub regions: Vec<IntentRegion>,
    /// Percent of traffic by region, from everywhere alike. Unset, each gateway sends to the nearest region. Exclusive with `failover` and `failoverPriority` but for the region router, which knows both: a share, and where it goes.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub distribute: SortedMap<String, u32>,
    /// Where a region's traffic goes when it fails, as in a DestinationRule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failover: Vec<Failover>,
    /// Labels that order the regions, as in a DestinationRule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failover_priority: Vec<String>,
    /// When a host is taken out, as in a DestinationRule; unset: 5 errors in a row, looked at every second, 30 s out, all hosts may go.
    pub outlier_detection: Option<OutlierDetection>,
    /// Most requests in flight to the service; unset: no limit.
    pub max_requests: Option<u32>,
    /// How it is exposed.
    pub gateway: IntentGateway,
    /// How the pods are found by the Services, one a region, that the router needs behind HTTPRoutes; otherwise it has no effect.
    pub pods: IntentPods,
    /// Put the region router before Istio's own failover.
    pub router: Option<IntentRouter>,
}

/// A region of it.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
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

/// What a Service says of its pods.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct IntentPods {
    /// Their labels; empty: `app`, with the service's short name.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub selector: SortedMap<String, String>,
    /// The port that they listen on; unset: the service's.
    pub target_port: Option<u16>,
}

/// How the service is exposed.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
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
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub selector: SortedMap<String, String>,
    /// Namespace of the gateway's pods; unset: `istio-system`.
    pub namespace: Option<String>,
    /// The language of the routes.
    pub api: RouteApi,
}

/// The language of the routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Read)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(into = "Map<String, Value>")]
pub struct IntentRouter {
    /// The kind that loads it.
    pub extension: RouterExtension,
    /// Where the module is; unset: a file in the gateway's pods.
    pub url: Option<String>,
    /// Its digest.
    pub sha256: Option<String>,
    /// What its `pluginConfig` says beside the DestinationRule's words, in the same form: the fields of a destination and of the whole side by
    /// side, as in docs/region-router.md. The router's own reader checks them when the intent is rendered.
    pub config: Map<String, Value>,
}

impl Read for IntentRouter {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        let mut words = Map::new();
        let is_read = words.read(node, reader);
        if is_read {
            *self = words.into();
        }
        is_read
    }
}

/// Own words that make no sense stay among those of the configuration, so that whoever renders it can say where.
impl From<Map<String, Value>> for IntentRouter {
    fn from(words: Map<String, Value>) -> Self {
        let mut router = Self::default();
        for (name, value) in words {
            match (name.as_str(), value.as_str()) {
                (_, None) if value.is_null() => {}
                ("url", Some(url)) => router.url = Some(url.to_owned()),
                ("sha256", Some(digest)) => router.sha256 = Some(digest.to_owned()),
                ("extension", Some(WASM_PLUGIN)) => router.extension = RouterExtension::WasmPlugin,
                ("extension", Some(TRAFFIC_EXTENSION)) => {
                    router.extension = RouterExtension::TrafficExtension;
                }
                _ => {
                    router.config.insert(name, value);
                }
            }
        }
        router
    }
}

impl From<IntentRouter> for Map<String, Value> {
    fn from(router: IntentRouter) -> Self {
        let mut all = router.config;
        let extension = match router.extension {
            RouterExtension::WasmPlugin => WASM_PLUGIN,
            RouterExtension::TrafficExtension => TRAFFIC_EXTENSION,
        };
        let own = [
            ("extension", Some(extension.to_owned())),
            ("url", router.url),
            ("sha256", router.sha256),
        ];
        for (name, value) in own {
            all.extend(value.map(|value| (name.to_owned(), value.into())));
        }
        all
    }
}

const WASM_PLUGIN: &str = "WasmPlugin";
const TRAFFIC_EXTENSION: &str = "TrafficExtension";

/// The kind that loads the router.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[allow(missing_docs, reason = "the names are Istio's kinds")]
pub enum RouterExtension {
    #[default]
    WasmPlugin,
    /// From Istio 1.30.
    TrafficExtension,
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator};

    use super::RouterExtension;
    use crate::router;

    /// The region router in the gateway. What its `pluginConfig` says beside the DestinationRule's words stands here in the same form: see
    /// docs/region-router.md.
    #[derive(JsonSchema)]
    #[schemars(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Fields {
        /// The kind that loads it; unset: WasmPlugin.
        extension: Option<RouterExtension>,
        /// Where the module is; unset: a file in the gateway's pods.
        url: Option<String>,
        /// Its digest.
        sha256: Option<String>,
        /// How a region comes back.
        failback: Option<router::FailbackConfig>,
        /// Errors and slowness over time.
        health: Option<router::HealthConfig>,
        /// Requests of the gateway's own to every region; unset: none.
        probe: Option<router::ProbeConfig>,
        /// Regions to empty.
        drain: Option<router::DrainConfig>,
        /// Keeps a user in a region; unset: no user is known.
        affinity: Option<router::AffinityConfig>,
        /// A second try in another region before the client sees the error of the first; unset: none. `{}` turns it on with all defaults.
        rescue: Option<router::RescueConfig>,
        /// What to do when no region is usable; unset: `native`.
        all_regions_out: Option<router::AllRegionsOut>,
        /// Where the client is, if the request says so; unset: everybody is where the gateway is.
        client_region: Option<router::ClientRegionConfig>,
        /// How gateways that route to each other find out; unset: they do not.
        hops: Option<router::HopsConfig>,
        /// Name of a response header that says where a request went; unset: none.
        debug_header: Option<String>,
        /// Any text, to tell a configuration from an older one.
        revision: Option<String>,
    }

    impl JsonSchema for super::IntentRouter {
        fn schema_name() -> Cow<'static, str> {
            "IntentRouter".into()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            Fields::json_schema(generator)
        }
    }
}
