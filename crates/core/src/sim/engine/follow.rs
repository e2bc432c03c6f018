//! What follows from a detector's decision: hosts change, workers hear of it, the log says so.

use super::{Due, Engine};
use crate::live::Ejections;
use crate::outlier::Action;
use crate::sim::log::{Load, Place};
use crate::sim::pods::PodId;
use crate::sim::share::add_shares;
use crate::sim::upstream::Change;
use crate::units::Priority;

impl Engine {
    /// A detector's sweep is due.
    pub(in crate::sim) fn on_sweep(&mut self, envoy: u32, upstream: u32) {
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

    /// What a gateway's pod has out when the run starts.
    pub(in crate::sim) fn start_ejected(&mut self, envoy: u32, ejected: &Ejections) {
        let time = self.time();
        let Some(at) = self.envoys.get_mut(envoy as usize) else { return };
        let mut out = Vec::new();
        for (index, upstream) in (0..).zip(&mut at.upstreams) {
            let Some(addresses) = ejected.get(&upstream.name) else { continue };
            for pod in upstream.start_ejected(addresses, time, &mut self.envoy_rng) {
                let place = Place { envoy, upstream: index, cluster: &upstream.name };
                self.log.starts_ejected(self.now, place, pod, &self.world.pods);
                out.push(pod);
            }
        }
        out.into_iter().for_each(|pod| self.count_ejected(pod, true));
    }

    /// A merge window may be over.
    pub(in crate::sim) fn on_merge(&mut self, envoy: u32, upstream: u32, priority: Priority) {
        let time = self.time();
        let posted = self
            .envoys
            .get_mut(envoy as usize)
            .and_then(|envoy| envoy.upstreams.get_mut(upstream as usize))
            .is_some_and(|upstream| upstream.on_merge_timer(priority, time, &mut self.envoy_rng));
        if posted {
            self.log_load(envoy, upstream);
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
            let place = Place { envoy, upstream, cluster: &watched.name };
            self.log.detector(self.now, place, pod, &event, &change, &self.world.pods);
            match event.action {
                Action::Eject { enforced: true, .. } => self.count_ejected(pod, true),
                Action::Uneject => self.count_ejected(pod, false),
                Action::Eject { .. } | Action::Overflow { .. } => {}
            }
            self.follow_change(envoy, upstream, &change);
        }
    }

    /// Arms timers for what waits, and looks at what the workers do with the news.
    pub(in crate::sim) fn follow_change(&mut self, envoy: u32, upstream: u32, change: &Change) {
        for (priority, at) in &change.waiting {
            let due = Due::Merge { envoy, upstream, priority: *priority };
            self.queue.push(at.as_nanos(), due);
        }
        if !change.posted.is_empty() {
            self.log_load(envoy, upstream);
        }
    }

    pub(in crate::sim) fn log_load(&mut self, envoy: u32, upstream: u32) {
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
        let pods = &self.world.pods;
        let region = |host| pods.behaviour(cluster.pod(host)).1;
        let mut shares = Vec::new();
        add_shares(worker, cluster.locality_weighted, 100.0, &region, &mut shares);
        // Tenths of a percent: the log speaks of what a person would notice.
        let tenths = shares.into_iter().map(|share| (share * 10.0).round() / 10.0);
        let named = pods.regions().iter().cloned().zip(tenths);
        let load = Load {
            regions: crate::compact::map(named.filter(|(_, share)| *share > 0.0)),
            priorities: total.collect(),
            panic: panic.collect(),
        };
        let place = Place { envoy, upstream, cluster: &cluster.name };
        self.log.load(self.now, place, load);
    }

    /// A pod is ejected by one Envoy more or less.
    pub(in crate::sim) fn count_ejected(&mut self, pod: PodId, ejected: bool) {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::manifest::{Source, read};
    use crate::sim::{EventKind, Options, Simulation};

    const SEED: [&str; 4] = [
        include_str!("../../../../../examples/seed/topology.yaml"),
        include_str!("../../../../../examples/seed/gateway.yaml"),
        include_str!("../../../../../examples/seed/virtual-service.yaml"),
        include_str!("../../../../../examples/seed/destination-rule.yaml"),
    ];
    const SCENARIO: &str = "
apiVersion: mesh-failover.dev/v1alpha1
kind: Scenario
metadata: {name: returns}
spec:
  gateway: cluster-a
  traffic: {rate: 200}
  duration: 60s
  clusterAge: 100s
  steps:
  - {at: 5s, fail: {cluster: cluster-a}}
  - {at: 10s, restore: {cluster: cluster-a}}
";

    /// Hosts come back at a sweep: on a whole second here, and up to a tick after it, another time each time.
    #[test]
    fn a_sweep_is_up_to_a_tick_late() {
        let texts = SEED.into_iter().chain([SCENARIO]);
        let sources: Vec<_> = texts.map(|text| Source { name: "test", text }).collect();
        let (manifests, diagnostics) = read(&sources);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let mut late = BTreeSet::new();
        for seed in 0..8 {
            let options = Options { seed: Some(seed), ..Options::default() };
            let simulation =
                Simulation::new(&manifests, &manifests.scenarios[0].spec, &options).unwrap();
            for event in simulation.run().events {
                if matches!(event.kind, EventKind::Unejected { .. }) {
                    late.insert((event.at_ms * 1e6) as u64 % 1_000_000_000);
                }
            }
        }
        assert!(late.len() >= 8, "{late:?}");
        assert!(late.iter().all(|nanos| *nanos < 4_000_000), "{late:?}");
    }
}
