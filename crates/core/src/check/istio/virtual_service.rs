//! What istiod's webhook says of a VirtualService.
//!
//! **Source**: Istio pkg/config/validation/virtualservice.go, validation.go `ValidateVirtualService`, agent/validation.go
//! `ValidateHTTPRetry`, 1.31.

use std::net::IpAddr;

use serde_json::Value;

use super::headers::{self, Of};
use super::quoted::Quoted;
use super::{Said, WHOLE, domain, http_route, l4, matching, scope, unreachable, validate_duration};
use crate::manifest::{HttpRetry, HttpRoute, VirtualService};
use crate::translate::intersection;

/// What is wrong with a VirtualService.
pub(crate) fn virtual_service(service: &VirtualService, namespace: &str) -> Vec<Said> {
    let mut said = Vec::new();
    let on_mesh = service.gateways.is_empty() || service.gateways.iter().any(|it| it == "mesh");
    for (index, host) in service.hosts.iter().enumerate() {
        let path = format!("spec.hosts[{index}]");
        if host == "*" && on_mesh {
            said.push(Said::error(path, WILDCARD_ON_MESH));
        } else if let Err(message) = domain::wildcard(host)
            && (!WHOLE || host.parse::<IpAddr>().is_err())
        {
            said.push(Said::error(path, message));
        }
    }
    if WHOLE {
        if said.is_empty() {
            same_hosts(&service.hosts, &mut said);
        }
        delegated(service, &mut said);
        claims(service, on_mesh, &mut said);
    }
    if service.http.is_empty() && service.tls.is_none() && service.tcp.is_none() {
        said.push(Said::error("spec", "http, tcp or tls must be provided in virtual service"));
    }
    for (index, route) in service.http.iter().enumerate() {
        http_route(route, &format!("spec.http[{index}]"), &mut said);
    }
    if WHOLE {
        l4::routes(service, &mut said);
        matching::gateways(&service.gateways, "spec.gateways", &mut said);
    }
    scope::export_to(&service.export_to, namespace, false, &mut said);
    if WHOLE {
        unreachable::rules(service, &mut said);
    }
    said
}

/// Hosts of which one covers the other.
fn same_hosts(hosts: &[String], said: &mut Vec<Said>) {
    for (index, one) in hosts.iter().enumerate() {
        for (later, other) in hosts.iter().enumerate().skip(index + 1) {
            if intersection(one, other).is_some() {
                let message = format!("duplicate hosts in virtual service: {one} & {other}");
                said.push(Said::error(format!("spec.hosts[{later}]"), message));
            }
        }
    }
}

/// Without hosts it is one that others delegate to.
fn delegated(service: &VirtualService, said: &mut Vec<Said>) {
    if !service.hosts.is_empty() {
        return;
    }
    let is_list = |it: &Option<Value>| {
        it.as_ref().and_then(Value::as_array).is_some_and(|list| !list.is_empty())
    };
    for (is_set, field, what) in [
        (!service.gateways.is_empty(), "gateways", "gateways"),
        (is_list(&service.tls), "tls", "tls route"),
        (is_list(&service.tcp), "tcp", "tcp route"),
    ] {
        let message = format!("delegate virtual service must have no {what} specified");
        said.extend(is_set.then(|| Said::error(format!("spec.{field}"), message)));
    }
}

/// Claims of a token are known at a gateway only.
fn claims(service: &VirtualService, on_mesh: bool, said: &mut Vec<Said>) {
    for (index, route) in service.http.iter().enumerate().filter(|_| on_mesh) {
        for (number, matched) in route.matches.iter().enumerate() {
            for key in matched.headers.keys().chain(matched.without_headers.keys()) {
                if headers::is_claim(key) {
                    let path = format!("spec.http[{index}].match[{number}]");
                    let message = format!(
                        "JWT claim based routing (key: {key}) is only supported for gateway, found no gateways: [{}]",
                        service.gateways.join(" ")
                    );
                    said.push(Said::error(path, message));
                }
            }
        }
    }
}

/// `*` without a gateway.
pub(crate) const WILDCARD_ON_MESH: &str =
    "wildcard host * is not allowed for virtual services bound to the mesh gateway";

fn http_route(route: &HttpRoute, path: &str, said: &mut Vec<Said>) {
    let answers = route.redirect.is_some() || route.direct_response.is_some();
    if route.delegate.is_none() && route.route.is_empty() && !answers {
        said.push(Said::error(path, "HTTP route, redirect or direct_response is required"));
    }
    for (index, matched) in route.matches.iter().enumerate().filter(|_| WHOLE) {
        matching::http(matched, &format!("{path}.match[{index}]"), said);
    }
    let mut weights = Vec::new();
    for (index, weighted) in route.route.iter().enumerate() {
        let path = format!("{path}.route[{index}]");
        weights.push(i64::from(weighted.weight.unwrap_or(0)));
        let weight = weights.last().copied();
        if let Some(headers) = weighted.headers.as_ref().filter(|_| WHOLE) {
            headers::operations(headers, Of::Destination, &format!("{path}.headers"), said);
        }
        http_route::weighted(weighted.destination.as_ref(), weight, &path, said);
    }
    http_route::total(&weights, path, said);
    http_route::extras(route, path, said);
    if WHOLE {
        if let Some(headers) = &route.headers {
            headers::operations(headers, Of::Route, &format!("{path}.headers"), said);
        }
        headers::authority(route.rewrite.as_ref(), route.headers.as_ref(), path, said);
    }
    if let Some(timeout) = route.timeout {
        let message = validate_duration(timeout).err();
        said.extend(message.map(|message| Said::error(format!("{path}.timeout"), message)));
    }
    if let Some(retries) = &route.retries {
        http_retry(retries, &format!("{path}.retries"), said);
    }
}

fn http_retry(retries: &HttpRetry, path: &str, said: &mut Vec<Said>) {
    let retry_on = retries.retry_on.as_deref().unwrap_or_default();
    if retries.attempts < 0 {
        said.push(Said::error(format!("{path}.attempts"), "attempts cannot be negative"));
    }
    let configured = retries.per_try_timeout.is_some()
        || !retry_on.is_empty()
        || retries.retry_remote_localities.is_some();
    if retries.attempts == 0 && configured {
        let message = "http retry policy configured when attempts are set to 0 (disabled)";
        said.push(Said::error(path, message));
    }
    // Not trimmed, although pilot trims.
    for policy in retry_on.split(',').filter(|_| !retry_on.is_empty()) {
        let is_status = policy.parse().is_ok_and(has_status_text);
        if !is_status && !POLICIES.contains(&policy) {
            let message =
                format!("{policy} is not a valid retryOn policy", policy = Quoted(policy));
            said.push(Said::error(format!("{path}.retryOn"), message));
        }
    }
}

/// `supportedRetryOnPolicies`: Envoy's `x-envoy-retry-on` and `x-envoy-retry-grpc-on`.
const POLICIES: [&str; 16] = [
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];

/// Go's `http.StatusText` knows it.
fn has_status_text(status: u16) -> bool {
    matches!(status, 100..=103 | 200..=208 | 226 | 300..=305 | 307..=308)
        || matches!(status, 400..=418 | 421..=426 | 428 | 429 | 431 | 451)
        || matches!(status, 500..=508 | 510 | 511)
}
