//! `networking.istio.io` DestinationRule.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;
use serde_with::skip_serializing_none;

use super::GoDuration;

/// `DestinationRule.spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DestinationRule {
    /// Service host; a short name is completed with this rule's namespace.
    pub host: String,
    /// Policy of every port and subset.
    pub traffic_policy: Option<TrafficPolicy>,
    /// Named parts of the service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subsets: Vec<Subset>,
    /// Namespaces that see it; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub export_to: Vec<String>,
    /// Proxies it applies to; unset: all.
    pub workload_selector: Option<WorkloadSelector>,
}

/// `WorkloadSelector`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadSelector {
    /// Labels the proxy must carry.
    pub match_labels: SortedMap<String, String>,
}

/// `Subset`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Subset {
    /// Its name.
    pub name: String,
    /// Labels its endpoints carry; augmented labels such as `topology.kubernetes.io/region` work.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub labels: SortedMap<String, String>,
    /// Replaces the rule's policy block by block.
    pub traffic_policy: Option<TrafficPolicy>,
}

/// `TrafficPolicy`. Blocks are atomic: a level that sets one replaces the parent's whole block.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TrafficPolicy {
    /// How a host is chosen.
    pub load_balancer: Option<LoadBalancer>,
    /// Limits.
    pub connection_pool: Option<ConnectionPool>,
    /// Passive ejection.
    pub outlier_detection: Option<OutlierDetection>,
    /// Towards the upstream.
    pub tls: Option<serde_json::Value>,
    /// Policies by service port; they inherit nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub port_level_settings: Vec<PortTrafficPolicy>,
    /// Tunnelling.
    pub tunnel: Option<serde_json::Value>,
    /// PROXY protocol.
    pub proxy_protocol: Option<serde_json::Value>,
    /// Limits retries by the number of requests.
    pub retry_budget: Option<RetryBudget>,
}

/// `TrafficPolicy.PortTrafficPolicy`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct PortTrafficPolicy {
    /// The service port.
    pub port: Option<super::PortSelector>,
    /// How a host is chosen.
    pub load_balancer: Option<LoadBalancer>,
    /// Limits.
    pub connection_pool: Option<ConnectionPool>,
    /// Passive ejection.
    pub outlier_detection: Option<OutlierDetection>,
    /// Towards the upstream.
    pub tls: Option<serde_json::Value>,
}

/// `TrafficPolicy.RetryBudget`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RetryBudget {
    /// Percent of active and pending requests; unset: 20.
    pub percent: Option<f64>,
    /// Retries always allowed; unset: 3.
    pub min_retry_concurrency: Option<u32>,
    /// Window in which requests are counted (Istio 1.31).
    pub budget_interval: Option<GoDuration>,
}

/// `LoadBalancerSettings`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancer {
    /// The algorithm.
    pub simple: Option<SimpleLb>,
    /// Consistent hashing.
    pub consistent_hash: Option<ConsistentHash>,
    /// Locality load balancing of this destination.
    pub locality_lb_setting: Option<LocalityLoadBalancerSetting>,
    /// Zone-aware load balancing (Istio 1.31); exclusive with `localityLbSetting`.
    pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting>,
    /// Ramp for new hosts.
    pub warmup: Option<Warmup>,
    /// Deprecated form of `warmup.duration`.
    pub warmup_duration_secs: Option<GoDuration>,
}

/// `LoadBalancerSettings.SimpleLB`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are Istio's own words")]
pub enum SimpleLb {
    #[default]
    Unspecified,
    LeastConn,
    Random,
    Passthrough,
    RoundRobin,
    LeastRequest,
}

/// `LoadBalancerSettings.ConsistentHashLB`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ConsistentHash {
    /// Hash of this header.
    pub http_header_name: Option<String>,
    /// Hash of this cookie.
    pub http_cookie: Option<HttpCookie>,
    /// Hash of the client's address.
    pub use_source_ip: Option<bool>,
    /// Hash of this query parameter.
    pub http_query_parameter_name: Option<String>,
    /// Ketama ring.
    pub ring_hash: Option<RingHash>,
    /// Maglev table.
    pub maglev: Option<Maglev>,
    /// Deprecated form of `ringHash.minimumRingSize`.
    pub minimum_ring_size: Option<u64>,
}

/// `ConsistentHashLB.HTTPCookie`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpCookie {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: Option<String>,
    /// Its lifetime.
    pub ttl: Option<GoDuration>,
    /// Further attributes.
    pub attributes: Option<serde_json::Value>,
}

/// `ConsistentHashLB.RingHash`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RingHash {
    /// Unset: 1024.
    pub minimum_ring_size: Option<u64>,
}

/// `ConsistentHashLB.MagLev`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Maglev {
    /// A prime; unset: Envoy's 65537.
    pub table_size: Option<u64>,
}

