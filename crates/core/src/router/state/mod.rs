//! The router: all destinations, and what is shared about them.

mod choosing;
mod flushing;
mod reporting;
mod sharing;

use std::collections::VecDeque;
use std::time::Duration;

pub use choosing::{Decision, DestinationId, Facts, Route, Wants};
use mesh_failover_sorted::SortedMap;

use super::config::RouterConfig;
use super::destination::Destination;
use super::event::Event;
use super::level::Level;
use super::metrics::Metric;
use super::outcome::Action;
use super::probe::ProbeRequest;
use super::record::RegionRecord;
use super::region::Region;
use super::rendezvous::mix;
use super::shared::{Lease, RegionKey, SharedState};
use crate::time::MonotonicTime;

/// When nobody has held the lease for so long, every worker makes the checks: not knowing blocks nobody.
const NOBODY_CHECKS: Duration = Duration::from_secs(5);

/// A driver that never polls must not fill memory.
const MAX_PENDING_EVENTS: usize = 1024;

/// A region of a destination, as chosen for a request by one of its plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    destination: u32,
    region: u32,
    plan: u32,
}

/// One worker's router.
#[derive(Debug, Clone)]
pub struct Router {
    config: RouterConfig,
    destinations: Vec<Destination>,
    /// Destination by cluster name, for the names seen so far that have one; ascending.
    by_cluster: Vec<(Box<[u8]>, u32)>,
    shared: SharedState,
    /// Whether something is known here that shared state lacks.
    dirty: bool,
    /// The lease in the bytes that were last handed out.
    proposed: Option<Lease>,
    /// Whether `drain` must still be compared with what is shared: once for each configuration.
    drain_pending: bool,
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
    /// Values of histograms that nobody has written down yet.
    values: Vec<(Choice, Metric, u64)>,
    /// This worker's number.
    id: u64,
    configured_at: MonotonicTime,
    random: u64,
}

impl Router {
    /// A router of which nothing is known. `seed` differs from worker to worker: it is the worker's number, and the place in the
    /// sequence of regions where it starts.
    #[must_use]
    pub fn new(config: RouterConfig, seed: u64, now: MonotonicTime) -> Self {
        let mut router = Self {
            config,
            destinations: Vec::new(),
            by_cluster: Vec::new(),
            shared: SharedState { written_at: now, ..SharedState::default() },
            dirty: false,
            proposed: None,
            drain_pending: true,
            actions: VecDeque::new(),
            events: VecDeque::new(),
            values: Vec::new(),
            id: seed,
            configured_at: now,
            random: seed,
        };
        let fixed: Vec<(String, u16)> = router
            .config
            .destinations
            .iter()
            .filter_map(|policy| Some((policy.host.clone(), policy.port?)))
            .collect();
        for (host, port) in fixed {
            router.ensure_destination(&host, port, now);
        }
        router
    }

    /// The router under another configuration: regions that still exist keep their state.
    #[must_use]
    pub fn reconfigured(&self, config: RouterConfig, now: MonotonicTime) -> Self {
        let mut router = Self::new(config, self.id, now);
        router.random = self.random;
        router.merge_state(&self.shared, now);
        router
    }

    /// The next thing to do for the router.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Whether there is something to do before the next tick.
    #[must_use]
    pub fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    /// The next change that nobody has heard of yet. A change is an event only where it was made.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The name of a region's cluster.
    #[must_use]
    pub fn cluster(&self, choice: Choice) -> Option<&str> {
        Some(self.destination(choice)?.region(choice.region)?.cluster.as_str())
    }

    /// The name of a destination's host.
    #[must_use]
    pub fn host(&self, choice: Choice) -> Option<&str> {
        Some(self.destination(choice)?.policy.host.as_str())
    }

    /// The name of a region.
    #[must_use]
    pub fn region(&self, choice: Choice) -> Option<&str> {
        Some(self.destination(choice)?.region(choice.region)?.name.as_str())
    }

    /// Whether [`Router::debug`] has something to say.
    #[must_use]
    pub const fn is_debugging(&self) -> bool {
        self.config.debug_header.is_some()
    }

