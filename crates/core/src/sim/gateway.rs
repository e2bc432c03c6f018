//! The gateway's pods: each is one Envoy with clusters of its own, so each has ejections of its own.

use std::sync::Arc;

use super::error::SimError;
use super::front::Front;
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
use crate::route::{Listener, RouteAction};
use crate::time::MonotonicTime;

/// The header by which the region router chooses a route. **Source**: filters/region-router/src/lib.rs `REGION_HEADER`.
const REGION_HEADER: &str = "x-mesh-region";

/// Where requests go. All of a scenario's look alike, so a route is found once: as they come, and for each region that the router names.
#[derive(Debug, Clone)]
pub(super) struct Routes {
    plans: Vec<RoutePlan>,
    by_region: Vec<(String, u32)>,
    listeners: Vec<Listener>,
    /// What all requests look like.
    pub(super) request: Request,
    /// Names of the clusters in use, by number.
    pub(super) clusters: Vec<String>,
}

static NO_ROUTE: RoutePlan = RoutePlan::Local(Outcome::local(404, ResponseFlags::NR));

impl Routes {
    /// The routes of a request in an Envoy that has `existing` clusters. `all` also takes the clusters that no route of the request names now:
    /// a router may send requests to them.
    pub(super) fn new(
        request: Request,
        listeners: &[Listener],
        existing: &[Cluster],
        all: bool,
    ) -> Result<Self, SimError> {
        let action = request.route(listeners)?;
        let named = match action {
            Some(RouteAction::Forward(forward)) => forward.clusters.as_slice(),
            _ => &[],
        };
        let exists = |name: &&String| existing.iter().any(|cluster| cluster.name == **name);
        let named = named.iter().map(|to| &to.name).filter(exists);
        let others = existing.iter().map(|cluster| &cluster.name).filter(|_| all);
        let mut clusters: Vec<String> = Vec::new();
        for name in named.chain(others) {
            if !clusters.contains(name) {
                clusters.push(name.clone());
            }
        }
        let plans = vec![RoutePlan::new(action, &clusters, &request)];
        let listeners = listeners.to_vec();
        Ok(Self { plans, by_region: Vec::new(), listeners, request, clusters })
    }

    /// The route of requests as they come.
    pub(super) fn plain(&self) -> &RoutePlan {
        self.get(0)
    }

    /// A route by number.
    #[inline]
    pub(super) fn get(&self, plan: u32) -> &RoutePlan {
        self.plans.get(plan as usize).unwrap_or(&NO_ROUTE)
    }

    fn known(&self, region: &str) -> Option<u32> {
        self.by_region.iter().find(|(known, _)| known == region).map(|(_, plan)| *plan)
    }

    /// The number of the route that the router's header leads to.
    pub(super) fn of_region(&mut self, region: &str) -> u32 {
        if let Some(plan) = self.known(region) {
            return plan;
        }
        let request = self.request.with_header(REGION_HEADER, region);
        // A regular expression that decides was an error for the request as it comes.
        let plan = match request.route(&self.listeners) {
            Ok(action) => RoutePlan::new(action, &self.clusters, &request),
            Err(_) => NO_ROUTE.clone(),
        };
        let number = self.plans.len() as u32;
        self.plans.push(plan);
        self.by_region.push((region.to_owned(), number));
        number
    }
}

/// Where requests of one look go.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RoutePlan {
    /// Envoy answers by itself.
    Local(Outcome),
    /// To one of some clusters.
    Forward {
        /// Numbers of upstreams with their weights; `None`: there is no such cluster.
        clusters: Vec<(Option<u32>, u32)>,
        /// How requests end whose cluster does not exist.
        missing: Outcome,
        timeout: Option<u64>,
        retry: Option<Arc<RetryRules>>,
        /// What consistent hashing goes by; `None`: each request by another hash.
        hash: Option<u64>,
    },
}

impl RoutePlan {
    fn new(action: Option<&RouteAction>, names: &[String], request: &Request) -> Self {
        let forward = match action {
            None => return NO_ROUTE.clone(),
            Some(RouteAction::Forward(forward)) => forward,
            Some(
                RouteAction::Redirect { status, .. } | RouteAction::DirectResponse { status, .. },
            ) => {
                return Self::Local(Outcome::local(*status, ResponseFlags::NONE));
            }
        };
        let number =
            |name: &str| names.iter().position(|known| known == name).map(|number| number as u32);
        Self::Forward {
            clusters: forward.clusters.iter().map(|to| (number(&to.name), to.weight)).collect(),
            missing: Outcome::local(forward.missing_cluster_status, ResponseFlags::NC),
            // Zero switches the timeout off, in Envoy as in Istio.
            timeout: forward.timeout.map(super::nanos).filter(|timeout| *timeout > 0),
            retry: forward.retry_policy.as_ref().map(|policy| Arc::new(RetryRules::new(policy))),
            hash: request.hash(&forward.hash_policy),
        }
    }

    /// When and how requests are tried again; `None`: never.
    #[inline]
    pub(super) const fn retry(&self) -> Option<&Arc<RetryRules>> {
        match self {
            Self::Forward { retry, .. } => retry.as_ref(),
            Self::Local(_) => None,
        }
    }

    /// What consistent hashing goes by.
    #[inline]
    pub(super) const fn hash(&self) -> Option<u64> {
        match self {
            Self::Forward { hash, .. } => *hash,
            Self::Local(_) => None,
        }
    }

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
    /// Threads that serve requests.
    pub(super) workers: u32,
    /// The region router, in the arm that has one.
    pub(super) front: Option<Front>,
}

impl Envoy {
    /// Percent of requests that go to each cluster now, as far as its first worker knows.
    pub(super) fn cluster_shares(&self, routes: &Routes) -> Vec<f64> {
        let mut shares = routes.plain().cluster_shares(routes.clusters.len());
        let Some(front) = &self.front else { return shares };
        let plain = shares.clone();
        for (index, share) in plain.into_iter().enumerate().filter(|(_, share)| *share > 0.0) {
            let Some(regions) = routes.clusters.get(index).and_then(|name| front.shares(0, name))
            else {
                continue;
            };
            if let Some(left) = shares.get_mut(index) {
                *left -= share;
            }
            for (region, percent) in regions {
                let plan = routes.known(region).map(|plan| routes.get(plan));
                let parts = plan.map(|plan| plan.cluster_shares(routes.clusters.len()));
                for (sum, part) in shares.iter_mut().zip(parts.into_iter().flatten()) {
                    *sum += share * percent / 100.0 * part / 100.0;
                }
            }
        }
        shares
    }
}

/// What an upstream is made from, checked once for all Envoys.
#[derive(Debug, Clone)]
pub(super) struct UpstreamConfig<'a> {
    cluster: &'a Cluster,
    balancing: LbConfig,
    detector: Option<DetectorConfig>,
}

impl<'a> UpstreamConfig<'a> {
    /// `salt` places hosts for consistent hashing; all Envoys hash the same addresses.
    pub(super) fn new(cluster: &'a Cluster, salt: u64) -> Result<Self, SimError> {
        let mut balancing = LbConfig::try_from(cluster)
            .map_err(|error| SimError::Policy { cluster: cluster.name.clone(), error })?;
        balancing.policy = balancing.policy.salted(salt);
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
