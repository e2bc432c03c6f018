//! An Envoy cluster as istiod programs it: what istiod's translation produces, what
//! is written down for Envoy and what [`crate::lb`] and [`crate::outlier`] run.
//!
//! Names and defaults are Envoy's. `None` means "not set by istiod, Envoy's default applies", so a
//! written configuration stays as sparse as istiod's.
//!
//! **Source**: Envoy `config.cluster.v3.Cluster`, `config.endpoint.v3`, v1.40.

use std::time::Duration;

use mesh_failover_sorted::SortedMap;

use crate::locality::Locality;
use crate::units::{Percent, Priority};

/// Load balancing over the endpoints of one service port or subset.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// istiod's name, `outbound|80||hello-world.default.svc.cluster.local`.
    pub name: String,
    /// How Envoy learns the endpoints.
    pub discovery: DiscoveryType,
    /// How long a connection may take to be established.
    pub connect_timeout: Duration,
    /// How a host is chosen once priority and locality are.
    pub lb_policy: LbPolicy,
    /// Whether localities of a priority share traffic by weight (`LocalityWeightedLbConfig`).
    pub locality_weighted: bool,
    /// `CommonLbConfig.zone_aware_lb_config`; exclusive with `locality_weighted`.
    pub zone_aware: Option<ZoneAwareLbConfig>,
    /// Below this share of usable hosts a priority panics; `None`: Envoy's 50 %.
    pub healthy_panic_threshold: Option<Percent>,
    /// How long Envoy merges host changes before workers see them; `None`: Envoy's 1 s.
    pub update_merge_window: Option<Duration>,
    /// Passive ejection; `None`: hosts are never ejected.
    pub outlier_detection: Option<OutlierDetection>,
    /// Limits of the default routing priority.
    pub circuit_breakers: CircuitBreakers,
    /// `CommonHttpProtocolOptions` and friends.
    pub http: HttpProtocolOptions,
    /// Endpoints by priority and locality.
    pub load_assignment: ClusterLoadAssignment,
}

/// `Cluster.DiscoveryType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscoveryType {
    /// Endpoints come by EDS.
    Eds,
    /// Every address of every name is a host.
    StrictDns,
    /// One host, whatever the name resolves to.
    LogicalDns,
    /// Endpoints stand in the cluster.
    Static,
    /// The address the client asked for.
    OriginalDst,
}

/// `Cluster.LbPolicy` with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum LbPolicy {
    /// Hosts in turn.
    RoundRobin {
        /// Ramp for new hosts.
        slow_start: Option<SlowStart>,
    },
    /// The less busy of a few drawn hosts.
    LeastRequest {
        /// How many are drawn; `None`: Envoy's 2.
        choice_count: Option<u32>,
        /// Ramp for new hosts.
        slow_start: Option<SlowStart>,
    },
    /// Any host.
    Random,
    /// Consistent hashing on a ring.
    RingHash {
        /// `minimum_ring_size`.
        minimum_ring_size: u64,
    },
    /// Consistent hashing by Maglev's table.
    Maglev {
        /// `table_size`; `None`: Envoy's 65537.
        table_size: Option<u64>,
    },
    /// The cluster brings its own (original destination).
    ClusterProvided,
}

/// `SlowStartConfig`. Aggression and floor are as written; Envoy's defaults are 1.0 and 10 %.
#[derive(Debug, Clone, PartialEq)]
pub struct SlowStart {
    /// How long a new host is ramped.
    pub window: Duration,
    /// Exponent of the ramp.
    pub aggression: Option<f64>,
    /// Floor of the ramp.
    pub min_weight_percent: Option<Percent>,
}

/// `CommonLbConfig.ZoneAwareLbConfig` as istiod sets it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ZoneAwareLbConfig {
    /// Share of requests that take part; `None`: all.
    pub routing_enabled: Option<Percent>,
    /// Fewer healthy hosts than this switch it off; `None`: Envoy's 6.
    pub min_cluster_size: Option<u64>,
}

