//! What one Envoy worker has for one cluster: a view of the hosts and a place in every sequence.
//!
//! **Stages of a pick**, in Envoy's order (`ZoneAwareLoadBalancerBase::hostSourceToUse`):
//!
//! 1. A priority, and healthy or degraded hosts ([`choose_priority`]).
//! 2. If that priority panics: all its hosts, healthy or not; **locality weights are ignored**.
//! 3. If localities are weighted and one has a weight: the eligible hosts of the locality whose turn it is.
//! 4. If zone-aware routing applies: the eligible hosts of the locality it chooses.
//! 5. Otherwise all eligible hosts of the priority.
//!
//! Then the policy picks from that list. Consistent hashing goes from the priority straight to a host. An empty list means "no healthy upstream": Envoy does not look further.
//!
//! **Draws** of [`LoadBalancer::choose_host`], for each attempt: one for the priority; with zone-aware routing one for `routing_enabled` if it is neither 0 nor 100,
//! then those of [`LocalityRouting::choose_locality`]; then the policy's (round robin none, least request one per choice, random none;
//! none over unequal weights). [`LoadBalancer::new`] draws one seed per priority if localities are weighted, then one for itself unless the policy is random;
//! [`LoadBalancer::update`] draws one if localities are weighted.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/common/load_balancer_impl.cc
//! `LoadBalancerBase`, `ZoneAwareLoadBalancerBase`, `EdfLoadBalancerBase`, v1.40.
//!
//! **Worked example**: two regions of weight 50; the first one's only host is ejected.
//!
//! ```
//! use mesh_failover_engine::cluster::{Address, ClusterLoadAssignment, HealthStatus, LbEndpoint, LocalityLbEndpoints};
//! use mesh_failover_engine::host::HostId;
//! use mesh_failover_engine::lb::host_set::HealthFlags;
//! use mesh_failover_engine::lb::config::{HostPolicy, LbConfig, LocalityLbConfig};
//! use mesh_failover_engine::lb::load_balancer::{LoadBalancer, Moment};
//! use mesh_failover_engine::lb::priority_set::PrioritySet;
//! use mesh_failover_engine::locality::Locality;
//! use mesh_failover_engine::time::MonotonicTime;
//! use mesh_failover_engine::units::{Percent, Priority};
//!
//! let region = |name: &str, port| LocalityLbEndpoints {
//!     locality: Some(Locality::parse(name)),
//!     priority: Priority(0),
//!     load_balancing_weight: Some(50),
//!     lb_endpoints: vec![LbEndpoint {
//!         name: name.to_owned(),
//!         address: Address { host: "127.0.0.1".to_owned(), port },
//!         health_status: HealthStatus::Healthy,
//!         load_balancing_weight: 1,
//!         labels: Default::default(),
//!     }],
//! };
//! let endpoints = vec![region("europe-west1", 1), region("us-central1", 2)];
//! let assignment = ClusterLoadAssignment { cluster_name: "hello".to_owned(), endpoints };
//! let mut hosts = PrioritySet::from_assignment(&assignment, None, |_, endpoint| {
//!     HostId(endpoint.address.port.into())
//! });
//!
//! let mut random = || 0;
//! let moment = Moment { now: MonotonicTime::ZERO, active_requests: &|_| 0 };
//! let config = LbConfig {
//!     policy: HostPolicy::RoundRobin { slow_start: None },
//!     locality: LocalityLbConfig::LocalityWeighted,
//!     healthy_panic_threshold: Percent::ZERO,
//! };
//! let mut worker = LoadBalancer::new(config, hosts.host_sets(), None, &moment, &mut random);
//! let mut picks = |worker: &mut LoadBalancer| -> Vec<u32> {
//!     (0..4).filter_map(|_| worker.choose_host(&moment, None, &mut random)).map(|pick| pick.host.0).collect()
//! };
//! assert_eq!(picks(&mut worker), [1, 2, 1, 2]);
//!
//! hosts.set_health_flags(HostId(1), HealthFlags::FAILED_OUTLIER_CHECK, true);
//! assert_eq!(picks(&mut worker), [1, 2, 1, 2], "the worker has not been told");
//! for host_set in hosts.host_sets() {
//!     worker.update(Priority(0), host_set.clone(), &moment, &mut || 0);
//! }
//! assert_eq!(picks(&mut worker), [2, 2, 2, 2]);
//! ```

