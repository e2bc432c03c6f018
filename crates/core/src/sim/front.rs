//! The region router in front of one Envoy's routes: what the filter does in each of its virtual machines, minus the host calls.
//!
//! Every worker has a router, and so has the main thread, which serves no request but ticks like the others and may be the one that checks
//! regions. They meet in one value of shared data, compared and swapped as Envoy's is.
//!
//! **Source**: filters/region-router/src/worker.rs, which this follows line by line.
//!
//! **Not modelled**: the wall clock set back; two virtual machines that write in the same instant (virtual time is one thread, so a write
//! never fails); a module that traps or is not loaded; requests that nothing was kept of for a second try because too many were under way.

use std::time::Duration;

use super::random::Xoshiro;
use super::routing::Request;
use crate::random::Random;
use crate::router::{
    Action, Check, Choice, Decision, Event, Facts, Failure, ProbeResult, Replay, RequestHead,
    Router, RouterConfig, UserKey,
};
use crate::time::MonotonicTime;

/// Time between two ticks of a virtual machine. **Units**: nanoseconds. **Source**: filters/region-router/src/lib.rs `TICK`.
pub(super) const TICK: u64 = 100_000_000;

/// A request of a router's own: for which choice, to which cluster, and how long an answer is waited for if it is a probe.
pub(super) type CheckRequest = (Choice, String, Option<Duration>);

/// The routers of one Envoy.
#[derive(Debug, Clone)]
pub(super) struct Front {
    machines: Vec<Machine>,
    shared: Option<Vec<u8>>,
    /// Counts writes to `shared`; 0: nobody has written.
    version: u32,
    events: Vec<Event>,
}

/// One virtual machine.
#[derive(Debug, Clone)]
struct Machine {
    router: Router,
    /// The version of shared data that it saw last.
    seen: u32,
}

impl Front {
    /// Routers for `workers` workers and the main thread, which comes last.
    pub(super) fn new(
        config: &RouterConfig,
        workers: u32,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> Self {
        let machines = (0..=workers)
            .map(|_| Machine { router: Router::new(config.clone(), rng.random(), now), seen: 0 });
        let machines: Vec<Machine> = machines.collect();
        let mut front = Self { machines, shared: None, version: 0, events: Vec::new() };
        for machine in 0..=workers {
            front.exchange(machine, now);
        }
        front
    }

    /// How many routers there are.
    pub(super) fn machines(&self) -> u32 {
        self.machines.len() as u32
    }

    /// What becomes of a request that Envoy would send to this cluster. All of a scenario's requests look alike, but each comes from an
    /// address of its own.
    ///
    /// **Draws**: one if the router tells users apart by address.
    pub(super) fn decide(
        &mut self,
        worker: u32,
        cluster: &str,
        request: &Request,
        rng: &mut Xoshiro,
    ) -> Decision<'_> {
        let Some(Machine { router, .. }) = self.machines.get_mut(worker as usize) else {
            return Decision::Native;
        };
        let Some(id) = router.find(cluster.as_bytes()) else { return Decision::Native };
        let wants = router.wants(id);
        let read = |name: &str| request.header(&name.to_ascii_lowercase()).map(str::as_bytes);
        let address;
        let user = match wants.user {
            None => None,
            Some(UserKey::Header(name)) => read(name),
            Some(UserKey::SourceAddress) => {
                address = format!("{:016x}", rng.random());
                Some(address.as_bytes())
            }
        };
        let facts = Facts {
            client_region: wants.client_region.and_then(read),
            user,
            hopped: wants.hops.is_some_and(|name| read(name).is_some()),
        };
        router.decide(id, &facts)
    }

    /// Percent of a worker's requests by region, of those for this cluster; `None`: they are left alone.
    pub(super) fn shares(&self, worker: u32, cluster: &str) -> Option<Vec<(&str, f64)>> {
        self.machines.get(worker as usize)?.router.shares(cluster.as_bytes())
    }

    /// A response has come, with Envoy's code details, after this time. For a failure of the region: whether the request reached no upstream.
    pub(super) fn on_response(
        &mut self,
        worker: u32,
        choice: Choice,
        (status, details): (u16, &str),
        took: Duration,
        now: MonotonicTime,
    ) -> Option<bool> {
        let Machine { router, .. } = self.machines.get_mut(worker as usize)?;
        if router.wants_latency(choice) {
            router.on_latency(choice, took, now);
        }
        if !router.is_suspect(choice, status) {
            router.on_success(choice, status);
            return None;
        }
        let failure = Failure::of_response(status, details.as_bytes());
        let unreached = Failure::is_unreached(details.as_bytes());
        if let Some(failure) = failure {
            router.on_failure(choice, failure, now);
            if router.has_news() {
                self.exchange(worker, now);
                self.collect(worker);
            }
        }
        (failure.is_some() || unreached).then_some(unreached)
    }

