//! The mesh outside the gateway: endpoints as steps leave them, and what istiod makes of them.

use mesh_failover_engine::run::{PodId, RegionId};
use mesh_failover_sorted::SortedMap;

use super::pods::{Faults, NewWorkload, Pods};
use super::timeline::{Action, Fault};
use crate::cluster::{Address, LbEndpoint};
use crate::envoy::placed;
use crate::locality::Locality;
use crate::manifest::{Latency, Manifests};
use crate::translate::{
    CLUSTER_LABEL, Proxy, Translation, translate, workload_locality, workload_name,
};

/// How long a response takes where nobody said it.
const DEFAULT_LATENCY_MS: u64 = 1;

/// Manifests whose topology follows the scenario.
#[derive(Debug, Clone)]
pub(super) struct World {
    manifests: Manifests,
    proxy: Proxy,
    /// Where endpoints really are, by name.
    addresses: SortedMap<String, Address>,
    pub(super) pods: Pods,
}

/// What a step changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Affected {
    /// Pods that meet requests in another way.
    pub(super) behaviour: Vec<PodId>,
    /// Whether discovery has news.
    pub(super) discovery: bool,
}

impl World {
    /// `addresses`: where endpoints are, by name, instead of at made-up addresses.
    pub(super) fn new(
        manifests: &Manifests,
        proxy: Proxy,
        addresses: SortedMap<String, Address>,
    ) -> Self {
        let manifests_now = manifests.clone();
        let mut world = Self { manifests: manifests_now, proxy, addresses, pods: Pods::default() };
        for (document, topology) in manifests.topologies.iter().enumerate() {
            for (place, cluster) in topology.spec.clusters.iter().enumerate() {
                for (index, workload) in cluster.workloads.iter().enumerate() {
                    let version = world.proxy.version;
                    let locality = workload_locality(cluster, workload, version);
                    let id = world.pods.add_workload(NewWorkload {
                        place: Some([document, place, index]),
                        cluster: cluster.name.clone(),
                        service: workload.service.clone(),
                        name: workload_name(cluster, workload, version),
                        region: locality.region,
                        zone: locality.zone,
                        latency: workload.latency.unwrap_or_else(default_latency),
                    });
                    world.pods.scale(id, workload.replicas);
                }
            }
        }
        world
    }

    /// What istiod sends for the endpoints as they are now.
    pub(super) fn translate(&mut self) -> Translation {
        for (id, workload) in self.pods.workloads() {
            let Some([document, place, index]) = workload.place else { continue };
            let written = self
                .manifests
                .topologies
                .get_mut(document)
                .and_then(|topology| topology.spec.clusters.get_mut(place))
                .and_then(|cluster| cluster.workloads.get_mut(index));
            if let Some(written) = written {
                written.pods = Some(self.pods.listed(id));
            }
        }
        let mut translation = translate(&self.manifests, &self.proxy);
        if !self.addresses.is_empty() {
            for cluster in &mut translation.clusters {
                cluster.load_assignment = placed(&cluster.load_assignment, &self.addresses);
            }
        }
        translation
    }

    /// Where the gateway is.
    pub(super) const fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// Which pod listens at each address of a translation's cluster. Endpoints that no topology has become pods of their own.
    pub(super) fn pods_by_address(
        &mut self,
        translation: &Translation,
    ) -> SortedMap<Address, PodId> {
        let mut known: SortedMap<(String, String, String), PodId> = self
            .pods
            .iter()
            .filter(|(_, pod)| pod.exists)
            .filter_map(|(id, pod)| {
                let workload = self.pods.workload(pod.workload)?;
                Some(((workload.service.clone(), workload.cluster.clone(), pod.name.clone()), id))
            })
            .collect();
        let mut by_address = SortedMap::new();
        for cluster in &translation.clusters {
            let service = cluster.name.rsplit('|').next().unwrap_or_default();
            for group in &cluster.load_assignment.endpoints {
                for endpoint in &group.lb_endpoints {
                    let place = endpoint.labels.get(CLUSTER_LABEL).cloned().unwrap_or_default();
                    let key = (service.to_owned(), place, endpoint.name.clone());
                    let pod = match known.get(&key) {
                        Some(pod) => Some(*pod),
                        None => self.add_foreign(&key, endpoint, group.locality.as_ref()),
                    };
                    if let Some(pod) = pod {
                        known.insert(key, pod);
                        by_address.insert(endpoint.address.clone(), pod);
                    }
                }
            }
        }
        by_address
    }

    /// A pod for an endpoint of a ServiceEntry, or for a gateway to another network.
    fn add_foreign(
        &mut self,
        (service, cluster, name): &(String, String, String),
        endpoint: &LbEndpoint,
        locality: Option<&Locality>,
    ) -> Option<PodId> {
        let (prefix, ordinal) = match endpoint.name.rsplit_once('-') {
            Some((prefix, ordinal)) => (prefix, ordinal.parse().unwrap_or(0)),
            None => (name.as_str(), 0),
        };
        let workload = self.pods.add_workload(NewWorkload {
            place: None,
            cluster: cluster.clone(),
            service: service.clone(),
            name: prefix.to_owned(),
            region: locality.map(|locality| locality.region.clone()).unwrap_or_default(),
            zone: locality.map(|locality| locality.zone.clone()).unwrap_or_default(),
            latency: default_latency(),
        });
        self.pods.add_pod(workload, ordinal, Some(name))
    }

    /// Does what a step says.
    pub(super) fn apply(&mut self, action: &Action) -> Affected {
        let mut affected = Affected::default();
        match action {
            Action::Rate(..) => {}
            Action::Scale(target, replicas) => {
                for workload in self.pods.workloads_hit_by(target) {
                    affected.behaviour.extend(self.pods.scale(workload, *replicas));
                }
                affected.discovery = true;
            }
            Action::Replace(target) => {
                for pod in self.pods.hit_by(target) {
                    affected.behaviour.extend(self.pods.replace(pod));
                }
                affected.discovery = true;
            }
            Action::Fault(target, fault) => {
                for pod in self.pods.hit_by(target) {
                    if let Some(faults) = self.pods.faults_mut(pod) {
                        fault.apply(faults);
                    }
                    affected.behaviour.push(pod);
                }
                affected.discovery = matches!(fault, Fault::Unready | Fault::Drain);
            }
            Action::Restore(target) => {
                for pod in self.pods.hit_by(target) {
                    if let Some(faults) = self.pods.faults_mut(pod) {
                        *faults = Faults::default();
                    }
                    affected.behaviour.push(pod);
                }
                affected.discovery = true;
            }
        }
        affected
    }

    /// The latency of a pod now.
    pub(super) fn latency(&self, pod: PodId) -> Latency {
        let record = self.pods.get(pod);
        let own = || record.and_then(|pod| self.pods.workload(pod.workload)).map(|w| w.latency);
        record.and_then(|pod| pod.faults.slow).or_else(own).unwrap_or_else(default_latency)
    }

    /// The number of a region, if there is one of that name.
    pub(super) fn region(&self, name: &str) -> Option<RegionId> {
        let index = self.pods.regions().iter().position(|region| region == name)?;
        Some(RegionId(index as u32))
    }
}

fn default_latency() -> Latency {
    Latency::Constant(std::time::Duration::from_millis(DEFAULT_LATENCY_MS).into())
}
