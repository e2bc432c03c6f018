//! A service's own wish for nearby endpoints.
//!
//! **Source**: Istio pilot/pkg/model/service.go `GetTrafficDistribution`, 1.31.

use super::IstioVersion;
use super::labels::{HOSTNAME_LABEL, NETWORK_LABEL, REGION_LABEL, SUBZONE_LABEL, ZONE_LABEL};
use crate::manifest::LocalityLoadBalancerSetting;

/// Where the annotation stands in for the field.
pub(crate) const ANNOTATION: &str = "networking.istio.io/traffic-distribution";

/// `trafficDistribution` of a Service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TrafficDistribution {
    /// No wish.
    #[default]
    Any,
    /// The same network, region and zone first. `PreferClose` is its older name.
    PreferSameZone,
    /// The same node first, then as [`Self::PreferSameZone`].
    PreferSameNode,
}

impl TrafficDistribution {
    /// The field, else the service's annotation, else the namespace's. Annotations ignore case, and an unknown value is
    /// no wish.
    #[must_use]
    pub fn parse(spec: Option<&str>, service: Option<&str>, namespace: Option<&str>) -> Self {
        match (spec, service.or(namespace)) {
            (Some("PreferClose" | "PreferSameZone"), _) => Self::PreferSameZone,
            (Some("PreferSameNode"), _) => Self::PreferSameNode,
            (Some(_), _) | (None, None) => Self::Any,
            (None, Some(annotation)) => match annotation.to_ascii_lowercase().as_str() {
                "preferclose" | "prefersamezone" => Self::PreferSameZone,
                "prefersamenode" => Self::PreferSameNode,
                _ => Self::Any,
            },
        }
    }

    /// The locality setting it stands for; `None` without a wish.
    ///
    /// Up to 1.26 there was only `PreferClose`, which compared sub-zones too.
    #[must_use]
    pub fn locality_lb_setting(self, version: IstioVersion) -> Option<LocalityLoadBalancerSetting> {
        let zone: &[&str] = &[NETWORK_LABEL, REGION_LABEL, ZONE_LABEL];
        let subzone: &[&str] = &[SUBZONE_LABEL];
        let node: &[&str] = &[SUBZONE_LABEL, HOSTNAME_LABEL];
        let rest = match self {
            Self::Any => return None,
            Self::PreferSameZone if version.has_prefer_same_zone() => &[],
            Self::PreferSameZone => subzone,
            Self::PreferSameNode if version.has_prefer_same_zone() => node,
            Self::PreferSameNode => return None,
        };
        Some(LocalityLoadBalancerSetting {
            failover_priority: zone.iter().chain(rest).map(|&label| label.to_owned()).collect(),
            enabled: Some(true),
            ..LocalityLoadBalancerSetting::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefer_close_compared_subzones_until_1_26() {
        let labels = |version| {
            let setting = TrafficDistribution::PreferSameZone.locality_lb_setting(version);
            setting.unwrap().failover_priority
        };
        assert_eq!(labels(IstioVersion::NEWEST), [NETWORK_LABEL, REGION_LABEL, ZONE_LABEL]);
        assert_eq!(
            labels(IstioVersion::new(1, 26)),
            [NETWORK_LABEL, REGION_LABEL, ZONE_LABEL, SUBZONE_LABEL]
        );
    }
}
