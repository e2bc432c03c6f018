//! Plays a scenario at one gateway: sets the stage, lets time pass, does what the steps say.

use std::time::Duration;

use super::arm;
use super::arrivals::ArrivalProcess;
use super::engine::{Due, Engine, Parts};
use super::error::SimError;
use super::gateway::Routes;
use super::lanes::Lanes;
use super::latency::Latencies;
use super::log::Place;
use super::nanos;
use super::options::Options;
use super::pods::{PodId, Pods};
use super::queue::Queue;
use super::random::{Stream, Xoshiro};
use super::recorder::{Gauges, Recorder};
use super::routing::Request;
use super::share::add_shares;
use super::stage::Stage;
use super::timeline::{Action, Fault, Planned, Timeline, window};
use super::watch::Watch;
use super::world::World;
use crate::cluster::ClusterLoadAssignment;
use crate::live::{Ejections, ejections_at};
use crate::manifest::{Manifests, Scenario};
use crate::time::MonotonicTime;
use crate::translate::{Proxy, Translation};

/// The run starts at this moment of the engine's clock, so that Envoy may have been there before.
const ORIGIN: u64 = 86_400_000_000_000;
/// So long after the end, requests under way may still be answered.
const DRAIN: u64 = 60_000_000_000;
/// A frame a second, but no more frames than a screen has columns.
const DEFAULT_RESOLUTION: u64 = 1_000_000_000;
const MAX_DEFAULT_FRAMES: u64 = 1_200;

/// A scenario being played at one gateway, all of its pods together.
#[derive(Debug, Clone)]
pub(super) struct GatewayRun {
    pub(super) scenario: Scenario,
    pub(super) timeline: Timeline,
    pub(super) engine: Engine,
    /// Which of the engine's watches belong to each expectation: failover, failback.
    pub(super) watches: Vec<[Option<usize>; 2]>,
    arrivals: ArrivalProcess,
    gauges: Gauges,
    pub(super) lanes: Lanes,
}

impl GatewayRun {
    /// Sets the stage for a scenario with one gateway; everything random follows from `seed`.
    pub(super) fn new(
        manifests: &Manifests,
        scenario: &Scenario,
        options: &Options,
        seed: u64,
    ) -> Result<Self, SimError> {
        let timeline = Timeline::new(scenario)?;
        let proxy = Proxy::gateway_of(manifests, &scenario.gateway).map_err(SimError::Gateway)?;
        let mut world =
            World::new(manifests, proxy.with_version(options.version), options.addresses.clone());
        let translation = world.translate();
        let router = arm::router(options.arm, manifests, world.proxy())?;
        let request = Request::new(&scenario.traffic);
        let Translation { listeners, clusters, .. } = &translation;
        let routes = Routes::new(request, listeners, clusters, router.is_some())?;
        let rng = |stream| Xoshiro::new(seed, stream);
        let mut phases_rng = rng(Stream::Phases);
        let mut envoy_rng = rng(Stream::Envoy);
        let stage = Stage {
            manifests,
            scenario,
            translation: &translation,
            clusters: &routes.clusters,
            placed: !options.addresses.is_empty(),
            router: router.as_ref(),
        };
        let mut queue = Queue::new();
        let envoys = stage.envoys(world.proxy(), &mut queue, &mut phases_rng, &mut envoy_rng)?;
        let resolution = resolution(options, timeline.duration);
        let cuts = at_origin(timeline.cuts(resolution, &scenario.expect));
        let recorder = Recorder::new(&cuts, &at_origin(timeline.phases()), world.pods.len());
        let (watches, by_expectation) = watches(scenario, &world, timeline.duration)?;
        let mut arrivals_rng = rng(Stream::Arrivals);
        let kind = scenario.traffic.arrivals.unwrap_or_default();
        let arrivals = ArrivalProcess::new(kind, ORIGIN, scenario.traffic.rate, &mut arrivals_rng);
        for (index, step) in (0..).zip(&timeline.steps) {
            queue.push(ORIGIN + step.at, Due::Step(index));
        }
        let engine = Engine::new(Parts {
            origin: ORIGIN,
            world,
            queue,
            latencies: Latencies::default(),
            envoys,
            routes,
            recorder,
            watches,
            rngs: [arrivals_rng, rng(Stream::Endpoints), envoy_rng],
        });
        let mut simulation = Self {
            scenario: scenario.clone(),
            timeline,
            engine,
            watches: by_expectation,
            arrivals,
            gauges: Gauges::default(),
            lanes: Lanes::default(),
        };
        let place = simulation.engine.world.proxy().locality.clone();
        let ejected = ejections_at(&options.gateways, &place, &translation);
        simulation.start(&translation, &ejected);
        // Endpoints that no topology has are known by now.
        simulation.check_steps()?;
        Ok(simulation)
    }

    /// The start of the scenario on the engine's clock.
    pub(super) const fn origin() -> u64 {
        ORIGIN
    }

