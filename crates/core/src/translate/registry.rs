//! The service registry: which services, ports and endpoints exist, whoever told of them.
//!
//! Topology workloads stand in for Kubernetes services and pods; ServiceEntry and WorkloadEntry are Istio's own. A
//! host in both is one service.
//!
//! **Source**: Istio pilot/pkg/serviceregistry/serviceentry/conversion.go, 1.31.
//!
//! **Addresses**: an endpoint of a topology is called `<workload>-<ordinal>`, the workload by its `name`
//! or the last segment of its locality. It has `addresses[ordinal]` if given, else `10.C.W.O` with C, W
//! and O the positions from 1 of its cluster (by name), workload and ordinal, or `fd00::C:W:O` in
//! hexadecimal if one is above 255: valid, unique, the same whatever else is scaled. A runnable
//! configuration maps them to real sockets by the endpoint's name.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::codes;
use super::findings::{Finding, Findings, by_age, title};
use super::host::namespace_of;
use super::labels::{Labels, augment_labels, locality_label, selects};
use super::network::NetworkGateway;
use super::topology::{InTopology, listed_pods, placed_clusters, workload_locality, workload_name};
use super::traffic_distribution::ANNOTATION;
use super::visibility::Visibility;
use super::{IstioVersion, TrafficDistribution};
use crate::cluster::{Address, DiscoveryType};
use crate::diagnostic::Severity;
use crate::locality::Locality;
use crate::manifest::{
    Manifests, Object, Place, Pod, ServiceEntry, Topology, Workload, WorkloadEntry,
};

/// Services by host name.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) services: SortedMap<String, Service>,
    pub(super) gateways: Vec<NetworkGateway>,
}

/// A service as istiod knows it.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) namespace: String,
    pub(super) visibility: Visibility,
    pub(super) discovery: DiscoveryType,
    pub(super) traffic_distribution: TrafficDistribution,
    /// By number.
    pub(super) ports: SortedMap<u16, ServicePort>,
    pub(super) endpoints: Vec<Endpoint>,
    /// Where it is first named.
    pub(super) place: Place,
}

/// A port of a service.
#[derive(Debug, Default)]
pub(super) struct ServicePort {
    /// Whether the port's protocol is HTTP/2 by declaration.
    pub(super) http2: bool,
}

/// An endpoint of one service port.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) name: String,
    pub(super) service_port: u16,
    pub(super) address: Address,
    /// Augmented.
    pub(super) labels: Labels,
    /// As text: istiod groups endpoints by it, so `r/z` and `r/z/` are two groups.
    pub(super) locality: String,
    pub(super) weight: u32,
    pub(super) network: String,
    pub(super) cluster: String,
    pub(super) mtls: bool,
    /// Whether Kubernetes finds it ready.
    pub(super) ready: bool,
    /// The workload as it is written.
    pub(super) place: Place,
}

impl Registry {
    pub(super) fn new(
        manifests: &Manifests,
        version: IstioVersion,
        findings: &mut Findings<'_>,
    ) -> Self {
        let mut registry = Self::default();
        for entry in by_age(&manifests.service_entries) {
            registry.add_service_entry(entry, manifests, version, findings);
        }
        registry.add_topologies(&manifests.topologies, version, findings);
        registry.report_duplicate_names(findings);
        registry
    }

    fn add_topologies(
        &mut self,
        topologies: &[Object<Topology>],
        version: IstioVersion,
        findings: &mut Findings<'_>,
    ) {
        let mut clusters: Vec<_> = topologies.iter().flat_map(placed_clusters).collect();
        mesh_failover_sorted::sort_by(&mut clusters, |(one, _), (other, _)| {
            one.name.cmp(&other.name)
        });
        for (cluster_index, (cluster, place)) in (1..).zip(clusters) {
            for (index, gateway) in cluster.east_west_gateways.iter().enumerate() {
                match parse_address(gateway) {
                    Some(address) => self.gateways.push(NetworkGateway {
                        network: cluster.network.clone().unwrap_or_default(),
                        cluster: cluster.name.clone(),
                        address,
                    }),
                    None => {
                        let place = place.field(&format!("eastWestGateways[{index}]"));
                        findings.add(bad_address(gateway, &cluster.name, place));
                    }
                }
            }
            for (index, workload) in (1..).zip(&cluster.workloads) {
                let place = place.field(&format!("workloads[{}]", index - 1));
                let place = InTopology { place, cluster, indices: (cluster_index, index), version };
                self.add_workload(workload, &place, findings);
            }
        }
    }

