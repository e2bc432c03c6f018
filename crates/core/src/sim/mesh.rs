//! The scenario without the Envoy: what a driver needs that plays it with real endpoints before a real gateway.
//!
//! The simulator is judged by such a driver. Both do the same things to the same endpoints at the same moments, so that what differs
//! is Envoy's doing.

use std::time::Duration;

use mesh_failover_engine::run::{ArrivalProcess, Stream, Xoshiro};
use mesh_failover_sorted::SortedMap;

use super::error::SimError;
use super::pods::Pod;
use super::timeline::{Planned, Timeline, spacing};
use super::world::World;
use crate::manifest::{Latency, Manifests, Scenario, Traffic};
use crate::translate::{IstioVersion, Proxy, Translation};

/// A scenario's endpoints, moved on step by step by a driver.
#[derive(Debug, Clone)]
pub struct Mesh {
    world: World,
    timeline: Timeline,
    gateway: String,
    traffic: Traffic,
}

/// One life of an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Tells lives of the same name apart; given out once.
    pub id: u32,
    /// As in assignments and reports.
    pub name: String,
    /// Where it is.
    pub region: String,
    /// Whether it has not been scaled away or replaced.
    pub exists: bool,
    /// What a request meets there.
    pub condition: Condition,
}

/// What a request meets at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Condition {
    /// An answer.
    Answers {
        /// After this time.
        latency: Latency,
        /// With this status instead of 200, in this share of requests.
        fail: Option<(u16, f64)>,
    },
    /// Connections are refused, and open ones cut.
    Refuses,
    /// Connections are accepted and never answered.
    Silent,
    /// Nothing arrives.
    Unreachable,
}

impl Mesh {
    /// The endpoints at the start of a scenario, as they are for its first gateway.
    ///
    /// # Errors
    /// If the scenario contradicts itself or the topology.
    pub fn new(
        manifests: &Manifests,
        scenario: &Scenario,
        version: IstioVersion,
    ) -> Result<Self, SimError> {
        let timeline = Timeline::new(scenario)?;
        let proxy = Proxy::gateway_of(manifests, &scenario.gateway).map_err(SimError::Gateway)?;
        let mut mesh = Self {
            world: World::new(manifests, proxy.with_version(version), SortedMap::new()),
            timeline,
            gateway: scenario.gateway.clone(),
            traffic: scenario.traffic.clone(),
        };
        // Endpoints that no topology has are met in the assignments.
        mesh.translate();
        Ok(mesh)
    }

    /// Where the gateway is.
    #[must_use]
    pub const fn proxy(&self) -> &Proxy {
        self.world.proxy()
    }

    /// How long the scenario runs.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        Duration::from_nanos(self.timeline.duration)
    }

    /// When each step is due, in the order in which they are to be done.
    #[must_use]
    pub fn steps(&self) -> Vec<Duration> {
        self.timeline.steps.iter().map(|step| Duration::from_nanos(step.at)).collect()
    }

    /// Does a step, by its position in [`Self::steps`].
    pub fn do_step(&mut self, index: usize) {
        if let Some(step) = self.timeline.steps.get(index) {
            self.world.apply(&step.action);
        }
    }

    /// All endpoints that there have been.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let pods = &self.world.pods;
        let region = |id| pods.regions().get(pods.region_of(id)?.0 as usize);
        pods.iter()
            .map(|(id, pod)| Endpoint {
                id: id.0,
                name: pod.name.clone(),
                region: region(id).cloned().unwrap_or_default(),
                exists: pod.exists,
                condition: condition(pod, self.world.latency(id)),
            })
            .collect()
    }

    /// What istiod sends for the endpoints as they are now.
    pub fn translate(&mut self) -> Translation {
        let translation = self.world.translate();
        self.world.pods_by_address(&translation);
        translation
    }

    /// When requests come, since the start.
    #[must_use]
    pub fn arrivals(&self, seed: u64) -> Vec<Duration> {
        let mut rng = Xoshiro::new(seed, Stream::Arrivals);
        let kind = spacing(&self.traffic);
        let mut process = ArrivalProcess::new(kind, 0, self.traffic.rate, &mut rng);
        let rate = |step: &Planned| Some((step.at, step.action.rate_at(&self.gateway)?));
        let rates = self.timeline.steps.iter().filter_map(rate);
        let mut rates = rates.peekable();
        let mut moments = Vec::new();
        loop {
            if let Some((at, rate)) = rates.next_if(|(at, _)| *at <= process.next_at()) {
                process.set_rate(at, rate, &mut rng);
            } else if process.next_at() < self.timeline.duration {
                moments.push(Duration::from_nanos(process.next_at()));
                process.advance(&mut rng);
            } else {
                return moments;
            }
        }
    }
}

fn condition(pod: &Pod, latency: Latency) -> Condition {
    let faults = &pod.faults;
    if faults.partition {
        Condition::Unreachable
    } else if faults.refuse {
        Condition::Refuses
    } else if faults.blackhole {
        Condition::Silent
    } else {
        Condition::Answers { latency, fail: faults.fail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{GoDuration, Step};

    #[test]
    fn requests_come_as_often_as_the_scenario_says() {
        let seconds = |n| GoDuration(Duration::from_secs(n));
        let step = Step { at: seconds(2), rate: Some(5.0), ..Step::default() };
        let stop = Step { at: seconds(4), rate: Some(0.0), ..Step::default() };
        let scenario = Scenario {
            duration: seconds(6),
            traffic: Traffic { rate: 10.0, ..Traffic::default() },
            steps: vec![step, stop],
            ..Scenario::default()
        };
        let mesh = Mesh {
            world: World::new(&Manifests::default(), Proxy::default(), SortedMap::new()),
            timeline: Timeline::new(&scenario).unwrap(),
            gateway: String::new(),
            traffic: scenario.traffic.clone(),
        };
        let moments = mesh.arrivals(1);
        assert_eq!(moments.len(), 20 + 10);
        assert_eq!(moments.last(), Some(&Duration::from_millis(3_800)));
    }
}
