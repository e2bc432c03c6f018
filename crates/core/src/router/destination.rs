//! One destination: its regions, and which of them is next for clients at which place.

use super::config::{AllRegionsOut, DestinationPolicy, DrainAffinity};
use super::event::{Change, Event};
use super::level::Level;
use super::metrics::Tally;
use super::plan::weights;
use super::record::{RegionRecord, RegionState, Rules};
use super::region::Region;
use super::shared::RegionKey;
use super::wheel::Wheel;
use super::window::{Counts, Window};
use crate::outlier::DetectorConfig;
use crate::time::MonotonicTime;

/// A destination at one port.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) policy: DestinationPolicy,
    pub(super) port: u16,
    pub(super) regions: Vec<Region>,
    plans: Vec<Plan>,
    /// A region's subset or Service is missing: the destination is not configured as its policy says, so all of it is left to Istio.
    pub(super) broken: bool,
    /// Requests, and second tries as errors, of the last budget interval.
    pub(super) budget: Option<Window>,
    /// Whether weights change by themselves.
    moving: bool,
    pub(super) tally: Tally,
}

/// A plan as it runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) wheel: Wheel,
    /// Weights for users who stay in a drained region.
    pub(super) kept: Vec<u64>,
    /// No region of it is usable; weights are those of `allRegionsOut: weights`.
    pub(super) all_out: bool,
}

/// Which regions count, the better the earlier.
const STAGES: [Stage; 4] = [Stage::Healthy, Stage::Waiting, Stage::Drained, Stage::Any];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// As they are.
    Healthy,
    /// Those that wait to come back count as back: better than none.
    Waiting,
    /// Those that are drained count as full: better than none.
    Drained,
    /// As if nothing had happened.
    Any,
}

impl Plan {
    /// Weights by which known users are placed.
    pub(super) fn kept(&self) -> impl Iterator<Item = u64> + Clone {
        let kept = |(place, weight)| self.kept.get(place).copied().unwrap_or(weight);
        self.wheel.weights().enumerate().map(kept)
    }
}

impl Destination {
    pub(super) fn new(
        policy: &DestinationPolicy,
        port: u16,
        random: &mut impl FnMut() -> u64,
    ) -> Self {
        let region = |region| Region::new(region, policy, port);
        let mut destination = Self {
            port,
            regions: policy.regions.iter().map(region).collect(),
            plans: vec![Plan::default(); policy.plans.len()],
            broken: false,
            budget: policy.rescue.as_ref().map(|rescue| Window::new(rescue.interval)),
            moving: false,
            tally: Tally::new(),
            policy: policy.clone(),
        };
        destination.reweigh(MonotonicTime::ZERO);
        for plan in &mut destination.plans {
            let weights: Vec<u64> = plan.wheel.weights().collect();
            plan.wheel = Wheel::new(&weights, random());
        }
        destination
    }

    pub(super) fn regions(&self) -> impl Iterator<Item = (u32, &Region)> + Clone {
        (0_u32..).zip(&self.regions)
    }

    pub(super) fn regions_mut(&mut self) -> impl Iterator<Item = (u32, &mut Region)> {
        (0_u32..).zip(&mut self.regions)
    }

    pub(super) fn region(&self, index: u32) -> Option<&Region> {
        self.regions.get(index as usize)
    }

    pub(super) fn region_mut(&mut self, index: u32) -> Option<&mut Region> {
        self.regions.get_mut(index as usize)
    }

    pub(super) fn plan(&self, index: u32) -> Option<&Plan> {
        self.plans.get(index as usize)
    }

    pub(super) fn plan_mut(&mut self, index: u32) -> Option<&mut Plan> {
        self.plans.get_mut(index as usize)
    }

    pub(super) fn key(&self, region: &Region) -> RegionKey {
        let (host, region) = (self.policy.host.clone(), region.name.clone());
        RegionKey { host, port: self.port, region }
    }

    /// Ejection by errors in a row.
    pub(super) fn detector(&self) -> Option<&DetectorConfig> {
        self.policy.ejects.then_some(&self.policy.detector)
    }

