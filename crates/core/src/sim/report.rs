//! What came out, as plain values to print, plot or compare.
//!
//! **Units**: milliseconds since the start of the run; shares and weights in percent.

use mesh_failover_engine::run::Outcome;
use mesh_failover_engine::run::{Cell, Span};
use mesh_failover_sorted::SortedMap;
use serde::Serialize;

use super::arm::Arm;
use super::event::Event;
use super::expect::{Verdict, judge};
use super::gateway_run::GatewayRun;
use super::lanes::{EndpointLane, lanes};
use super::pods::Pods;
use super::simulation::Simulation;
use super::sum::{Sum, share, spans_between, sum};
use super::timeline::Planned;
use crate::time::nanos;

/// The name under which answers that no upstream gave are counted.
pub const NONE: &str = "none";

/// What came out of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Who decided about regions: never [`Arm::Auto`].
    pub arm: Arm,
    /// Everything random followed from it.
    pub seed: u64,
    /// How long the scenario ran.
    pub duration_ms: f64,
    /// Requests that came.
    pub started: u64,
    /// Those of them that were never answered.
    pub unfinished: u64,
    /// The whole run.
    pub total: Counts,
    /// From step to step.
    pub phases: Vec<Phase>,
    /// The run in small pieces.
    pub frames: Vec<Frame>,
    /// What was done to each endpoint.
    pub endpoints: Vec<EndpointLane>,
    /// Why traffic moved.
    pub events: Vec<Event>,
    /// What was expected, and whether it came so.
    pub expectations: Vec<Verdict>,
}

/// Requests, or attempts at endpoints, that have something in common.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// How many ended.
    pub requests: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How they ended, if not with 200: by status and Envoy's response flags.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub outcomes: SortedMap<String, u64>,
    /// Half took at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// 99 of 100 took at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
}

/// The time between two steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// Start.
    pub from_ms: f64,
    /// End.
    pub to_ms: f64,
    /// The steps at its start.
    pub steps: Vec<String>,
    /// All requests that started in it.
    pub total: Counts,
    /// Attempts beyond each request's first.
    pub retries: u64,
    /// By region of the upstream that answered, and [`NONE`].
    pub regions: SortedMap<String, RegionPhase>,
    /// Attempts by endpoint.
    pub endpoints: SortedMap<String, Counts>,
    /// Each of the gateways, in the scenario's order, if it has several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<GatewayPhase>,
}

/// A gateway in a phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GatewayPhase {
    /// Its cluster.
    pub gateway: String,
    /// Its requests.
    pub total: Counts,
    /// By region of the upstream that answered, and [`NONE`].
    pub regions: SortedMap<String, RegionPhase>,
}

/// A region in a phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RegionPhase {
    /// Percent of requests.
    pub share: f64,
    /// The requests.
    #[serde(flatten)]
    pub counts: Counts,
}

/// A short piece of the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// Start.
    pub from_ms: f64,
    /// End.
    pub to_ms: f64,
    /// All requests that started in it.
    pub total: Counts,
    /// Attempts beyond each request's first.
    pub retries: u64,
    /// By region of the upstream that answered, and [`NONE`].
    pub regions: SortedMap<String, RegionFrame>,
    /// Attempts by endpoint; left out when there are too many endpoints.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub endpoints: SortedMap<String, EndpointFrame>,
    /// Priorities that use all their hosts, healthy or not, at the end of the frame.
    pub panicking: u32,
}

/// A region in a frame.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RegionFrame {
    /// The requests.
    #[serde(flatten)]
    pub counts: Counts,
    /// Percent of requests that the workers would send there at the end of the frame.
    pub weight: f64,
    /// Ejected endpoints at the end of the frame, over all gateway pods.
    pub ejected: u32,
}

/// An endpoint in a frame.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EndpointFrame {
    /// The attempts.
    #[serde(flatten)]
    pub counts: Counts,
    /// Gateway pods that have ejected it, at the end of the frame.
    pub ejected: u32,
}

impl Report {
    /// Whether everything came as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.expectations.iter().all(|verdict| verdict.passed)
    }

    pub(super) fn new(simulation: &Simulation) -> Self {
        let gateways = simulation.gateways.as_slice();
        let envoys = gateways.iter().flat_map(|gateway| gateway.engine.envoys());
        let with_router = envoys.into_iter().any(|envoy| envoy.front.is_some());
        let spans = gateways.iter().flat_map(|gateway| gateway.engine.recorder().spans());
        let duration = nanos(simulation.duration());
        Self {
            arm: if with_router { Arm::Router } else { Arm::Native },
            seed: simulation.seed,
            duration_ms: super::millis(duration),
            started: spans.map(|span| span.started).sum(),
            unfinished: gateways.iter().map(|gateway| gateway.engine.in_flight()).sum(),
            total: Counts::from(&sum(&spans_between(gateways, 0, duration)).all()),
            phases: phases(gateways),
            frames: simulation.frames(0),
            endpoints: lanes(gateways),
            events: simulation.events().to_vec(),
            expectations: judge(simulation),
        }
    }
}

impl From<&Cell> for Counts {
    fn from(cell: &Cell) -> Self {
        let percentile = |percent| {
            cell.latency.as_ref().and_then(|latency| latency.percentile(percent)).map(super::millis)
        };
        Self {
            requests: cell.total(),
            errors: cell.count("any"),
            outcomes: cell
                .others
                .iter()
                .map(|(outcome, n)| (Outcome::to_string(outcome), *n))
                .collect(),
            p50_ms: percentile(50),
            p99_ms: percentile(99),
        }
    }
}

