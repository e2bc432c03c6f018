//! A scenario's gateways, side by side.
//!
//! An endpoint answers one gateway as it does another and no gateway hears of another's ejections, so each plays the scenario by itself, with
//! its own traffic and chance; what came out is added up.

use std::time::Duration;

use super::error::SimError;
use super::event::{Event, EventKind};
use super::filter::FilterHost;
use super::gateway_run::GatewayRun;
use super::options::Options;
use super::report::Report;
use crate::manifest::{Manifests, Scenario};

const DEFAULT_SEED: u64 = 1;
/// Seeds of two gateways differ by this.
const SEED_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A scenario being played.
#[derive(Debug)]
pub struct Simulation {
    pub(super) seed: u64,
    /// In the order of the scenario; never empty.
    pub(super) gateways: Vec<GatewayRun>,
    events: Vec<Event>,
    /// Events of each gateway that have been taken.
    taken: Vec<usize>,
}

/// The scenario as each of its gateways has it: alone. Steps and expectations may still name the others.
#[must_use]
pub fn each_gateway(scenario: &Scenario) -> Vec<Scenario> {
    let alone = |gateway: &str, traffic| Scenario {
        gateway: gateway.to_owned(),
        traffic,
        other_gateways: Vec::new(),
        ..scenario.clone()
    };
    let others = scenario.other_gateways.iter();
    std::iter::once(alone(&scenario.gateway, scenario.traffic.clone()))
        .chain(others.map(|other| alone(&other.gateway, other.traffic.clone())))
        .collect()
}

impl Simulation {
    /// Sets the stage for a scenario.
    ///
    /// # Errors
    /// If the scenario contradicts itself or the topology, or needs what is not modelled.
    pub fn new(
        manifests: &Manifests,
        scenario: &Scenario,
        options: &Options,
    ) -> Result<Self, SimError> {
        Self::with_filter(manifests, scenario, options, None)
    }

    /// The same with the filter that ships deciding in the place of the router, wherever there is one.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_filter(
        manifests: &Manifests,
        scenario: &Scenario,
        options: &Options,
        host: Option<&dyn FilterHost>,
    ) -> Result<Self, SimError> {
        let seed = options.seed.or(scenario.seed).unwrap_or(DEFAULT_SEED);
        check_names(scenario)?;
        let gateways: Result<Vec<GatewayRun>, SimError> = (0..)
            .zip(each_gateway(scenario))
            .map(|(index, alone)| {
                let seed = seed.wrapping_add(SEED_STEP.wrapping_mul(index));
                let run = GatewayRun::new(manifests, &alone, options, host, seed);
                run.map_err(|error| if index > 0 { error.of_other(index - 1) } else { error })
            })
            .collect();
        let gateways = gateways?;
        let taken = vec![0; gateways.len()];
        let mut simulation = Self { seed, gateways, events: Vec::new(), taken };
        simulation.take_events();
        Ok(simulation)
    }

    /// Each gateway by itself.
    #[must_use]
    pub fn split(self) -> Vec<Self> {
        let seed = self.seed;
        let alone = |gateway| {
            let mut alone =
                Self { seed, gateways: vec![gateway], events: Vec::new(), taken: vec![0] };
            alone.take_events();
            alone
        };
        self.gateways.into_iter().map(alone).collect()
    }

    /// How long the scenario runs.
    #[must_use]
    pub fn duration(&self) -> Duration {
        let first = self.gateways.first();
        first.map_or(Duration::ZERO, |it| Duration::from_nanos(it.timeline.duration))
    }

    /// Plays up to `until`, or to the end: everything before that moment has then happened.
    pub fn step(&mut self, until: Duration) {
        self.gateways.iter_mut().for_each(|gateway| gateway.step(until));
        self.take_events();
    }

    /// Plays to the end and lets requests under way be answered.
    #[must_use]
    pub fn run(mut self) -> Report {
        self.gateways.iter_mut().for_each(GatewayRun::finish);
        self.take_events();
        self.report()
    }

    /// What has happened so far. Requests under way are not in it.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::new(self)
    }

    /// What happened so far.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Adds what has happened since the last call, by time; what happens to endpoints is told once.
    fn take_events(&mut self) {
        let mut first_pod = 0;
        let mut news = Vec::new();
        for (index, (gateway, taken)) in self.gateways.iter().zip(&mut self.taken).enumerate() {
            let events = gateway.log.events();
            for event in events.iter().skip(*taken) {
                let mut event = event.clone();
                if let Some(pod) = event.kind.gateway_mut() {
                    *pod += first_pod;
                    news.push(event);
                } else if index == 0 {
                    news.push(event);
                }
            }
            *taken = events.len();
            first_pod += gateway.engine.envoys().len() as u32;
        }
        if self.gateways.len() > 1 {
            mesh_failover_sorted::sort_by(&mut news, |a, b| a.at_ms.total_cmp(&b.at_ms));
        }
        self.events.append(&mut news);
    }
}