    pub(super) const fn rules(&self) -> Rules<'_> {
        Rules {
            timing: &self.policy.detector,
            failback: self.policy.failback,
            probed: self.policy.probe.is_some(),
        }
    }

    /// The plan for clients in a region; the gateway's own where none fits.
    pub(super) fn plan_from(&self, region: Option<&str>) -> Option<u32> {
        let named = region.and_then(|region| {
            let place = self.policy.plans.iter().position(|plan| plan.from == region)?;
            u32::try_from(place).ok()
        });
        named.or(self.policy.home)
    }

    /// How much of its weight a region takes.
    pub(super) fn level(&self, region: &Region, now: MonotonicTime) -> Level {
        region.record.level(&self.policy.failback, now).times(region.drain_level(now))
    }

    /// Weighs the regions anew, if time alone has changed something.
    pub(super) fn refresh(&mut self, now: MonotonicTime) {
        if self.moving {
            self.reweigh(now);
        }
    }

    /// Weighs the regions anew.
    pub(super) fn reweigh(&mut self, now: MonotonicTime) {
        self.moving = self.regions.iter().any(|region| region.is_moving(now));
        let missing = |region: &Region| region.record.state == RegionState::NoCluster;
        self.broken = self.regions.iter().any(missing);
        let keep =
            self.policy.drain_affinity == DrainAffinity::Keep && self.policy.affinity.is_some();
        let mut plans = std::mem::take(&mut self.plans);
        for (plan, policy) in plans.iter_mut().zip(&self.policy.plans) {
            let at = |stage| {
                let level = |index| self.level_at(stage, index, now);
                weights(policy, level, self.regions.len())
            };
            for stage in STAGES {
                let weights = at(stage);
                if weights.iter().any(|weight| *weight > 0) {
                    plan.all_out = stage == Stage::Any;
                    plan.wheel.set(&weights);
                    break;
                }
            }
            plan.kept = if keep && !plan.all_out { at(Stage::Drained) } else { Vec::new() };
        }
        self.plans = plans;
    }

    /// Where a request that failed in a region is tried again: in the one whose turn is next, or where no other has
    /// a part of the requests, in the first that would fail over.
    pub(super) fn second(&self, plan: u32, failed: u32, now: MonotonicTime) -> Option<u32> {
        let known = self.plan(plan).filter(|known| !known.all_out && !self.broken)?;
        known.wheel.next_but(failed).or_else(|| {
            let policy = self.policy.plans.get(plan as usize)?;
            let takes = |index: &u32| {
                let region = self.region(*index).filter(|_| *index != failed);
                region.is_some_and(|region| self.level(region, now) > Level::NONE)
            };
            let mut targets = policy.next.iter().flatten().chain(policy.rest.iter().flatten());
            targets.find(|index| takes(index)).copied()
        })
    }

    fn level_at(&self, stage: Stage, index: u32, now: MonotonicTime) -> Level {
        let Some(region) = self.region(index) else { return Level::NONE };
        let waits = region.record.state == RegionState::Recovering;
        let health = region.record.level(&self.policy.failback, now);
        match stage {
            Stage::Healthy => health.times(region.drain_level(now)),
            Stage::Waiting if waits => region.drain_level(now),
            Stage::Drained if waits => Level::FULL,
            Stage::Waiting => health.times(region.drain_level(now)),
            Stage::Drained => health,
            Stage::Any => Level::FULL,
        }
    }

    /// Whether requests are left alone although a plan has weights.
    pub(super) fn is_native(&self, plan: &Plan) -> bool {
        self.broken || plan.all_out && self.policy.all_regions_out == AllRegionsOut::Native
    }

    /// `maxEjectionPercent`, over the regions; one that takes no requests counts as out.
    pub(super) fn may_eject_one_more(&self) -> bool {
        let out = self.regions.iter().filter(|region| !region.record.is_usable()).count();
        let most = usize::from(self.policy.detector.max_ejection_percent().get());
        100 * (out + 1) <= most * self.regions.len()
    }

    /// What to say about a region.
    pub(super) fn event(&self, region: &Region, at: MonotonicTime, change: Change) -> Event {
        Event {
            at,
            host: self.policy.host.clone(),
            port: self.port,
            region: region.name.clone(),
            cluster: region.cluster.clone(),
            change,
        }
    }

    /// What to say about a change of state, while what led to it is still counted.
    pub(super) fn change(&self, region: &Region, after: RegionRecord) -> Change {
        let seen = match after.state {
            RegionState::Ejected(reason) => region.seen(reason),
            _ => Counts::default(),
        };
        Change::State { before: region.record, after, seen }
    }
}
