//! One cluster in one Envoy: its hosts, its detector, what each worker knows of them, and its circuit breakers.
//!
//! The main thread's view ([`PrioritySet`] with flags) and the workers' views (the snapshots in their load balancers) are apart, as they
//! are in Envoy: what happens in between is the update-merge window's.
//!
//! **Source**: Envoy source/common/upstream/{upstream_impl,cluster_manager_impl,eds}.cc, v1.40; host identity as measured on 1.40.0:
//! the same address in the same locality stays the same host, with its ejection; anything else is a new host without a past.
//!
//! **Not modelled**: the time between the main thread and its workers (under a millisecond); active health checks.

mod connections;
mod discovery;

use std::time::Duration;

use mesh_failover_sorted::SortedMap;

pub(crate) use self::connections::{Afterwards, Connection, Connections, Service};
pub use self::discovery::Discovered;
use super::endpoints::PodId;
use super::random::Xoshiro;
use crate::cluster::{Address, CircuitBreakers, Cluster, ClusterLoadAssignment};
use crate::host::HostId;
use crate::lb::config::{HostPolicy, LbConfig};
use crate::lb::host_set::HealthFlags;
use crate::lb::load_balancer::{LoadBalancer, Moment, Pick, Retry};
use crate::lb::merge_window::{Delivery, UpdateMergeWindow};
use crate::lb::priority_set::PrioritySet;
use crate::locality::Locality;
use crate::outlier::{Action, Detector, DetectorConfig, HostResult, OutlierDetectionEvent};
use crate::random::Random;
use crate::time::MonotonicTime;
use crate::units::Priority;

/// How much later than it should a timer may be noticed, each time anew. Two sweeps are an interval apart give or take as much, so what takes
/// exactly an interval (a step of back-off, an ejection that a sweep made) is over at the next sweep or at the one after it, and chance says which.
///
/// **Source**: Envoy's timers are libevent's (source/common/event/libevent_scheduler.cc), which reads `CLOCK_MONOTONIC_COARSE`: the time of
/// the kernel's last tick, 4 ms at `CONFIG_HZ=250`, Linux's default. Measured on 1.40.0: sweeps are 1 s apart by -4 to +4 ms, as
/// differences of uniform delays are. **Units**: nanoseconds.
const TIMER_TICK: u64 = 4_000_000;

/// A cluster in an Envoy.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Nanoseconds.
    pub(crate) connect_timeout: u64,
    pub(crate) breakers: CircuitBreakers,
    /// Whether a request's hash decides.
    hashed: bool,
    /// Whether localities share by weight.
    pub(crate) locality_weighted: bool,
    /// Whether a connection that is made counts for the detector by itself.
    pub(crate) split: bool,
    local: Locality,
    hosts: PrioritySet,
    /// Hosts in the cluster by address, with the locality that is part of their identity.
    known: SortedMap<Address, (HostId, Locality)>,
    /// By host.
    pods: Vec<PodId>,
    /// By host: requests in flight, over all workers.
    active: Vec<u32>,
    pub(crate) connections: Connections,
    windows: Vec<UpdateMergeWindow>,
    window: Duration,
    detector: Option<Detector>,
    /// When the timer of the detector's next sweep runs out.
    sweep_due: MonotonicTime,
    workers: Vec<LoadBalancer>,
    /// Requests in flight.
    pub(crate) active_requests: u32,
    /// Retries scheduled or in flight.
    pub(crate) active_retries: u32,
}

/// What an update of the hosts led to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Priorities whose state has just reached the workers.
    pub posted: Vec<Priority>,
    /// Priorities whose state will reach them, and when.
    pub waiting: Vec<(Priority, MonotonicTime)>,
}

