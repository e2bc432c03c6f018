//! What came out, as plain values to print, plot or compare.
//!
//! **Units**: milliseconds since the start of the run; shares and weights in percent.

use std::collections::BTreeMap;

use serde::Serialize;

use super::arm::Arm;
use super::event::Event;
use super::expect::{Verdict, judge};
use super::lanes::{EndpointLane, lanes};
use super::outcome::Outcome;
use super::pods::{PodId, Pods};
use super::recorder::{Cell, Span};
use super::simulation::Simulation;

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
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outcomes: BTreeMap<String, u64>,
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
    pub regions: BTreeMap<String, RegionPhase>,
    /// Attempts by endpoint.
    pub endpoints: BTreeMap<String, Counts>,
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
    pub regions: BTreeMap<String, RegionFrame>,
    /// Attempts by endpoint; left out when there are too many endpoints.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, EndpointFrame>,
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
        let spans = simulation.engine.recorder.spans();
        let with_router = simulation.engine.envoys.iter().any(|envoy| envoy.front.is_some());
        Self {
            arm: if with_router { Arm::Router } else { Arm::Native },
            seed: simulation.seed,
            duration_ms: super::millis(simulation.timeline.duration),
            started: spans.iter().map(|span| span.started).sum(),
            unfinished: simulation.engine.in_flight(),
            total: Counts::from(&sum(spans).all()),
            phases: phases(simulation),
            frames: simulation.frames(0),
            endpoints: lanes(simulation),
            events: simulation.engine.log.events().to_vec(),
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

/// Spans added up.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    /// First what nobody answered, then by region.
    pub(super) cells: Vec<Cell>,
    pub(super) retries: u64,
}

impl Sum {
    /// All requests.
    pub(super) fn all(&self) -> Cell {
        let mut all = Cell::default();
        self.cells.iter().for_each(|cell| all.merge(cell));
        all
    }

    /// By name of region, and [`NONE`]; every region is there.
    pub(super) fn by_region<'a>(&'a self, pods: &'a Pods) -> impl Iterator<Item = (&'a str, Cell)> {
        let names = std::iter::once(NONE).chain(pods.regions().iter().map(String::as_str));
        let cells = self.cells.iter().cloned().chain(std::iter::repeat(Cell::default()));
        names.zip(cells)
    }
}

/// Adds spans up.
pub(super) fn sum<'a>(spans: impl IntoIterator<Item = &'a Span>) -> Sum {
    let mut sum = Sum::default();
    for span in spans {
        sum.retries += span.retries;
        if sum.cells.len() < span.by_region.len() {
            sum.cells.resize_with(span.by_region.len(), Cell::default);
        }
        for (cell, more) in sum.cells.iter_mut().zip(&span.by_region) {
            cell.merge(more);
        }
    }
    sum
}

/// The spans that lie between two moments of the scenario.
pub(super) fn spans_between(
    simulation: &Simulation,
    from: u64,
    to: u64,
) -> impl Iterator<Item = &Span> {
    let origin = Simulation::origin();
    let spans = simulation.engine.recorder.spans().iter();
    spans.filter(move |span| span.from >= origin + from && span.to <= origin + to)
}

/// Percent of requests; 0 of none.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

fn phases(simulation: &Simulation) -> Vec<Phase> {
    let starts = simulation.timeline.phases();
    let ends = starts.iter().skip(1).copied().chain([simulation.timeline.duration]);
    starts.iter().zip(ends).map(|(from, to)| phase(simulation, *from, to)).collect()
}

fn phase(simulation: &Simulation, from: u64, to: u64) -> Phase {
    let pods = &simulation.engine.world.pods;
    let origin = Simulation::origin();
    let sum = sum(spans_between(simulation, from, to));
    let all = sum.all();
    let steps = simulation.timeline.steps.iter().filter(|step| step.at == from);
    let regions = sum.by_region(pods).map(|(name, cell)| {
        let share = share(cell.total(), all.total());
        (name.to_owned(), RegionPhase { share, counts: Counts::from(&cell) })
    });
    let cells = simulation.engine.recorder.endpoints(origin + from, origin + to);
    Phase {
        from_ms: super::millis(from),
        to_ms: super::millis(to),
        steps: steps.map(|step| step.action.to_string()).collect(),
        total: Counts::from(&all),
        retries: sum.retries,
        regions: regions.collect(),
        endpoints: by_name(pods, &cells).into_iter().map(|(n, c)| (n, Counts::from(&c))).collect(),
    }
}

/// Cells by endpoint name: lives of one name are added up.
pub(super) fn by_name(pods: &Pods, cells: &[Cell]) -> BTreeMap<String, Cell> {
    let mut named: BTreeMap<String, Cell> = BTreeMap::new();
    for ((_, pod), cell) in pods.iter().zip(cells) {
        if cell.total() > 0 {
            named.entry(pod.name.clone()).or_default().merge(cell);
        }
    }
    named
}

impl Simulation {
    /// The frames that are over, without the first `skip`.
    #[must_use]
    pub fn frames(&self, skip: u32) -> Vec<Frame> {
        let last = self.engine.now;
        let over = self.engine.recorder.spans().iter().take_while(|span| span.to <= last);
        over.skip(skip as usize).map(|span| frame(self, span, Self::origin())).collect()
    }

    /// What happened so far.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        self.engine.log.events()
    }

    /// The names under which traffic is counted: [`NONE`] and every region.
    #[must_use]
    pub fn regions(&self) -> Vec<String> {
        let regions = self.engine.world.pods.regions().iter().cloned();
        std::iter::once(NONE.to_owned()).chain(regions).collect()
    }
}

fn frame(simulation: &Simulation, span: &Span, origin: u64) -> Frame {
    let pods = &simulation.engine.world.pods;
    let recorder = &simulation.engine.recorder;
    let sum = sum([span]);
    let mut ejected: BTreeMap<&str, u32> = BTreeMap::new();
    let region_of = |pod: PodId| pods.regions().get(pods.behaviour(pod).1.0 as usize);
    for (pod, envoys) in &span.gauges.ejected_pods {
        if let Some(region) = region_of(*pod) {
            *ejected.entry(region).or_default() += envoys;
        }
    }
    let weights = std::iter::once(0.0)
        .chain(span.gauges.weight.iter().copied())
        .chain(std::iter::repeat(0.0));
    let regions = sum.by_region(pods).zip(weights).map(|((name, cell), weight)| {
        let ejected = ejected.get(name).copied().unwrap_or(0);
        (name.to_owned(), RegionFrame { counts: Counts::from(&cell), weight, ejected })
    });
    let mut endpoints: BTreeMap<String, EndpointFrame> = BTreeMap::new();
    if recorder.is_detailed() {
        for (name, cell) in by_name(pods, &recorder.endpoints(span.from, span.to)) {
            endpoints.entry(name).or_default().counts = Counts::from(&cell);
        }
        for (pod, envoys) in &span.gauges.ejected_pods {
            if let Some(pod) = pods.get(*pod) {
                endpoints.entry(pod.name.clone()).or_default().ejected += envoys;
            }
        }
    }
    Frame {
        from_ms: super::millis(span.from - origin),
        to_ms: super::millis(span.to - origin),
        total: Counts::from(&sum.all()),
        retries: sum.retries,
        regions: regions.collect(),
        endpoints,
        panicking: span.gauges.panicking,
    }
}
