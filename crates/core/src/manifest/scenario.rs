//! `mesh-failover.dev` Scenario: traffic, what happens to the regions, and what is expected.
//! Strict: an unknown field is an error.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;
use serde_with::skip_serializing_none;

use super::{GoDuration, Node, Read, Reader};

/// `Scenario.spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Scenario {
    /// Cluster whose gateway gets the traffic.
    pub gateway: String,
    /// The traffic.
    pub traffic: Traffic,
    /// Further gateways, each with traffic of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_gateways: Vec<GatewayTraffic>,
    /// How long it runs.
    pub duration: GoDuration,
    /// How long before t = 0 the Envoy cluster was created, which sets the phase of the detector's
    /// sweeps; unset: drawn from the seed.
    pub cluster_age: Option<GoDuration>,
    /// Seed of everything random; unset: 1. A seed given on the command line goes first.
    pub seed: Option<u64>,
    /// What happens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What must come out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
}

/// A gateway and its traffic.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayTraffic {
    /// Cluster whose gateway gets the traffic.
    pub gateway: String,
    /// The traffic.
    pub traffic: Traffic,
}

/// Open-loop traffic.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Traffic {
    /// Requests a second.
    pub rate: f64,
    /// When they come; unset: constant.
    pub arrivals: Option<Arrivals>,
    /// Port of the gateway's Service; unset: the gateway's first.
    pub port: Option<u16>,
    /// `Host` header; unset: the first domain of the gateway's routes.
    pub host: Option<String>,
    /// Unset: `/`.
    pub path: Option<String>,
    /// Unset: `GET`.
    pub method: Option<String>,
    /// Request headers.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub headers: SortedMap<String, String>,
}

/// When requests come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Arrivals {
    /// One every 1/rate seconds from t = 0.
    #[default]
    Constant,
    /// Exponentially distributed gaps.
    Poisson,
}

/// How long a response takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Latency {
    /// Always the same.
    Constant(GoDuration),
    /// Log-normal, by two of its percentiles.
    Spread {
        /// Half of all responses take at most this.
        p50: GoDuration,
        /// 99 of 100 responses take at most this.
        p99: GoDuration,
    },
}

impl Latency {
    fn of(node: &Node) -> Option<Self> {
        let duration = |node: &Node| node.as_text().and_then(GoDuration::parse);
        let (p50, p99) = (node.get("p50").and_then(duration), node.get("p99").and_then(duration));
        let spread = || Some(Self::Spread { p50: p50?, p99: p99? });
        duration(node).map(Self::Constant).or_else(spread)
    }
}

impl Read for Latency {
    fn read<'a>(&mut self, node: &'a Node, reader: &mut Reader<'a>) -> bool {
        match Self::of(node) {
            Some(latency) => *self = latency,
            None => {
                let message = "a duration such as `5ms`, or `{p50: 5ms, p99: 40ms}`".to_owned();
                return reader.invalid(node, message, None);
            }
        }
        true
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::Constant(GoDuration::default())
    }
}

/// Something that happens at a moment. Exactly one of the actions is set.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Step {
    /// When.
    pub at: GoDuration,
    /// So many requests a second from now on.
    pub rate: Option<f64>,
    /// The gateway whose `rate` it is; unset: each gateway's.
    pub gateway: Option<String>,
    /// The workload has this many endpoints now.
    pub scale: Option<Scale>,
    /// Requests fail with a status.
    pub fail: Option<Fail>,
    /// Responses take longer.
    pub slow: Option<Slow>,
    /// Connections are refused and cut.
    pub refuse: Option<Target>,
    /// Connections are accepted and never answered.
    pub blackhole: Option<Target>,
    /// Pods are not ready.
    pub unready: Option<Target>,
    /// Pods leave in an orderly way.
    pub drain: Option<Target>,
    /// The network in between is gone.
    pub partition: Option<Target>,
    /// Pods are replaced by new ones.
    pub replace: Option<Target>,
    /// Everything but scale and replace is undone.
    pub restore: Option<Target>,
}

/// Which endpoints a step hits; what is not given does not narrow.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Target {
    /// Kubernetes cluster.
    pub cluster: Option<String>,
    /// Service host.
    pub service: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// Workload name.
    pub workload: Option<String>,
    /// Ordinals.
    pub endpoints: Option<Vec<u32>>,
}

macro_rules! with_target {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        ///
        /// The target's fields are repeated here, not flattened, so that an unknown field is still seen.
        #[skip_serializing_none]
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            /// Kubernetes cluster.
            pub cluster: Option<String>,
            /// Service host.
            pub service: Option<String>,
            /// Region.
            pub region: Option<String>,
            /// Zone.
            pub zone: Option<String>,
            /// Workload name.
            pub workload: Option<String>,
            /// Ordinals.
            pub endpoints: Option<Vec<u32>>,
        }

        impl $name {
            /// Which endpoints it hits.
            #[must_use]
            pub fn target(&self) -> Target {
                Target {
                    cluster: self.cluster.clone(),
                    service: self.service.clone(),
                    region: self.region.clone(),
                    zone: self.zone.clone(),
                    workload: self.workload.clone(),
                    endpoints: self.endpoints.clone(),
                }
            }
        }
    };
}

with_target! {
    /// `scale`.
    Scale {
        /// Endpoints of each workload hit.
        replicas: u32,
    }
}

with_target! {
    /// `fail`.
    Fail {
        /// The status; unset: 503.
        status: Option<u16>,
        /// Share of requests that fail, an independent draw each; unset: 1.
        ratio: Option<f64>,
    }
}

with_target! {
    /// `slow`.
    Slow {
        /// How long a response takes now.
        latency: Latency,
    }
}

/// What must come out in a span of time.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Expectation {
    /// Start; unset: 0.
    pub from: Option<GoDuration>,
    /// End; unset: the scenario's.
    pub to: Option<GoDuration>,
    /// The gateway that it is about; unset: all together.
    pub gateway: Option<String>,
    /// Percent of requests by region.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub share: SortedMap<String, f64>,
    /// Tolerance of the shares in points; unset: 3.
    pub within: Option<f64>,
    /// Most failed requests.
    pub max_errors: Option<u64>,
    /// Most failed requests, in percent of all.
    pub max_error_rate: Option<f64>,
    /// How many requests end in each way: by Envoy's response flag (`UH`, `UF`, `UC`, `UT`, `UO`, …), by status, or `any` for all that fail.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub errors: SortedMap<String, Bounds>,
    /// Endpoints that are ejected at the end of the span, in every gateway pod; no others.
    pub ejected: Option<Vec<String>>,
    /// How soon after the start a region gets no more requests.
    pub failover: Option<Within>,
    /// How soon after the start a region gets its first request.
    pub failback: Option<Within>,
    /// 99 of 100 requests take at most this.
    pub p99: Option<GoDuration>,
}

/// From `min` to `max`, both included.
#[skip_serializing_none]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Bounds {
    /// Unset: 0.
    pub min: Option<u64>,
    /// Unset: no upper bound.
    pub max: Option<u64>,
}

/// Something that a region does in time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Within {
    /// The region.
    pub region: String,
    /// The time it has.
    pub within: GoDuration,
}
