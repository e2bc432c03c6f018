//! Which locality setting applies to a cluster: whole objects replace each other, fields never mix.
//!
//! **Source**: Istio pilot/pkg/networking/core/loadbalancer/loadbalancer.go `GetEffectiveLbSetting`, 1.31.

use super::{IstioVersion, TrafficDistribution};
use crate::manifest::{
    LoadBalancer, LocalityLoadBalancerSetting, MeshConfig, ZoneAwareLoadBalancerSetting,
};

/// The setting that applies.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum LbSetting {
    /// No locality load balancing: all endpoints are one priority.
    #[default]
    None,
    /// `localityLbSetting`.
    Locality {
        /// The setting; it is enabled.
        setting: LocalityLoadBalancerSetting,
        /// Whether failover works without outlier detection (a service's own `trafficDistribution`).
        force: bool,
    },
    /// `zoneAwareLbSetting`, enabled or not: disabled, it still switches Envoy's zone-aware routing off.
    ZoneAware(ZoneAwareLoadBalancerSetting),
}

/// What the mesh says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MeshLbSetting {
    /// `meshConfig.localityLbSetting`.
    pub locality: Option<LocalityLoadBalancerSetting>,
    /// `meshConfig.zoneAwareLbSetting`.
    pub zone_aware: Option<ZoneAwareLoadBalancerSetting>,
}

impl From<&MeshConfig> for MeshLbSetting {
    /// istiod's default configuration has `localityLbSetting: {enabled: true}`, so any outlier
    /// detection switches region, zone and sub-zone failover on.
    fn from(mesh: &MeshConfig) -> Self {
        let default = || LocalityLoadBalancerSetting { enabled: Some(true), ..Default::default() };
        Self {
            locality: Some(mesh.locality_lb_setting.clone().unwrap_or_else(default)),
            zone_aware: mesh.zone_aware_lb_setting.clone(),
        }
    }
}

/// Picks the setting: the DestinationRule's zone-aware, its locality one, the service's wish, the mesh's zone-aware,
/// the mesh's locality one.
///
/// A disabled `localityLbSetting` ends the search with none.
#[must_use]
pub fn effective_lb_setting(
    rule: Option<&LoadBalancer>,
    service: TrafficDistribution,
    mesh: &MeshLbSetting,
    version: IstioVersion,
) -> LbSetting {
    chosen_lb_setting(rule, service, mesh, version).0
}

/// Who has the last word on a cluster's localities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LbSettingSource {
    /// `zoneAwareLbSetting` of the DestinationRule.
    RuleZoneAware,
    /// `localityLbSetting` of the DestinationRule.
    RuleLocality,
    /// The service's own `trafficDistribution`.
    Service,
    /// `meshConfig.zoneAwareLbSetting`.
    MeshZoneAware,
    /// `meshConfig.localityLbSetting`, written or istiod's default.
    MeshLocality,
    /// Nobody: the mesh has none either.
    #[default]
    Nobody,
}

/// As [`effective_lb_setting`], with who said it; a disabled setting is said by somebody, too.
#[must_use]
pub fn chosen_lb_setting(
    rule: Option<&LoadBalancer>,
    service: TrafficDistribution,
    mesh: &MeshLbSetting,
    version: IstioVersion,
) -> (LbSetting, LbSettingSource) {
    let zone_aware = |setting: &Option<ZoneAwareLoadBalancerSetting>| {
        setting.clone().filter(|_| version.has_zone_aware_and_default_policy())
    };
    if let Some(setting) = rule.and_then(|rule| zone_aware(&rule.zone_aware_lb_setting)) {
        return (LbSetting::ZoneAware(setting), LbSettingSource::RuleZoneAware);
    }
    if let Some(setting) = rule.and_then(|rule| rule.locality_lb_setting.clone()) {
        return (unless_disabled(setting), LbSettingSource::RuleLocality);
    }
    if let Some(setting) = service.locality_lb_setting(version) {
        return (LbSetting::Locality { setting, force: true }, LbSettingSource::Service);
    }
    if let Some(setting) = zone_aware(&mesh.zone_aware) {
        return (LbSetting::ZoneAware(setting), LbSettingSource::MeshZoneAware);
    }
    match mesh.locality.clone() {
        Some(setting) => (unless_disabled(setting), LbSettingSource::MeshLocality),
        None => (LbSetting::None, LbSettingSource::Nobody),
    }
}

fn unless_disabled(setting: LocalityLoadBalancerSetting) -> LbSetting {
    if setting.enabled == Some(false) {
        LbSetting::None
    } else {
        LbSetting::Locality { setting, force: false }
    }
}
