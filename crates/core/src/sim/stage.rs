//! The gateway's pods as they are when a run starts.

use std::sync::Arc;

use mesh_failover_engine::run::{Envoy, Front as Chooser, TICK, UpstreamConfig, Xoshiro};

use super::arm::Attached;
use super::error::SimError;
use super::filter::{Beside, FilterHost, FilterStart};
use super::front::Front;
use super::gateway_run::GatewayRun;
use super::machines::Machines;
use super::routes::Routes;
use crate::cluster::Cluster;
use crate::lb::config::LbConfig;
use crate::manifest::{Manifests, Scenario};
use crate::outlier::DetectorConfig;
use crate::random::Random;
use crate::time::{MonotonicTime, nanos};
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
    /// The region router, in the arm that has one.
    pub(super) router: Option<&'a Attached>,
    /// What the router knows of.
    pub(super) routes: &'a Arc<Routes>,
    /// Who runs the filter in the router's place.
    pub(super) host: Option<&'a dyn FilterHost>,
}

/// Envoys, and when what first happens in each: envoy, cluster or thread, moment.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) envoys: Vec<Envoy>,
    pub(super) sweeps: Vec<(u32, u32, u64)>,
    pub(super) ticks: Vec<(u32, u32, u64)>,
}

impl Stage<'_> {
    /// Builds them.
    pub(super) fn set(
        &self,
        proxy: &Proxy,
        phases_rng: &mut Xoshiro,
        envoy_rng: &mut Xoshiro,
    ) -> Result<Set, SimError> {
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
            .map(|cluster| upstream_config(cluster, salt))
            .collect();
        let configs = configs?;
        // The router's main thread sends its checks through clusters of its own.
        let threads = workers + u32::from(self.router.is_some());
        let mut set = Set::default();
        for envoy in 0..replicas {
            let mut upstreams = Vec::new();
            for (upstream, config) in (0..).zip(&configs) {
                let created = self.created(config.interval(), phases_rng);
                let built = config.build(&proxy.locality, threads, created, envoy_rng);
                let first = built.next_sweep(envoy_rng);
                set.sweeps.extend(first.map(|at| (envoy, upstream, at.as_nanos())));
                upstreams.push(built);
            }
            let born = MonotonicTime::from_nanos(GatewayRun::origin() - WARM);
            let front = self.router.map(|attached| {
                let machines = Machines::new(&attached.config, workers, born, envoy_rng);
                let births = machines.births();
                for machine in 0..births.len() as u32 {
                    let first = born.as_nanos() + phases_rng.below(TICK);
                    set.ticks.push((envoy, machine, first));
                }
                let front = Front::new(machines, Arc::clone(self.routes));
                let Some(host) = self.host else { return Box::new(front) as Box<dyn Chooser> };
                let filter = host.start(&FilterStart {
                    configuration: attached.filter.configuration.clone(),
                    plugin: attached.filter.name.clone(),
                    locality: proxy.locality.to_string(),
                    machines: births.iter().map(|born| born.as_nanos()).collect(),
                });
                Box::new(Beside::new(front, filter))
            });
            set.envoys.push(Envoy { upstreams, workers, front });
        }
        Ok(set)
    }

    /// When a cluster was created: only where that is between two sweeps matters.
    fn created(&self, interval: Option<u64>, rng: &mut Xoshiro) -> MonotonicTime {
        let interval = interval.unwrap_or(1).max(1);
        let age = self.scenario.cluster_age.map_or_else(|| rng.random(), |age| nanos(age.0));
        MonotonicTime::from_nanos(GatewayRun::origin() - age % interval)
    }
}

/// What a cluster's upstreams are made from. `salt` places hosts for consistent hashing; all Envoys hash the same addresses.
fn upstream_config(cluster: &Cluster, salt: u64) -> Result<UpstreamConfig<'_>, SimError> {
    let name = || cluster.name.clone();
    let mut balancing =
        LbConfig::try_from(cluster).map_err(|error| SimError::Policy { cluster: name(), error })?;
    balancing.policy = balancing.policy.salted(salt);
    let detector = cluster.outlier_detection.as_ref().map(DetectorConfig::try_from).transpose();
    let detector =
        detector.map_err(|error| SimError::OutlierDetection { cluster: name(), error })?;
    Ok(UpstreamConfig { cluster, balancing, detector })
}
