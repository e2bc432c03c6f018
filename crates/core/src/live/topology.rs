//! From what `kubectl get` prints to a topology: clusters by folder, gateways by their pods, workloads by their EndpointSlices.
//!
//! **Clusters**: the folder a file lies in is the name of its cluster; several `kubectl get --context` go into
//! several folders. Without a folder there is one cluster, `cluster`.
//!
//! **Source**: Istio pilot/pkg/serviceregistry/kube/controller `GetPodLocality`, endpointslice.go, 1.31.
//!
//! **Not modelled**: east-west gateways (their addresses are in a Service's status), headless services' per-pod
//! names, `publishNotReadyAddresses`.

use mesh_failover_sorted::{SortedMap, SortedSet};

use crate::manifest::kubernetes::{EndpointSlice, Node, Pod, SliceEndpoint};
use crate::manifest::{
    Manifests, Metadata, Object, Pod as Endpoint, Topology, TopologyCluster, TopologyGateway,
    Workload,
};
use crate::translate::{
    IstioVersion, NETWORK_LABEL, backends, own_pods, pod_locality, resolve_short_name, selects,
};

/// Which service an EndpointSlice belongs to.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The one cluster there is if files lie in no folder.
const ONLY_CLUSTER: &str = "cluster";

/// Adds the topology that the Kubernetes objects among the manifests describe, unless one is written.
///
/// Only services that a route or a DestinationRule names are taken over, if there are such: a mesh has hundreds
/// that have nothing to do with the question.
pub fn complete(manifests: &mut Manifests, version: IstioVersion) {
    if !manifests.topologies.is_empty() || manifests.endpoint_slices.is_empty() {
        return;
    }
    let names: SortedSet<String> = SortedSet::from_iter(
        manifests.endpoint_slices.iter().map(|it| cluster_of(manifests, it.document)),
    );
    let hosts = named_hosts(manifests);
    let clusters: Vec<TopologyCluster> =
        names.iter().map(|name| cluster(manifests, name, &hosts, version)).collect();
    let document = manifests.endpoint_slices.first().map_or(0, |slice| slice.document);
    manifests.topologies.push(Object {
        api_version: "mesh-failover.dev/v1alpha1".to_owned(),
        metadata: Metadata { name: "from-kubernetes".to_owned(), ..Metadata::default() },
        spec: Topology { clusters },
        document,
    });
}

/// The folder of a document's file.
fn cluster_of(manifests: &Manifests, document: usize) -> String {
    let file = manifests.documents.get(document).map(|it| it.file.as_str()).unwrap_or_default();
    let mut parts = file.rsplit(['/', '\\']).skip(1);
    parts.find(|part| !part.is_empty() && *part != ".").unwrap_or(ONLY_CLUSTER).to_owned()
}

/// Hosts that routes and rules speak of, completed.
fn named_hosts(manifests: &Manifests) -> SortedSet<String> {
    let mut hosts = SortedSet::new();
    for rule in &manifests.destination_rules {
        hosts.insert(resolve_short_name(&rule.spec.host, rule.metadata.namespace()));
    }
    for service in &manifests.virtual_services {
        let routes = service.spec.http.iter().flat_map(|route| &route.route);
        for destination in routes.filter_map(|it| it.destination.as_ref()) {
            hosts.insert(resolve_short_name(&destination.host, service.metadata.namespace()));
        }
    }
    for route in &manifests.kube_http_routes {
        let own = route.metadata.namespace();
        for (name, namespace) in backends(&route.spec) {
            hosts.insert(resolve_short_name(name, namespace.unwrap_or(own)));
        }
    }
    hosts
}

/// Pods and nodes of one cluster, by name.
struct Cluster<'a> {
    nodes: SortedMap<&'a str, &'a Metadata>,
    /// By namespace and name.
    pods: SortedMap<(&'a str, &'a str), &'a Object<Pod>>,
    version: IstioVersion,
}

fn cluster(
    manifests: &Manifests,
    name: &str,
    hosts: &SortedSet<String>,
    version: IstioVersion,
) -> TopologyCluster {
    let of_cluster = |document: usize| cluster_of(manifests, document) == name;
    let nodes = manifests.nodes.iter().filter(|it: &&Object<Node>| of_cluster(it.document));
    let pods = manifests.pods.iter().filter(|it| of_cluster(it.document));
    let known = Cluster {
        nodes: SortedMap::from_iter(
            nodes.map(|node| (node.metadata.name.as_str(), &node.metadata)),
        ),
        pods: SortedMap::from_iter(
            pods.map(|pod| ((pod.metadata.namespace(), pod.metadata.name.as_str()), pod)),
        ),
        version,
    };
    let gateway = known.gateway(manifests);
    let slices = manifests.endpoint_slices.iter().filter(|it| of_cluster(it.document));
    let mut workloads = SortedMap::new();
    for slice in slices {
        add_slice(manifests, &known, slice, hosts, &mut workloads);
    }
    let workloads: Vec<Workload> = numbered(workloads.into_values().collect());
    let locality = gateway.as_ref().map(|(locality, _)| locality.clone());
    let network = manifests.namespaces.iter().filter(|it| of_cluster(it.document));
    let network = network
        .filter(|namespace| namespace.metadata.name == "istio-system")
        .find_map(|namespace| namespace.metadata.labels.get(NETWORK_LABEL).cloned());
    TopologyCluster {
        name: name.to_owned(),
        locality: locality
            .or_else(|| workloads.first().and_then(|it| it.locality.clone()))
            .unwrap_or_default(),
        network,
        east_west_gateways: Vec::new(),
        gateway: gateway.map(|(_, gateway)| gateway),
        workloads,
    }
}

