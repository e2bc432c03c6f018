//! The gateway's pods as they are when a run starts.

use super::engine::Due;
use super::error::SimError;
use super::gateway::{Envoy, UpstreamConfig};
use super::nanos;
use super::queue::Queue;
use super::random::Xoshiro;
use super::simulation::Simulation;
use crate::manifest::{Manifests, Scenario};
use crate::random::Random;
use crate::time::MonotonicTime;
use crate::translate::{Proxy, Translation};

const DEFAULT_WORKERS: u32 = 2;

/// What the gateway's pods are made from.
pub(super) struct Stage<'a> {
    pub(super) manifests: &'a Manifests,
    pub(super) scenario: &'a Scenario,
    pub(super) translation: &'a Translation,
    pub(super) clusters: &'a [String],
}

impl Stage<'_> {
    pub(super) fn envoys(
        &self,
        proxy: &Proxy,
        queue: &mut Queue<Due>,
        phases_rng: &mut Xoshiro,
        envoy_rng: &mut Xoshiro,
    ) -> Result<Vec<Envoy>, SimError> {
        let places = self.manifests.topologies.iter().flat_map(|topology| &topology.spec.clusters);
        let gateway = places
            .filter(|place| place.name == self.scenario.gateway)
            .find_map(|place| place.gateway.as_ref());
        let replicas = gateway.and_then(|gateway| gateway.replicas).unwrap_or(1).max(1);
        let workers = gateway.and_then(|gateway| gateway.workers).unwrap_or(DEFAULT_WORKERS).max(1);
        let configs: Result<Vec<UpstreamConfig<'_>>, SimError> = self
            .clusters
            .iter()
            .filter_map(|name| self.translation.clusters.iter().find(|c| c.name == *name))
            .map(UpstreamConfig::new)
            .collect();
        let configs = configs?;
        let envoys = (0..replicas).map(|envoy| {
            let upstreams = (0..).zip(&configs).map(|(upstream, config)| {
                let created = self.created(config.interval(), phases_rng);
                let built = config.build(&proxy.locality, workers, created, envoy_rng);
                if let Some(at) = built.next_sweep() {
                    queue.push(at.as_nanos(), Due::Sweep { envoy, upstream });
                }
                built
            });
            Envoy { upstreams: upstreams.collect(), workers }
        });
        Ok(envoys.collect())
    }

    /// When a cluster was created: only where that is between two sweeps matters.
    fn created(&self, interval: Option<u64>, rng: &mut Xoshiro) -> MonotonicTime {
        let interval = interval.unwrap_or(1).max(1);
        let age = self.scenario.cluster_age.map_or_else(|| rng.random(), |age| nanos(age.0));
        MonotonicTime::from_nanos(Simulation::origin() - age % interval)
    }
}