    /// Name and value of the response header for debugging, if there is to be one; no choice: the request was left alone.
    #[must_use]
    pub fn debug(&self, choice: Option<Choice>, now: MonotonicTime) -> Option<(&str, String)> {
        let name = self.config.debug_header.as_deref()?;
        let Some((destination, choice)) = choice.and_then(|it| Some((self.destination(it)?, it)))
        else {
            return Some((name, "left to Istio".to_owned()));
        };
        let region = destination.region(choice.region)?;
        let mut value = ["region=", &region.name, "; state=", region.record.state.word()].concat();
        if region.record.is_usable() {
            let percent = destination.level(region, now).get() / 100;
            value = [&value, "; percent=", &percent.to_string()].concat();
        }
        for other in destination.regions.iter().filter(|it| !it.record.is_usable()) {
            let reason = Metric::reason(other.record.state);
            value = [&value, "; out=", &other.name, ":", reason].concat();
        }
        Some((name, value))
    }

    /// The record of a region.
    #[must_use]
    pub fn record(&self, choice: Choice) -> Option<RegionRecord> {
        Some(self.destination(choice)?.region(choice.region)?.record)
    }

    /// How much of its weight a region takes now.
    #[must_use]
    pub fn level(&self, choice: Choice, now: MonotonicTime) -> Option<Level> {
        let destination = self.destination(choice)?;
        Some(destination.level(destination.region(choice.region)?, now))
    }

    /// Every region of every destination seen so far.
    pub fn regions(&self) -> impl Iterator<Item = Choice> {
        (0..).zip(&self.destinations).flat_map(|(destination, known)| {
            known.regions().map(move |(region, _)| Choice { destination, region, plan: 0 })
        })
    }

    /// Percent of requests by region, for requests from here that Envoy would send to this cluster; `None`: they are left alone.
    #[must_use]
    pub fn shares(&self, cluster: &[u8]) -> Option<Vec<(&str, f64)>> {
        let place = self.by_cluster.binary_search_by(|(name, _)| (**name).cmp(cluster)).ok()?;
        let (_, index) = self.by_cluster.get(place)?;
        let destination = self.destinations.get(*index as usize)?;
        let plan = destination.plan(destination.policy.home?)?;
        if destination.is_native(plan) {
            return None;
        }
        let sum: u64 = plan.wheel.weights().sum();
        let percent = |weight: u64| 100.0 * weight as f64 / sum as f64;
        let names = destination.regions().map(|(_, region)| region.name.as_str());
        Some(
            names
                .zip(plan.wheel.weights().map(percent))
                .filter(|(_, share)| *share > 0.0)
                .collect(),
        )
    }

    /// The region whose cluster this is: what [`Router::choose`] said once, for a driver that did not keep it.
    #[must_use]
    pub fn choice_of(&self, cluster: &[u8]) -> Option<Choice> {
        self.regions().find(|choice| self.cluster(*choice).map(str::as_bytes) == Some(cluster))
    }

    /// The port of a destination.
    #[must_use]
    pub fn port(&self, choice: Choice) -> Option<u16> {
        Some(self.destination(choice)?.port)
    }

    /// The request that probes a region.
    #[must_use]
    pub fn probe(&self, choice: Choice) -> Option<ProbeRequest<'_>> {
        let destination = self.destination(choice)?;
        let probe = destination.policy.probe.as_ref()?;
        Some(ProbeRequest {
            cluster: &destination.region(choice.region)?.cluster,
            method: &probe.method,
            host: &probe.host,
            path: &probe.path,
            timeout: probe.timeout,
        })
    }

    /// What is known of every region.
    #[must_use]
    pub const fn records(&self) -> &SortedMap<RegionKey, RegionRecord> {
        &self.shared.records
    }

    fn destination(&self, choice: Choice) -> Option<&Destination> {
        self.destinations.get(choice.destination as usize)
    }

    fn region_mut(&mut self, choice: Choice) -> Option<&mut Region> {
        self.destination_mut(choice)?.region_mut(choice.region)
    }

    fn destination_mut(&mut self, choice: Choice) -> Option<&mut Destination> {
        self.destinations.get_mut(choice.destination as usize)
    }

    /// Whether this worker makes the checks.
    fn checks(&self, now: MonotonicTime) -> bool {
        let lease = self.shared.lease;
        lease.holder == self.id && lease.until > now
            || lease.until.max(self.configured_at) + NOBODY_CHECKS <= now
    }

    fn say(&mut self, event: Event) {
        self.events.push_back(event);
        if self.events.len() > MAX_PENDING_EVENTS {
            self.events.pop_front();
        }
    }

    /// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    const fn next_random(random: &mut u64) -> u64 {
        *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(*random)
    }
}
