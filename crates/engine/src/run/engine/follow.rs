//! What follows from a detector's decision: hosts change, workers hear of it, the log says so.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::{Due, Engine};
use crate::cluster::{Address, ClusterLoadAssignment};
use crate::outlier::Action;
use crate::run::endpoints::PodId;
use crate::run::news::{News, What};
use crate::run::share::add_shares;
use crate::run::upstream::{Change, Discovered};
use crate::units::Priority;

impl Engine {
    /// A detector's sweep is due.
    pub(super) fn on_sweep(&mut self, envoy: u32, upstream: u32) {
        let time = self.time();
        let Some(swept) = self
            .envoys
            .get_mut(envoy as usize)
            .and_then(|envoy| envoy.upstreams.get_mut(upstream as usize))
        else {
            return;
        };
        swept.sweep(time, &mut self.envoy_rng);
        if let Some(next) = swept.next_sweep(&mut self.envoy_rng) {
            self.queue.push(next.as_nanos(), Due::Sweep { envoy, upstream });
        }
        self.follow_detector(envoy, upstream);
    }

    /// What an Envoy has out when the run starts, by cluster.
    pub fn start_ejected(&mut self, envoy: u32, ejected: &[Option<&SortedSet<Address>>]) {
        let time = self.time();
        let Some(at) = self.envoys.get_mut(envoy as usize) else { return };
        let mut out = Vec::new();
        for ((index, upstream), addresses) in (0..).zip(&mut at.upstreams).zip(ejected) {
            let Some(addresses) = addresses else { continue };
            let pods = upstream.start_ejected(addresses, time, &mut self.envoy_rng);
            out.extend(pods.into_iter().map(|pod| (index, pod)));
        }
        for (upstream, pod) in out {
            self.tell(envoy, What::StartsEjected { upstream, pod });
            self.count_ejected(pod, true);
        }
    }

    /// Gives a cluster of an Envoy endpoints from discovery; [`Self::announce`] then lets its workers hear of them.
    pub fn discover(
        &mut self,
        envoy: u32,
        upstream: u32,
        assignment: &ClusterLoadAssignment,
        pods: &SortedMap<Address, PodId>,
    ) -> (Discovered, Change) {
        let time = self.time();
        let Some(cluster) = self
            .envoys
            .get_mut(envoy as usize)
            .and_then(|envoy| envoy.upstreams.get_mut(upstream as usize))
        else {
            return Default::default();
        };
        let (found, change) = cluster.discover(assignment, pods, time, &mut self.envoy_rng);
        for pod in &found.removed_ejected {
            self.count_ejected(*pod, false);
        }
        (found, change)
    }

    /// Forgets when updates were last posted: the first endpoints come with the cluster, not as an update.
    pub fn settle(&mut self) {
        let upstreams = self.envoys.iter_mut().flat_map(|envoy| &mut envoy.upstreams);
        upstreams.for_each(|upstream| upstream.settle());
    }

    pub(super) fn tell(&mut self, envoy: u32, what: What) {
        self.news.push(News { at: self.now, envoy, what });
    }

    /// A merge window may be over.
    pub(super) fn on_merge(&mut self, envoy: u32, upstream: u32, priority: Priority) {
        let time = self.time();
        let posted = self
            .envoys
            .get_mut(envoy as usize)
            .and_then(|envoy| envoy.upstreams.get_mut(upstream as usize))
            .is_some_and(|upstream| upstream.on_merge_timer(priority, time, &mut self.envoy_rng));
        if posted {
            self.tell_load(envoy, upstream);
        }
    }

    /// Lets hosts, workers and the log follow what a detector has done.
    #[inline]
    pub(super) fn follow_detector(&mut self, envoy: u32, upstream: u32) {
        let time = self.time();
        loop {
            let Some(watched) = self
                .envoys
                .get_mut(envoy as usize)
                .and_then(|envoy| envoy.upstreams.get_mut(upstream as usize))
            else {
                return;
            };
            let Some((event, change)) = watched.next_ejection_event(time, &mut self.envoy_rng)
            else {
                return;
            };
            let pod = watched.pod(event.host);
            let told = change.waiting.iter().map(|(_, at)| at.as_nanos()).max();
            let action = event.action;
            self.tell(envoy, What::Detected { upstream, pod, event, told });
            match action {
                Action::Eject { enforced: true, .. } => self.count_ejected(pod, true),
                Action::Uneject => self.count_ejected(pod, false),
                Action::Eject { .. } | Action::Overflow { .. } => {}
            }
            self.announce(envoy, upstream, &change);
        }
    }

    /// Arms timers for what waits, and looks at what the workers do with the news.
    pub fn announce(&mut self, envoy: u32, upstream: u32, change: &Change) {
        for (priority, at) in &change.waiting {
            let due = Due::Merge { envoy, upstream, priority: *priority };
            self.queue.push(at.as_nanos(), due);
        }
        if !change.posted.is_empty() {
            self.tell_load(envoy, upstream);
        }
    }

    /// Tells what the workers of a cluster make of their hosts now.
    pub fn tell_load(&mut self, envoy: u32, upstream: u32) {
        self.shares_stale = true;
        let Some(cluster) = self
            .envoys
            .get(envoy as usize)
            .and_then(|envoy| envoy.upstreams.get(upstream as usize))
        else {
            return;
        };
        let Some(worker) = cluster.workers().first() else { return };
        let load = worker.priority_load();
        let total =
            load.healthy.iter().zip(&load.degraded).map(|(healthy, degraded)| healthy + degraded);
        let panic =
            (0..load.healthy.len() as u32).filter(|index| worker.is_in_panic(Priority(*index)));
        let region = |host| self.endpoints.region(cluster.pod(host));
        let mut regions = Vec::new();
        add_shares(worker, cluster.locality_weighted, 100.0, &region, &mut regions);
        let (priorities, panic) = (total.collect(), panic.collect());
        self.tell(envoy, What::Load { upstream, regions, priorities, panic });
    }

    /// A pod is ejected by one Envoy more or less.
    fn count_ejected(&mut self, pod: PodId, ejected: bool) {
        let place = self.ejected.iter().position(|(known, _)| *known == pod);
        match (place, ejected) {
            (None, true) => self.ejected.push((pod, 1)),
            (None, false) => {}
            (Some(index), true) => {
                if let Some((_, count)) = self.ejected.get_mut(index) {
                    *count += 1;
                }
            }
            (Some(index), false) => {
                let gone = self.ejected.get_mut(index).is_some_and(|(_, count)| {
                    *count = count.saturating_sub(1);
                    *count == 0
                });
                if gone {
                    self.ejected.remove(index);
                }
            }
        }
    }
}
