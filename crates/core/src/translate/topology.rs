//! Workloads of a topology: where they are, what their endpoints are called, and which address those get.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::IstioVersion;
use super::labels::locality_label;
use crate::cluster::Address;
use crate::locality::Locality;
use crate::manifest::{Object, Place, Pod, Topology, TopologyCluster, Workload};

/// Where a workload's endpoints are: its label, its own field, or its cluster's.
#[must_use]
pub fn workload_locality(
    cluster: &TopologyCluster,
    workload: &Workload,
    version: IstioVersion,
) -> Locality {
    let text = locality_label(&workload.labels, version)
        .or_else(|| workload.locality.clone())
        .unwrap_or_else(|| cluster.locality.clone());
    Locality::parse(&text)
}

/// What a workload's endpoints are called, before their ordinal: its name, the last segment of its locality, or its
/// cluster.
#[must_use]
pub fn workload_name(
    cluster: &TopologyCluster,
    workload: &Workload,
    version: IstioVersion,
) -> String {
    let locality = workload_locality(cluster, workload, version);
    let Locality { region, zone, sub_zone } = &locality;
    let last = [sub_zone, zone, region].into_iter().find(|segment| !segment.is_empty());
    workload.name.as_ref().or(last).unwrap_or(&cluster.name).clone()
}

/// The clusters of a topology, and where each stands.
pub(super) fn placed_clusters(
    topology: &Object<Topology>,
) -> impl Iterator<Item = (&TopologyCluster, Place)> {
    let place =
        |index| Place { document: topology.document, path: format!("spec.clusters[{index}]") };
    topology.spec.clusters.iter().enumerate().map(move |(index, it)| (it, place(index)))
}

/// The endpoints a workload has: those listed, or `replicas` ready ones.
pub(super) fn listed_pods(workload: &Workload) -> Vec<Pod> {
    workload.pods.clone().unwrap_or_else(|| {
        (0..workload.replicas).map(|ordinal| Pod { ordinal, ready: true }).collect()
    })
}

/// A workload of a topology, and where it stands.
pub(super) struct InTopology<'a> {
    pub(super) place: Place,
    pub(super) cluster: &'a TopologyCluster,
    /// The cluster's and the workload's, from 1: they are in made-up addresses.
    pub(super) indices: (u32, u32),
    pub(super) version: IstioVersion,
}

impl InTopology<'_> {
    pub(super) fn made_up_address(&self, ordinal: u32, port: u16) -> Address {
        let (cluster, workload) = self.indices;
        let parts = [cluster, workload, ordinal.saturating_add(1)];
        let octets = parts.map(|part| u8::try_from(part).ok());
        let host = match octets {
            [Some(c), Some(w), Some(o)] => Ipv4Addr::new(10, c, w, o).to_string(),
            _ => {
                let [c, w, o] = parts.map(|part| u16::try_from(part).unwrap_or(u16::MAX));
                Ipv6Addr::new(0xfd00, 0, 0, 0, 0, c, w, o).to_string()
            }
        };
        Address { host, port }
    }
}
