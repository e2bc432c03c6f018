//! What istiod's webhook says of a DestinationRule, each message with the field it is about.
//!
//! **Source**: Istio pkg/config/validation/validation.go, virtualservice.go, agent/validation.go, extensions, 1.31.
//!
//! **Not modelled**: tunnels.

use mesh_failover_sorted::SortedSet;
use serde_json::Value;

use super::{Said, WHOLE, domain, scope, tls};
use crate::manifest::{
    ConnectionPool, ConsistentHash, DestinationRule, HttpCookie, LoadBalancer, PortTrafficPolicy,
    TrafficPolicy,
};

/// What is wrong with a DestinationRule, its locality settings and outlier detection apart.
pub(crate) fn destination_rule(rule: &DestinationRule, namespace: &str) -> Vec<Said> {
    let mut said = Vec::new();
    said.extend(
        domain::wildcard(&rule.host).err().map(|message| Said::error("spec.host", message)),
    );
    if let Some(policy) = &rule.traffic_policy {
        traffic_policy(policy, "spec.trafficPolicy", &mut said);
    }
    let mut names = SortedSet::new();
    for (index, subset) in rule.subsets.iter().enumerate() {
        let path = format!("spec.subsets[{index}]");
        let name = &subset.name;
        if !names.insert(name) {
            said.push(Said::error(
                format!("{path}.name"),
                format!("duplicate subset names: {name}"),
            ));
        }
        said.extend(domain::subset(name).err().map(|it| Said::error(format!("{path}.name"), it)));
        scope::labels(&subset.labels, &format!("{path}.labels"), &mut said);
        if let Some(policy) = &subset.traffic_policy {
            traffic_policy(policy, &format!("{path}.trafficPolicy"), &mut said);
        }
    }
    let selector = rule.workload_selector.as_ref();
    scope::export_to(&rule.export_to, namespace, selector.is_some(), &mut said);
    if let Some(selector) = selector {
        scope::selector(selector, "spec.workloadSelector", &mut said);
    }
    said
}

fn traffic_policy(policy: &TrafficPolicy, path: &str, said: &mut Vec<Said>) {
    if *policy == TrafficPolicy::default() {
        said.push(Said::error(path, "traffic policy must have at least one field"));
    }
    if policy.tunnel.is_some() && policy.proxy_protocol.is_some() {
        said.push(Said::error(path, "tunnel and proxyProtocol must not be set together"));
    }
    blocks(policy.load_balancer.as_ref(), policy.connection_pool.as_ref(), path, said);
    if let Some(settings) = &policy.tls {
        tls::client(settings, &format!("{path}.tls"), said);
    }
    for (index, level) in policy.port_level_settings.iter().enumerate() {
        let path = format!("{path}.portLevelSettings[{index}]");
        let PortTrafficPolicy { port, load_balancer, connection_pool, outlier_detection, tls } =
            level;
        if port.as_ref().is_none_or(|port| !(1..=65535).contains(&port.number)) {
            said.push(Said::error(&path, "portTrafficPolicy must have valid port"));
        }
        let empty = load_balancer.is_none()
            && connection_pool.is_none()
            && outlier_detection.is_none()
            && tls.is_none();
        if empty {
            said.push(Said::error(&path, "port traffic policy must have at least one field"));
        }
        blocks(load_balancer.as_ref(), connection_pool.as_ref(), &path, said);
        if let Some(settings) = tls {
            super::tls::client(settings, &format!("{path}.tls"), said);
        }
    }
}

fn blocks(
    balancer: Option<&LoadBalancer>,
    pool: Option<&ConnectionPool>,
    path: &str,
    said: &mut Vec<Said>,
) {
    if let Some(balancer) = balancer {
        load_balancer(balancer, &format!("{path}.loadBalancer"), said);
    }
    if let Some(pool) = pool {
        connection_pool(pool, &format!("{path}.connectionPool"), said);
    }
}

fn load_balancer(balancer: &LoadBalancer, path: &str, said: &mut Vec<Said>) {
    if balancer.locality_lb_setting.is_some() && balancer.zone_aware_lb_setting.is_some() {
        let message = "only one of localityLbSetting and zoneAwareLbSetting can be set";
        said.push(Said::error(path, message));
    }
    if let Some(hash) = &balancer.consistent_hash {
        consistent_hash(hash, &format!("{path}.consistentHash"), said);
    }
    let Some(warmup) = &balancer.warmup else { return };
    let path = format!("{path}.warmup");
    if warmup.duration.is_none() {
        said.push(Said::error(&path, "duration is required"));
    }
    if warmup.minimum_percent.is_some_and(|percent| percent > 100.0) {
        let message = "minimumPercent value should be less than or equal to 100";
        said.push(Said::error(format!("{path}.minimumPercent"), message));
    }
    if warmup.aggression.is_some_and(|aggression| aggression <= 0.0) {
        said.push(Said::error(format!("{path}.aggression"), "aggression should be greater than 0"));
    }
}

