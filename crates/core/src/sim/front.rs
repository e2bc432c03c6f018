//! The region router in front of one Envoy's routes: what the filter does in each of its virtual machines, minus the host calls.
//!
//! Every worker has a router, and so has the main thread, which serves no request but ticks like the others and may be the one that checks
//! regions. They meet in one value of shared data, compared and swapped as Envoy's is.
//!
//! **Source**: filters/region-router/src/worker.rs, which this follows line by line.
//!
//! **Not modelled**: the wall clock set back; two virtual machines that write in the same instant (virtual time is one thread, so a write
//! never fails); a module that traps or is not loaded; requests that nothing was kept of for a second try because too many were under way.

use std::sync::Arc;
use std::time::Duration;

use mesh_failover_engine::run::{
    self as engine, ChoiceId, Found, OwnRequest, RegionNews, SecondTry, Xoshiro,
};

use super::routes::Routes;
use super::routing::Request;
use crate::cluster::Cluster;
use crate::random::Random;
use crate::router::{
    Action, Check, Choice, Decision, Event, Facts, Failure, ProbeResult, RequestHead, Router,
    RouterConfig, UserKey,
};
use crate::time::MonotonicTime;

/// The routers of one Envoy, and what they share.
#[derive(Debug, Clone)]
pub(super) struct Machines {
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

impl Machines {
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
    pub(super) fn len(&self) -> u32 {
        self.machines.len() as u32
    }

    fn router(&mut self, machine: u32) -> Option<&mut Router> {
        self.machines.get_mut(machine as usize).map(|machine| &mut machine.router)
    }

