//! Networks that meet at east-west gateways: whole regions become one host.
//!
//! **Source**: Istio ep_filters.go `EndpointsByNetworkFilter`, 1.31; Envoy EDS, v1.40.0.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::facts::{Facts, count, list};
use super::policies::Level;
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::TopologyCluster;
use crate::translate::{PlacedEndpoint, REGION_LABEL, SUBZONE_LABEL, ZONE_LABEL};

const TLS_MODE_LABEL: &str = "security.istio.io/tlsMode";

pub(super) const RULES: &[&Rule] = &[&ONE_HOST, &LABELS_LOST, &ZONES_LOST, &NO_NETWORK, &NO_MTLS];

const ONE_HOST: Rule = Rule {
    code: "MF0701",
    name: "east-west-gateway-is-one-host",
    severity: Severity::Warning,
    title: "behind an east-west gateway a whole network is one host",
    why: "\
A gateway reaches endpoints of another network through that network's east-west gateway, and Envoy sees \
one host for each of its addresses, however many pods are behind it. Errors of any pod add up on that \
host: one bad pod ejects the whole region. And it counts as one host for `maxEjectionPercent` \
([istio#52435](https://github.com/istio/istio/issues/52435)).",
};

const LABELS_LOST: Rule = Rule {
    code: "MF0702",
    name: "failover-priority-across-networks",
    severity: Severity::Warning,
    title: "`failoverPriority` cannot see labels behind an east-west gateway",
    why: "\
The host that stands for a remote network carries two labels only, its cluster and its network. Every \
other label of `failoverPriority`, region and zone included, counts as a mismatch for it \
([istio#49500](https://github.com/istio/istio/issues/49500)). All remote networks so end in the same, \
last priority.",
};

const ZONES_LOST: Rule = Rule {
    code: "MF0703",
    name: "zones-behind-one-gateway",
    severity: Severity::Warning,
    title: "zones of a remote network share one gateway address, and all but one vanish",
    why: "\
istiod lists the east-west gateway once for each locality of the endpoints behind it. Envoy keeps the \
first of equal addresses and drops the others, so the first locality in alphabetical order has the \
host, and the weights of the others are lost ([istio#56355](https://github.com/istio/istio/issues/56355)).",
};

const NO_NETWORK: Rule = Rule {
    code: "MF0704",
    name: "cluster-without-network",
    severity: Severity::Warning,
    title: "a cluster has no network in a mesh of networks",
    why: "\
Who has no network is reached directly from everywhere: gateways of other networks get the pods' own \
addresses, which no route leads to, and connections time out. A gateway without a network goes the other \
way through east-west gateways even where it need not. istiod takes the network from the label \
`topology.istio.io/network` of the pod, then of the `istio-system` namespace, then from `meshNetworks`; \
an ingress gateway needs it as well ([istio#49074](https://github.com/istio/istio/issues/49074)).",
};

const NO_MTLS: Rule = Rule {
    code: "MF0705",
    name: "remote-endpoint-without-mtls",
    severity: Severity::Warning,
    title: "an endpoint behind an east-west gateway does not speak mutual TLS, and is left out",
    why: "\
An east-west gateway passes on mutual TLS only, by the name in its handshake. istiod therefore leaves out \
endpoints of other networks that do not speak it: those of a ServiceEntry, unless they carry the label \
`security.istio.io/tlsMode: istio`. For a gateway elsewhere the region is empty, and nobody says so.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let clusters = facts.manifests.topologies.iter().flat_map(|topology| &topology.spec.clusters);
    let doors: Vec<&TopologyCluster> = clusters
        .filter(|cluster| cluster.network.is_some() && !cluster.east_west_gateways.is_empty())
        .collect();
    for level in facts.levels.iter().filter(|_| !doors.is_empty()) {
        if level.outlier().is_some() && level.owns("outlierDetection") {
            one_host(facts, level, &doors, findings);
        }
        if level.locality().is_some() && level.owns("loadBalancer") {
            labels_lost(facts, level, &doors, findings);
            zones_lost(facts, level, &doors, findings);
        }
    }
    if !doors.is_empty() {
        no_network(facts, &doors, findings);
        no_mtls(facts, &doors, findings);
    }
}

fn no_network(facts: &Facts<'_>, doors: &[&TopologyCluster], findings: &mut Vec<Finding>) {
    for topology in &facts.manifests.topologies {
        for (index, cluster) in topology.spec.clusters.iter().enumerate() {
            if cluster.network.is_none()
                && !(cluster.workloads.is_empty() && cluster.gateway.is_none())
            {
                let message = format!(
                    "`{}` has no network, beside {}: from there its {} are called directly",
                    cluster.name,
                    list(doors.iter().filter_map(|door| door.network.as_ref())),
                    if cluster.workloads.is_empty() { "gateways" } else { "endpoints" },
                );
                let path = format!("spec.clusters[{index}]");
                let found = facts.finding(&NO_NETWORK, topology, path, message);
                findings.push(found.help(
                    "label its pods and its `istio-system` namespace with `topology.istio.io/network`",
                ));
            }
        }
    }
}

