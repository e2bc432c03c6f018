//! Plays a scenario at one gateway: sets the stage, lets time pass, does what the steps say.

use std::sync::Arc;
use std::time::Duration;

use mesh_failover_engine::run::{
    ArrivalProcess, Engine, Latency as EngineLatency, Parts, Pause, PodId, Recorder, RegionId,
    Stream, Watch, Xoshiro,
};

use super::arm;
use super::error::SimError;
use super::filter::FilterHost;
use super::front;
use super::lanes::Lanes;
use super::log::{Log, Place};
use super::options::Options;
use super::pods::Pods;
use super::routes::Routes;
use super::routing::Request;
use super::stage::{Set, Stage};
use super::timeline::{Action, Fault, Planned, Timeline, spacing, window};
use super::world::World;
use crate::cluster::ClusterLoadAssignment;
use crate::live::{Ejections, ejections_at};
use crate::manifest::{Latency, Manifests, Scenario};
use crate::time::nanos;
use crate::translate::{Proxy, Translation};

/// The run starts at this moment of the engine's clock, so that Envoy may have been there before.
const ORIGIN: u64 = 86_400_000_000_000;
/// So long after the end, requests under way may still be answered.
const DRAIN: u64 = 60_000_000_000;
/// A frame a second, but no more frames than a screen has columns.
const DEFAULT_RESOLUTION: u64 = 1_000_000_000;
const MAX_DEFAULT_FRAMES: u64 = 1_200;

/// A scenario being played at one gateway, all of its pods together.
#[derive(Debug)]
pub(super) struct GatewayRun {
    pub(super) scenario: Scenario,
    pub(super) timeline: Timeline,
    pub(super) engine: Engine,
    /// Which of the engine's watches belong to each expectation: failover, failback.
    pub(super) watches: Vec<[Option<usize>; 2]>,
    world: World,
    routes: Arc<Routes>,
    pub(super) log: Log,
    pub(super) lanes: Lanes,
}

