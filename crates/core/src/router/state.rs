//! The router: all destinations, and what is shared about them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::config::RouterConfig;
use super::destination::Destination;
use super::event::Event;
use super::outcome::{Action, Check, Failure};
use super::record::{RegionRecord, RegionState};
use super::shared::{Lease, RegionKey, SharedState};
use crate::time::MonotonicTime;

/// A worker that stops ticking is replaced as the one that checks after this time.
const LEASE: Duration = Duration::from_millis(400);

/// Time between looks for a cluster that does not exist.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A driver that never polls must not fill memory.
const MAX_PENDING_EVENTS: usize = 1024;

/// A region of a destination, as chosen for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    destination: u32,
    region: u32,
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
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
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
            actions: VecDeque::new(),
            events: VecDeque::new(),
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
            router.ensure_destination(&host, port);
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

    /// The region for a request that Envoy would send to this cluster; `None`: leave it alone.
    ///
    /// Every cluster of the destination is meant, the subsets of its regions included: a client that has steered itself into one gets a
    /// region by policy like everybody else.
    pub fn choose(&mut self, cluster: &[u8]) -> Option<(Choice, &str)> {
        let place = self.by_cluster.partition_point(|(name, _)| **name < *cluster);
        let destination = match self.by_cluster.get(place) {
            Some((name, index)) if **name == *cluster => *index,
            _ => self.learn(cluster, place)?,
        };
        let (region, name) = self.destinations.get_mut(destination as usize)?.pick()?;
        Some((Choice { destination, region }, name))
    }

    /// The region whose subset cluster this is: what [`Router::choose`] said once, for a driver that did not keep it.
    #[must_use]
    pub fn choice_of(&self, cluster: &[u8]) -> Option<Choice> {
        (0_u32..).zip(&self.destinations).find_map(|(destination, known)| {
            let mut regions = known.regions();
            let (region, _) = regions.find(|(_, region)| region.cluster.as_bytes() == cluster)?;
            Some(Choice { destination, region })
        })
    }

    /// Whether a response of this status may be an error, so that [`Failure::of_response`] must be asked.
    #[must_use]
    pub fn is_suspect(&self, choice: Choice, status: u16) -> bool {
        let detector = self.destination(choice).and_then(Destination::detector);
        status >= 500 || detector.is_some_and(|config| config.status_to_report(status) >= 500)
    }

    /// The region answered well.
    pub fn on_success(&mut self, choice: Choice, status: u16) {
        if let Some(destination) = self.destinations.get_mut(choice.destination as usize) {
            destination.count_success(choice.region, status);
        }
    }

    /// A request to the region failed.
    pub fn on_failure(&mut self, choice: Choice, failure: Failure, now: MonotonicTime) {
        let destination = self.destinations.get_mut(choice.destination as usize);
        if let Some(state) = destination.and_then(|d| d.count_failure(choice.region, failure)) {
            self.enter(choice, state, now);
        }
    }

    /// A check was made.
    pub fn on_check(&mut self, choice: Choice, check: Check, now: MonotonicTime) {
        let state = match check {
            Check::Usable => RegionState::Usable,
            Check::NoUsableHost => RegionState::NoUsableHost,
            Check::NoCluster => RegionState::NoCluster,
        };
        let destination = self.destinations.get_mut(choice.destination as usize);
        if let Some(region) = destination.and_then(|d| d.region_mut(choice.region)) {
            region.look_again = now + LOOK_AGAIN;
        }
        self.enter(choice, state, now);
    }

    /// Finds the checks that are due, if this worker is the one to make them.
    pub fn on_tick(&mut self, now: MonotonicTime) {
        self.actions.clear();
        let lease = self.shared.lease;
        if lease.holder != self.id || lease.until <= now {
            return;
        }
        for (destination, known) in (0_u32..).zip(&self.destinations) {
            for (region, state) in known.regions() {
                if state.is_check_due(now) {
                    self.actions.push_back(Action::CheckUsable(Choice { destination, region }));
                }
            }
        }
    }

    /// The next thing to do for the router.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next change that nobody has heard of yet. A change is an event only where it was made.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Percent of requests by region, for requests that Envoy would send to this cluster; `None`: they are left alone.
    #[must_use]
    pub fn shares(&self, cluster: &[u8]) -> Option<Vec<(&str, f64)>> {
        let place = self.by_cluster.binary_search_by(|(name, _)| (**name).cmp(cluster)).ok()?;
        let (_, index) = self.by_cluster.get(place)?;
        self.destinations.get(*index as usize)?.shares()
    }

    /// The name of a region's subset cluster.
    #[must_use]
    pub fn cluster(&self, choice: Choice) -> Option<&str> {
        Some(self.destination(choice)?.region(choice.region)?.cluster.as_str())
    }

    /// The name of a destination's host.
    #[must_use]
    pub fn host(&self, choice: Choice) -> Option<&str> {
        Some(self.destination(choice)?.host.as_str())
    }

    /// What is known of every region.
    #[must_use]
    pub const fn records(&self) -> &BTreeMap<RegionKey, RegionRecord> {
        &self.shared.records
    }

    /// Takes over what others know; `None` when nothing is shared yet. Returns the latest time that any of them had: see [`super::Clock::advance_to`].
    pub fn merge(&mut self, bytes: Option<&[u8]>, now: MonotonicTime) -> MonotonicTime {
        let remote = bytes.and_then(SharedState::decode).unwrap_or_default();
        self.merge_state(&remote, now);
        remote.written_at
    }

    fn merge_state(&mut self, remote: &SharedState, now: MonotonicTime) {
        self.proposed = None;
        self.shared.merge(remote);
        let foreign: Vec<RegionKey> = remote.records.keys().cloned().collect();
        for key in foreign {
            self.ensure_destination(&key.host, key.port);
        }
        for index in 0..self.destinations.len() {
            self.adopt(index);
        }
        let config = &self.config;
        self.shared.forget(now, |key| config.find(&key.host, key.port).is_some());
        self.dirty = self.shared.records != remote.records;
    }

    /// The bytes to publish, if there is anything to say: something new, or that this worker makes the checks from now on.
    pub fn shared_out(&mut self, now: MonotonicTime) -> Option<Vec<u8>> {
        let lease = self.shared.lease;
        let mine = lease.holder == self.id;
        let renew = !self.config.is_empty()
            && (lease.until <= now
                || lease.configured_at < self.configured_at
                || mine && lease.until <= now + LEASE / 2);
        if !self.dirty && !renew {
            return None;
        }
        let lease = if renew {
            Lease { until: now + LEASE, configured_at: self.configured_at, holder: self.id }
        } else {
            lease
        };
        self.proposed = Some(lease);
        self.shared.written_at = self.shared.written_at.max(now);
        let known = self.shared.lease;
        self.shared.lease = lease;
        let bytes = self.shared.encode();
        self.shared.lease = known;
        Some(bytes)
    }

    /// The bytes were published, and nobody had written since the last merge.
    pub fn published(&mut self) {
        if let Some(lease) = self.proposed.take() {
            self.shared.lease = lease;
            self.dirty = false;
        }
    }

    /// Whether [`Router::shared_out`] would return news that others should hear at once.
    #[must_use]
    pub const fn has_news(&self) -> bool {
        self.dirty
    }

    fn destination(&self, choice: Choice) -> Option<&Destination> {
        self.destinations.get(choice.destination as usize)
    }

    /// Looks a cluster up that has not been seen before. Clusters without a policy are not remembered: there may be many.
    fn learn(&mut self, cluster: &[u8], place: usize) -> Option<u32> {
        let mut parts = std::str::from_utf8(cluster).ok()?.split('|');
        let (direction, port) = (parts.next()?, parts.next()?.parse::<u16>().ok()?);
        let (subset, host) = (parts.next()?, parts.next()?);
        if direction != "outbound" || parts.next().is_some() {
            return None;
        }
        let policy = self.config.find(host, port)?;
        if !subset.is_empty() && !policy.regions.iter().any(|region| region.subset == subset) {
            return None;
        }
        let index = self.ensure_destination(host, port)?;
        self.by_cluster.insert(place, (cluster.into(), index));
        Some(index)
    }

    /// The destination's index; it is made on first use, with what is known of it.
    fn ensure_destination(&mut self, host: &str, port: u16) -> Option<u32> {
        let known = self.destinations.iter().position(|d| d.port == port && d.host == host);
        if let Some(index) = known {
            return u32::try_from(index).ok();
        }
        let destination = Destination::new(self.config.find(host, port)?, port);
        for (_, region) in destination.regions() {
            let key = destination.key(region);
            if let Entry::Vacant(place) = self.shared.records.entry(key) {
                place.insert(RegionRecord::default());
                self.dirty = true;
            }
        }
        let index = self.destinations.len();
        self.destinations.push(destination);
        let random = self.next_random();
        self.destinations.get_mut(index)?.reschedule(random);
        self.adopt(index);
        u32::try_from(index).ok()
    }

    /// Takes the records of a destination from shared state.
    fn adopt(&mut self, index: usize) {
        let random = self.next_random();
        let Some(destination) = self.destinations.get_mut(index) else { return };
        let newer = |(region, known): (u32, &super::destination::Region)| {
            let record = *self.shared.records.get(&destination.key(known))?;
            (record > known.record).then_some((region, record))
        };
        let newer: Vec<(u32, RegionRecord)> = destination.regions().filter_map(newer).collect();
        let mut changed = false;
        for (region, record) in newer {
            changed |= destination.set_record(region, record);
        }
        if changed {
            destination.reschedule(random);
        }
    }

    /// Puts a region into a state, unless it is in it.
    fn enter(&mut self, choice: Choice, state: RegionState, now: MonotonicTime) {
        let random = self.next_random();
        let Some(destination) = self.destinations.get_mut(choice.destination as usize) else {
            return;
        };
        let Some(region) = destination.region(choice.region) else { return };
        let before = region.record;
        if before.state == state && !before.is_unverified() {
            return;
        }
        let key = destination.key(region);
        let after = before.enter(state, destination.detector(), now);
        let changed = destination.set_record(choice.region, after);
        self.shared.records.insert(key, after);
        self.dirty = true;
        if !changed {
            return;
        }
        destination.reschedule(random);
        if let Some(region) = destination.region(choice.region) {
            self.events.push_back(destination.event(region, before));
        }
        if self.events.len() > MAX_PENDING_EVENTS {
            self.events.pop_front();
        }
    }

    /// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    const fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