impl Cluster<'_> {
    /// Where a pod is, as istiod finds out.
    fn locality(&self, pod: Option<&Object<Pod>>, node: Option<&str>) -> String {
        let empty = SortedMap::new();
        let node = pod.and_then(|pod| pod.spec.node_name.as_deref()).or(node);
        let node = node.and_then(|node| self.nodes.get(node)).map(|it| &it.labels);
        let labels = pod.map_or(&empty, |pod| &pod.metadata.labels);
        let text = pod_locality(labels, node.unwrap_or(&empty), self.version);
        text.trim_end_matches('/').to_owned()
    }

    /// The ingress gateway: pods that a Gateway's selector selects; where the first of them is, and the pods as one.
    fn gateway(&self, manifests: &Manifests) -> Option<(String, TopologyGateway)> {
        let written = manifests.gateways.iter().map(|gateway| gateway.spec.selector.clone());
        let selectors = written.chain(manifests.kube_gateways.iter().map(own_pods));
        let selectors: Vec<_> = selectors.filter(|selector| !selector.is_empty()).collect();
        let is_gateway = |pod: &&&Object<Pod>| {
            selectors.iter().any(|selector| selects(selector, &pod.metadata.labels))
        };
        let pods: Vec<&&Object<Pod>> = self.pods.values().filter(is_gateway).collect();
        let first = pods.first()?;
        let gateway = TopologyGateway {
            replicas: u32::try_from(pods.len()).ok(),
            workers: None,
            namespace: Some(first.metadata.namespace().to_owned()),
            labels: Some(first.metadata.labels.clone()),
        };
        Some((self.locality(Some(first), None), gateway))
    }
}

/// What one workload has in common.
type Group = (String, u32, String, SortedMap<String, String>);

fn add_slice(
    manifests: &Manifests,
    cluster: &Cluster<'_>,
    slice: &Object<EndpointSlice>,
    hosts: &SortedSet<String>,
    workloads: &mut SortedMap<Group, Workload>,
) {
    let namespace = slice.metadata.namespace();
    let Some(service) = slice.metadata.labels.get(SERVICE_NAME) else { return };
    let host = format!("{service}.{namespace}.svc.cluster.local");
    if !hosts.is_empty() && !hosts.iter().any(|named| crate::translate::is_subset_of(&host, named))
    {
        return;
    }
    let of_service = manifests
        .services
        .iter()
        .find(|it| it.metadata.name == *service && it.metadata.namespace() == namespace);
    for port in slice.spec.ports.iter().flatten() {
        let named = of_service.and_then(|service| {
            let name = |it: &Option<String>| it.clone().unwrap_or_default();
            service.spec.ports.iter().find(|it| name(&it.name) == name(&port.name))
        });
        let (Some(target), Some(number)) = (port.port, named.map(|it| it.port).or(port.port))
        else {
            continue;
        };
        for endpoint in &slice.spec.endpoints {
            add_endpoint(cluster, namespace, endpoint, (&host, number, target), workloads);
        }
    }
}

fn add_endpoint(
    cluster: &Cluster<'_>,
    namespace: &str,
    endpoint: &SliceEndpoint,
    (host, port, target): (&str, u32, u32),
    workloads: &mut SortedMap<Group, Workload>,
) {
    let conditions = endpoint.conditions.clone().unwrap_or_default();
    // A pod that is leaving is never sent to proxies.
    let (Some(address), false) = (endpoint.addresses.first(), conditions.terminating == Some(true))
    else {
        return;
    };
    let name = endpoint.target_ref.as_ref().and_then(|it| it.name.as_deref()).unwrap_or_default();
    let pod = cluster.pods.get(&(namespace, name)).copied();
    let locality = cluster.locality(pod, endpoint.node_name.as_deref());
    let labels = pod.map(|pod| pod.metadata.labels.clone()).unwrap_or_default();
    let key = (host.to_owned(), port, locality.clone(), labels.clone());
    let workload = workloads.entry(key).or_insert_with(|| Workload {
        service: host.to_owned(),
        port,
        locality: Some(locality),
        labels,
        pods: Some(Vec::new()),
        ..Workload::default()
    });
    let address = if address.contains(':') { format!("[{address}]") } else { address.clone() };
    let ordinal = workload.replicas;
    workload.replicas = workload.replicas.saturating_add(1);
    workload.addresses.push(format!("{address}:{target}"));
    if let Some(pods) = &mut workload.pods {
        pods.push(Endpoint { ordinal, ready: conditions.ready != Some(false) });
    }
}

/// Workloads with names of their own where locality alone would give two the same.
fn numbered(mut workloads: Vec<Workload>) -> Vec<Workload> {
    let mut seen: SortedMap<(String, u32, Option<String>), u32> = SortedMap::new();
    for workload in &mut workloads {
        let key = (workload.service.clone(), workload.port, workload.locality.clone());
        let count = seen.entry(key).and_modify(|count| *count += 1).or_insert(0);
        if *count > 0 {
            let last = workload.locality.as_deref().and_then(|it| it.rsplit('/').next());
            workload.name = Some(format!("{}-{}", last.unwrap_or_default(), *count + 1));
        }
    }
    workloads
}