impl Upstream {
    /// A cluster without hosts, in an Envoy in `local`; its detector starts at `created`.
    pub(crate) fn new(
        cluster: &Cluster,
        config: &LbConfig,
        detector: Option<DetectorConfig>,
        local: &Locality,
        workers: u32,
        created: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> Self {
        let moment = Moment { now: MonotonicTime::ZERO, active_requests: &|_| 0 };
        let empty = ClusterLoadAssignment::default();
        let hosts = PrioritySet::from_assignment(&empty, Some(local), |_, _| HostId(0));
        let workers: Vec<_> = (0..workers)
            .map(|_| LoadBalancer::new(config.clone(), hosts.host_sets(), None, &moment, rng))
            .collect();
        let detector =
            detector.map(|config| Detector::new(config, created).visiting_by(rng.random()));
        let sweep_due = detector.as_ref().map_or(created, Detector::poll_timeout);
        Self {
            connect_timeout: crate::time::nanos(cluster.connect_timeout),
            locality_weighted: cluster.locality_weighted,
            hashed: matches!(config.policy, HostPolicy::ConsistentHash { .. }),
            breakers: cluster.circuit_breakers.clone(),
            split: cluster
                .outlier_detection
                .as_ref()
                .is_some_and(|outlier| outlier.split_external_local_origin_errors),
            local: local.clone(),
            hosts,
            known: SortedMap::new(),
            pods: Vec::new(),
            active: Vec::new(),
            connections: Connections::of(&cluster.circuit_breakers, &cluster.http, workers.len()),
            windows: Vec::new(),
            window: cluster.update_merge_window.unwrap_or(UpdateMergeWindow::DEFAULT),
            detector,
            sweep_due,
            workers,
            active_requests: 0,
            active_retries: 0,
        }
    }

    /// `ClusterManagerImpl::scheduleUpdate`.
    fn schedule(
        &mut self,
        priority: Priority,
        mergeable: bool,
        now: MonotonicTime,
        rng: &mut Xoshiro,
        change: &mut Change,
    ) {
        let index = priority.0 as usize;
        if index >= self.windows.len() {
            self.windows.resize(index + 1, UpdateMergeWindow::new(self.window));
        }
        let Some(window) = self.windows.get_mut(index) else { return };
        match window.on_update(mergeable, now) {
            Delivery::Now => {
                self.post(priority, now, rng);
                change.posted.push(priority);
            }
            Delivery::Later => {
                change.waiting.extend(window.poll_timeout().map(|at| (priority, at)));
            }
        }
    }

    /// A merge window may have ended. Whether the workers got something.
    pub(crate) fn on_merge_timer(
        &mut self,
        priority: Priority,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> bool {
        let due =
            self.windows.get_mut(priority.0 as usize).is_some_and(|window| window.on_timeout(now));
        if due {
            self.post(priority, now, rng);
        }
        due
    }

    /// Gives the workers the main thread's state of a priority.
    fn post(&mut self, priority: Priority, now: MonotonicTime, rng: &mut Xoshiro) {
        let Some(host_set) = self.hosts.host_set(priority) else { return };
        let active = &self.active;
        let moment = Moment { now, active_requests: &|id| active_of(active, id) };
        for worker in &mut self.workers {
            worker.update(priority, host_set.clone(), &moment, rng);
        }
    }

    /// Picks a host for a worker, by `hash` if hosts are hashed; `None`: no healthy upstream.
    #[inline]
    pub(crate) fn choose_host(
        &mut self,
        worker: u32,
        hash: Option<u64>,
        retry: Option<&Retry<'_>>,
        now: u64,
        rng: &mut Xoshiro,
    ) -> Option<Pick> {
        let active = &self.active;
        let moment = Moment {
            now: MonotonicTime::from_nanos(now),
            active_requests: &|id| active_of(active, id),
        };
        let worker = self.workers.get_mut(worker as usize)?;
        match hash {
            Some(hash) if self.hashed => worker.choose_hashed_host(hash, retry),
            _ => worker.choose_host(&moment, retry, rng),
        }
    }

    /// The pod behind a host.
    #[inline]
    pub(crate) fn pod(&self, host: HostId) -> PodId {
        self.pods.get(host.0 as usize).copied().unwrap_or(PodId(u32::MAX))
    }

    /// An attempt at a host begins.
    #[inline]
    pub(crate) fn begin(&mut self, host: HostId) {
        self.active_requests += 1;
        if let Some(active) = self.active.get_mut(host.0 as usize) {
            *active += 1;
        }
    }

    /// A worker's attempt at a host has ended.
    #[inline]
    pub(crate) fn end(&mut self, worker: u32, host: HostId, afterwards: Afterwards) {
        self.active_requests = self.active_requests.saturating_sub(1);
        if let Some(active) = self.active.get_mut(host.0 as usize) {
            *active = active.saturating_sub(1);
        }
        self.connections.give_back(worker, host, afterwards);
    }

    /// Whether the circuit breaker allows no more requests in flight.
    #[inline]
    pub(crate) const fn is_full(&self) -> bool {
        self.active_requests >= self.breakers.max_requests
    }

    /// The connections to some pods are cut from the other side.
    pub(crate) fn lose_connections(&mut self, pods: &[PodId]) {
        for (host, _) in (0..).zip(&self.pods).filter(|(_, pod)| pods.contains(pod)) {
            self.connections.cut(HostId(host));
        }
    }

    /// Whether the circuit breaker allows another retry.
    ///
    /// **Source**: Envoy source/common/upstream/resource_manager_impl.h `RetryBudgetImpl`: the budget is a share of the requests in
    /// flight, but never less than a minimum; with a budget, `max_retries` is ignored.
    pub(crate) fn may_retry(&self) -> bool {
        let limit = match &self.breakers.retry_budget {
            None => self.breakers.max_retries,
            Some(budget) => {
                let share = budget.budget_percent / 100.0 * f64::from(self.active_requests);
                budget.min_retry_concurrency.max(share as u32)
            }
        };
        self.active_retries < limit
    }

    /// A response's status for the detector.
    #[inline]
    pub(crate) fn report_status(
        &mut self,
        host: HostId,
        status: u16,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) {
        if let Some(detector) = &mut self.detector {
            detector.put_http_response_code(host, status, now, rng);
        }
    }

    /// Any other result for the detector.
    pub(crate) fn report(
        &mut self,
        host: HostId,
        result: HostResult,
        code: Option<u16>,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) {
        if let Some(detector) = &mut self.detector {
            detector.put_result(host, result, code, now, rng);
        }
    }

    /// When the detector sweeps next: up to a tick after its timer has run out.
    #[must_use]
    pub fn next_sweep(&self, rng: &mut Xoshiro) -> Option<MonotonicTime> {
        self.detector.as_ref()?;
        Some(self.sweep_due + Duration::from_nanos(rng.below(TIMER_TICK)))
    }

    /// The detector's sweep has come. Its timer is armed by the clock that it ran out by, so being late does not add up.
    pub(crate) fn sweep(&mut self, now: MonotonicTime, rng: &mut Xoshiro) {
        if let Some(detector) = &mut self.detector {
            detector.sweep(now, rng);
            self.sweep_due = self.sweep_due + detector.config().interval();
        }
    }

    /// Whether the detector has done something that the hosts must follow.
    #[inline]
    pub(crate) fn has_ejection_events(&self) -> bool {
        self.detector.as_ref().is_some_and(Detector::has_events)
    }

    /// Lets the hosts follow what the detector has just done, one event at a time as Envoy does: the first change goes to the workers,
    /// the next ones wait for the merge window.
    #[inline]
    pub(crate) fn next_ejection_event(
        &mut self,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> Option<(OutlierDetectionEvent, Change)> {
        let event = self.detector.as_mut()?.poll_event()?;
        let ejected = match event.action {
            Action::Eject { enforced: true, .. } => true,
            Action::Uneject => false,
            Action::Eject { enforced: false, .. } | Action::Overflow { .. } => {
                return Some((event, Change::default()));
            }
        };
        if ejected {
            self.connections.drain(event.host);
        }
        let mut change = Change::default();
        if self.hosts.set_health_flags(event.host, HealthFlags::FAILED_OUTLIER_CHECK, ejected) {
            // Envoy reloads the healthy hosts of every priority.
            for index in 0..self.hosts.host_sets().len() as u32 {
                self.schedule(Priority(index), true, now, rng, &mut change);
            }
        }
        Some((event, change))
    }

    /// Each worker's load balancer.
    #[must_use]
    pub fn workers(&self) -> &[LoadBalancer] {
        &self.workers
    }
}

#[inline]
fn active_of(active: &[u32], host: HostId) -> u32 {
    active.get(host.0 as usize).copied().unwrap_or(0)
}