    /// Plays up to `until`, or to the end: everything before that moment has then happened.
    pub(super) fn step(&mut self, until: Duration) {
        let end = ORIGIN + nanos(until).min(self.timeline.duration);
        self.play(end);
        while self.engine.recorder.current_end().is_some_and(|span_end| span_end <= end) {
            self.close_span();
        }
        self.engine.now = self.engine.now.max(end);
    }

    /// Plays to the end and lets requests under way be answered.
    pub(super) fn finish(&mut self) {
        self.step(Duration::from_nanos(self.timeline.duration));
        let limit = self.engine.now + DRAIN;
        while self.engine.in_flight() > 0 && self.engine.queue.next_at() < limit {
            self.handle_next_due();
        }
    }

    /// The endpoints as it knows them.
    pub(super) fn pods(&self) -> &Pods {
        &self.engine.world.pods
    }

    fn play(&mut self, end: u64) {
        loop {
            let (arrival, due) = (self.arrivals.next_at(), self.engine.queue.next_at());
            let next = arrival.min(due);
            if next >= end {
                return;
            }
            while self.engine.recorder.current_end().is_some_and(|span_end| span_end <= next) {
                self.close_span();
            }
            // Of equal moments what is due comes first: a request at the moment of a step meets what the step did.
            if due <= arrival {
                self.handle_next_due();
            } else {
                self.engine.now = arrival;
                self.engine.arrive();
                self.arrivals.advance(&mut self.engine.arrivals_rng);
            }
        }
    }

    fn handle_next_due(&mut self) {
        let Some(due) = self.engine.queue.pop() else { return };
        self.engine.now = due.at;
        match due.event {
            Due::Request(ticket) => self.engine.on_request(ticket),
            Due::Sweep { envoy, upstream } => self.engine.on_sweep(envoy, upstream),
            Due::Merge { envoy, upstream, priority } => {
                self.engine.on_merge(envoy, upstream, priority);
            }
            Due::Step(index) => self.do_step(index),
            Due::Tick { envoy, machine } => self.engine.on_tick(envoy, machine),
        }
    }

    fn close_span(&mut self) {
        // A router's ramps and drains go on between events.
        let moves_by_itself = self.engine.envoys.iter().any(|envoy| envoy.front.is_some());
        if std::mem::take(&mut self.engine.shares_stale) || moves_by_itself {
            self.gauges = self.measure();
        } else {
            self.gauges.ejected_pods.clone_from(&self.engine.ejected);
        }
        self.engine.recorder.next_span(self.gauges.clone());
    }

    /// Where the workers would send requests now.
    fn measure(&self) -> Gauges {
        let Engine { envoys, world, routes, .. } = &self.engine;
        let pods = &world.pods;
        let mut weight = Vec::new();
        let mut panicking = 0;
        for envoy in envoys {
            for (upstream, share) in envoy.upstreams.iter().zip(envoy.cluster_shares(routes)) {
                let region = |host| pods.behaviour(upstream.pod(host)).1;
                let Some(worker) = upstream.workers().first() else { continue };
                let share = share / envoys.len() as f64;
                if share > 0.0 {
                    let weighted = upstream.locality_weighted;
                    add_shares(worker, weighted, share, &region, &mut weight);
                }
                let priorities = (0..worker.host_sets().len() as u32).map(crate::units::Priority);
                panicking +=
                    priorities.filter(|priority| worker.is_in_panic(*priority)).count() as u32;
            }
        }
        Gauges { weight, panicking, ejected_pods: self.engine.ejected.clone() }
    }

    /// Every step must hit something: a misspelt name is not a quiet success.
    fn check_steps(&self) -> Result<(), SimError> {
        let pods = &self.engine.world.pods;
        for Planned { written, action, .. } in &self.timeline.steps {
            let Some(target) = action.target() else { continue };
            if pods.workloads_hit_by(target).is_empty() {
                let known: Vec<String> = pods
                    .workloads()
                    .map(|(_, w)| format!("`{}` of `{}` in `{}`", w.name, w.service, w.cluster))
                    .collect();
                return Err(SimError::field(
                    format!("spec.steps[{written}]"),
                    format!("`{action}` hits no workload; there are {}", known.join(", ")),
                ));
            }
        }
        Ok(())
    }

    /// The first push: Envoy has had it for long when the run starts.
    fn start(&mut self, translation: &Translation, ejected: &[Ejections]) {
        let pods: Vec<PodId> = self.engine.world.pods.iter().map(|(id, _)| id).collect();
        self.set_behaviours(&pods);
        let born = match self.scenario.cluster_age {
            Some(age) => ORIGIN.saturating_sub(nanos(age.0)),
            None => 0,
        };
        self.engine.now = born;
        self.push_endpoints(translation, false);
        self.engine.now = ORIGIN;
        for envoy in &mut self.engine.envoys {
            envoy.upstreams.iter_mut().for_each(|upstream| upstream.settle());
        }
        for envoy in 0..self.engine.envoys.len() as u32 {
            if let Some(ejected) = ejected.get(envoy as usize).or(ejected.last()) {
                self.engine.start_ejected(envoy, ejected);
            }
        }
        for envoy in 0..self.engine.envoys.len() as u32 {
            for upstream in 0..self.engine.routes.clusters.len() as u32 {
                self.engine.log_load(envoy, upstream);
            }
        }
        // Endpoints that no topology has were met just now.
        let pods: Vec<PodId> = self.engine.world.pods.iter().map(|(id, _)| id).collect();
        self.set_behaviours(&pods);
        self.lanes.observe(ORIGIN, &self.engine.world.pods);
    }