/// Every gateway once, and only those wherever one is named.
fn check_names(scenario: &Scenario) -> Result<(), SimError> {
    let others = scenario.other_gateways.iter().map(|other| &other.gateway);
    let known: Vec<&String> = std::iter::once(&scenario.gateway).chain(others).collect();
    for (index, name) in known.iter().enumerate().skip(1) {
        if known.iter().take(index).any(|before| before == name) {
            let path = format!("spec.otherGateways[{}].gateway", index - 1);
            return Err(SimError::field(path, format!("`{name}` has traffic already")));
        }
    }
    let of_steps = scenario.steps.iter().enumerate().map(|(i, it)| ("steps", i, &it.gateway));
    let of_expect = scenario.expect.iter().enumerate().map(|(i, it)| ("expect", i, &it.gateway));
    for (list, index, name) in of_steps.chain(of_expect) {
        if let Some(name) = name.as_ref().filter(|name| !known.contains(name)) {
            let known = known.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
            let path = format!("spec.{list}[{index}].gateway");
            return Err(SimError::field(path, format!("`{name}` has no traffic; {known} have")));
        }
    }
    Ok(())
}

impl EventKind {
    /// The gateway's pod, if it is about one.
    fn gateway_mut(&mut self) -> Option<&mut u32> {
        match self {
            Self::Step { .. } => None,
            Self::Endpoints { gateway, .. }
            | Self::Ejected { gateway, .. }
            | Self::NotEjected { gateway, .. }
            | Self::Unejected { gateway, .. }
            | Self::Region { gateway, .. }
            | Self::Load { gateway, .. } => Some(gateway),
        }
    }
}

#[cfg(test)]
mod tests {
    use mesh_failover_sorted::SortedSet;

    use crate::manifest::{Source, read};
    use crate::sim::{EventKind, Options, Simulation};

    const SEED: [&str; 4] = [
        include_str!("../../../../examples/seed/topology.yaml"),
        include_str!("../../../../examples/seed/gateway.yaml"),
        include_str!("../../../../examples/seed/virtual-service.yaml"),
        include_str!("../../../../examples/seed/destination-rule.yaml"),
    ];
    const SCENARIO: &str = "
apiVersion: mesh-failover.dev/v1alpha1
kind: Scenario
metadata: {name: returns}
spec:
  gateway: cluster-a
  traffic: {rate: 200}
  duration: 60s
  clusterAge: 100s
  steps:
  - {at: 5s, fail: {cluster: cluster-a}}
  - {at: 10s, restore: {cluster: cluster-a}}
";

    /// Hosts come back at a sweep: on a whole second here, and up to a tick after it, another time each time.
    #[test]
    fn a_sweep_is_up_to_a_tick_late() {
        let texts = SEED.into_iter().chain([SCENARIO]);
        let sources: Vec<_> = texts.map(|text| Source { name: "test", text }).collect();
        let (manifests, diagnostics) = read(&sources);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let mut late = SortedSet::new();
        for seed in 0..8 {
            let options = Options { seed: Some(seed), ..Options::default() };
            let simulation =
                Simulation::new(&manifests, &manifests.scenarios[0].spec, &options).unwrap();
            for event in simulation.run().events {
                if matches!(event.kind, EventKind::Unejected { .. }) {
                    late.insert((event.at_ms * 1e6) as u64 % 1_000_000_000);
                }
            }
        }
        assert!(late.len() >= 8, "{late:?}");
        assert!(late.iter().all(|nanos| *nanos < 4_000_000), "{late:?}");
    }
}
