//! Clusters as istiod writes them, minus mutual TLS: both ends of a runnable configuration speak plain HTTP.
//!
//! **Source**: Istio pilot/pkg/networking/core/cluster_traffic_policy.go, 1.31; Envoy
//! `config.cluster.v3.Cluster`, v1.40.
//!
//! **Not modelled**: `transport_socket_matches`, `alt_stat_name`, the metadata exchange filter.

use super::endpoint::{file_name, load_assignment};
use super::message::{Message, duration};
use super::outlier::outlier_detection;
use crate::cluster::{
    CircuitBreakers, Cluster, DiscoveryType, HttpProtocolOptions, LbPolicy, RetryBudget, SlowStart,
    ZoneAwareLbConfig,
};
use crate::manifest::Node;
use crate::units::Percent;

/// `Cluster`. `eds_dir` is the folder of the endpoint files as Envoy opens it.
pub(super) fn cluster(cluster: &Cluster, eds_dir: &str) -> Message {
    let (policy, policy_field, policy_config) = lb_policy(&cluster.lb_policy);
    let message = Message::new()
        .with("name", cluster.name.as_str())
        .with("type", discovery_type(cluster.discovery))
        .with("connect_timeout", duration(cluster.connect_timeout))
        .with("lb_policy", policy)
        .with_some(policy_field, policy_config)
        .with_some("common_lb_config", common_lb_config(cluster))
        .with_some("outlier_detection", cluster.outlier_detection.as_ref().map(outlier_detection))
        .with("circuit_breakers", circuit_breakers(&cluster.circuit_breakers))
        .with_some("typed_extension_protocol_options", protocol_options(cluster));
    endpoints(message, cluster, eds_dir)
}

fn discovery_type(discovery: DiscoveryType) -> &'static str {
    match discovery {
        DiscoveryType::Eds => "EDS",
        DiscoveryType::StrictDns => "STRICT_DNS",
        DiscoveryType::LogicalDns => "LOGICAL_DNS",
        DiscoveryType::Static => "STATIC",
        DiscoveryType::OriginalDst => "ORIGINAL_DST",
    }
}

fn endpoints(message: Message, cluster: &Cluster, eds_dir: &str) -> Message {
    let inline = || load_assignment(Message::new(), &cluster.load_assignment);
    match cluster.discovery {
        DiscoveryType::Eds => {
            let path = format!("{}/{}", eds_dir.trim_end_matches('/'), file_name(&cluster.name));
            let source = Message::new()
                .with("path_config_source", Message::new().with("path", path))
                .with("resource_api_version", "V3");
            let config = Message::new()
                .with("eds_config", source)
                .with("service_name", cluster.name.as_str());
            message.with("eds_cluster_config", config)
        }
        DiscoveryType::StrictDns | DiscoveryType::LogicalDns => message
            .with("dns_lookup_family", "V4_ONLY")
            .with("dns_refresh_rate", "60s")
            .with("respect_dns_ttl", true)
            .with("load_assignment", inline()),
        DiscoveryType::Static => message.with("load_assignment", inline()),
        DiscoveryType::OriginalDst => message,
    }
}

/// The policy, the field of its parameters, and those.
fn lb_policy(policy: &LbPolicy) -> (&'static str, &'static str, Option<Message>) {
    match policy {
        LbPolicy::RoundRobin { slow_start } => {
            let config =
                Message::new().with_some("slow_start_config", slow_start.as_ref().map(ramp));
            ("ROUND_ROBIN", "round_robin_lb_config", config.non_empty())
        }
        LbPolicy::LeastRequest { choice_count, slow_start } => {
            let config = Message::new()
                .with_some("choice_count", *choice_count)
                .with_some("slow_start_config", slow_start.as_ref().map(ramp));
            ("LEAST_REQUEST", "least_request_lb_config", config.non_empty())
        }
        LbPolicy::Random => ("RANDOM", "", None),
        LbPolicy::RingHash { minimum_ring_size } => {
            let config = Message::new().with("minimum_ring_size", *minimum_ring_size);
            ("RING_HASH", "ring_hash_lb_config", Some(config))
        }
        LbPolicy::Maglev { table_size } => {
            let config = Message::new().with_some("table_size", *table_size);
            ("MAGLEV", "maglev_lb_config", config.non_empty())
        }
        LbPolicy::ClusterProvided => ("CLUSTER_PROVIDED", "", None),
    }
}

