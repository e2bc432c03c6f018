//! A dump as it is written, as far as it is read.

use mesh_failover_derive::Read;

use crate::cluster::OutlierDetection;
use crate::locality::Locality;
use crate::manifest::GoDuration;

/// The fields below; a dump has many more, and most of it is never kept in memory.
pub(super) const WANTED: [&str; 45] = [
    "configs",
    "cluster_statuses",
    // Config
    "bootstrap",
    "static_clusters",
    "dynamic_active_clusters",
    "static_endpoint_configs",
    "dynamic_endpoint_configs",
    // Node and Locality
    "node",
    "id",
    "locality",
    "region",
    "zone",
    "sub_zone",
    // Cluster
    "cluster",
    "name",
    "load_assignment",
    "outlier_detection",
    "common_lb_config",
    "healthy_panic_threshold",
    "value",
    "locality_weighted_lb_config",
    "consecutive_5xx",
    "enforcing_consecutive_5xx",
    "consecutive_gateway_failure",
    "enforcing_consecutive_gateway_failure",
    "interval",
    "base_ejection_time",
    "max_ejection_percent",
    "split_external_local_origin_errors",
    "consecutive_local_origin_failure",
    // ClusterLoadAssignment
    "endpoint_config",
    "cluster_name",
    "endpoints",
    "priority",
    "load_balancing_weight",
    "lb_endpoints",
    "endpoint",
    "health_status",
    "address",
    "socket_address",
    "port_value",
    // ClusterStatus
    "host_statuses",
    "weight",
    "eds_health_status",
    "failed_outlier_check",
];

#[derive(Default, Read)]
pub(super) struct Dump {
    pub(super) configs: Option<Vec<Config>>,
    pub(super) cluster_statuses: Option<Vec<RawClusterStatus>>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct Config {
    pub(super) bootstrap: Option<RawBootstrap>,
    pub(super) static_clusters: Vec<ClusterEntry>,
    pub(super) dynamic_active_clusters: Vec<ClusterEntry>,
    pub(super) static_endpoint_configs: Vec<EndpointEntry>,
    pub(super) dynamic_endpoint_configs: Vec<EndpointEntry>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawBootstrap {
    pub(super) node: Option<RawNode>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawNode {
    pub(super) id: String,
    pub(super) locality: Option<RawLocality>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawLocality {
    pub(super) region: String,
    pub(super) zone: String,
    pub(super) sub_zone: String,
}

impl From<RawLocality> for Locality {
    fn from(raw: RawLocality) -> Self {
        let RawLocality { region, zone, sub_zone } = raw;
        Self { region, zone, sub_zone }
    }
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct ClusterEntry {
    pub(super) cluster: Option<RawCluster>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct EndpointEntry {
    pub(super) endpoint_config: Option<RawAssignment>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawCluster {
    pub(super) name: String,
    pub(super) load_assignment: Option<RawAssignment>,
    pub(super) outlier_detection: Option<RawOutlier>,
    pub(super) common_lb_config: Option<RawCommonLb>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawCommonLb {
    pub(super) healthy_panic_threshold: Option<RawPercent>,
    pub(super) locality_weighted_lb_config: Option<serde_json::Value>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawPercent {
    pub(super) value: f64,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawOutlier {
    pub(super) consecutive_5xx: Option<u32>,
    pub(super) enforcing_consecutive_5xx: Option<u32>,
    pub(super) consecutive_gateway_failure: Option<u32>,
    pub(super) enforcing_consecutive_gateway_failure: Option<u32>,
    pub(super) interval: Option<GoDuration>,
    pub(super) base_ejection_time: Option<GoDuration>,
    pub(super) max_ejection_percent: Option<u32>,
    pub(super) split_external_local_origin_errors: bool,
    pub(super) consecutive_local_origin_failure: Option<u32>,
}

impl RawOutlier {
    /// As istiod writes it, as far as it is compared.
    pub(super) fn sparse(self) -> OutlierDetection {
        OutlierDetection {
            consecutive_5xx: self.consecutive_5xx,
            enforcing_consecutive_5xx: self.enforcing_consecutive_5xx,
            consecutive_gateway_failure: self.consecutive_gateway_failure,
            enforcing_consecutive_gateway_failure: self.enforcing_consecutive_gateway_failure,
            interval: self.interval.map(|it| it.0),
            base_ejection_time: self.base_ejection_time.map(|it| it.0),
            max_ejection_percent: self.max_ejection_percent,
            split_external_local_origin_errors: self.split_external_local_origin_errors,
            consecutive_local_origin_failure: self.consecutive_local_origin_failure,
            ..OutlierDetection::default()
        }
    }
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawAssignment {
    pub(super) cluster_name: String,
    pub(super) endpoints: Vec<RawGroup>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawGroup {
    pub(super) locality: RawLocality,
    pub(super) priority: u32,
    pub(super) load_balancing_weight: Option<u32>,
    pub(super) lb_endpoints: Vec<RawEndpoint>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawEndpoint {
    pub(super) endpoint: Option<RawAddressed>,
    pub(super) health_status: String,
    pub(super) load_balancing_weight: Option<u32>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawAddressed {
    pub(super) address: Option<RawAddress>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawAddress {
    pub(super) socket_address: Option<RawSocket>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawSocket {
    pub(super) address: String,
    pub(super) port_value: u32,
}

impl RawEndpoint {
    pub(super) fn address(&self) -> Option<String> {
        self.endpoint.as_ref()?.address.as_ref()?.text()
    }
}

impl RawAddress {
    pub(super) fn text(&self) -> Option<String> {
        let RawSocket { address, port_value } = self.socket_address.as_ref()?;
        Some(if address.contains(':') {
            format!("[{address}]:{port_value}")
        } else {
            format!("{address}:{port_value}")
        })
    }
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawClusterStatus {
    pub(super) name: String,
    pub(super) host_statuses: Vec<RawHost>,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawHost {
    pub(super) address: Option<RawAddress>,
    pub(super) locality: RawLocality,
    pub(super) priority: u32,
    pub(super) weight: Option<u32>,
    pub(super) health_status: RawHealth,
}

#[derive(Default, Read)]
#[serde(default)]
pub(super) struct RawHealth {
    pub(super) eds_health_status: String,
    pub(super) failed_outlier_check: bool,
}

#[cfg(test)]
mod tests {
    use super::WANTED;

    #[test]
    fn what_is_wanted_are_the_fields_and_nothing_else() {
        let fields = include_str!("raw.rs").lines().filter_map(|line| {
            line.strip_prefix("    pub(super) ")?
                .split_once(':')
                .filter(|(name, _)| !name.contains(' '))
        });
        let mut names: Vec<&str> = fields.map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        let mut wanted = WANTED.to_vec();
        wanted.sort_unstable();
        assert_eq!(names, wanted);
    }
}
