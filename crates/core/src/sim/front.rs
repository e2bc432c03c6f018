//! The region router in front of one Envoy's routes: what the filter does in each of its virtual machines, minus the host calls.
//!
//! **Source**: filters/region-router/src/worker.rs, which this follows line by line.
//!
//! **Not modelled**: requests that nothing was kept of for a second try because too many were under way.

use std::sync::Arc;

use mesh_failover_engine::run::{
    self as engine, ChoiceId, Found, OwnRequest, RegionNews, Response, SecondTry, Xoshiro,
};
use mesh_failover_sorted::SortedMap;

use super::machines::Machines;
use super::routes::Routes;
use crate::cluster::Cluster;
use crate::random::Random;
use crate::router::{
    Action, Check, Choice, Decision, Facts, Failure, ProbeResult, RequestHead, Router,
    RouterConfig, UserKey,
};
use crate::time::MonotonicTime;

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
#[derive(Debug)]
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

    /// The name of a cluster; empty: there is none of this number.
    pub(super) fn upstream(&self, number: u32) -> String {
        self.routes.clusters.get(number as usize).cloned().unwrap_or_default()
    }

    /// What all requests look like.
    pub(super) fn headers(&self) -> SortedMap<String, String> {
        self.routes.request.all_headers()
    }

    /// The name of a choice's cluster.
    pub(super) fn cluster(&self, machine: u32, choice: ChoiceId) -> String {
        self.name_of(machine, choice, Router::cluster)
    }

    /// The name of a choice's region.
    pub(super) fn region(&self, machine: u32, choice: ChoiceId) -> String {
        self.name_of(machine, choice, Router::region)
    }

    fn name_of(
        &self,
        machine: u32,
        choice: ChoiceId,
        name: fn(&Router, Choice) -> Option<&str>,
    ) -> String {
        let router = self.machines.look_at(machine);
        let found = router.zip(self.choice(choice)).and_then(|(router, it)| name(router, it));
        found.unwrap_or_default().to_owned()
    }

    /// Where a request of a worker's for this cluster comes from, if that decides: a scenario's requests look alike, but each comes from
    /// an address of its own.
    ///
    /// **Draws**: one if it does.
    pub(super) fn address(
        &mut self,
        worker: u32,
        upstream: u32,
        rng: &mut Xoshiro,
    ) -> Option<String> {
        let cluster = self.routes.clusters.get(upstream as usize)?;
        let router = self.machines.router(worker)?;
        let id = router.find(cluster.as_bytes())?;
        let by_address = router.wants(id).user == Some(UserKey::SourceAddress);
        by_address.then(|| format!("{:016x}", rng.random()))
    }

    /// What becomes of a request from this address, if that decides.
    pub(super) fn decide_for(
        &mut self,
        worker: u32,
        upstream: u32,
        address: Option<&str>,
    ) -> engine::Decision {
        let native = engine::Decision::Native;
        let Some(cluster) = self.routes.clusters.get(upstream as usize) else { return native };
        let Some(router) = self.machines.router(worker) else { return native };
        let Some(id) = router.find(cluster.as_bytes()) else { return native };
        let (wants, request) = (router.wants(id), &self.routes.request);
        let read = |name: &str| request.header(&name.to_ascii_lowercase()).map(str::as_bytes);
        let facts = Facts {
            client_region: wants.client_region.and_then(read),
            user: wants.user.and_then(|key| match key {
                UserKey::Header(name) => read(name),
                UserKey::SourceAddress => address.map(str::as_bytes),
            }),
            hopped: wants.hops.is_some_and(|name| read(name).is_some()),
        };
        match router.decide(id, &facts) {
            Decision::Native => native,
            Decision::Fail(_) => engine::Decision::Fail,
            Decision::Region(route) => {
                let (plan, choice) = (self.routes.of_region(route.region), route.choice);
                self.routed(plan, choice)
            }
        }
    }

    /// The decision for a region, whoever made it.
    pub(super) fn decide_on(
        &mut self,
        worker: u32,
        upstream: u32,
        region: &str,
    ) -> engine::Decision {
        let cluster = self.routes.clusters.get(upstream as usize);
        let found = self.machines.router(worker).zip(cluster).and_then(|(router, cluster)| {
            let id = router.find(cluster.as_bytes())?;
            router.choice_named(id, region)
        });
        match found {
            Some(choice) => self.routed(self.routes.of_region(region), choice),
            None => engine::Decision::Native,
        }
    }

    fn routed(&mut self, plan: Option<u32>, choice: Choice) -> engine::Decision {
        engine::Decision::Route { plan: plan.unwrap_or(u32::MAX), choice: self.number(choice) }
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
    /// A destination that is new to a worker is looked at before its first request meets what is wrong.
    fn find(&mut self, worker: u32, upstream: u32) -> Vec<OwnRequest> {
        let cluster = self.routes.clusters.get(upstream as usize);
        let found = self.machines.router(worker).zip(cluster).is_some_and(|(router, cluster)| {
            router.find(cluster.as_bytes()).is_some() && router.has_actions()
        });
        if found { self.own_requests(worker) } else { Vec::new() }
    }

    fn decide(
        &mut self,
        worker: u32,
        upstream: u32,
        _now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> engine::Decision {
        let address = self.address(worker, upstream, rng);
        self.decide_for(worker, upstream, address.as_deref())
    }

    fn shares(&self, worker: u32, upstream: u32) -> Option<Vec<(u32, f64)>> {
        let router = self.machines.look_at(worker)?;
        let shares = router.shares(self.routes.clusters.get(upstream as usize)?.as_bytes())?;
        let numbered = |(region, share): (&str, f64)| Some((self.routes.of_region(region)?, share));
        Some(shares.into_iter().filter_map(numbered).collect())
    }

    fn on_response(
        &mut self,
        worker: u32,
        choice: ChoiceId,
        response: Response,
        now: MonotonicTime,
    ) -> Option<bool> {
        let choice = self.choice(choice)?;
        let Response { status, details, served, took } = response;
        let served = served.and_then(|served| self.routes.clusters.get(served as usize));
        let machines = &mut self.machines;
        let router = machines.router(worker)?;
        if router.wants_cluster(choice)
            && let Some(served) = served
        {
            router.on_served_by(choice, served.as_bytes(), now);
            machines.collect(worker);
        }
        let router = machines.router(worker)?;
        if router.wants_latency(choice) {
            router.on_latency(choice, took, now);
            machines.spread(worker, now);
        }
        let router = machines.router(worker)?;
        if !router.is_suspect(choice, status) {
            router.on_success(choice, status);
            return None;
        }
        if let Some(served) = served
            && !router.on_served_by(choice, served.as_bytes(), now)
        {
            // Some other cluster's error.
            router.on_other_error(choice);
            machines.collect(worker);
            return None;
        }
        let failure = Failure::of_response(status, details.as_bytes());
        let unreached = Failure::is_unreached(details.as_bytes());
        match failure {
            Some(failure) => router.on_failure(choice, failure, now),
            None => router.on_other_error(choice),
        }
        machines.spread(worker, now);
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
        } else {
            self.machines.spread(worker, now);
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
        let events = self.machines.take_events();
        let told = events.into_iter().map(|event| RegionNews {
            usable: event.is_usable(),
            what: event.to_string(),
            host: event.host,
            region: event.region,
        });
        told.collect()
    }
}