/// `config.cluster.v3.OutlierDetection` as written; [`crate::outlier::DetectorConfig`] is the validated form with Envoy's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutlierDetection {
    /// Server errors in a row that eject.
    pub consecutive_5xx: Option<u32>,
    /// Share of such detections that is enforced, in percent.
    pub enforcing_consecutive_5xx: Option<u32>,
    /// Gateway errors (502, 503, 504) in a row that eject.
    pub consecutive_gateway_failure: Option<u32>,
    /// Share of such detections that is enforced, in percent.
    pub enforcing_consecutive_gateway_failure: Option<u32>,
    /// Whether connection failures are counted apart from responses.
    pub split_external_local_origin_errors: bool,
    /// Connection failures in a row that eject, in split mode.
    pub consecutive_local_origin_failure: Option<u32>,
    /// Share of such detections that is enforced, in percent.
    pub enforcing_consecutive_local_origin_failure: Option<u32>,
    /// Time between sweeps.
    pub interval: Option<Duration>,
    /// Shortest ejection.
    pub base_ejection_time: Option<Duration>,
    /// Longest ejection.
    pub max_ejection_time: Option<Duration>,
    /// Random addition to an ejection.
    pub max_ejection_time_jitter: Option<Duration>,
    /// Share of all hosts of the cluster that may be out at once, in percent.
    pub max_ejection_percent: Option<u32>,
    /// Whether one host may always be ejected.
    pub always_eject_one_host: Option<bool>,
    /// Share of success-rate detections that is enforced, in percent.
    pub enforcing_success_rate: Option<u32>,
    /// The same for connection failures, in split mode.
    pub enforcing_local_origin_success_rate: Option<u32>,
    /// Hosts with enough requests that success rate needs.
    pub success_rate_minimum_hosts: Option<u32>,
    /// Requests a host needs in an interval.
    pub success_rate_request_volume: Option<u32>,
    /// Factor of the standard deviation, in thousandths.
    pub success_rate_stdev_factor: Option<u32>,
    /// Failure percentage that ejects.
    pub failure_percentage_threshold: Option<u32>,
    /// Share of failure-percentage detections that is enforced, in percent.
    pub enforcing_failure_percentage: Option<u32>,
    /// The same for connection failures, in split mode.
    pub enforcing_failure_percentage_local_origin: Option<u32>,
    /// Hosts with enough requests that failure percentage needs.
    pub failure_percentage_minimum_hosts: Option<u32>,
    /// Requests a host needs in an interval.
    pub failure_percentage_request_volume: Option<u32>,
    /// Whether a passed active health check returns an ejected host at once.
    pub successful_active_health_check_uneject_host: Option<bool>,
    /// Statuses that count as errors instead of 5xx (`HttpProtocolOptions.outlier_detection.error_matcher`); empty: 5xx.
    pub error_statuses: Vec<u16>,
}

/// `CircuitBreakers.Thresholds` of the default priority. istiod sets every limit on every cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitBreakers {
    /// Open connections.
    pub max_connections: u32,
    /// Requests waiting for a connection.
    pub max_pending_requests: u32,
    /// Requests in flight.
    pub max_requests: u32,
    /// Retries in flight.
    pub max_retries: u32,
    /// Limits retries by the number of requests; Envoy then ignores `max_retries`.
    pub retry_budget: Option<RetryBudget>,
}

impl CircuitBreakers {
    /// istiod's default: no limit at all.
    pub const UNLIMITED: Self = Self {
        max_connections: u32::MAX,
        max_pending_requests: u32::MAX,
        max_requests: u32::MAX,
        max_retries: u32::MAX,
        retry_budget: None,
    };
}

/// `CircuitBreakers.Thresholds.RetryBudget`.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryBudget {
    /// Retries allowed, in percent of active and pending requests.
    pub budget_percent: f64,
    /// Retries always allowed.
    pub min_retry_concurrency: u32,
    /// Window in which requests are counted.
    pub budget_interval: Option<Duration>,
}

/// The parts of `HttpProtocolOptions` that a DestinationRule reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpProtocolOptions {
    /// Whether upstreams are spoken to in HTTP/2.
    pub http2: bool,
    /// Whether upstreams are spoken to in the client's protocol.
    pub use_client_protocol: bool,
    /// Idle connections are closed after this.
    pub idle_timeout: Option<Duration>,
    /// Connections are closed after this.
    pub max_connection_duration: Option<Duration>,
    /// Requests a connection may carry.
    pub max_requests_per_connection: Option<u32>,
    /// Streams an HTTP/2 connection may carry at once.
    pub max_concurrent_streams: Option<u32>,
}

/// `ClusterLoadAssignment`: endpoints by priority and locality, in istiod's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterLoadAssignment {
    /// The cluster's name.
    pub cluster_name: String,
    /// Groups of endpoints. A group may be empty: `distribute` keeps unlisted localities so.
    pub endpoints: Vec<LocalityLbEndpoints>,
}

/// `LocalityLbEndpoints`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalityLbEndpoints {
    /// Where these endpoints are; `None` differs from an empty locality.
    pub locality: Option<Locality>,
    /// Failover level.
    pub priority: Priority,
    /// Share of the priority's traffic if the cluster is locality-weighted; `None`: none.
    pub load_balancing_weight: Option<u32>,
    /// The endpoints.
    pub lb_endpoints: Vec<LbEndpoint>,
}

/// `LbEndpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LbEndpoint {
    /// The topology's name for it, `cluster-a-0`; not part of Envoy's configuration.
    pub name: String,
    /// Where it listens. Hosts are identified by it across updates.
    pub address: Address,
    /// What discovery says of its health.
    pub health_status: HealthStatus,
    /// Share within its locality, at least 1.
    pub load_balancing_weight: u32,
    /// Augmented labels: what subsets and `failoverPriority` look at.
    pub labels: SortedMap<String, String>,
}

/// An IP address and port, or a DNS name and port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// IP address or DNS name.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// `HealthStatus` as discovery may set it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthStatus {
    /// Usable.
    #[default]
    Healthy,
    /// Not ready: counted in its priority, not used.
    Unhealthy,
    /// Leaving: not used for new requests.
    Draining,
    /// Used when nothing healthy is left.
    Degraded,
}
