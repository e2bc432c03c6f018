//! Topology labels: istiod adds them to every endpoint and proxy, so that subsets and
//! `failoverPriority` can speak of regions, clusters and networks without anybody labelling pods.

use std::collections::BTreeMap;

use crate::locality::Locality;

/// `topology.kubernetes.io/region`.
pub const REGION_LABEL: &str = "topology.kubernetes.io/region";
/// `topology.kubernetes.io/zone`.
pub const ZONE_LABEL: &str = "topology.kubernetes.io/zone";
/// `topology.istio.io/subzone`.
pub const SUBZONE_LABEL: &str = "topology.istio.io/subzone";
/// `topology.istio.io/cluster`.
pub const CLUSTER_LABEL: &str = "topology.istio.io/cluster";
/// `topology.istio.io/network`.
pub const NETWORK_LABEL: &str = "topology.istio.io/network";
/// `kubernetes.io/hostname`.
pub const HOSTNAME_LABEL: &str = "kubernetes.io/hostname";

/// Adds what istiod knows about a workload's place to its labels.
///
/// A known place, cluster and node replace labels of the same name; the network only fills a gap.
///
/// **Source**: Istio pilot/pkg/serviceregistry/util/label/label.go `AugmentLabels`, 1.31.
#[must_use]
pub fn augment_labels(
    mut labels: BTreeMap<String, String>,
    cluster: &str,
    locality: &Locality,
    node: &str,
    network: &str,
) -> BTreeMap<String, String> {
    let known = [
        (REGION_LABEL, locality.region.as_str()),
        (ZONE_LABEL, &locality.zone),
        (SUBZONE_LABEL, &locality.sub_zone),
        (CLUSTER_LABEL, cluster),
        (HOSTNAME_LABEL, node),
    ];
    for (label, value) in known {
        if !value.is_empty() {
            labels.insert(label.to_owned(), value.to_owned());
        }
    }
    if !network.is_empty() {
        labels.entry(NETWORK_LABEL.to_owned()).or_insert_with(|| network.to_owned());
    }
    labels
}
