//! What a running gateway says about itself: Envoy's `/config_dump?include_eds`, `/clusters?format=json`, or
//! `istioctl proxy-config all -o json`, which is `/config_dump` without endpoints.
//!
//! Only what failover needs is read; unknown fields are ignored, as dumps of other versions have others.
//!
//! **Source**: Envoy api/envoy/admin/v3 `config_dump.proto`, `clusters.proto`, v1.40.0.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cluster::OutlierDetection;
use crate::locality::Locality;
use crate::manifest::{GoDuration, Source};
use crate::units::Priority;

/// Longest dump that is read, in bytes; one of a large mesh has some 20 MB.
pub const MAX_DUMP: usize = 64 << 20;

/// One gateway as it runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GatewayState {
    /// Its name, from its bootstrap; empty if the dump has none.
    pub node: String,
    /// Where it is, from its bootstrap.
    pub locality: Option<Locality>,
    /// Its clusters by name, `outbound|80||hello-world.default.svc.cluster.local`.
    pub clusters: BTreeMap<String, LiveCluster>,
}

/// A cluster as it runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LiveCluster {
    /// Its ejection settings; `None`: it has none, or the dump does not say.
    pub outlier_detection: Option<OutlierDetection>,
    /// Whether the dump says how the cluster is configured, and not only which hosts it has.
    pub is_configured: bool,
    /// Whether shares by locality apply.
    pub locality_weighted: bool,
    /// Panic threshold in percent, as written.
    pub panic_threshold: Option<f64>,
    /// Whether the dump says which hosts it has: `/config_dump` alone, and `istioctl proxy-config all`, do not.
    pub knows_hosts: bool,
    /// Its hosts by address.
    pub hosts: BTreeMap<String, LiveHost>,
}

/// A host as it runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LiveHost {
    /// Where it is.
    pub locality: Locality,
    /// Failover level.
    pub priority: Priority,
    /// Share of its locality, where the dump says it.
    pub locality_weight: Option<u32>,
    /// Its own share within the locality.
    pub weight: u32,
    /// Whether discovery finds it usable.
    pub is_healthy: bool,
    /// Whether outlier detection has it out right now.
    pub is_ejected: bool,
}

/// Why a dump cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpError {
    /// What is wrong.
    pub message: String,
    /// Line and column, from 1, if the text is at fault.
    pub place: Option<(u32, u32)>,
}