use std::sync::Arc;

use super::config::{HashAlgorithm, HostPolicy, LbConfig, LocalityLbConfig};
use super::consistent_hash::{HashTable, normalized_weights};
use super::edf::EdfScheduler;
use super::host_set::{CoarseHealth, Host, HostSet};
use super::hosts_source::HostsSource;
use super::locality_wrr::LocalityWrr;
use super::priority::{HostAvailability, HostCounts, PriorityLoad, PriorityState, choose_priority};
use super::weigher::Weigher;
use super::zone_aware::{LocalityRouting, routing_enabled};
use super::{least_request, random as random_host, round_robin};
use crate::host::HostId;
use crate::random::{Modulus, Random};
use crate::time::MonotonicTime;
use crate::units::Priority;

/// What the load balancer may look at when it picks.
#[derive(Debug)]
pub struct Moment<'a, A: ?Sized> {
    /// The time.
    pub now: MonotonicTime,
    /// Requests in flight to a host, over all workers. Only least request asks.
    pub active_requests: &'a A,
}

/// What a retry changes.
#[derive(Clone, Copy)]
pub struct Retry<'a> {
    /// `host_selection_retry_max_attempts`; Envoy's default is 1. One attempt more is made.
    pub host_selection_max_attempts: u32,
    /// Host predicates: whether to pick again. The last attempt's host is taken in any case.
    pub should_select_another_host: &'a dyn Fn(HostId) -> bool,
    /// The retry priority plugin's load, if there is one.
    pub priority_load: Option<&'a PriorityLoad>,
}

/// A picked host and the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The host.
    pub host: HostId,
    /// Its priority.
    pub priority: Priority,
    /// What kind of hosts the request was for.
    pub availability: HostAvailability,
    /// Whether the priority panics; Envoy counts `lb_healthy_panic`.
    pub panic: bool,
    /// The locality that was chosen first, as a position in [`HostSet::localities`].
    pub locality: Option<u32>,
}

/// The place in one list's sequence.
#[derive(Debug, Clone)]
struct Scheduler {
    /// Kept for good: a list that comes back continues where it was.
    rr_index: u64,
    /// How many hosts the list has.
    len: Modulus,
    /// Only over unequal weights or in slow start.
    edf: Option<EdfScheduler<u32>>,
}

#[derive(Debug, Clone, Default)]
struct PerPriorityState {
    locality_wrr: LocalityWrr,
    locality_routing: LocalityRouting,
    schedulers: Vec<Scheduler>,
    /// Only for consistent hashing.
    table: HashTable,
}

/// One worker's load balancer for one cluster.
#[derive(Debug, Clone)]
pub struct LoadBalancer {
    config: LbConfig,
    seed: u64,
    host_sets: Vec<Arc<HostSet>>,
    local_host_set: Option<Arc<HostSet>>,
    priority_state: PriorityState,
    per_priority: Vec<PerPriorityState>,
    latest_host_added_time: MonotonicTime,
}

impl LoadBalancer {
    /// A load balancer over the priorities of `host_sets`, in order. `local_host_set` are the hosts of the cluster the proxy itself belongs to, for zone-aware routing.
    #[must_use]
    pub fn new(
        config: LbConfig,
        host_sets: &[Arc<HostSet>],
        local_host_set: Option<Arc<HostSet>>,
        moment: &Moment<'_, impl Fn(HostId) -> u32>,
        random: &mut impl Random,
    ) -> Self {
        let mut balancer = Self {
            config,
            seed: 0,
            host_sets: host_sets.to_vec(),
            local_host_set,
            priority_state: PriorityState::default(),
            per_priority: vec![PerPriorityState::default(); host_sets.len()],
            latest_host_added_time: moment.now,
        };
        balancer.recalculate_priorities();
        for index in 0..host_sets.len() {
            balancer.rebuild_localities(index, random);
        }
        if balancer.config.policy != HostPolicy::Random {
            balancer.seed = random.random();
        }
        for index in 0..host_sets.len() {
            balancer.refresh(index, moment);
        }
        balancer
    }

