//! The parts of istiod's MeshConfig that reach failover.

use mesh_failover_derive::Read;
use serde::Serialize;
use serde_with::skip_serializing_none;

use super::{
    GoDuration, HttpRetry, LocalityLoadBalancerSetting, TrafficPolicy, ZoneAwareLoadBalancerSetting,
};

/// `MeshConfig`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[read(partial)]
pub struct MeshConfig {
    /// Mesh-wide locality load balancing; istiod's default is `{enabled: true}`.
    pub locality_lb_setting: Option<LocalityLoadBalancerSetting>,
    /// Mesh-wide zone-aware load balancing (Istio 1.31).
    pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting>,
    /// Mesh-wide traffic policy (Istio 1.31); applied to clusters, not to endpoint priorities.
    pub default_traffic_policy: Option<TrafficPolicy>,
    /// Replaces istiod's default retries.
    pub default_http_retry_policy: Option<HttpRetry>,
    /// Time to connect; unset: 10 s.
    pub connect_timeout: Option<GoDuration>,
    /// Namespace whose resources apply everywhere; unset: `istio-system`.
    pub root_namespace: Option<String>,
    /// Who sees a DestinationRule without `exportTo`; unset: all.
    pub default_destination_rule_export_to: Option<Vec<String>>,
    /// Who sees a VirtualService without `exportTo`; unset: all.
    pub default_virtual_service_export_to: Option<Vec<String>>,
}

impl MeshConfig {
    /// The root namespace that applies.
    #[must_use]
    pub fn root_namespace(&self) -> &str {
        self.root_namespace.as_deref().unwrap_or("istio-system")
    }
}
