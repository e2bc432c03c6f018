//! Clusters: one for every port of every service the proxy sees, and one for every subset of it,
//! whether a route names them or not.
//!
//! **Source**: Istio pilot/pkg/networking/core/cluster.go `buildOutboundClusters`, pilot/pkg/xds/endpoints/endpoint_builder.go, 1.31.
//!
//! **Not modelled**: `BlackHoleCluster`, `PassthroughCluster`, inbound and `outbound_.` clusters, which a
//! gateway's HTTP routes never name; TLS towards the upstream.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::findings::{Finding, Findings};
use super::origin::Sources;
use super::push::{Push, cluster_name};
use super::registry::{Endpoint, Service, ServicePort};
use super::traffic_policy::{Layers, with_mesh_default};
use super::{
    IstioVersion, LbSetting, NetworkedEndpoint, Origin, apply_connection_pool, apply_load_balancer,
    apply_locality_load_balancer, apply_outlier_detection, chosen_lb_setting, codes,
    connect_timeout, filter_by_network, http_protocol_options, overlapping_keys, panic_threshold,
    sends_unhealthy_endpoints,
};
use crate::cluster::{
    Cluster, ClusterLoadAssignment, DiscoveryType, HealthStatus, LbEndpoint, LbPolicy,
    LocalityLbEndpoints,
};
use crate::diagnostic::Severity;
use crate::locality::Locality;
use crate::manifest::{Place, Subset, TrafficPolicy};
use crate::units::Priority;

/// A cluster to build.
struct Target<'a> {
    hostname: &'a str,
    service: &'a Service,
    number: u16,
    port: &'a ServicePort,
    subset: Option<&'a Subset>,
    origin: Origin,
    /// The rule's policy for this port and subset.
    policy: Option<TrafficPolicy>,
}

/// Builds every cluster, with the origin of its policy.
pub(super) fn build_clusters(
    push: &Push<'_>,
    findings: &mut Findings<'_>,
) -> Vec<(Cluster, Origin)> {
    let mut clusters = Vec::new();
    for (hostname, service) in &push.registry.services {
        if !service.visibility.includes(&push.proxy.namespace) {
            continue;
        }
        for (&number, port) in &service.ports {
            for mut target in targets(push, hostname, service, (number, port)) {
                clusters.push((target.build(push, findings), target.origin));
            }
        }
    }
    clusters
}

/// The port's own cluster, then its subsets'.
fn targets<'a>(
    push: &'a Push<'_>,
    hostname: &'a str,
    service: &'a Service,
    (number, port): (u16, &'a ServicePort),
) -> Vec<Target<'a>> {
    let selected = push.rule(hostname);
    let parent = selected.as_ref().and_then(|s| s.rule.policy.map(|(policy, _)| policy));
    let target = |subset: Option<(&'a Subset, usize)>| {
        let own = subset.and_then(|(subset, _)| subset.traffic_policy.as_ref());
        let layers = Layers::new(parent, own, Some(u32::from(number)));
        let selected = selected.as_ref();
        Target {
            hostname,
            service,
            number,
            port,
            subset: subset.map(|(subset, _)| subset),
            policy: layers.merged(),
            origin: Sources { push, selected, subset, layers: &layers, service }.origin(),
        }
    };
    let rule = selected.as_ref().map(|selected| selected.rule);
    let mut targets = vec![target(None)];
    let subsets = rule.into_iter().flat_map(|rule| &rule.subsets);
    targets.extend(subsets.map(|subset| target(Some(*subset))));
    targets
}

