//! The gateway's pods: each is one Envoy with clusters of its own, so each has ejections of its own.

use std::sync::Arc;

use super::error::SimError;
use super::outcome::{Outcome, ResponseFlags};
use super::random::Xoshiro;
use super::retry::RetryRules;
use super::routing::Request;
use super::upstream::Upstream;
use crate::cluster::Cluster;
use crate::lb::config::LbConfig;
use crate::locality::Locality;
use crate::outlier::DetectorConfig;
use crate::random::Random;
use crate::route::RouteAction;
use crate::time::MonotonicTime;
use crate::translate::Translation;

/// Where all requests go.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RoutePlan {
    /// Envoy answers by itself.
    Local(Outcome),
    /// To one of some clusters.
    Forward {
        /// Numbers of upstreams with their weights; `None`: there is no such cluster.
        clusters: Vec<(Option<u32>, u32)>,
        timeout: Option<u64>,
        retry: Option<Arc<RetryRules>>,
    },
}

impl RoutePlan {
    /// Percent of requests that go to each of `len` clusters.
    pub(super) fn cluster_shares(&self, len: usize) -> Vec<f64> {
        let mut shares = vec![0.0; len];
        if let Self::Forward { clusters, .. } = self {
            let total: f64 = clusters.iter().map(|(_, weight)| f64::from(*weight)).sum();
            for (cluster, weight) in clusters {
                let share = match clusters.len() {
                    1 => 100.0,
                    _ => 100.0 * f64::from(*weight) / total,
                };
                if let Some(slot) = cluster.and_then(|cluster| shares.get_mut(cluster as usize)) {
                    *slot += share;
                }
            }
        }
        shares
    }
}

/// One Envoy.
#[derive(Debug, Clone)]
pub(super) struct Envoy {
    pub(super) upstreams: Vec<Upstream>,
    pub(super) workers: u32,
}

/// Finds the request's route, and the names of the clusters it needs.
pub(super) fn plan_route(
    request: &Request,
    translation: &Translation,
    names: &mut Vec<String>,
) -> Result<RoutePlan, SimError> {
    let Some(action) = request.route(&translation.listeners)? else {
        return Ok(RoutePlan::Local(Outcome::local(404, ResponseFlags::NR)));
    };
    let forward = match action {
        RouteAction::Forward(forward) => forward,
        RouteAction::Redirect { status, .. } | RouteAction::DirectResponse { status, .. } => {
            return Ok(RoutePlan::Local(Outcome::local(*status, ResponseFlags::NONE)));
        }
    };
    let mut number = |name: &str| {
        translation.clusters.iter().find(|cluster| cluster.name == name)?;
        let known = names.iter().position(|known| known == name);
        Some(known.unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        }) as u32)
    };
    Ok(RoutePlan::Forward {
        clusters: forward.clusters.iter().map(|to| (number(&to.name), to.weight)).collect(),
        // Zero switches the timeout off, in Envoy as in Istio.
        timeout: forward.timeout.map(super::nanos).filter(|timeout| *timeout > 0),
        retry: forward.retry_policy.as_ref().map(|policy| Arc::new(RetryRules::new(policy))),
    })
}

/// What an upstream is made from, checked once for all Envoys.
#[derive(Debug, Clone)]
pub(super) struct UpstreamConfig<'a> {
    cluster: &'a Cluster,
    balancing: LbConfig,
    detector: Option<DetectorConfig>,
}

impl<'a> UpstreamConfig<'a> {
    pub(super) fn new(cluster: &'a Cluster) -> Result<Self, SimError> {
        let balancing = LbConfig::try_from(cluster)
            .map_err(|error| SimError::Policy { cluster: cluster.name.clone(), error })?;
        let detector = cluster.outlier_detection.as_ref().map(DetectorConfig::try_from).transpose();
        let detector = detector
            .map_err(|error| SimError::OutlierDetection { cluster: cluster.name.clone(), error })?;
        Ok(Self { cluster, balancing, detector })
    }

    /// Time between the detector's sweeps.
    pub(super) fn interval(&self) -> Option<u64> {
        self.detector.as_ref().map(|detector| super::nanos(detector.interval()))
    }

    pub(super) fn build(
        &self,
        local: &Locality,
        workers: u32,
        created: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> Upstream {
        Upstream::new(
            self.cluster,
            &self.balancing,
            self.detector.clone(),
            local,
            workers,
            created,
            rng,
        )
    }
}

/// One of a route's clusters, by weight.
///
/// **Draws**: one if there are several.
pub(super) fn choose_cluster(clusters: &[(Option<u32>, u32)], rng: &mut Xoshiro) -> Option<u32> {
    if let [(cluster, _)] = clusters {
        return *cluster;
    }
    let total: u64 = clusters.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut draw = rng.below(total);
    for (cluster, weight) in clusters {
        match draw.checked_sub(u64::from(*weight)) {
            Some(left) => draw = left,
            None => return *cluster,
        }
    }
    None
}