fn phases(gateways: &[GatewayRun]) -> Vec<Phase> {
    let Some(timeline) = gateways.first().map(|gateway| &gateway.timeline) else {
        return Vec::new();
    };
    let starts = timeline.phases();
    let ends = starts.iter().skip(1).copied().chain([timeline.duration]);
    starts.iter().zip(ends).map(|(from, to)| phase(gateways, &timeline.steps, *from, to)).collect()
}

fn phase(gateways: &[GatewayRun], steps: &[Planned], from: u64, to: u64) -> Phase {
    let sum = sum(&spans_between(gateways, from, to));
    let steps = steps.iter().filter(|step| step.at == from);
    let mut endpoints = SortedMap::new();
    for gateway in gateways {
        let origin = GatewayRun::origin();
        let cells = gateway.engine.recorder().endpoints(origin + from, origin + to);
        by_name(gateway.pods(), &cells, &mut endpoints);
    }
    let one = |gateway: &GatewayRun| {
        let part = self::sum(&spans_between(std::slice::from_ref(gateway), from, to));
        GatewayPhase {
            gateway: gateway.scenario.gateway.clone(),
            total: Counts::from(&part.all()),
            regions: region_phases(&part),
        }
    };
    let several = gateways.len() > 1;
    Phase {
        from_ms: super::millis(from),
        to_ms: super::millis(to),
        steps: steps.map(|step| step.action.to_string()).collect(),
        total: Counts::from(&sum.all()),
        retries: sum.retries,
        regions: region_phases(&sum),
        endpoints: endpoints.into_iter().map(|(n, c)| (n, Counts::from(&c))).collect(),
        gateways: gateways.iter().filter(|_| several).map(one).collect(),
    }
}

fn region_phases(sum: &Sum<'_>) -> SortedMap<String, RegionPhase> {
    let all = sum.all().total();
    let of = |(name, cell): &(&str, Cell)| {
        let share = share(cell.total(), all);
        ((*name).to_owned(), RegionPhase { share, counts: Counts::from(cell) })
    };
    sum.regions.iter().map(of).collect()
}

/// Adds cells to those of their endpoints' names: lives of one name are added up.
pub(super) fn by_name(pods: &Pods, cells: &[Cell], named: &mut SortedMap<String, Cell>) {
    for ((_, pod), cell) in pods.iter().zip(cells) {
        if cell.total() > 0 {
            named.entry(pod.name.clone()).or_default().merge(cell);
        }
    }
}

impl Simulation {
    /// The frames that are over, without the first `skip`.
    #[must_use]
    pub fn frames(&self, skip: u32) -> Vec<Frame> {
        let Some(first) = self.gateways.first() else { return Vec::new() };
        let last = first.engine.now();
        let spans = first.engine.recorder().spans().iter();
        let over = spans.take_while(|span| span.to <= last).count();
        (skip as usize..over).filter_map(|index| frame(&self.gateways, index)).collect()
    }

    /// The names under which traffic is counted: [`NONE`] and every region.
    #[must_use]
    pub fn regions(&self) -> Vec<String> {
        let all = sum(&spans_between(&self.gateways, 0, nanos(self.duration())));
        all.regions.into_iter().map(|(name, _)| name.to_owned()).collect()
    }
}

/// The `index`th span of all gateways.
fn frame(gateways: &[GatewayRun], index: usize) -> Option<Frame> {
    let spans = gateways.iter().map(|it| Some((it, it.engine.recorder().spans().get(index)?)));
    let spans: Vec<(&GatewayRun, &Span)> = spans.collect::<Option<_>>()?;
    let (_, first) = *spans.first()?;
    let origin = GatewayRun::origin();
    let sum = sum(&spans);
    let counted = |(name, cell): &(&str, Cell)| {
        let counts = Counts::from(cell);
        ((*name).to_owned(), RegionFrame { counts, ..RegionFrame::default() })
    };
    let mut frame = Frame {
        from_ms: super::millis(first.from - origin),
        to_ms: super::millis(first.to - origin),
        total: Counts::from(&sum.all()),
        retries: sum.retries,
        regions: sum.regions.iter().map(counted).collect(),
        endpoints: SortedMap::new(),
        panicking: spans.iter().map(|(_, span)| span.gauges.panicking).sum(),
    };
    let mut cells = SortedMap::new();
    for (gateway, span) in &spans {
        // Of the next request: what each gateway would do with it, by its part of the traffic.
        let part = match (spans.len(), sum.started) {
            (1, _) => 1.0,
            (gateways, 0) => 1.0 / gateways as f64,
            (_, all) => span.started as f64 / all as f64,
        };
        add_gauges(&mut frame, gateway, span, part);
        let recorder = gateway.engine.recorder();
        if recorder.is_detailed() {
            by_name(gateway.pods(), &recorder.endpoints(span.from, span.to), &mut cells);
        }
    }
    for (name, cell) in cells {
        frame.endpoints.entry(name).or_default().counts = Counts::from(&cell);
    }
    Some(frame)
}

/// Weights, by the gateway's part of the traffic, and ejections at the end of a span.
fn add_gauges(frame: &mut Frame, gateway: &GatewayRun, span: &Span, part: f64) {
    let pods = gateway.pods();
    for (region, weight) in pods.regions().iter().zip(&span.gauges.weight) {
        if let Some(region) = frame.regions.get_mut(region) {
            region.weight += weight * part;
        }
    }
    let detailed = gateway.engine.recorder().is_detailed();
    for (pod, envoys) in &span.gauges.ejected_pods {
        let region = pods.region_of(*pod).and_then(|it| pods.regions().get(it.0 as usize));
        if let Some(region) = region.and_then(|region| frame.regions.get_mut(region)) {
            region.ejected += envoys;
        }
        if let Some(pod) = pods.get(*pod).filter(|_| detailed) {
            frame.endpoints.entry(pod.name.clone()).or_default().ejected += envoys;
        }
    }
}