/// `WarmupConfiguration`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Warmup {
    /// Length of the ramp.
    pub duration: Option<GoDuration>,
    /// Floor, in percent; unset: 10.
    pub minimum_percent: Option<f64>,
    /// Exponent; unset: 1.
    pub aggression: Option<f64>,
}

/// `LocalityLoadBalancerSetting`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct LocalityLoadBalancerSetting {
    /// Fixed shares by locality; the first entry whose `from` fits applies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub distribute: Vec<Distribute>,
    /// Which region comes next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failover: Vec<Failover>,
    /// Labels that order endpoints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failover_priority: Vec<String>,
    /// Unset: true. False switches locality load balancing off, mesh-wide settings included.
    pub enabled: Option<bool>,
}

/// `LocalityLoadBalancerSetting.Distribute`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Distribute {
    /// Locality of the proxy.
    pub from: String,
    /// Percent by locality of the endpoints; the sum is 100. What is not listed gets nothing, ever.
    pub to: SortedMap<String, u32>,
}

/// `LocalityLoadBalancerSetting.Failover`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Failover {
    /// Region of the proxy.
    pub from: String,
    /// The region preferred after its own.
    pub to: String,
}

/// `ZoneAwareLoadBalancerSetting` (Istio 1.31).
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ZoneAwareLoadBalancerSetting {
    /// Unset: true.
    pub enabled: Option<bool>,
    /// Which region comes next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failover: Vec<Failover>,
    /// Labels that order endpoints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failover_priority: Vec<String>,
    /// Envoy's `min_cluster_size`.
    pub min_cluster_size: Option<u64>,
}

/// `ConnectionPoolSettings`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionPool {
    /// For every protocol.
    pub tcp: Option<TcpSettings>,
    /// For HTTP.
    pub http: Option<HttpSettings>,
}

/// `ConnectionPoolSettings.TCPSettings`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TcpSettings {
    /// Connections to a destination; 0: no limit.
    pub max_connections: Option<i32>,
    /// Time to connect; unset: the mesh's 10 s.
    pub connect_timeout: Option<GoDuration>,
    /// Keepalive.
    pub tcp_keepalive: Option<serde_json::Value>,
    /// Longest life of a connection.
    pub max_connection_duration: Option<GoDuration>,
    /// Idle connections are closed after this.
    pub idle_timeout: Option<GoDuration>,
}

/// `ConnectionPoolSettings.HTTPSettings`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpSettings {
    /// Requests waiting for a connection; 0: no limit.
    pub http1_max_pending_requests: Option<i32>,
    /// Requests in flight, in every protocol; 0: no limit.
    pub http2_max_requests: Option<i32>,
    /// Requests a connection may carry; 0: no limit.
    pub max_requests_per_connection: Option<i32>,
    /// Retries in flight; 0: no limit.
    pub max_retries: Option<i32>,
    /// Idle connections are closed after this.
    pub idle_timeout: Option<GoDuration>,
    /// `DEFAULT`, `DO_NOT_UPGRADE`, `UPGRADE`.
    pub h2_upgrade_policy: Option<String>,
    /// Whether upstreams are spoken to in the client's protocol.
    pub use_client_protocol: Option<bool>,
    /// Streams an HTTP/2 connection may carry at once.
    pub max_concurrent_streams: Option<i32>,
    /// Keepalive of HTTP/2 connections.
    pub http2_keepalive: Option<serde_json::Value>,
}

/// `OutlierDetection`. An empty block counts as present: it ejects by Envoy's defaults.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct OutlierDetection {
    /// Deprecated and ignored by istiod.
    pub consecutive_errors: Option<i32>,
    /// Whether connection failures are counted apart from responses.
    pub split_external_local_origin_errors: Option<bool>,
    /// Connection failures in a row that eject, in split mode.
    pub consecutive_local_origin_failures: Option<u32>,
    /// 502, 503, 504 in a row that eject; 0: off; unset: off.
    pub consecutive_gateway_errors: Option<u32>,
    /// Server errors in a row that eject; 0: off; unset: 5.
    #[serde(rename = "consecutive5xxErrors")]
    pub consecutive_5xx_errors: Option<u32>,
    /// Time between sweeps; unset: 10 s.
    pub interval: Option<GoDuration>,
    /// Shortest ejection; unset: 30 s.
    pub base_ejection_time: Option<GoDuration>,
    /// Share of all hosts that may be out at once; 0 or unset: 10.
    pub max_ejection_percent: Option<i32>,
    /// Panic threshold in percent; 0 or unset: never panic.
    pub min_health_percent: Option<i32>,
    /// Statuses that count as errors instead of 5xx (Istio 1.31).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outlier_detection_http_error_codes: Vec<u32>,
}