/// Reads dumps of one gateway; several are put together, as when endpoints and ejections come from two of them.
///
/// # Errors
/// If a text is too long, not JSON, or no dump. The second value is the position of the text.
pub fn read_dumps(sources: &[Source<'_>]) -> Result<GatewayState, (DumpError, usize)> {
    let mut state = GatewayState::default();
    for (index, source) in sources.iter().enumerate() {
        let dump = parse(source.text).map_err(|error| (error, index))?;
        state.add(dump);
    }
    Ok(state)
}

/// Whether a text looks like a dump, without reading all of it.
#[must_use]
pub fn is_dump(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let head: String = start.chars().filter(|c| !c.is_whitespace()).take(24).collect();
    head.starts_with("{\"configs\":") || head.starts_with("{\"cluster_statuses\":")
}

fn parse(text: &str) -> Result<Dump, DumpError> {
    let error = |message: String| DumpError { message, place: None };
    if text.len() > MAX_DUMP {
        return Err(error(format!(
            "the dump has {} bytes; at most {MAX_DUMP} are read",
            text.len()
        )));
    }
    let text = text.trim_start_matches('\u{feff}');
    let dump: Dump = serde_json::from_str(text).map_err(|error| DumpError {
        message: format!("not a dump of Envoy: {error}"),
        place: Some((narrow(error.line()), narrow(error.column()))),
    })?;
    if dump.configs.is_none() && dump.cluster_statuses.is_none() {
        return Err(error(
            "not a dump of Envoy: it has neither `configs` nor `cluster_statuses`".to_owned(),
        ));
    }
    Ok(dump)
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl GatewayState {
    fn add(&mut self, dump: Dump) {
        for config in dump.configs.into_iter().flatten() {
            if let Some(node) = config.bootstrap.and_then(|bootstrap| bootstrap.node) {
                self.node = node.id;
                self.locality = node.locality.or(self.locality.take());
            }
            let clusters = config.static_clusters.into_iter().chain(config.dynamic_active_clusters);
            for RawCluster { name, load_assignment, outlier_detection, common_lb_config } in
                clusters.filter_map(|entry| entry.cluster)
            {
                let cluster = self.clusters.entry(name).or_default();
                cluster.is_configured = true;
                cluster.outlier_detection = outlier_detection.map(RawOutlier::sparse);
                let common = common_lb_config.unwrap_or_default();
                cluster.locality_weighted = common.locality_weighted_lb_config.is_some();
                cluster.panic_threshold = common.healthy_panic_threshold.map(|it| it.value);
                load_assignment.into_iter().for_each(|it| cluster.add_assignment(it));
            }
            let endpoints =
                config.static_endpoint_configs.into_iter().chain(config.dynamic_endpoint_configs);
            for assignment in endpoints.filter_map(|entry| entry.endpoint_config) {
                let name = assignment.cluster_name.clone();
                self.clusters.entry(name).or_default().add_assignment(assignment);
            }
        }
        for status in dump.cluster_statuses.into_iter().flatten() {
            self.clusters.entry(status.name.clone()).or_default().add_status(status);
        }
    }
}

impl LiveCluster {
    fn add_assignment(&mut self, assignment: RawAssignment) {
        self.knows_hosts = true;
        for group in assignment.endpoints {
            for lb_endpoint in group.lb_endpoints {
                let address = lb_endpoint.endpoint.and_then(|it| it.address);
                let Some(address) = address.and_then(|it| it.text()) else { continue };
                let host = self.hosts.entry(address).or_default();
                host.locality = group.locality.clone();
                host.priority = Priority(group.priority);
                host.locality_weight = group.load_balancing_weight;
                host.weight = lb_endpoint.load_balancing_weight.unwrap_or(1);
                host.is_healthy = is_usable(&lb_endpoint.health_status);
            }
        }
    }

    fn add_status(&mut self, status: RawClusterStatus) {
        self.knows_hosts = true;
        for raw in status.host_statuses {
            let Some(address) = raw.address.and_then(|it| it.text()) else { continue };
            let host = self.hosts.entry(address).or_default();
            host.locality = raw.locality;
            host.priority = Priority(raw.priority);
            host.weight = raw.weight.unwrap_or(1);
            host.is_healthy = is_usable(&raw.health_status.eds_health_status);
            host.is_ejected = raw.health_status.failed_outlier_check;
        }
    }
}

/// `HEALTHY`, `UNKNOWN` and a missing status are usable.
fn is_usable(status: &str) -> bool {
    matches!(status, "" | "HEALTHY" | "UNKNOWN" | "DEGRADED")
}

#[derive(Deserialize)]
struct Dump {
    configs: Option<Vec<Config>>,
    cluster_statuses: Option<Vec<RawClusterStatus>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    bootstrap: Option<RawBootstrap>,
    static_clusters: Vec<ClusterEntry>,
    dynamic_active_clusters: Vec<ClusterEntry>,
    static_endpoint_configs: Vec<EndpointEntry>,
    dynamic_endpoint_configs: Vec<EndpointEntry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawBootstrap {
    node: Option<RawNode>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawNode {
    id: String,
    locality: Option<Locality>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ClusterEntry {
    cluster: Option<RawCluster>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EndpointEntry {
    endpoint_config: Option<RawAssignment>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawCluster {
    name: String,
    load_assignment: Option<RawAssignment>,
    outlier_detection: Option<RawOutlier>,
    common_lb_config: Option<RawCommonLb>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawCommonLb {
    healthy_panic_threshold: Option<RawPercent>,
    locality_weighted_lb_config: Option<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPercent {
    value: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawOutlier {
    consecutive_5xx: Option<u32>,
    enforcing_consecutive_5xx: Option<u32>,
    consecutive_gateway_failure: Option<u32>,
    enforcing_consecutive_gateway_failure: Option<u32>,
    interval: Option<GoDuration>,
    base_ejection_time: Option<GoDuration>,
    max_ejection_percent: Option<u32>,
    split_external_local_origin_errors: bool,
    consecutive_local_origin_failure: Option<u32>,
}

impl RawOutlier {
    /// As istiod writes it, as far as it is compared.
    fn sparse(self) -> OutlierDetection {
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawAssignment {
    cluster_name: String,
    endpoints: Vec<RawGroup>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawGroup {
    locality: Locality,
    priority: u32,
    load_balancing_weight: Option<u32>,
    lb_endpoints: Vec<RawEndpoint>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawEndpoint {
    endpoint: Option<RawAddressed>,
    health_status: String,
    load_balancing_weight: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawAddressed {
    address: Option<RawAddress>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawAddress {
    socket_address: Option<RawSocket>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawSocket {
    address: String,
    port_value: u32,
}

impl RawAddress {
    fn text(self) -> Option<String> {
        let RawSocket { address, port_value } = self.socket_address?;
        Some(if address.contains(':') {
            format!("[{address}]:{port_value}")
        } else {
            format!("{address}:{port_value}")
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawClusterStatus {
    name: String,
    host_statuses: Vec<RawHost>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawHost {
    address: Option<RawAddress>,
    locality: Locality,
    priority: u32,
    weight: Option<u32>,
    health_status: RawHealth,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawHealth {
    eds_health_status: String,
    failed_outlier_check: bool,
}
