//! Virtual hosts and routes.
//!
//! Timeouts are written as istiod writes them, `timeout` and `max_grpc_timeout`: a route with `max_stream_duration`, even
//! of 0 s, makes Envoy ignore its `timeout` (measured on 1.40).
//!
//! **Source**: Istio pilot/pkg/networking/core/route/route.go and retry/retry.go, 1.31; Envoy
//! `config.route.v3`, v1.40.

use std::time::Duration;

use super::matching;
use super::message::{Message, duration};
use crate::route::{
    Forward, HashPolicy, HeaderOperations, Listener, RetryPolicy, Route, RouteAction, VirtualHost,
    WeightedCluster,
};

/// `RouteConfiguration`.
pub(super) fn route_configuration(listener: &Listener) -> Message {
    Message::new()
        .with("name", listener.route_name.as_str())
        .with_list("virtual_hosts", listener.virtual_hosts.iter().map(virtual_host))
        .with("validate_clusters", false)
        .with("ignore_port_in_host_matching", true)
}

fn virtual_host(host: &VirtualHost) -> Message {
    Message::new()
        .with("name", host.name.as_str())
        .with_list("domains", host.domains.iter().map(String::as_str))
        .with_list("routes", host.routes.iter().map(route))
        .with_some("require_tls", host.require_tls.then_some("ALL"))
        .with("include_request_attempt_count", true)
}

fn route(route: &Route) -> Message {
    let message = Message::new()
        .with_text("name", &route.name)
        .with("match", matching::route_match(&route.matcher));
    match &route.action {
        RouteAction::Forward(forward) => {
            let message = message.with("route", forward_action(forward));
            let message = headers(message, "request", &forward.request_headers);
            headers(message, "response", &forward.response_headers)
        }
        RouteAction::Redirect { status, authority, path, scheme, port } => {
            let redirect = Message::new()
                .with_some("host_redirect", authority.as_deref())
                .with_some("path_redirect", path.as_deref())
                .with_some("scheme_redirect", scheme.as_deref())
                .with_some("port_redirect", *port)
                .with("response_code", redirect_code(*status));
            message.with("redirect", redirect)
        }
        RouteAction::DirectResponse { status, body } => {
            let body = body.as_deref().map(|body| Message::new().with("inline_string", body));
            let response = Message::new().with("status", *status).with_some("body", body);
            message.with("direct_response", response)
        }
    }
}

/// Envoy knows five redirects; istiod drops a route with another status, and 301 is its default.
fn redirect_code(status: u16) -> &'static str {
    match status {
        302 => "FOUND",
        303 => "SEE_OTHER",
        307 => "TEMPORARY_REDIRECT",
        308 => "PERMANENT_REDIRECT",
        _ => "MOVED_PERMANENTLY",
    }
}

fn forward_action(forward: &Forward) -> Message {
    let timeout = duration(forward.timeout.unwrap_or(Duration::ZERO));
    let message = match forward.clusters.as_slice() {
        [only] => Message::new().with("cluster", only.name.as_str()),
        several => Message::new().with(
            "weighted_clusters",
            Message::new().with_list("clusters", several.iter().map(weighted_cluster)),
        ),
    };
    message
        .with_some(
            "cluster_not_found_response_code",
            (forward.missing_cluster_status == 500).then_some("INTERNAL_SERVER_ERROR"),
        )
        .with("timeout", timeout.as_str())
        .with("max_grpc_timeout", timeout)
        .with_some("retry_policy", forward.retry_policy.as_ref().map(retry_policy))
        .with_list("hash_policy", forward.hash_policy.iter().map(hash_policy))
        .with_some("prefix_rewrite", forward.path_rewrite.as_deref())
        .with_some("host_rewrite_literal", forward.authority_rewrite.as_deref())
}

fn weighted_cluster(cluster: &WeightedCluster) -> Message {
    Message::new().with("name", cluster.name.as_str()).with("weight", cluster.weight)
}

fn retry_policy(policy: &RetryPolicy) -> Message {
    let back_off =
        policy.base_interval.map(|base| Message::new().with("base_interval", duration(base)));
    Message::new()
        .with("retry_on", policy.retry_on.as_str())
        .with("num_retries", policy.num_retries)
        .with_some("per_try_timeout", policy.per_try_timeout.map(duration))
        .with_some("retry_priority", policy.previous_priorities.map(previous_priorities))
        .with_list("retry_host_predicate", policy.avoid_previous_hosts.then(previous_hosts))
        .with_some("host_selection_retry_max_attempts", policy.host_selection_retry_max_attempts)
        .with_list("retriable_status_codes", policy.retriable_status_codes.iter().copied())
        .with_some("retry_back_off", back_off)
}

fn previous_hosts() -> Message {
    let config = Message::any("extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate");
    Message::new()
        .with("name", "envoy.retry_host_predicates.previous_hosts")
        .with("typed_config", config)
}

fn previous_priorities(update_frequency: u32) -> Message {
    let config =
        Message::any("extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig")
            .with("update_frequency", update_frequency);
    Message::new()
        .with("name", "envoy.retry_priorities.previous_priorities")
        .with("typed_config", config)
}

fn hash_policy(policy: &HashPolicy) -> Message {
    match policy {
        HashPolicy::Header(name) => {
            Message::new().with("header", Message::new().with("header_name", name.as_str()))
        }
        HashPolicy::Cookie { name, path, ttl } => {
            let cookie = Message::new()
                .with("name", name.as_str())
                .with_some("ttl", ttl.map(duration))
                .with_some("path", path.as_deref());
            Message::new().with("cookie", cookie)
        }
        HashPolicy::QueryParameter(name) => {
            Message::new().with("query_parameter", Message::new().with("name", name.as_str()))
        }
        HashPolicy::SourceIp => {
            Message::new().with("connection_properties", Message::new().with("source_ip", true))
        }
    }
}

fn headers(message: Message, direction: &str, operations: &HeaderOperations) -> Message {
    let set = operations.set.iter().map(|it| header_value(it, "OVERWRITE_IF_EXISTS_OR_ADD"));
    let add = operations.add.iter().map(|it| header_value(it, "APPEND_IF_EXISTS_OR_ADD"));
    message.with_list(&format!("{direction}_headers_to_add"), set.chain(add)).with_list(
        &format!("{direction}_headers_to_remove"),
        operations.remove.iter().map(String::as_str),
    )
}

fn header_value((name, value): &(String, String), append_action: &str) -> Message {
    let header = Message::new().with("key", name.as_str()).with("value", value.as_str());
    Message::new().with("header", header).with("append_action", append_action)
}
