//! The traffic policy that applies to one port of one subset.
//!
//! Blocks are atomic, and a `portLevelSettings` entry inherits nothing: an entry with only a
//! `connectionPool` removes outlier detection and load balancing for its port.
//!
//! **Source**: Istio pilot/pkg/networking/util/util.go `MergeSubsetTrafficPolicy`,
//! pilot/pkg/networking/core/cluster_traffic_policy.go `applyDefaultTrafficPolicy`, 1.31.

use crate::manifest::{PortTrafficPolicy, TrafficPolicy};

fn port_level(policy: &TrafficPolicy, port: u32) -> Option<(usize, &PortTrafficPolicy)> {
    let is_for = |p: &PortTrafficPolicy| p.port.as_ref().is_some_and(|s| s.number == port);
    policy.port_level_settings.iter().enumerate().find(|(_, level)| is_for(level))
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
    Layers::new(parent, subset, port).merged()
}

/// Which of a rule's policies something stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// The rule's.
    Rule,
    /// An entry of the rule's `portLevelSettings`.
    RulePort(usize),
    /// The subset's.
    Subset,
    /// An entry of the subset's `portLevelSettings`.
    SubsetPort(usize),
}

/// The policies that a merged one is made of: for each block the first that has it counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layers(Vec<(Level, TrafficPolicy)>);

impl Layers {
    /// The layers at a service port, the one that goes first in front.
    pub(crate) fn new(
        parent: Option<&TrafficPolicy>,
        subset: Option<&TrafficPolicy>,
        port: Option<u32>,
    ) -> Self {
        let base = parent.map(|parent| match port.and_then(|port| port_level(parent, port)) {
            Some((index, level)) => (Level::RulePort(index), of_port(level)),
            None => (Level::Rule, parent.clone()),
        });
        let Some(subset) = subset else { return Self(base.into_iter().collect()) };
        let Some((index, level)) = port.and_then(|port| port_level(subset, port)) else {
            return Self([(Level::Subset, subset.clone())].into_iter().chain(base).collect());
        };
        // A port level inherits none of the blocks that it could have itself.
        let rest = base.map(|(level, base)| {
            let TrafficPolicy { tunnel, proxy_protocol, retry_budget, .. } = base;
            (
                level,
                TrafficPolicy { tunnel, proxy_protocol, retry_budget, ..TrafficPolicy::default() },
            )
        });
        Self([(Level::SubsetPort(index), of_port(level))].into_iter().chain(rest).collect())
    }

    /// The policy they make; `None` without any.
    pub(crate) fn merged(&self) -> Option<TrafficPolicy> {
        let Self(layers) = self;
        let merged =
            layers.iter().map(|(_, policy)| policy.clone()).reduce(|first, then| TrafficPolicy {
                load_balancer: first.load_balancer.or(then.load_balancer),
                connection_pool: first.connection_pool.or(then.connection_pool),
                outlier_detection: first.outlier_detection.or(then.outlier_detection),
                tls: first.tls.or(then.tls),
                port_level_settings: Vec::new(),
                tunnel: first.tunnel.or(then.tunnel),
                proxy_protocol: first.proxy_protocol.or(then.proxy_protocol),
                retry_budget: first.retry_budget.or(then.retry_budget),
            });
        merged.map(|policy| TrafficPolicy { port_level_settings: Vec::new(), ..policy })
    }

    /// Whether a `portLevelSettings` entry speaks of the port.
    pub(crate) fn has_port_level(&self) -> bool {
        let of_port = |level: &Level| matches!(level, Level::RulePort(_) | Level::SubsetPort(_));
        self.0.iter().any(|(level, _)| of_port(level))
    }

    /// Where the block comes from that `has` finds in a policy.
    pub(crate) fn level_of(&self, has: impl Fn(&TrafficPolicy) -> bool) -> Option<Level> {
        self.0.iter().find(|(_, policy)| has(policy)).map(|(level, _)| *level)
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