    /// Tells the others what a machine has news of.
    fn publish(&mut self, machine: u32, now: MonotonicTime) {
        if self.router(machine).is_some_and(|router| router.has_news()) {
            self.exchange(machine, now);
        }
        self.collect(machine);
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

/// The regions that a configuration may send requests to that would go to one of these clusters.
pub(super) fn regions(config: &RouterConfig, clusters: &[Cluster]) -> Vec<String> {
    let mut router = Router::new(config.clone(), 0, MonotonicTime::ZERO);
    for cluster in clusters {
        router.find(cluster.name.as_bytes());
    }
    let mut names: Vec<String> = Vec::new();
    for name in router.regions().filter_map(|choice| router.region(choice)) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The routers as the engine meets them: choices, routes and clusters by number.
#[derive(Debug, Clone)]
pub(super) struct Front {
    machines: Machines,
    routes: Arc<Routes>,
    /// By number.
    choices: Vec<Choice>,
}

impl Front {
    /// Routers before these routes.
    pub(super) const fn new(machines: Machines, routes: Arc<Routes>) -> Self {
        Self { machines, routes, choices: Vec::new() }
    }

    /// The number of a choice: there are as many as regions, plans and destinations make.
    fn number(&mut self, choice: Choice) -> ChoiceId {
        let known = self.choices.iter().position(|known| *known == choice);
        ChoiceId(known.unwrap_or_else(|| {
            self.choices.push(choice);
            self.choices.len() - 1
        }) as u32)
    }

    fn choice(&self, number: ChoiceId) -> Option<Choice> {
        self.choices.get(number.0 as usize).copied()
    }

    /// What a router wants to look at, taken from it.
    fn own_requests(&mut self, machine: u32) -> Vec<OwnRequest> {
        let mut own = Vec::new();
        while let Some(router) = self.machines.router(machine)
            && let Some(action) = router.poll_action()
        {
            let (choice, probe) = match action {
                Action::CheckUsable(choice) => (choice, None),
                Action::Probe(choice) => (choice, router.probe(choice).map(|probe| probe.timeout)),
            };
            let Some(cluster) = router.cluster(choice) else { continue };
            let upstream = self.routes.cluster(cluster);
            own.push(OwnRequest { choice: self.number(choice), upstream, probe });
        }
        own
    }
}

impl engine::Front for Front {
    fn boxed_clone(&self) -> Box<dyn engine::Front> {
        Box::new(self.clone())
    }

    /// A destination that is new to a worker is looked at before its first request meets what is wrong.
    fn find(&mut self, worker: u32, upstream: u32) -> Vec<OwnRequest> {
        let cluster = self.routes.clusters.get(upstream as usize);
        let found = self.machines.router(worker).zip(cluster).is_some_and(|(router, cluster)| {
            router.find(cluster.as_bytes()).is_some() && router.has_actions()
        });
        if found { self.own_requests(worker) } else { Vec::new() }
    }

    /// **Draws**: one if the router tells users apart by address: a scenario's requests look alike, but each comes from an address of its own.
    fn decide(&mut self, worker: u32, upstream: u32, rng: &mut Xoshiro) -> engine::Decision {
        let native = engine::Decision::Native;
        let Some(cluster) = self.routes.clusters.get(upstream as usize) else { return native };
        let Some(router) = self.machines.router(worker) else { return native };
        match decide(router, cluster, &self.routes.request, rng) {
            Decision::Native => native,
            Decision::Fail(_) => engine::Decision::Fail,
            Decision::Region(route) => {
                let (plan, choice) = (self.routes.of_region(route.region), route.choice);
                let choice = self.number(choice);
                engine::Decision::Route { plan: plan.unwrap_or(u32::MAX), choice }
            }
        }
    }

    fn shares(&self, worker: u32, upstream: u32) -> Option<Vec<(u32, f64)>> {
        let Machine { router, .. } = self.machines.machines.get(worker as usize)?;
        let shares = router.shares(self.routes.clusters.get(upstream as usize)?.as_bytes())?;
        let numbered = |(region, share): (&str, f64)| Some((self.routes.of_region(region)?, share));
        Some(shares.into_iter().filter_map(numbered).collect())
    }

    fn on_response(
        &mut self,
        worker: u32,
        choice: ChoiceId,
        (status, details): (u16, &'static str),
        took: Duration,
        now: MonotonicTime,
    ) -> Option<bool> {
        let choice = self.choice(choice)?;
        let router = self.machines.router(worker)?;
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
                self.machines.publish(worker, now);
            }
        }
        (failure.is_some() || unreached).then_some(unreached)
    }

    fn rescue(
        &mut self,
        worker: u32,
        choice: ChoiceId,
        unreached: bool,
        now: MonotonicTime,
    ) -> Option<SecondTry> {
        let choice = self.choice(choice)?;
        let request = &self.routes.request;
        let router = self.machines.router(worker)?;
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
        let upstream = self.routes.cluster(router.cluster(replay.choice)?)?;
        let choice = self.number(replay.choice);
        Some(SecondTry { choice, upstream, timeout: replay.timeout })
    }

    fn on_second_answer(
        &mut self,
        worker: u32,
        first: ChoiceId,
        second: ChoiceId,
        status: u16,
        now: MonotonicTime,
    ) {
        let (Some(first), Some(second)) = (self.choice(first), self.choice(second)) else { return };
        let Some(router) = self.machines.router(worker) else { return };
        if router.on_second_answer(second, Some(status), now) {
            router.on_rescued(first);
        } else if router.has_news() {
            self.machines.publish(worker, now);
        }
    }

    fn on_tick(&mut self, machine: u32, now: MonotonicTime) -> Vec<OwnRequest> {
        self.machines.exchange(machine, now);
        let Some(router) = self.machines.router(machine) else { return Vec::new() };
        router.on_tick(now);
        self.own_requests(machine)
    }

    fn end_tick(&mut self, machine: u32, now: MonotonicTime) {
        self.machines.publish(machine, now);
    }

    fn on_check(&mut self, machine: u32, choice: ChoiceId, found: Found, now: MonotonicTime) {
        let found = match found {
            Found::Usable => Check::Usable,
            Found::NoUsableHost => Check::NoUsableHost,
            Found::NoCluster => Check::NoCluster,
        };
        if let (Some(choice), Some(router)) = (self.choice(choice), self.machines.router(machine)) {
            router.on_check(choice, found, now);
        }
    }

    fn on_probe(&mut self, machine: u32, choice: ChoiceId, status: u16, now: MonotonicTime) {
        if let (Some(choice), Some(router)) = (self.choice(choice), self.machines.router(machine)) {
            router.on_probe(choice, ProbeResult::Status(status), now);
        }
        self.machines.publish(machine, now);
    }

    fn take_news(&mut self) -> Vec<RegionNews> {
        let events = std::mem::take(&mut self.machines.events);
        let told = events.into_iter().map(|event| RegionNews {
            usable: event.is_usable(),
            what: event.to_string(),
            host: event.host,
            region: event.region,
        });
        told.collect()
    }
}

/// What a router makes of a scenario's request.
fn decide<'a>(
    router: &'a mut Router,
    cluster: &str,
    request: &Request,
    rng: &mut Xoshiro,
) -> Decision<'a> {
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