/// `SlowStartConfig`. The runtime key is one that nobody can set: Envoy wants one, istiod writes `(`.
fn ramp(slow_start: &SlowStart) -> Message {
    let aggression = slow_start
        .aggression
        .map(|value| Message::new().with("default_value", value).with("runtime_key", "("));
    Message::new()
        .with("slow_start_window", duration(slow_start.window))
        .with_some("aggression", aggression)
        .with_some("min_weight_percent", slow_start.min_weight_percent.map(percent))
}

fn percent(value: Percent) -> Message {
    Message::new().with("value", value.get())
}

fn common_lb_config(cluster: &Cluster) -> Option<Message> {
    let locality_weighted = cluster.locality_weighted.then(Message::new);
    Message::new()
        .with_some("healthy_panic_threshold", cluster.healthy_panic_threshold.map(percent))
        .with_some("locality_weighted_lb_config", locality_weighted)
        .with_some("zone_aware_lb_config", cluster.zone_aware.as_ref().map(zone_aware))
        .with_some("update_merge_window", cluster.update_merge_window.map(duration))
        .non_empty()
}

fn zone_aware(config: &ZoneAwareLbConfig) -> Message {
    Message::new()
        .with_some("routing_enabled", config.routing_enabled.map(percent))
        .with_some("min_cluster_size", config.min_cluster_size)
}

fn circuit_breakers(breakers: &CircuitBreakers) -> Message {
    let thresholds = Message::new()
        .with("max_connections", breakers.max_connections)
        .with("max_pending_requests", breakers.max_pending_requests)
        .with("max_requests", breakers.max_requests)
        .with("max_retries", breakers.max_retries)
        .with_some("retry_budget", breakers.retry_budget.as_ref().map(retry_budget));
    Message::new().with_list("thresholds", [thresholds])
}

fn retry_budget(budget: &RetryBudget) -> Message {
    Message::new()
        .with("budget_percent", Message::new().with("value", budget.budget_percent))
        .with("min_retry_concurrency", budget.min_retry_concurrency)
        .with_some("budget_interval", budget.budget_interval.map(duration))
}

/// `HttpProtocolOptions`, which istiod adds only where something differs from Envoy's defaults.
fn protocol_options(cluster: &Cluster) -> Option<Message> {
    let http = &cluster.http;
    let statuses =
        cluster.outlier_detection.as_ref().map_or(&[][..], |it| it.error_statuses.as_slice());
    if *http == HttpProtocolOptions::default() && statuses.is_empty() {
        return None;
    }
    let common = Message::new()
        .with_some("idle_timeout", http.idle_timeout.map(duration))
        .with_some("max_connection_duration", http.max_connection_duration.map(duration))
        .with_some("max_requests_per_connection", http.max_requests_per_connection);
    let http2 = Message::new().with_some("max_concurrent_streams", http.max_concurrent_streams);
    let message = Message::any("extensions.upstreams.http.v3.HttpProtocolOptions")
        .with_some("common_http_protocol_options", common.non_empty());
    let message = if http.use_client_protocol {
        let both = Message::new()
            .with("http_protocol_options", Message::new())
            .with("http2_protocol_options", http2);
        message.with("use_downstream_protocol_config", both)
    } else if http.http2 {
        message.with("explicit_http_config", Message::new().with("http2_protocol_options", http2))
    } else {
        let http1 = Message::new().with("http_protocol_options", Message::new());
        message.with("explicit_http_config", http1)
    };
    let message = message.with_some("outlier_detection", error_matcher(statuses));
    Some(Message::new().with("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", message))
}

/// Which statuses count as errors for outlier detection, instead of 5xx.
fn error_matcher(statuses: &[u16]) -> Option<Message> {
    let mut rules: Vec<Message> = statuses.iter().map(|status| status_rule(*status)).collect();
    let last = rules.pop()?;
    let matcher = if rules.is_empty() {
        last
    } else {
        let rules: Vec<Node> = rules.into_iter().chain([last]).map(Node::from).collect();
        Message::new().with("or_match", Message::new().with("rules", rules))
    };
    Some(Message::new().with("error_matcher", matcher))
}

fn status_rule(status: u16) -> Message {
    let header = Message::new()
        .with("name", ":status")
        .with("string_match", Message::new().with("exact", status.to_string()));
    let headers = Message::new().with_list("headers", [header]);
    Message::new().with("http_response_headers_match", headers)
}