    fn add_workload(
        &mut self,
        workload: &Workload,
        place: &InTopology<'_>,
        findings: &mut Findings<'_>,
    ) {
        let Ok(port) = u16::try_from(workload.port) else {
            let written = place.place.field("port");
            findings.add(bad_address(&workload.port.to_string(), &place.cluster.name, written));
            return;
        };
        let service = self.services.entry(workload.service.clone()).or_insert_with(|| {
            let namespace = namespace_of(&workload.service).unwrap_or("default");
            let visibility = Visibility::new(&[], None, namespace);
            let named = place.place.field("service");
            Service::new(namespace, visibility, DiscoveryType::Eds, named)
        });
        service.ports.entry(port).or_default();
        let parsed = workload_locality(place.cluster, workload, place.version);
        let name = workload_name(place.cluster, workload, place.version);
        let network = place.cluster.network.clone().unwrap_or_default();
        let labels =
            augment_labels(workload.labels.clone(), &place.cluster.name, &parsed, "", &network);
        for Pod { ordinal, ready } in listed_pods(workload) {
            let written =
                usize::try_from(ordinal).ok().and_then(|index| workload.addresses.get(index));
            let address = match written {
                Some(text) => parse_address(text),
                None => Some(place.made_up_address(ordinal, port)),
            };
            let Some(address) = address else {
                let text = written.map_or("", String::as_str);
                let written = place.place.field(&format!("addresses[{ordinal}]"));
                findings.add(bad_address(text, &place.cluster.name, written));
                continue;
            };
            service.endpoints.push(Endpoint {
                name: format!("{name}-{ordinal}"),
                service_port: port,
                address,
                labels: labels.clone(),
                locality: parsed.to_string(),
                weight: workload.weight.unwrap_or(1).max(1),
                network: network.clone(),
                cluster: place.cluster.name.clone(),
                mtls: true,
                ready,
                place: place.place.clone(),
            });
        }
    }

    fn add_service_entry(
        &mut self,
        entry: &Object<ServiceEntry>,
        manifests: &Manifests,
        version: IstioVersion,
        findings: &mut Findings<'_>,
    ) {
        let namespace = entry.metadata.namespace();
        let discovery = match entry.spec.resolution.as_deref() {
            Some("STATIC") => DiscoveryType::Eds,
            Some("DNS") => DiscoveryType::StrictDns,
            Some("DNS_ROUND_ROBIN") => DiscoveryType::LogicalDns,
            None | Some("NONE") => DiscoveryType::OriginalDst,
            Some(other) => {
                findings.add(Finding {
                    severity: Severity::Note,
                    code: codes::SERVICE_PART_LEFT_OUT,
                    message: format!(
                        "ServiceEntry `{}` is left out: resolution `{other}` is not modelled",
                        title(entry)
                    ),
                    help: "write `STATIC`, `DNS` or `DNS_ROUND_ROBIN` to have its endpoints balanced",
                    place: Some(Place {
                        document: entry.document,
                        path: "spec.resolution".to_owned(),
                    }),
                });
                return;
            }
        };
        let workloads = workloads_of(entry, manifests);
        for host in &entry.spec.hosts {
            let visibility = Visibility::new(&entry.spec.export_to, None, namespace);
            let named = Place { document: entry.document, path: "spec.hosts".to_owned() };
            let service = self
                .services
                .entry(host.to_ascii_lowercase())
                .or_insert_with(|| Service::new(namespace, visibility, discovery, named));
            let annotation = entry.metadata.annotations.get(ANNOTATION).map(String::as_str);
            service.traffic_distribution = TrafficDistribution::parse(None, annotation, None);
            for (index, port) in entry.spec.ports.iter().enumerate() {
                let Ok(number) = u16::try_from(port.number) else {
                    let path = format!("spec.ports[{index}].number");
                    let place = Place { document: entry.document, path };
                    findings.add(bad_address(&port.number.to_string(), &title(entry), place));
                    continue;
                };
                let protocol = port.protocol.to_ascii_uppercase();
                let http2 = matches!(protocol.as_str(), "HTTP2" | "GRPC" | "GRPC-WEB");
                service.ports.entry(number).or_insert(ServicePort { http2 });
                let target = port.target_port.unwrap_or(port.number);
                let by_dns = service.discovery != DiscoveryType::Eds;
                if workloads.is_empty() && by_dns && service.discovery != DiscoveryType::OriginalDst
                {
                    let host_itself =
                        WorkloadEntry { address: Some(host.clone()), ..WorkloadEntry::default() };
                    let place = Place { document: entry.document, path: "spec.hosts".to_owned() };
                    let named = Named { name: host.clone(), entry: &host_itself, place };
                    service.endpoints.extend(named.endpoint(number, &port.name, target, version));
                }
                service.endpoints.extend(
                    workloads
                        .iter()
                        .filter_map(|w| w.endpoint(number, &port.name, target, version)),
                );
            }
        }
    }