impl GatewayRun {
    /// Sets the stage for a scenario with one gateway; everything random follows from `seed`.
    pub(super) fn new(
        manifests: &Manifests,
        scenario: &Scenario,
        options: &Options,
        host: Option<&dyn FilterHost>,
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
        let regions = router.as_ref().map(|it| front::regions(&it.config, clusters));
        let routes = Arc::new(Routes::new(request, listeners, clusters, regions)?);
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
            routes: &routes,
            host,
        };
        let Set { envoys, sweeps, ticks } =
            stage.set(world.proxy(), &mut phases_rng, &mut envoy_rng)?;
        let resolution = resolution(options, timeline.duration);
        let cuts = at_origin(timeline.cuts(resolution, &scenario.expect));
        let (watches, by_expectation) = watches(scenario, &world, timeline.duration)?;
        let mut arrivals_rng = rng(Stream::Arrivals);
        let (kind, rate) = (spacing(&scenario.traffic), scenario.traffic.rate);
        let mut engine = Engine::new(Parts {
            arrivals: ArrivalProcess::new(kind, ORIGIN, rate, &mut arrivals_rng),
            envoys,
            plans: routes.plans.clone(),
            recorder: Recorder::new(&cuts, &at_origin(timeline.phases()), world.pods.len()),
            watches,
            rngs: [arrivals_rng, rng(Stream::Endpoints), envoy_rng],
        });
        sweeps.into_iter().for_each(|(envoy, upstream, at)| engine.arm_sweep(envoy, upstream, at));
        ticks.into_iter().for_each(|(envoy, machine, at)| engine.arm_tick(envoy, machine, at));
        for (index, step) in (0..).zip(&timeline.steps) {
            engine.remind(ORIGIN + step.at, index);
        }
        let mut simulation = Self {
            scenario: scenario.clone(),
            timeline,
            engine,
            watches: by_expectation,
            world,
            routes,
            log: Log::new(ORIGIN),
            lanes: Lanes::default(),
        };
        let place = simulation.world.proxy().locality.clone();
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
        self.play(|engine| engine.play(end));
        self.engine.stand_at(self.engine.now().max(end));
    }

    /// Plays to the end and lets requests under way be answered.
    pub(super) fn finish(&mut self) {
        self.step(Duration::from_nanos(self.timeline.duration));
        let limit = self.engine.now() + DRAIN;
        self.play(|engine| engine.drain(limit));
    }

    /// Lets the engine play, does the steps that it comes back for and writes down what it tells.
    fn play(&mut self, mut play: impl FnMut(&mut Engine) -> Pause) {
        loop {
            let pause = play(&mut self.engine);
            self.write_news();
            match pause {
                Pause::Done => return,
                Pause::News => {}
                Pause::Reminder(index) => self.do_step(index),
            }
        }
    }

    /// Before anything else is written down.
    fn write_news(&mut self) {
        for news in self.engine.take_news() {
            self.log.news(news, &self.routes.clusters, &self.world.pods);
        }
    }

    /// The endpoints as it knows them.
    pub(super) fn pods(&self) -> &Pods {
        &self.world.pods
    }

    /// Every step must hit something: a misspelt name is not a quiet success.
    fn check_steps(&self) -> Result<(), SimError> {
        let pods = &self.world.pods;
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
        self.set_all_behaviours();
        let born = match self.scenario.cluster_age {
            Some(age) => ORIGIN.saturating_sub(nanos(age.0)),
            None => 0,
        };
        self.engine.stand_at(born);
        self.push_endpoints(translation, false);
        self.engine.stand_at(ORIGIN);
        self.engine.settle();
        let envoys = self.engine.envoys().len();
        for (envoy, index) in (0..).zip(0..envoys) {
            if let Some(ejected) = ejected.get(index).or(ejected.last()) {
                let by_cluster: Vec<_> =
                    self.routes.clusters.iter().map(|name| ejected.get(name)).collect();
                self.engine.start_ejected(envoy, &by_cluster);
            }
        }
        for envoy in 0..envoys as u32 {
            for upstream in 0..self.routes.clusters.len() as u32 {
                self.engine.tell_load(envoy, upstream);
            }
        }
        self.write_news();
        // Endpoints that no topology has were met just now.
        self.set_all_behaviours();
        self.lanes.observe(ORIGIN, &self.world.pods);
    }

    fn do_step(&mut self, index: u32) {
        let Some(step) = self.timeline.steps.get(index as usize) else { return };
        let action = step.action.clone();
        let now = self.engine.now();
        self.log.step(now, action.to_string());
        if let Some(rate) = action.rate_at(&self.scenario.gateway) {
            self.engine.set_rate(rate);
        }
        let affected = self.world.apply(&action);
        self.set_behaviours(&affected.behaviour);
        match action {
            Action::Fault(_, Fault::Refuse) => self.engine.cut(&affected.behaviour, false),
            Action::Fault(_, Fault::Partition) => self.engine.cut(&affected.behaviour, true),
            _ => {}
        }
        self.write_news();
        if affected.discovery {
            let translation = self.world.translate();
            self.push_endpoints(&translation, true);
        }
        self.lanes.observe(now, &self.world.pods);
    }

    fn set_all_behaviours(&mut self) {
        let pods: Vec<PodId> = self.world.pods.iter().map(|(id, _)| id).collect();
        self.set_behaviours(&pods);
    }

    fn set_behaviours(&mut self, pods: &[PodId]) {
        self.number_endpoints();
        for pod in pods {
            let latency = self.engine.latency(match self.world.latency(*pod) {
                Latency::Constant(time) => EngineLatency::Constant(time.0),
                Latency::Spread { p50, p99 } => EngineLatency::Spread { p50: p50.0, p99: p99.0 },
            });
            if let Some(pod_now) = self.world.pods.get(*pod) {
                self.engine.set_behaviour(*pod, pod_now.faults.behaviour(latency));
            }
        }
    }

    /// Endpoints that are new get the same number in the engine.
    fn number_endpoints(&mut self) {
        let known = self.engine.endpoints.len();
        for (id, _) in self.world.pods.iter().skip(known as usize) {
            let region = self.world.pods.region_of(id);
            self.engine.endpoints.add(region.unwrap_or(RegionId(u32::MAX)));
        }
    }

    /// Gives every Envoy the endpoints of a translation.
    fn push_endpoints(&mut self, translation: &Translation, log: bool) {
        let by_address = self.world.pods_by_address(translation);
        self.number_endpoints();
        let empty = ClusterLoadAssignment::default();
        let now = self.engine.now();
        for envoy in 0..self.engine.envoys().len() as u32 {
            for (upstream, name) in (0..).zip(&self.routes.clusters) {
                let cluster = translation.clusters.iter().find(|cluster| cluster.name == *name);
                let assignment = cluster.map_or(&empty, |cluster| &cluster.load_assignment);
                let (found, change) =
                    self.engine.discover(envoy, upstream, assignment, &by_address);
                if log {
                    let place = Place { envoy, upstream, cluster: name };
                    self.log.discovered(now, place, &found, &self.world.pods);
                    self.engine.announce(envoy, upstream, &change);
                }
                for news in self.engine.take_news() {
                    self.log.news(news, &self.routes.clusters, &self.world.pods);
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
