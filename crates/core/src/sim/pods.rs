//! The endpoints that exist, and what is wrong with each of them.
//!
//! A pod is one life of an endpoint: scaled away and back, `cluster-a-0` is a new pod of the same name, without any
//! state. The engine knows of it only the [`Behaviour`] that follows from here.
//!
//! When several things are wrong, the one nearest to the caller shows: no network, then no listener, then no answer, then errors.

use mesh_failover_engine::run::{Behaviour, LatencyId, PodId, RegionId};

use crate::manifest::{Fail, Latency, Pod as ListedPod, Target};

/// A workload of the topology, or the endpoints of a ServiceEntry.
#[derive(Debug, Clone)]
pub(super) struct Workload {
    /// Where it stands in the topology: document, cluster, workload; `None`: not in it.
    pub(super) place: Option<[usize; 3]>,
    /// Kubernetes cluster.
    pub(super) cluster: String,
    pub(super) service: String,
    /// Prefix of its pods' names.
    pub(super) name: String,
    pub(super) region: RegionId,
    pub(super) zone: String,
    pub(super) latency: Latency,
    /// One above the highest ordinal ever used.
    next_ordinal: u32,
}

/// A pod's record.
#[derive(Debug, Clone)]
pub(super) struct Pod {
    pub(super) name: String,
    pub(super) workload: u32,
    pub(super) ordinal: u32,
    /// Whether it has not been scaled away or replaced.
    pub(super) exists: bool,
    pub(super) faults: Faults,
}

/// What steps did to a pod and `restore` undoes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Faults {
    pub(super) fail: Option<(u16, f64)>,
    pub(super) slow: Option<Latency>,
    pub(super) refuse: bool,
    pub(super) blackhole: bool,
    pub(super) partition: bool,
    pub(super) unready: bool,
    pub(super) drain: bool,
}

/// All pods of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Pods {
    regions: Vec<String>,
    workloads: Vec<Workload>,
    pods: Vec<Pod>,
}

/// A new workload, before it has a number.
#[derive(Debug, Clone)]
pub(super) struct NewWorkload {
    pub(super) place: Option<[usize; 3]>,
    pub(super) cluster: String,
    pub(super) service: String,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) zone: String,
    pub(super) latency: Latency,
}

impl Pods {
    pub(super) fn regions(&self) -> &[String] {
        &self.regions
    }

    pub(super) fn len(&self) -> u32 {
        self.pods.len() as u32
    }

    pub(super) fn workloads(&self) -> impl Iterator<Item = (u32, &Workload)> {
        (0..).zip(&self.workloads)
    }