    /// A new snapshot of one priority has reached the worker.
    pub fn update(
        &mut self,
        priority: Priority,
        host_set: Arc<HostSet>,
        moment: &Moment<'_, impl Fn(HostId) -> u32>,
        random: &mut impl Random,
    ) {
        let Ok(index) = usize::try_from(priority.0) else { return };
        if self.host_sets.len() <= index {
            self.host_sets.resize_with(index + 1, Arc::default);
            self.per_priority.resize_with(index + 1, PerPriorityState::default);
        }
        if let Some(place) = self.host_sets.get_mut(index) {
            *place = host_set;
        }
        self.recalculate_priorities();
        self.rebuild_localities(index, random);
        self.refresh(index, moment);
    }

    /// A new snapshot of the proxy's own cluster has reached the worker.
    pub fn update_local(&mut self, host_set: Arc<HostSet>) {
        self.local_host_set = Some(host_set);
        self.regenerate_locality_routing();
    }

    /// Picks a host; `None`: no healthy upstream.
    ///
    /// A retry whose host is rejected picks again, from the priority on, up to its number of attempts.
    pub fn choose_host(
        &mut self,
        moment: &Moment<'_, impl Fn(HostId) -> u32>,
        retry: Option<&Retry<'_>>,
        random: &mut impl Random,
    ) -> Option<Pick> {
        if matches!(self.config.policy, HostPolicy::ConsistentHash { .. }) {
            return self.choose_hashed_host(random.random(), retry);
        }
        let attempts = retry.map_or(0, |retry| retry.host_selection_max_attempts);
        for _ in 0..attempts {
            let pick = self.choose_host_once(moment, retry, random)?;
            if !retry.is_some_and(|retry| (retry.should_select_another_host)(pick.host)) {
                return Some(pick);
            }
        }
        self.choose_host_once(moment, retry, random)
    }

    /// Picks the host that a request's hash leads to, under consistent hashing; [`Self::choose_host`] draws the hash of a request that has
    /// none. A retry whose host is rejected looks further in the same priority.
    #[must_use]
    pub fn choose_hashed_host(&self, hash: u64, retry: Option<&Retry<'_>>) -> Option<Pick> {
        let load = retry.and_then(|retry| retry.priority_load);
        let (priority, availability) =
            choose_priority(hash, load.unwrap_or(self.priority_state.load()));
        let index = usize::try_from(priority.0).ok()?;
        let host_set = self.host_sets.get(index)?;
        let table = &self.per_priority.get(index)?.table;
        let mut pick = None;
        for attempt in 0..=retry.map_or(0, |retry| retry.host_selection_max_attempts) {
            let host = host_set.id(table.pick(hash, attempt)?)?;
            let panic = self.is_in_panic(priority);
            pick = Some(Pick { host, priority, availability, panic, locality: None });
            if !retry.is_some_and(|retry| (retry.should_select_another_host)(host)) {
                break;
            }
        }
        pick
    }

    /// Percent of traffic by priority.
    #[must_use]
    pub const fn priority_load(&self) -> &PriorityLoad {
        self.priority_state.load()
    }

    /// Whether a priority uses all its hosts.
    #[must_use]
    pub fn is_in_panic(&self, priority: Priority) -> bool {
        self.priority_state.is_in_panic(priority)
    }

    /// The weights of a priority's hosts under consistent hashing, as positions; `None`: another policy.
    #[must_use]
    pub fn hashed_weights(&self, priority: Priority) -> Option<Vec<(u32, f64)>> {
        let HostPolicy::ConsistentHash { .. } = self.config.policy else { return None };
        let host_set = self.host_sets.get(usize::try_from(priority.0).ok()?)?;
        let weighted = self.config.locality == LocalityLbConfig::LocalityWeighted;
        let weights = normalized_weights(host_set, self.is_in_panic(priority), weighted);
        Some(weights.into_iter().map(|host| (host.position, host.weight)).collect())
    }

