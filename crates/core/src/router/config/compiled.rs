//! What a gateway at one place runs: no options that are not there, no invalid values.

use std::time::Duration;

use super::written::{AllRegionsOut, CookieConfig, DrainAffinity};
use crate::outlier::DetectorConfig;
use crate::router::level::Ramp;

/// What a gateway at one place runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RouterConfig {
    /// Ascending by host and port.
    pub(in crate::router) destinations: Vec<DestinationPolicy>,
    pub(in crate::router) client_region: Option<ClientRegion>,
    /// The header that counts gateways.
    pub(in crate::router) hops_header: Option<String>,
    /// The response header for debugging.
    pub(in crate::router) debug_header: Option<String>,
}

/// Where clients are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::router) struct ClientRegion {
    pub(in crate::router) header: String,
    /// Value and region, ascending; empty: the value is the region.
    pub(in crate::router) map: Vec<(String, String)>,
}

/// A destination's policy.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::router) struct DestinationPolicy {
    pub(in crate::router) host: String,
    pub(in crate::router) port: Option<u16>,
    /// Ejection by errors in a row, and all times of ejections.
    pub(in crate::router) detector: DetectorConfig,
    /// Whether errors in a row eject.
    pub(in crate::router) ejects: bool,
    /// Ascending by name.
    pub(in crate::router) regions: Vec<RegionPolicy>,
    /// One for each place that clients may be at.
    pub(in crate::router) plans: Vec<PlanPolicy>,
    /// The plan of the gateway's own place.
    pub(in crate::router) home: Option<u32>,
    /// The region of the gateway's own place.
    pub(in crate::router) own_region: Option<u32>,
    pub(in crate::router) failback: Failback,
    pub(in crate::router) success_rate: Option<SuccessThreshold>,
    pub(in crate::router) latency: Option<LatencyThreshold>,
    pub(in crate::router) probe: Option<Probe>,
    pub(in crate::router) drain_duration: Duration,
    pub(in crate::router) drain_affinity: DrainAffinity,
    pub(in crate::router) affinity: Option<AffinitySource>,
    pub(in crate::router) rescue: Option<super::super::rescue::RescuePolicy>,
    pub(in crate::router) all_regions_out: AllRegionsOut,
}

/// A region's part of a policy. A zone that has a subset of its own is a region here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::router) struct RegionPolicy {
    pub(in crate::router) name: String,
    /// The destination's, or that of a Service of the region alone.
    pub(in crate::router) host: String,
    /// Empty for such a Service.
    pub(in crate::router) subset: String,
    pub(in crate::router) drained: bool,
}

/// Where the traffic of clients at one place goes. Regions are indices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::router) struct PlanPolicy {
    /// The clients' region; empty: the gateway's own place.
    pub(in crate::router) from: String,
    /// Weight by region, positive.
    pub(in crate::router) shares: Vec<(u32, u32)>,
    /// Who takes a region's share while it is out, in order: one list for each of `shares`.
    pub(in crate::router) next: Vec<Vec<u32>>,
    /// Who serves when nobody above does: one tier after the other, equal weights inside.
    pub(in crate::router) rest: Vec<Vec<u32>>,
}

/// How a region comes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::router) struct Failback {
    pub(in crate::router) minimum_healthy_time: Duration,
    pub(in crate::router) ramp: Ramp,
}

/// A lowest success rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::router) struct SuccessThreshold {
    pub(in crate::router) minimum_percent: u32,
    pub(in crate::router) window: Duration,
    pub(in crate::router) minimum_requests: u32,
}

/// A greatest share of slow answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::router) struct LatencyThreshold {
    pub(in crate::router) threshold: Duration,
    pub(in crate::router) percent: u32,
    pub(in crate::router) window: Duration,
    pub(in crate::router) minimum_requests: u32,
}

/// A probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::router) struct Probe {
    pub(in crate::router) path: String,
    pub(in crate::router) host: String,
    pub(in crate::router) method: String,
    pub(in crate::router) interval: Duration,
    pub(in crate::router) timeout: Duration,
    pub(in crate::router) healthy_threshold: u32,
    pub(in crate::router) unhealthy_threshold: u32,
    /// Ranges, both ends included.
    pub(in crate::router) expected_statuses: Vec<(u16, u16)>,
}

/// What tells users apart.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::router) enum AffinitySource {
    Header(String),
    Cookie(CookieConfig),
    SourceAddress,
}

impl RouterConfig {
    /// Whether there is nothing to route.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.destinations.is_empty()
    }

    /// The policy that a cluster of this host, port and subset belongs to.
    pub(in crate::router) fn owner(
        &self,
        host: &str,
        port: u16,
        subset: &str,
    ) -> Option<&DestinationPolicy> {
        let serves =
            |policy: &DestinationPolicy| policy.regions.iter().any(|it| it.serves(host, subset));
        match self.find(host, port) {
            Some(policy) => (subset.is_empty() || serves(policy)).then_some(policy),
            // The Service of a region; which port has a policy of its own, its destination's name says.
            None => {
                self.destinations.iter().find(|it| serves(it)).and_then(|policy| {
                    self.find(&policy.host, port).filter(|policy| serves(policy))
                })
            }
        }
    }

    /// The policy of a host and port: the port's own, else the host's.
    pub(in crate::router) fn find(&self, host: &str, port: u16) -> Option<&DestinationPolicy> {
        let start = self.destinations.partition_point(|policy| policy.host.as_str() < host);
        let of_host =
            self.destinations.get(start..)?.iter().take_while(|policy| policy.host == host);
        // `None` sorts first, so a port's own policy is seen last.
        of_host.filter(|policy| policy.port.is_none_or(|own| own == port)).last()
    }
}

impl RegionPolicy {
    /// Whether its cluster is that of this host and subset.
    pub(in crate::router) fn serves(&self, host: &str, subset: &str) -> bool {
        self.host == host && self.subset == subset
    }
}

impl ClientRegion {
    /// The region that a header's value stands for.
    pub(in crate::router) fn region<'a>(&'a self, value: &'a str) -> Option<&'a str> {
        if self.map.is_empty() {
            return Some(value);
        }
        let place = self.map.binary_search_by(|(known, _)| known.as_str().cmp(value)).ok()?;
        Some(self.map.get(place)?.1.as_str())
    }
}
