//! istiod's part: from manifests and endpoints to one proxy's listeners, routes and clusters.

mod clusters;
pub mod codes;
mod connection_pool;
mod destination_rule;
mod findings;
mod gateway;
mod gateway_api;
mod host;
mod inventory;
mod labels;
mod lb_setting;
mod load_balancer;
mod locality_lb;
mod network;
mod origin;
mod outlier;
mod proxy;
mod push;
mod registry;
mod retry;
mod route_match;
mod routes;
mod topology;
mod traffic_distribution;
mod traffic_policy;
mod version;
mod virtual_host;
mod visibility;

use mesh_failover_sorted::SortedMap;

pub use connection_pool::{apply_connection_pool, connect_timeout, http_protocol_options};
pub(crate) use gateway_api::{
    DEFAULT_RETRY_ON, Parent, Refusal, any_request, backends, has_parents, hostnames, http_rules,
    own_pods, parents,
};
pub use host::resolve_short_name;
pub(crate) use host::{intersection, is_subset_of};
pub(crate) use inventory::{KnownService, PlacedEndpoint, inventory};
pub(crate) use labels::selects;
pub use labels::{
    CLUSTER_LABEL, HOSTNAME_LABEL, Labels, NETWORK_LABEL, REGION_LABEL, SUBZONE_LABEL, ZONE_LABEL,
    augment_labels, pod_locality, proxy_locality,
};
pub use lb_setting::{
    LbSetting, LbSettingSource, MeshLbSetting, chosen_lb_setting, effective_lb_setting,
};
pub use load_balancer::apply_load_balancer;
pub use locality_lb::{
    apply_failover_priorities, apply_locality_failover, apply_locality_load_balancer,
    apply_locality_weights, apply_zone_aware_failover, claiming_key, deciding_label,
    distribute_entry, failover_entry, overlapping_keys,
};
pub use network::{IpFamilies, NetworkGateway, NetworkView, NetworkedEndpoint, filter_by_network};
pub use origin::Origin;
pub use outlier::{apply_outlier_detection, panic_threshold, sends_unhealthy_endpoints};
pub use proxy::{Proxy, ProxyError};
pub use retry::{inbound_retry_policy, retry_policy};
pub use topology::{workload_locality, workload_name};
pub use traffic_distribution::TrafficDistribution;
pub use traffic_policy::{merge_traffic_policy, with_mesh_default};
pub use version::{IstioVersion, VersionError};

use clusters::build_clusters;
use findings::{Finding, Findings};
use gateway::bind_servers;
use push::Push;
use registry::Registry;
use virtual_host::build_listener;

use crate::cluster::Cluster;
use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::{Manifests, Place};
use crate::route::{Listener, RouteAction};

/// What istiod programs into one proxy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Translation {
    /// Listeners with their routes, by port.
    pub listeners: Vec<Listener>,
    /// Clusters, by service in the registry's order, subsets after their port.
    pub clusters: Vec<Cluster>,
    /// Where each cluster's policy comes from, by cluster name.
    pub origins: SortedMap<String, Origin>,
    /// What Istio would do silently, and what this translation leaves out.
    pub diagnostics: Vec<Diagnostic>,
}

/// Translates for one proxy, as istiod does.
///
/// The order of files and documents does not matter. Of several MeshConfigs the first counts.
#[must_use]
pub fn translate(manifests: &Manifests, proxy: &Proxy) -> Translation {
    let mut findings = Findings::new(&manifests.documents);
    let written = manifests.mesh_configs.first();
    let mesh = written.map(|mesh| mesh.spec.clone()).unwrap_or_default();
    let registry = Registry::new(manifests, proxy.version, &mut findings);
    let converted = gateway_api::convert(manifests, proxy, &mut findings);
    let mesh = (&mesh, written.map(|mesh| mesh.document));
    let push = Push::new(manifests, proxy, mesh, registry, converted);
    let listeners: Vec<_> = bind_servers(&push, &mut findings)
        .iter()
        .map(|((port, name), servers)| build_listener(&push, (*port, name), servers, &mut findings))
        .collect();
    let (clusters, origins): (Vec<_>, Vec<_>) =
        build_clusters(&push, &mut findings).into_iter().unzip();
    let names = clusters.iter().map(|cluster| cluster.name.clone());
    let origins: SortedMap<_, _> = SortedMap::from_iter(names.zip(origins));
    report_missing_clusters(&listeners, &origins, &mut findings);
    Translation { listeners, clusters, origins, diagnostics: findings.into_diagnostics() }
}

fn report_missing_clusters(
    listeners: &[Listener],
    origins: &SortedMap<String, Origin>,
    findings: &mut Findings<'_>,
) {
    let hosts = listeners.iter().flat_map(|listener| &listener.virtual_hosts);
    for route in hosts.flat_map(|host| &host.routes) {
        let RouteAction::Forward(forward) = &route.action else { continue };
        for (index, cluster) in forward.clusters.iter().enumerate() {
            if !origins.contains_key(&cluster.name) {
                findings.add(Finding {
                    severity: Severity::Error,
                    code: codes::CLUSTER_NOT_FOUND,
                    message: format!(
                        "a route leads to cluster `{}`, which does not exist: requests get {} (flag NC)",
                        cluster.name, forward.missing_cluster_status
                    ),
                    help: "check host, port and subset of the destination against the services and DestinationRules",
                    place: route.place.as_ref().map(|place| destination(place, index)),
                });
            }
        }
    }
}

/// Where a rule names the destination that became a route's cluster of this index.
fn destination(route: &Place, index: usize) -> Place {
    let in_rule = |separator: &str, field: String| {
        let rule = route.path.split(separator).next().unwrap_or_default();
        Place { document: route.document, path: [rule, &field].concat() }
    };
    if route.path.starts_with("spec.rules[") {
        return in_rule(".matches[", format!(".backendRefs[{index}]"));
    }
    in_rule(".match[", format!(".route[{index}].destination"))
}