    /// The table of a priority; empty under policies that do not hash.
    #[must_use]
    pub fn hash_table(&self, priority: Priority) -> Option<&HashTable> {
        self.per_priority.get(usize::try_from(priority.0).ok()?).map(|state| &state.table)
    }

    /// The priorities as this worker knows them.
    #[must_use]
    pub fn host_sets(&self) -> &[Arc<HostSet>] {
        &self.host_sets
    }

    fn recalculate_priorities(&mut self) {
        let counts: Vec<HostCounts> =
            self.host_sets.iter().map(|host_set| host_set.counts()).collect();
        self.priority_state.recalculate(&counts, self.config.healthy_panic_threshold);
    }

    fn rebuild_localities(&mut self, index: usize, random: &mut impl Random) {
        let Self { host_sets, per_priority, .. } = self;
        let (Some(host_set), Some(state)) = (host_sets.get(index), per_priority.get_mut(index))
        else {
            return;
        };
        if self.config.locality == LocalityLbConfig::LocalityWeighted {
            let localities: Vec<_> = host_set.locality_counts().collect();
            let factor = host_set.overprovisioning_factor();
            state.locality_wrr =
                LocalityWrr::new(localities.iter().copied(), factor, random.random());
        }
        if index == 0 {
            self.regenerate_locality_routing();
        }
    }

    /// Zone-aware routing exists in the first priority only.
    fn regenerate_locality_routing(&mut self) {
        let LocalityLbConfig::ZoneAware(config) = &self.config.locality else { return };
        let (Some(local), Some(host_set), Some(state)) =
            (&self.local_host_set, self.host_sets.first(), self.per_priority.first_mut())
        else {
            return;
        };
        state.locality_routing = LocalityRouting::new(config, local, host_set);
    }

    /// Gives every list of a priority its scheduler.
    fn refresh(&mut self, index: usize, moment: &Moment<'_, impl Fn(HostId) -> u32>) {
        match self.config.policy {
            HostPolicy::Random => return,
            HostPolicy::ConsistentHash { algorithm, salt } => {
                return self.rebuild_tables(algorithm, salt);
            }
            HostPolicy::RoundRobin { .. } | HostPolicy::LeastRequest { .. } => {}
        }
        let Some(host_set) = self.host_sets.get(index).cloned() else { return };
        self.recalculate_hosts_in_slow_start(&host_set, moment.now);
        let weigher = Weigher::new(&self.config.policy, self.latest_host_added_time, moment.now);
        let seed = self.seed;
        let Some(state) = self.per_priority.get_mut(index) else { return };
        for (slot, source) in HostsSource::every(&host_set).enumerate() {
            let hosts = source.hosts(&host_set);
            let edf = weigher.needs_edf(&host_set, hosts).then(|| {
                let weight = |host: &u32| weigher.weight(&host_set, *host, moment);
                EdfScheduler::create_with_picks(hosts.to_vec(), weight, seed)
            });
            let len = Modulus::new(hosts.len() as u64);
            match state.schedulers.get_mut(slot) {
                Some(scheduler) => (scheduler.edf, scheduler.len) = (edf, len),
                None => state.schedulers.push(Scheduler { rr_index: seed, len, edf }),
            }
        }
    }

    /// Of all priorities: another one's health decides whether a priority panics.
    fn rebuild_tables(&mut self, algorithm: HashAlgorithm, salt: u64) {
        let weighted = self.config.locality == LocalityLbConfig::LocalityWeighted;
        let priorities = (0..).map(Priority).zip(&self.host_sets).zip(&mut self.per_priority);
        for ((priority, host_set), state) in priorities {
            let panic = self.priority_state.is_in_panic(priority);
            let weights = normalized_weights(host_set, panic, weighted);
            state.table = match algorithm {
                HashAlgorithm::RingHash { minimum_ring_size } => {
                    HashTable::ring(&weights, minimum_ring_size, salt)
                }
                HashAlgorithm::Maglev { table_size } => {
                    HashTable::maglev(weights, table_size, salt)
                }
            };
        }
    }

