//! What a running gateway says about itself: Envoy's `/config_dump?include_eds`, `/clusters?format=json`, or
//! `istioctl proxy-config all -o json`, which is `/config_dump` without endpoints.
//!
//! Only what failover needs is read; unknown fields are ignored, as dumps of other versions have others.
//!
//! **Source**: Envoy api/envoy/admin/v3 `config_dump.proto`, `clusters.proto`, v1.40.0.

mod raw;

use mesh_failover_sorted::SortedMap;

use raw::{Dump, RawAssignment, RawCluster, RawClusterStatus, RawEndpoint, RawOutlier, WANTED};

use crate::cluster::OutlierDetection;
use crate::locality::Locality;
use crate::manifest::{Source, from_dump};
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
    pub clusters: SortedMap<String, LiveCluster>,
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
    pub hosts: SortedMap<String, LiveHost>,
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
    let dump: Dump = from_dump(text, |key| WANTED.contains(&key)).map_err(|(error, place)| {
        let place = place.map(|(line, column)| (narrow(line), narrow(column)));
        DumpError { message: format!("not a dump of Envoy: {error}"), place }
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
                self.locality = node.locality.map(Into::into).or(self.locality.take());
            }
            let clusters = config.static_clusters.into_iter().chain(config.dynamic_active_clusters);
            let clusters: Vec<_> = clusters.filter_map(|entry| entry.cluster).collect();
            // Envoy lists thousands in any order.
            self.clusters.make_room(clusters.iter().map(|it| it.name.clone()));
            for RawCluster { name, load_assignment, outlier_detection, common_lb_config } in
                clusters
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
            let endpoints: Vec<_> = endpoints.filter_map(|entry| entry.endpoint_config).collect();
            self.clusters.make_room(endpoints.iter().map(|it| it.cluster_name.clone()));
            for assignment in endpoints {
                let name = assignment.cluster_name.clone();
                self.clusters.entry(name).or_default().add_assignment(assignment);
            }
        }
        let statuses = dump.cluster_statuses.unwrap_or_default();
        self.clusters.make_room(statuses.iter().map(|it| it.name.clone()));
        for status in statuses {
            self.clusters.entry(status.name.clone()).or_default().add_status(status);
        }
    }
}

impl LiveCluster {
    fn add_assignment(&mut self, assignment: RawAssignment) {
        self.knows_hosts = true;
        for group in assignment.endpoints {
            let locality = Locality::from(group.locality);
            self.hosts.make_room(group.lb_endpoints.iter().filter_map(RawEndpoint::address));
            for lb_endpoint in group.lb_endpoints {
                let Some(address) = lb_endpoint.address() else { continue };
                let host = self.hosts.entry(address).or_default();
                host.locality = locality.clone();
                host.priority = Priority(group.priority);
                host.locality_weight = group.load_balancing_weight;
                host.weight = lb_endpoint.load_balancing_weight.unwrap_or(1);
                host.is_healthy = is_usable(&lb_endpoint.health_status);
            }
        }
    }

    fn add_status(&mut self, status: RawClusterStatus) {
        self.knows_hosts = true;
        let addresses = status.host_statuses.iter().filter_map(|it| it.address.as_ref()?.text());
        self.hosts.make_room(addresses);
        for raw in status.host_statuses {
            let Some(address) = raw.address.and_then(|it| it.text()) else { continue };
            let host = self.hosts.entry(address).or_default();
            host.locality = raw.locality.into();
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