impl Target<'_> {
    fn build(&mut self, push: &Push<'_>, findings: &mut Findings<'_>) -> Cluster {
        let version = push.proxy.version;
        let policy = with_mesh_default(push.default_traffic_policy(), self.policy.clone());
        let pool = policy.as_ref().and_then(|policy| policy.connection_pool.as_ref());
        let ejects = policy.as_ref().and_then(|policy| policy.outlier_detection.as_ref());
        let load_balancer = policy.as_ref().and_then(|policy| policy.load_balancer.as_ref());
        let distribution = self.service.traffic_distribution;
        let chosen = chosen_lb_setting(load_balancer, distribution, &push.mesh_lb, version);
        self.origin.decided_by(chosen.clone(), push.mesh_document);
        let (setting, _) = chosen;
        let forces_unhealthy = distribution.locality_lb_setting(version).is_some();
        let name = cluster_name(self.number, self.subset_name(), self.hostname);
        let mut cluster = Cluster {
            discovery: self.service.discovery,
            connect_timeout: connect_timeout(pool, push.mesh),
            lb_policy: LbPolicy::LeastRequest { choice_count: None, slow_start: None },
            locality_weighted: false,
            zone_aware: None,
            healthy_panic_threshold: panic_threshold(ejects, forces_unhealthy, version),
            update_merge_window: None,
            outlier_detection: ejects.map(|block| apply_outlier_detection(block, version)),
            circuit_breakers: apply_connection_pool(policy.as_ref()),
            http: http_protocol_options(pool, self.port.http2),
            load_assignment: self.load_assignment(push, &name, findings),
            name,
        };
        self.report(&setting, findings);
        self.origin.fails_over = self.fails_over(&cluster);
        self.balance_localities(push, &mut cluster, &setting, findings);
        apply_load_balancer(&mut cluster, load_balancer, &setting, ejects.is_some());
        cluster
    }

    fn subset_name(&self) -> &str {
        self.subset.map_or("", |subset| subset.name.as_str())
    }

    /// Endpoints of the port and subset by locality, all of one priority.
    fn load_assignment(
        &self,
        push: &Push<'_>,
        name: &str,
        findings: &mut Findings<'_>,
    ) -> ClusterLoadAssignment {
        let by_eds = self.service.discovery == DiscoveryType::Eds;
        let sends_unready = self.sends_unready(push.proxy.version);
        let mut groups: SortedMap<&str, Vec<NetworkedEndpoint>> = SortedMap::new();
        for endpoint in self.service.endpoints.iter().filter(|endpoint| self.takes(endpoint)) {
            if by_eds && endpoint.address.host.parse::<std::net::IpAddr>().is_err() {
                findings.add(Finding {
                    severity: Severity::Warning,
                    code: codes::BAD_ADDRESS,
                    message: format!(
                        "endpoint `{}` of `{}` is left out: `{}` is no IP address",
                        endpoint.name, self.hostname, endpoint.address.host
                    ),
                    help: "write an IP address, or `resolution: DNS` in its ServiceEntry",
                    place: Some(endpoint.place.clone()),
                });
                continue;
            }
            if endpoint.ready || sends_unready {
                groups.entry(&endpoint.locality).or_default().push(networked(endpoint));
            }
        }
        let endpoints = groups.into_iter().map(|(locality, endpoints)| {
            let lb_endpoints = if by_eds {
                filter_by_network(endpoints, &push.network)
            } else {
                endpoints.into_iter().map(|networked| networked.endpoint).collect()
            };
            let weights = lb_endpoints.iter().map(|endpoint| endpoint.load_balancing_weight);
            LocalityLbEndpoints {
                locality: Some(Locality::parse(locality)),
                priority: Priority(0),
                load_balancing_weight: Some(weights.fold(0, u32::saturating_add)),
                lb_endpoints,
            }
        });
        ClusterLoadAssignment { cluster_name: name.to_owned(), endpoints: endpoints.collect() }
    }

    fn sends_unready(&self, version: IstioVersion) -> bool {
        let ejects = self.policy.as_ref().and_then(|policy| policy.outlier_detection.as_ref());
        let forced = self.service.traffic_distribution.locality_lb_setting(version).is_some();
        sends_unhealthy_endpoints(ejects, forced, version)
    }

    fn takes(&self, endpoint: &Endpoint) -> bool {
        endpoint.service_port == self.number
            && self.subset.is_none_or(|s| super::labels::selects(&s.labels, &endpoint.labels))
    }

    /// EDS looks at the rule's own outlier detection; clusters that carry their endpoints look at the cluster's.
    fn fails_over(&self, cluster: &Cluster) -> bool {
        if self.service.discovery == DiscoveryType::Eds {
            self.policy.as_ref().is_some_and(|policy| policy.outlier_detection.is_some())
        } else {
            cluster.outlier_detection.is_some()
        }
    }

    /// Priorities and weights. Clusters that carry their endpoints are ordered by labels only where istiod can.
    fn balance_localities(
        &self,
        push: &Push<'_>,
        cluster: &mut Cluster,
        setting: &LbSetting,
        findings: &mut Findings<'_>,
    ) {
        let failover = self.origin.fails_over;
        let assignment = &mut cluster.load_assignment;
        if self.service.discovery == DiscoveryType::Eds {
            apply_locality_load_balancer(assignment, push.proxy, setting, failover);
            return;
        }
        let with_labels = self.subset.is_none() && push.proxy.version.has_dns_failover_priority();
        let places: SortedSet<_> =
            SortedSet::from_iter(assignment.endpoints.iter().map(|group| group.locality.clone()));
        if with_labels && places.len() > 1 && orders_by_labels(setting, failover) {
            findings.add(Finding {
                severity: Severity::Error,
                code: codes::DNS_FAILOVER_PRIORITY,
                message: format!(
                    "`failoverPriority` over `{}`, a DNS service with endpoints in {} localities, crashes istiod {}",
                    self.hostname,
                    places.len(),
                    push.proxy.version
                ),
                help: "use `failover` there, or `resolution: STATIC`; see istio/istio#61857",
                place: self.setting_place("failoverPriority"),
            });
        } else if with_labels || !orders_by_labels(setting, failover) {
            apply_locality_load_balancer(assignment, push.proxy, setting, failover);
            return;
        }
        if let Some(setting) = without_labels(setting) {
            apply_locality_load_balancer(assignment, push.proxy, &setting, failover);
        }
    }

    /// A field of the locality setting in force.
    fn setting_place(&self, field: &str) -> Option<Place> {
        self.origin.lb_setting_place.as_ref().map(|setting| setting.field(field))
    }

    /// Says what istiod leaves to chance.
    fn report(&self, setting: &LbSetting, findings: &mut Findings<'_>) {
        let LbSetting::Locality { setting, .. } = setting else { return };
        for (index, entry) in setting.distribute.iter().enumerate() {
            for (one, other) in overlapping_keys(entry) {
                findings.add(Finding {
                    severity: Severity::Warning,
                    code: codes::OVERLAPPING_DISTRIBUTE,
                    message: format!(
                        "`{one}` and `{other}` in `distribute` of `{}` cover the same localities: \
                         istiod picks one at random, here the more specific one takes them",
                        self.hostname
                    ),
                    help: "name every locality under one key only",
                    place: self.setting_place(&format!("distribute[{index}].to")),
                });
            }
        }
    }
}