    fn recalculate_hosts_in_slow_start(&mut self, host_set: &HostSet, now: MonotonicTime) {
        let Some(ramp) = self.config.policy.slow_start() else { return };
        let healthy = |host: &&Host| host.flags.coarse_health() == CoarseHealth::Healthy;
        for host in host_set.hosts().iter().filter(healthy) {
            let since = host.last_hc_pass_time.unwrap_or(now);
            if since > self.latest_host_added_time && ramp.contains(since, now) {
                self.latest_host_added_time = since;
            }
        }
    }

    #[inline]
    fn choose_host_once(
        &mut self,
        moment: &Moment<'_, impl Fn(HostId) -> u32>,
        retry: Option<&Retry<'_>>,
        random: &mut impl Random,
    ) -> Option<Pick> {
        let hash = random.random();
        let load = retry.and_then(|retry| retry.priority_load);
        let (priority, availability) =
            choose_priority(hash, load.unwrap_or(self.priority_state.load()));
        let index = usize::try_from(priority.0).ok()?;
        let panic = self.priority_state.is_in_panic(priority);
        let source = if panic {
            HostsSource::All
        } else {
            match self.choose_locality(index, availability, random) {
                Some(locality) => HostsSource::Locality(availability, locality),
                None => HostsSource::Eligible(availability),
            }
        };
        let host = self.choose_from(index, source, hash, moment, random)?;
        let locality = match source {
            HostsSource::Locality(_, locality) => Some(locality),
            HostsSource::All | HostsSource::Eligible(_) => None,
        };
        Some(Pick { host, priority, availability, panic, locality })
    }

    #[inline]
    fn choose_locality(
        &mut self,
        index: usize,
        availability: HostAvailability,
        random: &mut impl Random,
    ) -> Option<u32> {
        let state = self.per_priority.get_mut(index)?;
        match &self.config.locality {
            LocalityLbConfig::None => None,
            LocalityLbConfig::LocalityWeighted => state.locality_wrr.choose_locality(availability),
            LocalityLbConfig::ZoneAware(config) => {
                let local = self.local_host_set.as_ref()?;
                if state.locality_routing == LocalityRouting::NoLocalityRouting
                    || !random.feature_enabled(routing_enabled(config))
                    || local.counts().is_host_set_in_panic(self.config.healthy_panic_threshold)
                {
                    return None;
                }
                state.locality_routing.choose_locality(random)
            }
        }
    }

    /// `hash` is the number that chose the priority.
    #[inline]
    fn choose_from(
        &mut self,
        index: usize,
        source: HostsSource,
        hash: u64,
        moment: &Moment<'_, impl Fn(HostId) -> u32>,
        random: &mut impl Random,
    ) -> Option<HostId> {
        let host_set = self.host_sets.get(index)?;
        let hosts = source.hosts(host_set);
        let position = if self.config.policy == HostPolicy::Random {
            random_host::host_pick(hosts, hash)?
        } else {
            let scheduler = self.per_priority.get_mut(index)?.schedulers.get_mut(source.slot()?)?;
            match (&mut scheduler.edf, &self.config.policy) {
                (Some(edf), _) => {
                    let since = self.latest_host_added_time;
                    let weigher = Weigher::new(&self.config.policy, since, moment.now);
                    edf.pick_and_add(|host| weigher.weight(host_set, *host, moment))?
                }
                (None, HostPolicy::LeastRequest { choice_count, .. }) => {
                    let active =
                        |host| host_set.id(host).map_or(0, |id| (moment.active_requests)(id));
                    let (len, count) = (scheduler.len, *choice_count);
                    least_request::unweighted_host_pick(hosts, len, count, active, random)?
                }
                (None, _) => round_robin::unweighted_host_pick(hosts, &mut scheduler.rr_index)?,
            }
        };
        host_set.id(position)
    }
}
