//! The life of a request, from its arrival to its one end.
//!
//! Every request is at any time in one place of [`Requests`] and waits for at most one event of its own: whichever of answer, `per_try_timeout`,
//! route timeout and end of back-off comes first. Nothing is allocated for a request that is not tried again.
//!
//! **Source**: Envoy source/common/router/router.cc, v1.40.
//!
//! Connections matter when the network goes: requests on those that a worker has wait for an answer that never comes, others for a connection until
//! `connect_timeout`. A request has no host as long as it waits for a connection: a timeout of its own is then held against nobody.
//!
//! **Not modelled**: time to connect; a `per_try_timeout` that goes on while a request gets the connection it waited for; what the network still delivers when it comes back (a
//! request that was lost stays lost); hedging; request and response bodies.

mod connecting;
mod follow;
mod front;
mod playing;
mod retrying;
mod waiting;

use std::mem::take;
use std::sync::Arc;

use self::connecting::{Around, Connecting, PoolId};
use self::front::Waiting;
pub use self::playing::Pause;
use self::retrying::History;

use super::arrivals::ArrivalProcess;
use super::endpoints::{Behaviour, Endpoints, PodId};
use super::envoy::{Envoy, RoutePlan, choose_cluster};
use super::latency::Latencies;
use super::news::News;
use super::outcome::{Outcome, ResponseFlags};
use super::queue::Queue;
use super::random::Xoshiro;
use super::recorder::{Gauges, Recorder};
use super::requests::{Next, Request, Requests, Ticket};
use super::retry::{AttemptEnd, final_outcome};
use super::upstream::Connection;
use super::watch::Watch;
use crate::lb::load_balancer::{Pick, Retry};
use crate::outlier::HostResult;
use crate::time::MonotonicTime;
use crate::units::Priority;

/// What is due.
#[derive(Debug, Clone, Copy)]
enum Due {
    /// The next thing in a request's life.
    Request(Ticket),
    /// A detector's sweep.
    Sweep { envoy: u32, upstream: u32 },
    /// The end of a merge window.
    Merge { envoy: u32, upstream: u32, priority: Priority },
    /// Something of the owner's.
    Reminder(u32),
    /// A tick of one of the threads of a chooser of regions.
    Tick { envoy: u32, machine: u32 },
    /// What comes next for a connection that is being made.
    Connect(u32),
}

/// All that requests touch.
#[derive(Debug)]
pub struct Engine {
    now: u64,
    arrivals: ArrivalProcess,
    queue: Queue<Due>,
    /// What requests meet.
    pub endpoints: Endpoints,
    latencies: Latencies,
    envoys: Vec<Envoy>,
    plans: Vec<RoutePlan>,
    recorder: Recorder,
    gauges: Gauges,
    news: Vec<News>,
    watches: Vec<Watch>,
    /// Pods that some Envoy has ejected, and how many have.
    ejected: Vec<(PodId, u32)>,
    /// Whether workers have heard of something since shares were last computed.
    shares_stale: bool,
    arrivals_rng: Xoshiro,
    endpoints_rng: Xoshiro,
    envoy_rng: Xoshiro,
    requests: Requests,
    checks_in_flight: u64,
    histories: Vec<History>,
    free_histories: Vec<u32>,
    waiting: Vec<Waiting>,
    connecting: Vec<Connecting>,
    free_connecting: Vec<u32>,
}

/// The parts an engine starts with.
#[derive(Debug)]
pub struct Parts {
    /// When requests come.
    pub arrivals: ArrivalProcess,
    /// All alike.
    pub envoys: Vec<Envoy>,
    /// Where requests go: as they come first, then those that a chooser of regions names by number.
    pub plans: Vec<RoutePlan>,
    /// What is counted.
    pub recorder: Recorder,
    /// What is watched.
    pub watches: Vec<Watch>,
    /// For arrivals, endpoints and Envoys.
    pub rngs: [Xoshiro; 3],
}