    pub(super) fn workload(&self, workload: u32) -> Option<&Workload> {
        self.workloads.get(workload as usize)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (PodId, &Pod)> {
        (0..).map(PodId).zip(&self.pods)
    }

    pub(super) fn get(&self, pod: PodId) -> Option<&Pod> {
        self.pods.get(pod.0 as usize)
    }

    /// Where a pod is.
    pub(super) fn region_of(&self, pod: PodId) -> Option<RegionId> {
        Some(self.workload(self.get(pod)?.workload)?.region)
    }

    pub(super) fn faults_mut(&mut self, pod: PodId) -> Option<&mut Faults> {
        self.pods.get_mut(pod.0 as usize).map(|pod| &mut pod.faults)
    }

    /// The region of that name, made if it is new.
    pub(super) fn region(&mut self, name: &str) -> RegionId {
        let known = self.regions.iter().position(|region| region == name);
        RegionId(known.unwrap_or_else(|| {
            self.regions.push(name.to_owned());
            self.regions.len() - 1
        }) as u32)
    }

    pub(super) fn add_workload(&mut self, new: NewWorkload) -> u32 {
        let region = self.region(&new.region);
        self.workloads.push(Workload {
            place: new.place,
            cluster: new.cluster,
            service: new.service,
            name: new.name,
            region,
            zone: new.zone,
            latency: new.latency,
            next_ordinal: 0,
        });
        (self.workloads.len() - 1) as u32
    }

    /// A new pod. `name` is for endpoints that are not called after their workload.
    pub(super) fn add_pod(
        &mut self,
        workload: u32,
        ordinal: u32,
        name: Option<&str>,
    ) -> Option<PodId> {
        let owner = self.workloads.get_mut(workload as usize)?;
        owner.next_ordinal = owner.next_ordinal.max(ordinal.saturating_add(1));
        self.pods.push(Pod {
            name: name.map_or_else(|| format!("{}-{ordinal}", owner.name), str::to_owned),
            workload,
            ordinal,
            exists: true,
            faults: Faults::default(),
        });
        Some(PodId((self.pods.len() - 1) as u32))
    }

    /// Pods of a workload that exist, ascending by ordinal.
    pub(super) fn of_workload(&self, workload: u32) -> Vec<PodId> {
        let mut pods: Vec<(u32, PodId)> = self
            .iter()
            .filter(|(_, pod)| pod.exists && pod.workload == workload)
            .map(|(id, pod)| (pod.ordinal, id))
            .collect();
        pods.sort_unstable();
        pods.into_iter().map(|(_, id)| id).collect()
    }

    /// Removes the highest ordinals or fills the lowest free ones. Returns the new pods.
    pub(super) fn scale(&mut self, workload: u32, replicas: u32) -> Vec<PodId> {
        let pods = self.of_workload(workload);
        for id in pods.iter().skip(replicas as usize) {
            self.remove(*id);
        }
        let taken: Vec<u32> =
            pods.iter().filter_map(|id| self.get(*id)).map(|pod| pod.ordinal).collect();
        let missing = (replicas as usize).saturating_sub(pods.len());
        let free: Vec<u32> =
            (0..).filter(|ordinal| !taken.contains(ordinal)).take(missing).collect();
        free.into_iter().filter_map(|ordinal| self.add_pod(workload, ordinal, None)).collect()
    }

    /// Puts a new pod with the next unused ordinal in a pod's place.
    pub(super) fn replace(&mut self, pod: PodId) -> Option<PodId> {
        let workload = self.get(pod)?.workload;
        let ordinal = self.workload(workload)?.next_ordinal;
        self.remove(pod);
        self.add_pod(workload, ordinal, None)
    }

    fn remove(&mut self, pod: PodId) {
        if let Some(pod) = self.pods.get_mut(pod.0 as usize) {
            pod.exists = false;
        }
    }

    /// Pods that exist and that a step hits.
    pub(super) fn hit_by(&self, target: &Target) -> Vec<PodId> {
        let ordinal_fits =
            |ordinal| target.endpoints.as_ref().is_none_or(|ordinals| ordinals.contains(&ordinal));
        self.iter()
            .filter(|(_, pod)| pod.exists && ordinal_fits(pod.ordinal))
            .filter(|(_, pod)| self.workload(pod.workload).is_some_and(|w| self.fits(w, target)))
            .map(|(id, _)| id)
            .collect()
    }

    /// Workloads that a step hits.
    pub(super) fn workloads_hit_by(&self, target: &Target) -> Vec<u32> {
        self.workloads()
            .filter(|(_, workload)| self.fits(workload, target))
            .map(|(id, _)| id)
            .collect()
    }

    fn fits(&self, workload: &Workload, target: &Target) -> bool {
        let region = self.regions.get(workload.region.0 as usize).map_or("", String::as_str);
        let fits =
            |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|asked| asked == own);
        fits(&target.cluster, &workload.cluster)
            && fits(&target.service, &workload.service)
            && fits(&target.region, region)
            && fits(&target.zone, &workload.zone)
            && fits(&target.workload, &workload.name)
    }