    /// Names are how scenarios, the simulator and live views speak of endpoints.
    fn report_duplicate_names(&self, findings: &mut Findings<'_>) {
        for (host, service) in &self.services {
            let mut seen = SortedSet::new();
            for endpoint in &service.endpoints {
                if !seen.insert((endpoint.service_port, &endpoint.name)) {
                    findings.add(Finding {
                        severity: Severity::Warning,
                        code: codes::DUPLICATE_ENDPOINT,
                        message: format!(
                            "two endpoints of `{host}` are called `{}`",
                            endpoint.name
                        ),
                        help: "give each workload of the topology a `name` of its own",
                        place: Some(endpoint.place.clone()),
                    });
                }
            }
        }
    }
}

impl Service {
    fn new(
        namespace: &str,
        visibility: Visibility,
        discovery: DiscoveryType,
        place: Place,
    ) -> Self {
        Self {
            namespace: namespace.to_owned(),
            visibility,
            discovery,
            traffic_distribution: TrafficDistribution::Any,
            ports: SortedMap::new(),
            endpoints: Vec::new(),
            place,
        }
    }
}

/// A WorkloadEntry, alone or inside a ServiceEntry.
struct Named<'a> {
    place: Place,
    name: String,
    entry: &'a WorkloadEntry,
}

impl Named<'_> {
    /// `None` without an address, or with an impossible port.
    fn endpoint(
        &self,
        service_port: u16,
        port_name: &str,
        target: u32,
        version: IstioVersion,
    ) -> Option<Endpoint> {
        let entry = self.entry;
        let port = entry.ports.get(port_name).copied().unwrap_or(target);
        let address = Address { host: entry.address.clone()?, port: u16::try_from(port).ok()? };
        let locality = entry.locality.clone().filter(|text| !text.is_empty());
        let locality =
            locality.or_else(|| locality_label(&entry.labels, version)).unwrap_or_default();
        let network = entry.network.clone().unwrap_or_default();
        let parsed = Locality::parse(&locality);
        Some(Endpoint {
            name: self.name.clone(),
            service_port,
            address,
            labels: augment_labels(entry.labels.clone(), "", &parsed, "", &network),
            locality,
            weight: entry.weight.unwrap_or(1).max(1),
            network,
            cluster: String::new(),
            mtls: entry.labels.get("security.istio.io/tlsMode").is_some_and(|mode| mode == "istio"),
            ready: true,
            place: self.place.clone(),
        })
    }
}

/// Endpoints written in a ServiceEntry, called `<name>-<index>`, and the WorkloadEntries it selects.
fn workloads_of<'a>(entry: &'a Object<ServiceEntry>, manifests: &'a Manifests) -> Vec<Named<'a>> {
    let own = (0_u32..).zip(&entry.spec.endpoints);
    let own = own.map(|(index, workload)| Named {
        name: format!("{}-{index}", entry.metadata.name),
        entry: workload,
        place: Place { document: entry.document, path: format!("spec.endpoints[{index}]") },
    });
    let selector = entry.spec.workload_selector.as_ref();
    let selected = by_age(&manifests.workload_entries).into_iter().filter(|workload| {
        let labels = || workload.spec.labels.iter().chain(&workload.metadata.labels);
        let labels: Labels =
            SortedMap::from_iter(labels().map(|(key, value)| (key.clone(), value.clone())));
        workload.metadata.namespace() == entry.metadata.namespace()
            && selector.is_some_and(|selector| selects(&selector.labels, &labels))
    });
    let selected = selected.map(|workload| Named {
        name: workload.metadata.name.clone(),
        entry: &workload.spec,
        place: Place { document: workload.document, path: "spec".to_owned() },
    });
    own.chain(selected).collect()
}

/// `host:port`, with an IPv6 address in brackets.
fn parse_address(text: &str) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some(Address { host: host.to_owned(), port: port.parse().ok()? }).filter(|a| !a.host.is_empty())
}

fn bad_address(text: &str, of: &str, place: Place) -> Finding {
    Finding {
        severity: Severity::Error,
        code: codes::BAD_ADDRESS,
        message: format!("`{text}` in `{of}` is no address or port"),
        help: "write addresses as `host:port`, for example `127.0.0.1:8080`, and ports from 1 to 65535",
        place: Some(place),
    }
}
