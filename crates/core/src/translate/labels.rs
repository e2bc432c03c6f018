//! Topology labels: istiod adds them to every endpoint and proxy, so that subsets and
//! `failoverPriority` can speak of regions, clusters and networks without anybody labelling pods.

use mesh_failover_sorted::SortedMap;

use super::IstioVersion;
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
/// Overrides the place of a workload (Istio 1.29).
const LOCALITY_LABEL: &str = "topology.istio.io/locality";
/// The older spelling of the same.
const LEGACY_LOCALITY_LABEL: &str = "istio-locality";

/// Labels as Kubernetes writes them.
pub type Labels = SortedMap<String, String>;

/// Whether every label of `selector` is on `labels`.
#[must_use]
pub(crate) fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Adds what istiod knows about a workload's place to its labels.
///
/// A known place, cluster and node replace labels of the same name; the network only fills a gap.
///
/// **Source**: Istio pilot/pkg/serviceregistry/util/label/label.go `AugmentLabels`, 1.31.
#[must_use]
pub fn augment_labels(
    mut labels: Labels,
    cluster: &str,
    locality: &Locality,
    node: &str,
    network: &str,
) -> Labels {
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

/// The place a workload's own labels name, if they do: `a/b/c`, or `a.b.c` where no slash is allowed.
///
/// **Source**: Istio pkg/model/proxy.go `GetLocalityLabel`, `SanitizeLocalityLabel`, 1.31.
#[must_use]
pub(crate) fn locality_label(labels: &Labels, version: IstioVersion) -> Option<String> {
    let newer = || labels.get(LOCALITY_LABEL).filter(|_| version.has_topology_locality_label());
    let value = newer().or_else(|| labels.get(LEGACY_LOCALITY_LABEL)).filter(|v| !v.is_empty())?;
    Some(if value.contains('/') { value.clone() } else { value.replace('.', "/") })
}

/// A pod's place: its own label, else its node's labels, with empty segments kept; empty if unknown.
///
/// **Source**: Istio pilot/pkg/serviceregistry/kube/controller/controller.go `getPodLocality`, 1.31.
#[must_use]
pub fn pod_locality(pod: &Labels, node: &Labels, version: IstioVersion) -> String {
    if let Some(locality) = locality_label(pod, version) {
        return locality;
    }
    let of = |label: &str, beta: &str| {
        node.get(label).or_else(|| node.get(beta)).map_or("", String::as_str).to_owned()
    };
    let region = of(REGION_LABEL, "failure-domain.beta.kubernetes.io/region");
    let zone = of(ZONE_LABEL, "failure-domain.beta.kubernetes.io/zone");
    let sub_zone = of(SUBZONE_LABEL, SUBZONE_LABEL);
    if region.is_empty() && zone.is_empty() && sub_zone.is_empty() {
        return String::new();
    }
    format!("{region}/{zone}/{sub_zone}")
}

/// A proxy's place: any topology label on it decides alone, then the locality label as it is
/// written, then what its bootstrap says.
///
/// **Source**: Istio pilot/pkg/xds/ads.go `setProxyState`, 1.31.
#[must_use]
pub fn proxy_locality(labels: &Labels, bootstrap: Locality, version: IstioVersion) -> Locality {
    let get = |label: &str| labels.get(label).cloned();
    let parts = [get(REGION_LABEL), get(ZONE_LABEL), get(SUBZONE_LABEL)];
    if parts.iter().any(Option::is_some) {
        let [region, zone, sub_zone] = parts.map(Option::unwrap_or_default);
        return Locality { region, zone, sub_zone };
    }
    let newer = get(LOCALITY_LABEL).filter(|_| version.has_topology_locality_label());
    newer.or_else(|| get(LEGACY_LOCALITY_LABEL)).map_or(bootstrap, |text| Locality::parse(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_known_place_replaces_labels_and_a_network_fills_a_gap() {
        let own = labels(&[(REGION_LABEL, "own"), (SUBZONE_LABEL, "s"), (NETWORK_LABEL, "n1")]);
        let place = Locality::parse("r/z");
        assert_eq!(
            augment_labels(own, "c", &place, "", "n2"),
            labels(&[
                (REGION_LABEL, "r"),
                (ZONE_LABEL, "z"),
                (SUBZONE_LABEL, "s"),
                (CLUSTER_LABEL, "c"),
                (NETWORK_LABEL, "n1"),
            ])
        );
    }

    #[test]
    fn a_proxy_with_one_topology_label_uses_only_those() {
        let bootstrap = || Locality::parse("boot/strap");
        let check = |own: &[(&str, &str)], expect: &str| {
            let found = proxy_locality(&labels(own), bootstrap(), IstioVersion::NEWEST);
            assert_eq!(found.to_string(), expect);
        };
        check(&[(REGION_LABEL, "r"), (LOCALITY_LABEL, "x/y")], "r");
        check(&[(LOCALITY_LABEL, "x/y")], "x/y");
        check(&[(LEGACY_LOCALITY_LABEL, "x.y")], "x.y");
        check(&[], "boot/strap");
    }

    #[test]
    fn the_newer_locality_label_needs_1_29() {
        let own = labels(&[(LOCALITY_LABEL, "new"), (LEGACY_LOCALITY_LABEL, "r.z.s")]);
        assert_eq!(locality_label(&own, IstioVersion::NEWEST).as_deref(), Some("new"));
        assert_eq!(locality_label(&own, IstioVersion::new(1, 28)).as_deref(), Some("r/z/s"));
    }
}