    /// What the topology lists for a workload now.
    pub(super) fn listed(&self, workload: u32) -> Vec<ListedPod> {
        self.of_workload(workload)
            .into_iter()
            .filter_map(|id| self.get(id))
            .filter(|pod| !pod.faults.drain)
            .map(|pod| ListedPod { ordinal: pod.ordinal, ready: !pod.faults.unready })
            .collect()
    }
}

impl Faults {
    pub(super) fn set_fail(&mut self, fail: &Fail) {
        self.fail = Some((fail.status.unwrap_or(503), fail.ratio.unwrap_or(1.0)));
    }

    /// What a request meets; `own` and `slow` are the numbers of the workload's latency and of `self.slow`.
    pub(super) fn behaviour(&self, latency: LatencyId) -> Behaviour {
        if self.partition {
            Behaviour::Unreachable
        } else if self.refuse {
            Behaviour::Refuse
        } else if self.blackhole {
            Behaviour::Silent
        } else {
            let (fail_status, ratio) = self.fail.unwrap_or((503, 0.0));
            Behaviour::Answer { latency, fail_below: threshold(ratio), fail_status }
        }
    }
}

/// Draws of 64 bits that are below it: `ratio` of all.
fn threshold(ratio: f64) -> u64 {
    // `as` saturates, so a ratio of 1 takes (all but one of 2^64) all.
    (ratio.clamp(0.0, 1.0) * 18_446_744_073_709_551_616.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Pods {
        let mut pods = Pods::default();
        let workload = pods.add_workload(NewWorkload {
            place: None,
            cluster: "cluster-a".to_owned(),
            service: "hello".to_owned(),
            name: "a".to_owned(),
            region: "europe".to_owned(),
            zone: "b".to_owned(),
            latency: Latency::default(),
        });
        pods.scale(workload, 3);
        pods
    }

    fn names(pods: &Pods) -> Vec<&str> {
        pods.of_workload(0).into_iter().map(|id| pods.get(id).unwrap().name.as_str()).collect()
    }

    #[test]
    fn scaling_removes_the_highest_and_fills_the_lowest() {
        let mut pods = three();
        assert_eq!(names(&pods), ["a-0", "a-1", "a-2"]);
        pods.replace(PodId(0));
        assert_eq!(names(&pods), ["a-1", "a-2", "a-3"]);
        pods.scale(0, 2);
        assert_eq!(names(&pods), ["a-1", "a-2"]);
        assert_eq!(pods.scale(0, 3), [PodId(4)]);
        assert_eq!(names(&pods), ["a-0", "a-1", "a-2"]);
        pods.replace(PodId(4));
        assert_eq!(names(&pods), ["a-1", "a-2", "a-4"], "an ordinal is not used twice by replace");
    }

    #[test]
    fn targets_narrow() {
        let pods = three();
        let hit = |target: Target| pods.hit_by(&target).len();
        assert_eq!(hit(Target::default()), 3);
        assert_eq!(hit(Target { region: Some("europe".to_owned()), ..Target::default() }), 3);
        assert_eq!(hit(Target { zone: Some("c".to_owned()), ..Target::default() }), 0);
        let two = Target { endpoints: Some(vec![0, 2, 9]), ..Target::default() };
        assert_eq!(hit(two), 2);
    }

    #[test]
    fn the_fault_nearest_to_the_caller_shows() {
        let mut faults = Faults { blackhole: true, fail: Some((500, 1.0)), ..Faults::default() };
        assert_eq!(faults.behaviour(LatencyId::default()), Behaviour::Silent);
        faults.refuse = true;
        assert_eq!(faults.behaviour(LatencyId::default()), Behaviour::Refuse);
        faults.partition = true;
        assert_eq!(faults.behaviour(LatencyId::default()), Behaviour::Unreachable);
        assert_eq!(threshold(1.0), u64::MAX);
        assert_eq!(threshold(0.5), 1 << 63);
    }
}
