//! The gateway's pods as they are when a run starts.

use super::engine::Due;
use super::error::SimError;
use super::front::{Front, TICK};
use super::gateway::{Envoy, UpstreamConfig};
use super::gateway_run::GatewayRun;
use super::nanos;
use super::queue::Queue;
use super::random::Xoshiro;
use crate::manifest::{Manifests, Scenario};
use crate::random::Random;
use crate::router::RouterConfig;
use crate::time::MonotonicTime;
use crate::translate::{Proxy, Translation};

const DEFAULT_WORKERS: u32 = 2;
/// The region router has run for so long when the run starts: it has looked at every region. **Units**: nanoseconds.
const WARM: u64 = 3_000_000_000;

/// What the gateway's pods are made from.
pub(super) struct Stage<'a> {
    pub(super) manifests: &'a Manifests,
    pub(super) scenario: &'a Scenario,
    pub(super) translation: &'a Translation,
    pub(super) clusters: &'a [String],
    /// Whether endpoints have real addresses.
    pub(super) placed: bool,
    /// What the region router runs, in the arm that has one.
    pub(super) router: Option<&'a RouterConfig>,
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
        let drawn = phases_rng.random();
        // Real addresses lead where Envoy's lead.
        let salt = if self.placed { 0 } else { drawn };
        let configs: Result<Vec<UpstreamConfig<'_>>, SimError> = self
            .clusters
            .iter()
            .filter_map(|name| self.translation.clusters.iter().find(|c| c.name == *name))
            .map(|cluster| UpstreamConfig::new(cluster, salt))
            .collect();
        let configs = configs?;
        // The router's main thread sends its checks through clusters of its own.
        let threads = workers + u32::from(self.router.is_some());
        let envoys = (0..replicas).map(|envoy| {
            let upstreams = (0..).zip(&configs).map(|(upstream, config)| {
                let created = self.created(config.interval(), phases_rng);
                let built = config.build(&proxy.locality, threads, created, envoy_rng);
                if let Some(at) = built.next_sweep(envoy_rng) {
                    queue.push(at.as_nanos(), Due::Sweep { envoy, upstream });
                }
                built
            });
            let upstreams = upstreams.collect();
            let born = MonotonicTime::from_nanos(GatewayRun::origin() - WARM);
            let front =
                self.router.map(|config| Front::new(config, workers, born, &mut *envoy_rng));
            for machine in 0..front.as_ref().map_or(0, Front::machines) {
                let first = born.as_nanos() + phases_rng.below(TICK);
                queue.push(first, Due::Tick { envoy, machine });
            }
            Envoy { upstreams, workers, front }
        });
        Ok(envoys.collect())
    }

    /// When a cluster was created: only where that is between two sweeps matters.
    fn created(&self, interval: Option<u64>, rng: &mut Xoshiro) -> MonotonicTime {
        let interval = interval.unwrap_or(1).max(1);
        let age = self.scenario.cluster_age.map_or_else(|| rng.random(), |age| nanos(age.0));
        MonotonicTime::from_nanos(GatewayRun::origin() - age % interval)
    }
}