/// Envoy's largest table.
const LARGEST_TABLE: u64 = 5_000_011;

fn consistent_hash(hash: &ConsistentHash, path: &str, said: &mut Vec<Said>) {
    if hash.http_cookie.as_ref().is_some_and(|cookie| cookie.name.is_empty()) {
        said.push(Said::error(format!("{path}.httpCookie"), "name required for HttpCookie"));
    }
    if let Some(cookie) = hash.http_cookie.as_ref().filter(|_| WHOLE) {
        cookie_attributes(cookie, &format!("{path}.httpCookie.attributes"), said);
    }
    if hash.minimum_ring_size.is_some_and(|size| size > 0) {
        let message = "consistent hash MinimumRingSize is deprecated, \
                       use ConsistentHashLB's RingHash configuration instead";
        said.push(Said::warning(format!("{path}.minimumRingSize"), message));
        if hash.ring_hash.is_some() || hash.maglev.is_some() {
            let message = "only one of MinimumRingSize or Maglev/Ringhash can be specified";
            said.push(Said::error(path, message));
        }
    }
    let Some(maglev) = &hash.maglev else { return };
    let path = format!("{path}.maglev");
    match maglev.table_size {
        None | Some(0) => said.push(Said::error(path, "tableSize must be set for maglev")),
        Some(size) if size >= LARGEST_TABLE => {
            said.push(Said::error(path, "tableSize must be less than 5000011 for maglev"));
        }
        Some(size) if !is_prime(size) => {
            said.push(Said::error(path, "tableSize must be a prime number for maglev"));
        }
        Some(_) => {}
    }
}

fn cookie_attributes(cookie: &HttpCookie, path: &str, said: &mut Vec<Said>) {
    let mut seen = SortedSet::new();
    let attributes = cookie.attributes.as_ref().and_then(Value::as_array).into_iter().flatten();
    for (index, attribute) in attributes.enumerate() {
        let name = attribute.get("name").and_then(Value::as_str).unwrap_or_default();
        let message = if name.is_empty() {
            "cookie attribute name cannot be empty".to_owned()
        } else if !seen.insert(name) {
            format!("duplicate cookie attribute name: {name}")
        } else {
            continue;
        };
        said.push(Said::error(format!("{path}[{index}]"), message));
    }
}

fn is_prime(number: u64) -> bool {
    number > 1 && (2..).take_while(|it| it * it <= number).all(|it| !number.is_multiple_of(it))
}

fn connection_pool(pool: &ConnectionPool, path: &str, said: &mut Vec<Said>) {
    if pool.tcp.is_none() && pool.http.is_none() {
        said.push(Said::error(path, "connection pool must have at least one field"));
    }
    let negative = |value: Option<i32>| value.is_some_and(|value| value < 0);
    if let Some(http) = &pool.http {
        for (field, value, message) in [
            (
                "http1MaxPendingRequests",
                http.http1_max_pending_requests,
                "http1 max pending requests must be non-negative",
            ),
            (
                "http2MaxRequests",
                http.http2_max_requests,
                "http2 max requests must be non-negative",
            ),
            (
                "maxRequestsPerConnection",
                http.max_requests_per_connection,
                "max requests per connection must be non-negative",
            ),
            ("maxRetries", http.max_retries, "max retries must be non-negative"),
            (
                "maxConcurrentStreams",
                http.max_concurrent_streams,
                "max concurrent streams must be non-negative",
            ),
        ] {
            if negative(value) {
                said.push(Said::error(format!("{path}.http.{field}"), message));
            }
        }
        if http.h2_upgrade_policy.as_deref() == Some("UPGRADE")
            && http.use_client_protocol == Some(true)
        {
            let message = "use client protocol must not be true when H2UpgradePolicy is UPGRADE";
            said.push(Said::error(format!("{path}.http.useClientProtocol"), message));
        }
    }
    if pool.tcp.as_ref().is_some_and(|tcp| negative(tcp.max_connections)) {
        let message = "max connections must be non-negative";
        said.push(Said::error(format!("{path}.tcp.maxConnections"), message));
    }
}