impl Engine {
    /// An engine that stands at 0; see [`Self::stand_at`].
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let [arrivals_rng, endpoints_rng, envoy_rng] = parts.rngs;
        Self {
            now: 0,
            arrivals: parts.arrivals,
            queue: Queue::new(),
            endpoints: Endpoints::default(),
            latencies: Latencies::default(),
            envoys: parts.envoys,
            plans: parts.plans,
            recorder: parts.recorder,
            gauges: Gauges::default(),
            news: Vec::new(),
            watches: parts.watches,
            ejected: Vec::new(),
            shares_stale: true,
            arrivals_rng,
            endpoints_rng,
            envoy_rng,
            requests: Requests::default(),
            checks_in_flight: 0,
            histories: Vec::new(),
            free_histories: Vec::new(),
            waiting: Vec::new(),
            connecting: Vec::new(),
            free_connecting: Vec::new(),
        }
    }

    /// Requests of clients under way.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.requests.len() - self.checks_in_flight
    }

    const fn time(&self) -> MonotonicTime {
        MonotonicTime::from_nanos(self.now)
    }

    /// A request comes to one of the gateway's workers, any with the same probability: connections are spread by the kernel.
    #[inline]
    fn arrive(&mut self) {
        let span = self.recorder.start();
        let mut request = Request::new(self.now, span);
        request.envoy = self.arrivals_rng.index(self.envoys.len() as u32);
        let workers = self.envoys.get(request.envoy as usize).map_or(1, |envoy| envoy.workers);
        request.worker = self.arrivals_rng.index(workers);
        let mut outcome = self.route(&mut request);
        if let Some(chosen) = self.ask_front(&mut request) {
            outcome = chosen;
        }
        match outcome {
            Ok(()) => {
                let slot = self.requests.insert(request);
                self.attempt(slot);
            }
            // It never had a place.
            Err(outcome) => self.answer(u32::MAX, &request, outcome),
        }
    }

    /// Finds the cluster of a request, or how it ends without one.
    #[inline]
    fn route(&mut self, request: &mut Request) -> Result<(), Outcome> {
        request.upstream = Request::NO_UPSTREAM;
        let (clusters, missing, timeout) = match RoutePlan::numbered(&self.plans, request.route) {
            RoutePlan::Local(outcome) => return Err(*outcome),
            RoutePlan::Forward { clusters, missing, timeout, .. } => (clusters, *missing, *timeout),
        };
        let upstream = choose_cluster(clusters, &mut self.envoy_rng);
        request.upstream = upstream.ok_or(missing)?;
        request.deadline = timeout.map_or(u64::MAX, |timeout| self.now.saturating_add(timeout));
        Ok(())
    }

    /// Something in a request's life is due.
    #[inline]
    fn on_request(&mut self, ticket: Ticket) {
        let Some(request) = self.requests.redeem(ticket) else { return };
        match request.next {
            Next::Answer(status) => {
                self.end_attempt(ticket.slot, AttemptEnd::Response(status), false)
            }
            Next::Connected => self.meet(ticket.slot),
            Next::PerTryTimeout => self.end_attempt(ticket.slot, AttemptEnd::Reset, true),
            Next::RouteTimeout => self.route_timeout(ticket.slot),
            Next::Retry => {
                self.attempt(ticket.slot);
            }
            Next::RouteTimeoutInBackOff => {
                self.finish(ticket.slot, Outcome::local(504, ResponseFlags::UT));
            }
            Next::Nothing => {}
        }
    }

    /// Sends a request, for the first time or again, to a host of the load balancer's choice. Whether there was one that may be asked: if
    /// not, the request has ended.
    #[inline]
    fn attempt(&mut self, slot: u32) -> bool {
        let again = self.choose_host_again(slot);
        let Self { requests, envoys, plans, envoy_rng, now, .. } = self;
        let Some(request) = requests.get_mut(slot) else { return false };
        let Some(upstream) = Envoy::upstream(envoys, request.envoy, request.upstream) else {
            return false;
        };
        let pick = again.unwrap_or_else(|| {
            let hash = RoutePlan::numbered(plans, request.route).hash();
            upstream.choose_host(request.worker, hash, None, *now, envoy_rng)
        });
        let Some(pick) = pick else {
            self.finish(slot, Outcome::local(503, ResponseFlags::UH));
            return false;
        };
        request.attempts += 1;
        request.host = pick.host;
        request.priority = pick.priority;
        request.pod = upstream.pod(pick.host);
        request.attempt_started = *now;
        let met = self.endpoints.behaviour(request.pod);
        let is_reachable = met.0 != Behaviour::Unreachable;
        let taken = if upstream.is_full() {
            Connection::Overflow
        } else {
            upstream.connections.take(request.worker, pick.host, is_reachable)
        };
        match taken {
            Connection::Reused | Connection::New => {
                let around = Around { now: *now, watches: &mut self.watches, rng: envoy_rng };
                around.meet(request, upstream, met);
                let way = (request.route, request.deadline);
                self.await_behaviour(slot, met.0, way);
            }
            Connection::Awaited => self.await_connection(slot),
            Connection::Overflow => {
                self.finish(slot, Outcome::local(503, ResponseFlags::UO));
                return false;
            }
        }
        true
    }

    /// What the load balancer says to a retry, which may avoid hosts and priorities; `None`: it is none.
    #[inline]
    fn choose_host_again(&mut self, slot: u32) -> Option<Option<Pick>> {
        let is_retry = self.requests.get_mut(slot).is_some_and(|request| request.attempts > 0);
        is_retry.then(|| self.choose_another_host(slot))
    }

    #[cold]
    fn choose_another_host(&mut self, slot: u32) -> Option<Pick> {
        let request = self.requests.get_mut(slot)?;
        let upstream = Envoy::upstream(&mut self.envoys, request.envoy, request.upstream)?;
        let plan = RoutePlan::numbered(&self.plans, request.route);
        let rules = plan.retry()?;
        let history = self.histories.get_mut(request.history as usize)?;
        let tried = &history.hosts;
        let load = match &mut history.priorities {
            Some(priorities) => {
                let worker = upstream.workers().get(request.worker as usize)?;
                let counts: Vec<_> = worker.host_sets().iter().map(|set| set.counts()).collect();
                Some(priorities.determine_priority_load(&counts, worker.priority_load()).clone())
            }
            None => None,
        };
        let retry = Retry {
            host_selection_max_attempts: rules.host_selection_max_attempts,
            should_select_another_host: &|host| rules.avoid_previous_hosts && tried.contains(&host),
            priority_load: load.as_ref(),
        };
        let rng = &mut self.envoy_rng;
        upstream.choose_host(request.worker, plan.hash(), Some(&retry), self.now, rng)
    }

    /// An attempt is over: tells the detector, then tries again or answers the client.
    #[inline]
    fn end_attempt(&mut self, slot: u32, end: AttemptEnd, per_try_timeout: bool) {
        let outcome = final_outcome(end, per_try_timeout, false);
        let route = self.leave_host(slot, end, outcome);
        match RoutePlan::numbered(&self.plans, route).retry() {
            Some(rules) if rules.wants(end) => {
                let rules = Arc::clone(rules);
                self.retry_or_finish(slot, end, per_try_timeout, &rules);
            }
            _ => self.finish(slot, outcome),
        }
    }

    /// The route's timeout is over: never tried again.
    fn route_timeout(&mut self, slot: u32) {
        let outcome = Outcome::local(504, ResponseFlags::UT);
        self.leave_host(slot, AttemptEnd::Reset, outcome);
        self.finish(slot, outcome);
    }

    /// Ends the attempt at its host and lets the detector know. Returns the number of the request's route.
    #[inline]
    fn leave_host(&mut self, slot: u32, end: AttemptEnd, outcome: Outcome) -> u32 {
        let time = self.time();
        let Self { requests, envoys, recorder, envoy_rng: rng, now, .. } = self;
        let Some(request) = requests.get_mut(slot) else { return 0 };
        let waited = take(&mut request.waits);
        request.answered = matches!(end, AttemptEnd::Response(_));
        if !request.is_check {
            recorder.attempt(request.span, request.pod, outcome, *now - request.attempt_started);
        }
        let (route, host, worker) = (request.route, request.host, request.worker);
        let (envoy, upstream_index) = (request.envoy, request.upstream);
        let Some(upstream) = Envoy::upstream(envoys, envoy, upstream_index) else { return route };
        if waited {
            upstream.connections.give_up(worker, host, slot);
        } else {
            upstream.end(worker, host, end.afterwards());
        }
        // Who waits has no host yet, unless a connection fails and says which: Envoy logs the host, but tells its detector nothing.
        if waited && end != AttemptEnd::ConnectFailure {
            return route;
        }
        match end {
            AttemptEnd::Response(status) => upstream.report_status(host, status, time, rng),
            AttemptEnd::Reset if outcome.flags.intersects(ResponseFlags::UT) => {
                upstream.report(host, HostResult::LocalOriginTimeout, Some(504), time, rng);
            }
            AttemptEnd::ConnectFailure | AttemptEnd::Reset => {
                upstream.report(host, HostResult::LocalOriginConnectFailed, None, time, rng);
            }
        }
        let are_awaited = upstream.connections.are_awaited();
        if upstream.has_ejection_events() {
            self.follow_detector(envoy, upstream_index);
        }
        if are_awaited {
            self.serve_waiting(PoolId { envoy, upstream: upstream_index, worker, host });
        }
        route
    }

    /// Answers the client: the one end of every request.
    #[inline]
    fn finish(&mut self, slot: u32, outcome: Outcome) {
        let Some(request) = self.requests.get_mut(slot) else { return };
        if request.is_plain() {
            let region = request.answered.then_some(request.region);
            let (span, took) = (request.span, self.now - request.started);
            self.requests.remove(slot);
            self.recorder.request(span, region, outcome, took);
        } else {
            self.finish_other(slot, outcome);
        }
    }

    /// A request that was tried again, or that a chooser of regions knows of.
    #[cold]
    fn finish_other(&mut self, slot: u32, outcome: Outcome) {
        self.release_retry(slot);
        let Some(request) = self.requests.get_mut(slot) else { return };
        let request = *request;
        if request.history != u32::MAX {
            self.free_histories.push(request.history);
        }
        self.requests.remove(slot);
        if request.is_check {
            self.checks_in_flight -= 1;
            if !outcome.is_refusal() {
                self.tell_prober(&request, outcome);
            }
            return;
        }
        self.answer(slot, &request, outcome);
    }

    /// Connections to some pods are cut: what is in flight fails (`lost`: it is never heard of again).
    pub fn cut(&mut self, pods: &[PodId], lost: bool) {
        let hit: Vec<u32> = self
            .requests
            .iter()
            // Who waits for a connection finds out when it makes one.
            .filter(|(_, it)| it.next.has_attempt() && !it.waits && pods.contains(&it.pod))
            .map(|(slot, _)| slot)
            .collect();
        if !lost {
            let upstreams = self.envoys.iter_mut().flat_map(|envoy| &mut envoy.upstreams);
            upstreams.for_each(|upstream| upstream.lose_connections(pods));
        }
        for slot in hit {
            if lost {
                self.await_timeout(slot);
            } else {
                self.end_attempt(slot, AttemptEnd::Reset, false);
            }
        }
    }
}