fn no_mtls(facts: &Facts<'_>, doors: &[&TopologyCluster], findings: &mut Vec<Finding>) {
    let is_remote = |network: &str| {
        doors.iter().any(|door| door.network.as_deref() == Some(network))
            && facts.gateways.iter().any(|proxy| proxy.network != network)
    };
    for entry in &facts.manifests.service_entries {
        for (index, endpoint) in entry.spec.endpoints.iter().enumerate() {
            let network = endpoint.network.as_deref().filter(|network| is_remote(network));
            let mode = endpoint.labels.get(TLS_MODE_LABEL).map(String::as_str);
            let address = endpoint.address.as_deref();
            if let (Some(network), Some(address), true) = (network, address, mode != Some("istio"))
            {
                let message = format!(
                    "gateways outside network `{network}` do not get `{address}`: it does not speak mutual TLS"
                );
                let path = format!("spec.endpoints[{index}]");
                let found = facts.finding(&NO_MTLS, entry, path, message);
                findings.push(found.help(
                    "give it a sidecar and the label `security.istio.io/tlsMode: istio`, or leave `network` out",
                ));
            }
        }
    }
}

/// Endpoints that some gateway of the topology reaches through each of the doors.
fn behind<'a>(
    facts: &'a Facts<'_>,
    level: &Level<'a>,
    doors: &[&'a TopologyCluster],
) -> SortedMap<&'a str, (&'a TopologyCluster, Vec<&'a PlacedEndpoint>)> {
    let mut behind: SortedMap<&str, (&TopologyCluster, Vec<&PlacedEndpoint>)> = SortedMap::new();
    let remote = |network: &str| facts.gateways.iter().any(|proxy| proxy.network != network);
    for endpoint in facts.services.values().flat_map(|service| &service.endpoints) {
        let door = doors.iter().find(|door| door.network.as_deref() == Some(&endpoint.network));
        let Some(door) = door.filter(|_| remote(&endpoint.network)) else { continue };
        let is_of = facts
            .services_of(level.rule)
            .any(|service| service.endpoints.iter().any(|it| std::ptr::eq(it, endpoint)));
        if is_of && level.port.is_none_or(|port| port == u32::from(endpoint.port)) {
            behind.entry(&endpoint.network).or_insert_with(|| (*door, Vec::new())).1.push(endpoint);
        }
    }
    behind
}

fn one_host(
    facts: &Facts<'_>,
    level: &Level<'_>,
    doors: &[&TopologyCluster],
    findings: &mut Vec<Finding>,
) {
    let errors = level.outlier().and_then(|block| block.consecutive_5xx_errors).unwrap_or(5);
    let collapsed = behind(facts, level, doors);
    let worst = collapsed
        .iter()
        .filter(|(_, (door, endpoints))| endpoints.len() > door.east_west_gateways.len());
    let Some((network, (door, endpoints))) = worst.max_by_key(|(_, (_, them))| them.len()) else {
        return;
    };
    let message = format!(
        "{} of network `{network}` are {} for a gateway elsewhere: {} in a row from any of them eject all",
        count(endpoints.len(), "endpoint"),
        count(door.east_west_gateways.len(), "host"),
        count(usize::try_from(errors).unwrap_or(0), "error"),
    );
    let path = level.written("outlierDetection");
    let found = facts.finding(&ONE_HOST, level.rule, path, message);
    findings.push(found.help(
        "raise consecutive5xxErrors so that one bad pod does not reach it, and give the remote side outlier detection of its own",
    ));
}

fn labels_lost(
    facts: &Facts<'_>,
    level: &Level<'_>,
    doors: &[&TopologyCluster],
    findings: &mut Vec<Finding>,
) {
    let Some(setting) = level.locality().filter(|_| level.outlier().is_some()) else { return };
    let places = [REGION_LABEL, ZONE_LABEL, SUBZONE_LABEL];
    let key = |spec: &&String| spec.split('=').next().is_some_and(|key| places.contains(&key));
    let lost: Vec<&String> = setting.failover_priority.iter().filter(key).collect();
    let networks = behind(facts, level, doors);
    if !lost.is_empty() && !networks.is_empty() {
        let message = format!(
            "{} of endpoints in {} cannot be seen: through an east-west gateway they carry cluster and network only",
            list(&lost),
            list(networks.keys())
        );
        let path = format!("{}.failoverPriority", level.locality_path());
        let found = facts.finding(&LABELS_LOST, level.rule, path, message);
        findings.push(found.help("order remote places by `topology.istio.io/network` or `topology.istio.io/cluster`, or use `failover`"));
    }
}

fn zones_lost(
    facts: &Facts<'_>,
    level: &Level<'_>,
    doors: &[&TopologyCluster],
    findings: &mut Vec<Finding>,
) {
    for (network, (_, endpoints)) in behind(facts, level, doors) {
        let places: SortedSet<String> =
            SortedSet::from_iter(endpoints.iter().map(|endpoint| endpoint.locality.to_string()));
        if let (Some(first), 2..) = (places.first(), places.len()) {
            let message = format!(
                "network `{network}` has endpoints in {}, behind one address: Envoy keeps it for `{first}` only",
                list(&places)
            );
            let found = facts.finding(&ZONES_LOST, level.rule, level.locality_path(), message);
            findings.push(
                found.help("name regions, not zones, for places behind an east-west gateway"),
            );
        }
    }
}
