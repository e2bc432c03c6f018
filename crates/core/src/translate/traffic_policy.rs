//! The traffic policy that applies to one port of one subset.
//!
//! Blocks are atomic, and a `portLevelSettings` entry inherits nothing: an entry with only a
//! `connectionPool` removes outlier detection and load balancing for its port.
//!
//! **Source**: Istio pilot/pkg/networking/util/util.go `MergeSubsetTrafficPolicy`,
//! pilot/pkg/networking/core/cluster_traffic_policy.go `applyDefaultTrafficPolicy`, 1.31.

use crate::manifest::{PortTrafficPolicy, TrafficPolicy};

/// Whether a `portLevelSettings` entry of the policy speaks of this service port.
#[must_use]
pub(crate) fn has_port_level(policy: Option<&TrafficPolicy>, port: u32) -> bool {
    policy.is_some_and(|policy| port_level(policy, port).is_some())
}

fn port_level(policy: &TrafficPolicy, port: u32) -> Option<&PortTrafficPolicy> {
    let is_for = |p: &&PortTrafficPolicy| p.port.as_ref().is_some_and(|s| s.number == port);
    policy.port_level_settings.iter().find(is_for)
}

/// The DestinationRule's policy, overlaid by its subset's, for a service port.
///
/// ```
/// use mesh_failover_core::manifest::{OutlierDetection, PortSelector, PortTrafficPolicy, TrafficPolicy};
/// use mesh_failover_core::translate::merge_traffic_policy;
///
/// let parent = TrafficPolicy {
///     outlier_detection: Some(OutlierDetection::default()),
///     port_level_settings: vec![PortTrafficPolicy {
///         port: Some(PortSelector { number: 80 }),
///         ..PortTrafficPolicy::default()
///     }],
///     ..TrafficPolicy::default()
/// };
/// let at_443 = merge_traffic_policy(Some(&parent), None, Some(443)).unwrap();
/// assert!(at_443.outlier_detection.is_some());
/// let at_80 = merge_traffic_policy(Some(&parent), None, Some(80)).unwrap();
/// assert!(at_80.outlier_detection.is_none(), "a port level inherits nothing");
/// ```
#[must_use]
pub fn merge_traffic_policy(
    parent: Option<&TrafficPolicy>,
    subset: Option<&TrafficPolicy>,
    port: Option<u32>,
) -> Option<TrafficPolicy> {
    let base = parent.map(|parent| at_port(parent, port));
    let Some(subset) = subset else { return base };
    let base = base.unwrap_or_default();
    if let Some(level) = port.and_then(|port| port_level(subset, port)) {
        return Some(TrafficPolicy {
            tunnel: base.tunnel,
            proxy_protocol: base.proxy_protocol,
            retry_budget: base.retry_budget,
            ..of_port(level)
        });
    }
    let subset = subset.clone();
    Some(TrafficPolicy {
        load_balancer: subset.load_balancer.or(base.load_balancer),
        connection_pool: subset.connection_pool.or(base.connection_pool),
        outlier_detection: subset.outlier_detection.or(base.outlier_detection),
        tls: subset.tls.or(base.tls),
        port_level_settings: Vec::new(),
        tunnel: subset.tunnel.or(base.tunnel),
        proxy_protocol: subset.proxy_protocol.or(base.proxy_protocol),
        retry_budget: subset.retry_budget.or(base.retry_budget),
    })
}

fn at_port(policy: &TrafficPolicy, port: Option<u32>) -> TrafficPolicy {
    match port.and_then(|port| port_level(policy, port)) {
        Some(level) => of_port(level),
        None => TrafficPolicy { port_level_settings: Vec::new(), ..policy.clone() },
    }
}

fn of_port(level: &PortTrafficPolicy) -> TrafficPolicy {
    TrafficPolicy {
        load_balancer: level.load_balancer.clone(),
        connection_pool: level.connection_pool.clone(),
        outlier_detection: level.outlier_detection.clone(),
        tls: level.tls.clone(),
        ..TrafficPolicy::default()
    }
}

/// Lays `meshConfig.defaultTrafficPolicy` (1.31) under a policy: its connection pool and its outlier
/// detection fill what the policy leaves unset, as whole blocks.
///
/// Only clusters see the result. Endpoint priorities of EDS clusters look at the policy without it,
/// so a mesh-wide outlier detection ejects but does not switch failover on.
#[must_use]
pub fn with_mesh_default(
    mesh: Option<&TrafficPolicy>,
    policy: Option<TrafficPolicy>,
) -> Option<TrafficPolicy> {
    let Some(mesh) = mesh else { return policy };
    let policy = policy.unwrap_or_default();
    Some(TrafficPolicy {
        connection_pool: policy.connection_pool.or_else(|| mesh.connection_pool.clone()),
        outlier_detection: policy.outlier_detection.or_else(|| mesh.outlier_detection.clone()),
        ..policy
    })
}