    /// A second try for a request that failed at `choice`, with the cluster that it goes to; `None`: there is none.
    pub(super) fn rescue(
        &mut self,
        worker: u32,
        choice: Choice,
        request: &Request,
        unreached: bool,
        now: MonotonicTime,
    ) -> Option<(Replay, &str)> {
        let Machine { router, .. } = self.machines.get_mut(worker as usize)?;
        let head = RequestHead {
            method: request.header(":method")?.as_bytes(),
            // A scenario's requests have no bodies.
            end_of_stream: true,
            upgrade: request.header("upgrade").is_some(),
            grpc: request
                .header("content-type")
                .is_some_and(|it| it.starts_with("application/grpc")),
        };
        if !router.may_rescue(choice) {
            return None;
        }
        let mut rescue = router.admit(choice, &head);
        let replay = router.rescue(choice, &mut rescue, unreached, now).ok()?;
        Some((replay, router.cluster(replay.choice)?))
    }

    /// The second try of a request has ended.
    pub(super) fn on_second_answer(
        &mut self,
        worker: u32,
        first: Choice,
        second: Choice,
        status: u16,
        now: MonotonicTime,
    ) {
        let Some(Machine { router, .. }) = self.machines.get_mut(worker as usize) else { return };
        if router.on_second_answer(second, Some(status), now) {
            router.on_rescued(first);
        } else if router.has_news() {
            self.exchange(worker, now);
            self.collect(worker);
        }
    }

    /// A worker is about to choose a region for a request to this cluster. A destination that is new to it is looked at before its first
    /// request meets what is wrong: returns the requests to send first, as [`Self::on_tick`] does.
    pub(super) fn find(&mut self, worker: u32, cluster: &str) -> Vec<CheckRequest> {
        let Some(Machine { router, .. }) = self.machines.get_mut(worker as usize) else {
            return Vec::new();
        };
        match router.find(cluster.as_bytes()) {
            Some(_) if router.has_actions() => checks(router),
            _ => Vec::new(),
        }
    }

    /// A virtual machine's timer is due. Returns the requests of its own that it must send.
    pub(super) fn on_tick(&mut self, machine: u32, now: MonotonicTime) -> Vec<CheckRequest> {
        self.exchange(machine, now);
        let Some(Machine { router, .. }) = self.machines.get_mut(machine as usize) else {
            return Vec::new();
        };
        router.on_tick(now);
        checks(router)
    }

    /// A region has been looked at.
    pub(super) fn on_check(
        &mut self,
        machine: u32,
        choice: Choice,
        found: Check,
        now: MonotonicTime,
    ) {
        if let Some(Machine { router, .. }) = self.machines.get_mut(machine as usize) {
            router.on_check(choice, found, now);
        }
    }

    /// A probe has ended; `None`: without an answer.
    pub(super) fn on_probe(
        &mut self,
        machine: u32,
        choice: Choice,
        status: Option<u16>,
        now: MonotonicTime,
    ) {
        if let Some(Machine { router, .. }) = self.machines.get_mut(machine as usize) {
            router.on_probe(choice, status.map_or(ProbeResult::NoAnswer, ProbeResult::Status), now);
        }
        self.end_tick(machine, now);
    }

    /// The tick's last part: tells the others what is new.
    pub(super) fn end_tick(&mut self, machine: u32, now: MonotonicTime) {
        if self.machines.get(machine as usize).is_some_and(|machine| machine.router.has_news()) {
            self.exchange(machine, now);
        }
        self.collect(machine);
    }

    /// What has changed since this was last asked.
    pub(super) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn exchange(&mut self, machine: u32, now: MonotonicTime) {
        let Some(Machine { router, seen }) = self.machines.get_mut(machine as usize) else {
            return;
        };
        if self.version == 0 || self.version != *seen {
            router.merge(self.shared.as_deref(), now);
            *seen = self.version;
        }
        if let Some(news) = router.shared_out(now) {
            self.shared = Some(news);
            self.version += 1;
            router.published();
        }
    }

    fn collect(&mut self, machine: u32) {
        if let Some(Machine { router, .. }) = self.machines.get_mut(machine as usize) {
            self.events.extend(std::iter::from_fn(|| router.poll_event()));
        }
    }
}

fn checks(router: &mut Router) -> Vec<CheckRequest> {
    let mut checks = Vec::new();
    while let Some(action) = router.poll_action() {
        let (choice, probe) = match action {
            Action::CheckUsable(choice) => (choice, None),
            Action::Probe(choice) => (choice, router.probe(choice).map(|probe| probe.timeout)),
        };
        checks.extend(router.cluster(choice).map(|it| (choice, it.to_owned(), probe)));
    }
    checks
}
