//! What a load balancer needs to know of its cluster, with Envoy's defaults filled in.

use std::fmt;

use super::consistent_hash::DEFAULT_TABLE_SIZE;
use super::least_request;
use super::slow_start::SlowStartRamp;
use crate::cluster::{Cluster, LbPolicy, SlowStart, ZoneAwareLbConfig};
use crate::units::Percent;

const DEFAULT_HEALTHY_PANIC_THRESHOLD: Percent = Percent::clamped(50);

/// How a host is picked from a list.
#[derive(Debug, Clone, PartialEq)]
pub enum HostPolicy {
    /// Hosts in turn.
    RoundRobin {
        /// Ramp for new hosts.
        slow_start: Option<SlowStartRamp>,
    },
    /// The less busy of a few drawn hosts.
    LeastRequest {
        /// How many are drawn.
        choice_count: u32,
        /// Ramp for new hosts.
        slow_start: Option<SlowStartRamp>,
    },
    /// Any host.
    Random,
    /// The host that the request's hash leads to.
    ConsistentHash {
        /// How hosts are placed.
        algorithm: HashAlgorithm,
        /// Which of all possible places they get; see [`super::consistent_hash`].
        salt: u64,
    },
}

/// How consistent hashing places hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// `RING_HASH`.
    RingHash {
        /// `minimum_ring_size`.
        minimum_ring_size: u64,
    },
    /// `MAGLEV`.
    Maglev {
        /// `table_size`, a prime.
        table_size: u64,
    },
}

impl HostPolicy {
    /// The same with other places for hosts, where places matter.
    #[must_use]
    pub fn salted(self, salt: u64) -> Self {
        match self {
            Self::ConsistentHash { algorithm, .. } => Self::ConsistentHash { algorithm, salt },
            other => other,
        }
    }

    pub(super) const fn slow_start(&self) -> Option<&SlowStartRamp> {
        match self {
            Self::RoundRobin { slow_start } | Self::LeastRequest { slow_start, .. } => {
                slow_start.as_ref()
            }
            Self::Random | Self::ConsistentHash { .. } => None,
        }
    }
}

/// How a priority's localities share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalityLbConfig {
    /// Localities do not matter.
    None,
    /// By weight.
    LocalityWeighted,
    /// By nearness.
    ZoneAware(ZoneAwareLbConfig),
}

/// Settings of a [`LoadBalancer`], with Envoy's defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct LbConfig {
    /// How a host is picked.
    pub policy: HostPolicy,
    /// How localities share.
    pub locality: LocalityLbConfig,
    /// Below this share of usable hosts a priority panics.
    pub healthy_panic_threshold: Percent,
}

/// A policy that is not modelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsupportedPolicy {
    /// Its name in Envoy.
    pub policy: &'static str,
}

impl fmt::Display for UnsupportedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "load balancing policy `{}` is not modelled: use `ROUND_ROBIN`, `LEAST_REQUEST`, `RANDOM`, `RING_HASH` or `MAGLEV`",
            self.policy
        )
    }
}

impl std::error::Error for UnsupportedPolicy {}

impl TryFrom<&Cluster> for LbConfig {
    type Error = UnsupportedPolicy;

    fn try_from(cluster: &Cluster) -> Result<Self, UnsupportedPolicy> {
        let hashed = |algorithm| HostPolicy::ConsistentHash { algorithm, salt: 0 };
        let ramp = |config: &Option<SlowStart>| config.as_ref().and_then(SlowStartRamp::new);
        let policy = match &cluster.lb_policy {
            LbPolicy::RoundRobin { slow_start } => {
                HostPolicy::RoundRobin { slow_start: ramp(slow_start) }
            }
            LbPolicy::LeastRequest { choice_count, slow_start } => HostPolicy::LeastRequest {
                choice_count: choice_count.unwrap_or(least_request::DEFAULT_CHOICE_COUNT),
                slow_start: ramp(slow_start),
            },
            LbPolicy::Random => HostPolicy::Random,
            LbPolicy::RingHash { minimum_ring_size } => {
                let minimum_ring_size = *minimum_ring_size;
                hashed(HashAlgorithm::RingHash { minimum_ring_size })
            }
            LbPolicy::Maglev { table_size } => {
                let table_size = table_size.unwrap_or(DEFAULT_TABLE_SIZE);
                hashed(HashAlgorithm::Maglev { table_size })
            }
            LbPolicy::ClusterProvided => {
                return Err(UnsupportedPolicy { policy: "CLUSTER_PROVIDED" });
            }
        };
        let locality = match (&cluster.zone_aware, cluster.locality_weighted) {
            (_, true) => LocalityLbConfig::LocalityWeighted,
            (Some(config), false) => LocalityLbConfig::ZoneAware(config.clone()),
            (None, false) => LocalityLbConfig::None,
        };
        let healthy_panic_threshold =
            cluster.healthy_panic_threshold.unwrap_or(DEFAULT_HEALTHY_PANIC_THRESHOLD);
        Ok(Self { policy, locality, healthy_panic_threshold })
    }
}
