//! The gateway's pods: each is one Envoy with clusters of its own, so each has ejections of its own.

use std::sync::Arc;

use super::front::Front;
use super::outcome::{Outcome, ResponseFlags};
use super::random::Xoshiro;
use super::retry::RetryRules;
use super::upstream::Upstream;
use crate::cluster::Cluster;
use crate::lb::config::LbConfig;
use crate::locality::Locality;
use crate::outlier::DetectorConfig;
use crate::random::Random;
use crate::time::{MonotonicTime, nanos};

/// Where requests of one look go.
#[derive(Debug, Clone, PartialEq)]
pub enum RoutePlan {
    /// Envoy answers by itself.
    Local(Outcome),
    /// To one of some clusters.
    Forward {
        /// Numbers of upstreams with their weights; `None`: there is no such cluster.
        clusters: Vec<(Option<u32>, u32)>,
        /// How requests end whose cluster does not exist.
        missing: Outcome,
        /// **Units**: nanoseconds; `None`: no limit.
        timeout: Option<u64>,
        /// When and how they are tried again; `None`: never.
        retry: Option<Arc<RetryRules>>,
        /// What consistent hashing goes by; `None`: each request by another hash.
        hash: Option<u64>,
    },
}

static NO_ROUTE: RoutePlan = RoutePlan::NO_ROUTE;

impl RoutePlan {
    /// No route takes the request.
    pub const NO_ROUTE: Self = Self::Local(Outcome::local(404, ResponseFlags::NR));

    /// A route by number.
    #[inline]
    pub(crate) fn numbered(plans: &[Self], number: u32) -> &Self {
        plans.get(number as usize).unwrap_or(&NO_ROUTE)
    }

    /// When and how requests are tried again; `None`: never.
    #[inline]
    pub(crate) const fn retry(&self) -> Option<&Arc<RetryRules>> {
        match self {
            Self::Forward { retry, .. } => retry.as_ref(),
            Self::Local(_) => None,
        }
    }

    /// What consistent hashing goes by.
    #[inline]
    pub(crate) const fn hash(&self) -> Option<u64> {
        match self {
            Self::Forward { hash, .. } => *hash,
            Self::Local(_) => None,
        }
    }

    /// Percent of requests that go to each of `len` clusters.
    pub(crate) fn cluster_shares(&self, len: usize) -> Vec<f64> {
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
#[derive(Debug)]
pub struct Envoy {
    /// Its clusters, by number.
    pub upstreams: Vec<Upstream>,
    /// Threads that serve requests.
    pub workers: u32,
    /// Who chooses regions, if anyone does.
    pub front: Option<Box<dyn Front>>,
}

impl Envoy {
    /// A cluster of one of some Envoys.
    #[inline]
    pub(crate) fn upstream(
        envoys: &mut [Self],
        envoy: u32,
        upstream: u32,
    ) -> Option<&mut Upstream> {
        envoys.get_mut(envoy as usize)?.upstreams.get_mut(upstream as usize)
    }

    /// Percent of requests that go to each cluster now, as far as its first worker knows.
    pub(crate) fn cluster_shares(&self, plans: &[RoutePlan]) -> Vec<f64> {
        let len = self.upstreams.len();
        let mut shares = RoutePlan::numbered(plans, 0).cluster_shares(len);
        let Some(front) = &self.front else { return shares };
        let plain = shares.clone();
        for (index, share) in (0..).zip(plain).filter(|(_, share)| *share > 0.0) {
            let Some(regions) = front.shares(0, index) else { continue };
            if let Some(left) = shares.get_mut(index as usize) {
                *left -= share;
            }
            for (plan, percent) in regions {
                let parts = RoutePlan::numbered(plans, plan).cluster_shares(len);
                for (sum, part) in shares.iter_mut().zip(parts) {
                    *sum += share * percent / 100.0 * part / 100.0;
                }
            }
        }
        shares
    }
}

/// What an upstream is made from, the same for all Envoys.
#[derive(Debug, Clone)]
pub struct UpstreamConfig<'a> {
    /// The cluster as Envoy is told.
    pub cluster: &'a Cluster,
    /// How it balances.
    pub balancing: LbConfig,
    /// How it ejects; `None`: never.
    pub detector: Option<DetectorConfig>,
}

impl UpstreamConfig<'_> {
    /// Time between the detector's sweeps, in nanoseconds.
    #[must_use]
    pub fn interval(&self) -> Option<u64> {
        self.detector.as_ref().map(|detector| nanos(detector.interval()))
    }

    /// A cluster without hosts, in an Envoy in `local`; its detector starts at `created`.
    #[must_use]
    pub fn build(
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
pub(crate) fn choose_cluster(clusters: &[(Option<u32>, u32)], rng: &mut Xoshiro) -> Option<u32> {
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