fn networked(endpoint: &Endpoint) -> NetworkedEndpoint {
    NetworkedEndpoint {
        endpoint: LbEndpoint {
            name: endpoint.name.clone(),
            address: endpoint.address.clone(),
            health_status: if endpoint.ready {
                HealthStatus::Healthy
            } else {
                HealthStatus::Unhealthy
            },
            load_balancing_weight: endpoint.weight,
            labels: endpoint.labels.clone(),
        },
        network: endpoint.network.clone(),
        cluster: endpoint.cluster.clone(),
        mtls: endpoint.mtls,
    }
}

fn orders_by_labels(setting: &LbSetting, failover: bool) -> bool {
    match setting {
        LbSetting::None => false,
        LbSetting::Locality { setting, force } => {
            (failover || *force)
                && setting.distribute.is_empty()
                && !setting.failover_priority.is_empty()
        }
        LbSetting::ZoneAware(setting) => {
            setting.enabled != Some(false) && !setting.failover_priority.is_empty()
        }
    }
}

/// The setting where labels cannot be compared; `None` if nothing is left: a list of labels
/// replaces default failover even when it does nothing.
fn without_labels(setting: &LbSetting) -> Option<LbSetting> {
    let mut setting = setting.clone();
    match &mut setting {
        LbSetting::None => return None,
        LbSetting::Locality { setting, .. } if setting.failover.is_empty() => return None,
        LbSetting::Locality { setting, .. } => setting.failover_priority.clear(),
        LbSetting::ZoneAware(setting) => setting.failover_priority.clear(),
    }
    Some(setting)
}