    fn do_step(&mut self, index: u32) {
        let Some(step) = self.timeline.steps.get(index as usize) else { return };
        let action = step.action.clone();
        let now = self.engine.now;
        self.engine.log.step(now, action.to_string());
        if let Some(rate) = action.rate_at(&self.scenario.gateway) {
            self.arrivals.set_rate(now, rate, &mut self.engine.arrivals_rng);
        }
        let affected = self.engine.world.apply(&action);
        self.set_behaviours(&affected.behaviour);
        match action {
            Action::Fault(_, Fault::Refuse) => self.engine.cut(&affected.behaviour, false),
            Action::Fault(_, Fault::Partition) => self.engine.cut(&affected.behaviour, true),
            _ => {}
        }
        if affected.discovery {
            let translation = self.engine.world.translate();
            self.push_endpoints(&translation, true);
        }
        self.lanes.observe(now, &self.engine.world.pods);
    }

    fn set_behaviours(&mut self, pods: &[PodId]) {
        let Engine { world, latencies, queue, .. } = &mut self.engine;
        for pod in pods {
            let latency = latencies.intern(world.latency(*pod), queue);
            if let Some(faults) = world.pods.get(*pod).map(|pod| pod.faults.clone()) {
                world.pods.set_behaviour(*pod, faults.behaviour(latency));
            }
        }
    }

    /// Gives every Envoy the endpoints of a translation.
    fn push_endpoints(&mut self, translation: &Translation, log: bool) {
        let by_address = self.engine.world.pods_by_address(translation);
        let empty = ClusterLoadAssignment::default();
        let now = self.engine.now;
        for envoy in 0..self.engine.envoys.len() as u32 {
            for (index, name) in (0..).zip(&self.engine.routes.clusters.clone()) {
                let cluster = translation.clusters.iter().find(|cluster| cluster.name == *name);
                let assignment = cluster.map_or(&empty, |cluster| &cluster.load_assignment);
                let Engine { envoys, envoy_rng, world, log: events, .. } = &mut self.engine;
                let Some(upstream) = envoys
                    .get_mut(envoy as usize)
                    .and_then(|envoy| envoy.upstreams.get_mut(index as usize))
                else {
                    continue;
                };
                let (found, change) = upstream.discover(
                    assignment,
                    |address| by_address.get(address).copied(),
                    MonotonicTime::from_nanos(now),
                    envoy_rng,
                );
                if log {
                    let place = Place { envoy, upstream: index, cluster: name };
                    events.discovered(now, place, &found, &world.pods);
                }
                for pod in &found.removed_ejected {
                    self.engine.count_ejected(*pod, false);
                }
                if log {
                    self.engine.follow_change(envoy, index, &change);
                }
            }
        }
    }
}

fn resolution(options: &Options, duration: u64) -> u64 {
    match options.resolution.map(nanos).filter(|resolution| *resolution > 0) {
        Some(resolution) => resolution,
        None => DEFAULT_RESOLUTION.max(duration.div_ceil(MAX_DEFAULT_FRAMES)),
    }
}

fn at_origin(mut moments: Vec<u64>) -> Vec<u64> {
    moments.iter_mut().for_each(|moment| *moment += ORIGIN);
    moments
}

type Watches = (Vec<Watch>, Vec<[Option<usize>; 2]>);

/// What the expectations want watched.
fn watches(scenario: &Scenario, world: &World, duration: u64) -> Result<Watches, SimError> {
    let mut watches = Vec::new();
    let mut by_expectation = Vec::new();
    for (index, expectation) in scenario.expect.iter().enumerate() {
        let (from, to) = window(expectation, duration);
        let path = format!("spec.expect[{index}]");
        if from >= to {
            return Err(SimError::field(
                path,
                "ends before it begins; write `from` and `to` within the scenario",
            ));
        }
        let region = |name: &str| {
            world.region(name).ok_or_else(|| {
                let known = world.pods.regions().join("`, `");
                SimError::field(path.clone(), format!("no region `{name}`; there are `{known}`"))
            })
        };
        for name in expectation.share.keys().filter(|name| *name != "none") {
            region(name)?;
        }
        let mut numbers = [None, None];
        for (number, wanted) in
            numbers.iter_mut().zip([&expectation.failover, &expectation.failback])
        {
            if let Some(wanted) = wanted {
                *number = Some(watches.len());
                watches.push(Watch::new(region(&wanted.region)?, ORIGIN + from, ORIGIN + to));
            }
        }
        by_expectation.push(numbers);
    }
    Ok((watches, by_expectation))
}
