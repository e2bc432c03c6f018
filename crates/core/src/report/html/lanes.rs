//! What happened to regions and endpoints, a lane each.

use std::fmt::Write as _;

use mesh_failover_sorted::SortedMap;

use super::super::markup::Escaped;
use super::regions::{self, Regions};
use super::scale::Scale;
use crate::sim::{EndpointLane, EndpointState, EventKind, Report};

/// More lanes than that nobody looks through; those with something to tell go first.
const MOST_LANES: usize = 60;

/// Region lanes, each with its endpoints below.
pub(super) fn lanes(page: &mut String, report: &Report, regions: &Regions<'_>, scale: &Scale) {
    let ejections = Ejections::of(report);
    let shown = shown(report, &ejections);
    for (index, name) in regions.names().iter().enumerate() {
        region(page, report, (index, name), &ejections, scale);
        let of_region = shown.iter().filter(|lane| lane.region == *name);
        of_region.for_each(|lane| endpoint(page, report, lane, index, &ejections, scale));
    }
    if shown.len() < report.endpoints.len() {
        let _ = writeln!(
            page,
            "<p class=\"note\">{} of {} endpoints are shown, those that something happened to first.</p>",
            shown.len(),
            report.endpoints.len()
        );
    }
    page.push_str(LEGEND);
}

const LEGEND: &str = "<p class=\"legend\">\
    <span><i class=\"lane ready r0\"></i>ready</span>\
    <span><i class=\"lane ejected r0\"></i>ejected (◆ out, ◇ back)</span>\
    <span><i class=\"lane failing\"></i>failing</span>\
    <span><i class=\"lane slow r0\"></i>slow</span>\
    <span><i class=\"lane unready r0\"></i>not ready</span>\
    <span><i class=\"lane draining r0\"></i>draining</span>\
    <span><i class=\"lane cut\"></i>unreachable</span>\
    <span><i class=\"lane gone\"></i>does not exist</span></p>\n";

/// Times in which gateways have an endpoint or a region out.
struct Ejections<'a> {
    endpoints: SortedMap<&'a str, Vec<(f64, f64)>>,
    regions: SortedMap<&'a str, Vec<(f64, f64)>>,
}

impl<'a> Ejections<'a> {
    fn of(report: &'a Report) -> Self {
        let mut endpoints = Spans::default();
        let mut regions = Spans::default();
        for event in &report.events {
            let at = event.at_ms;
            match &event.kind {
                EventKind::Ejected { gateway, endpoint, enforced: true, .. } => {
                    endpoints.start(endpoint, *gateway, at);
                }
                EventKind::Unejected { gateway, endpoint, .. } => {
                    endpoints.end(endpoint, *gateway, at);
                }
                EventKind::Endpoints { gateway, removed, .. } => {
                    removed.iter().for_each(|endpoint| endpoints.end(endpoint, *gateway, at));
                }
                EventKind::Region { gateway, region, usable, .. } if *usable => {
                    regions.end(region, *gateway, at);
                }
                EventKind::Region { gateway, region, .. } => regions.start(region, *gateway, at),
                _ => {}
            }
        }
        let end = report.duration_ms;
        Self { endpoints: endpoints.finish(end), regions: regions.finish(end) }
    }

    fn endpoint(&self, name: &str) -> &[(f64, f64)] {
        self.endpoints.get(name).map_or(&[], Vec::as_slice)
    }

    fn region(&self, name: &str) -> &[(f64, f64)] {
        self.regions.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Times in which at least one gateway pod says so.
#[derive(Default)]
struct Spans<'a> {
    open: SortedMap<&'a str, (f64, Vec<u32>)>,
    closed: SortedMap<&'a str, Vec<(f64, f64)>>,
}

impl<'a> Spans<'a> {
    fn start(&mut self, name: &'a str, gateway: u32, at: f64) {
        let (_, gateways) = self.open.entry(name).or_insert((at, Vec::new()));
        if !gateways.contains(&gateway) {
            gateways.push(gateway);
        }
    }

    fn end(&mut self, name: &'a str, gateway: u32, at: f64) {
        let Some((from, gateways)) = self.open.get_mut(name) else { return };
        gateways.retain(|known| *known != gateway);
        if gateways.is_empty() {
            self.closed.entry(name).or_default().push((*from, at));
            self.open.remove(name);
        }
    }

    fn finish(mut self, end: f64) -> SortedMap<&'a str, Vec<(f64, f64)>> {
        for (name, (from, _)) in self.open {
            self.closed.entry(name).or_default().push((from, end));
        }
        self.closed
    }
}

/// Lanes to show, in their order.
fn shown<'a>(report: &'a Report, ejections: &Ejections<'_>) -> Vec<&'a EndpointLane> {
    let eventful = |lane: &EndpointLane| {
        let whole = matches!(lane.spans.as_slice(), [span]
            if span.state == EndpointState::Ready && span.from_ms <= 0.0 && span.to_ms >= report.duration_ms);
        !whole || !ejections.endpoint(&lane.name).is_empty()
    };
    let mut lanes: Vec<(usize, &EndpointLane)> = report.endpoints.iter().enumerate().collect();
    mesh_failover_sorted::sort_by_key(&mut lanes, |(index, lane)| (!eventful(lane), *index));
    lanes.truncate(MOST_LANES);
    mesh_failover_sorted::sort_by_key(&mut lanes, |(index, _)| *index);
    lanes.into_iter().map(|(_, lane)| lane).collect()
}

/// How many of a region's endpoints can serve, over time.
fn region(
    page: &mut String,
    report: &Report,
    (index, name): (usize, &str),
    ejections: &Ejections<'_>,
    scale: &Scale,
) {
    let _ = write!(
        page,
        "<div class=\"track region\"><div class=\"label\"><b class=\"badge {}\">{}</b>{}</div><div class=\"plot\">",
        regions::class(index),
        regions::letter(index),
        Escaped(name)
    );
    let lanes: Vec<&EndpointLane> =
        report.endpoints.iter().filter(|lane| lane.region == name).collect();
    for (from, to, serving) in serving(&lanes, ejections, report.duration_ms) {
        let _ = write!(
            page,
            "<span class=\"bar {}\" style=\"{};height:{:.1}%\" title=\"{serving} of {} endpoints can serve\"></span>",
            regions::class(index),
            scale.span(from, to),
            100.0 * serving as f64 / lanes.len().max(1) as f64,
            lanes.len()
        );
    }
    for (from, to) in ejections.region(name) {
        let _ = write!(
            page,
            "<span class=\"out\" style=\"{}\" title=\"the region router sends nothing here\"></span>",
            scale.span(*from, *to)
        );
    }
    page.push_str("</div><div class=\"value\"></div></div>\n");
}

/// Times and how many of the endpoints are there, untouched and not ejected.
fn serving(lanes: &[&EndpointLane], ejections: &Ejections<'_>, end: f64) -> Vec<(f64, f64, usize)> {
    let serves = |state: &EndpointState| {
        matches!(state, EndpointState::Ready | EndpointState::Slow)
            || matches!(state, EndpointState::Failing { ratio, .. } if *ratio < 1.0)
    };
    let spans = || lanes.iter().flat_map(|lane| &lane.spans);
    let outs = || lanes.iter().flat_map(|lane| ejections.endpoint(&lane.name));
    let mut moments: Vec<f64> = spans().flat_map(|span| [span.from_ms, span.to_ms]).collect();
    moments.extend(outs().flat_map(|(from, to)| [*from, *to]));
    moments.extend([0.0, end]);
    mesh_failover_sorted::sort_by(&mut moments, f64::total_cmp);
    moments.dedup();
    let at = |moment: f64| {
        let serving = lanes.iter().filter(|lane| {
            let within = |from: f64, to: f64| from <= moment && moment < to;
            let ejected =
                ejections.endpoint(&lane.name).iter().any(|(from, to)| within(*from, *to));
            !ejected
                && lane.spans.iter().any(|it| within(it.from_ms, it.to_ms) && serves(&it.state))
        });
        serving.count()
    };
    let pairs = moments.iter().zip(moments.iter().skip(1));
    pairs.map(|(from, to)| (*from, *to, at(*from))).filter(|(.., serving)| *serving > 0).collect()
}

fn endpoint(
    page: &mut String,
    report: &Report,
    lane: &EndpointLane,
    region: usize,
    ejections: &Ejections<'_>,
    scale: &Scale,
) {
    let _ = write!(
        page,
        "<div class=\"track endpoint\"><div class=\"label\">{}</div><div class=\"plot\">",
        Escaped(&lane.name)
    );
    let class = regions::class(region);
    for span in &lane.spans {
        let (shape, text) = shape(&span.state);
        let _ = write!(
            page,
            "<span class=\"lane {shape} {class}\" style=\"{}\" title=\"{text}\"></span>",
            scale.span(span.from_ms, span.to_ms)
        );
    }
    for (from, to) in ejections.endpoint(&lane.name) {
        let _ = write!(
            page,
            "<span class=\"lane ejected {class}\" style=\"{}\" title=\"ejected\"></span>\
             <i class=\"mark\" style=\"left:{:.3}%\">◆</i>",
            scale.span(*from, *to),
            scale.at(*from)
        );
        if *to < report.duration_ms {
            let _ = write!(page, "<i class=\"mark\" style=\"left:{:.3}%\">◇</i>", scale.at(*to));
        }
    }
    page.push_str("</div><div class=\"value\"></div></div>\n");
}

/// The class of a state's shape, and the state in words.
fn shape(state: &EndpointState) -> (&'static str, String) {
    let (shape, text) = match state {
        EndpointState::Ready => ("ready", "ready"),
        EndpointState::Failing { status, ratio } => {
            return ("failing", format!("answers {:.0} % with {status}", 100.0 * ratio));
        }
        EndpointState::Slow => ("slow", "slow"),
        EndpointState::Refusing => ("failing", "refuses connections"),
        EndpointState::Blackholed => ("cut", "accepts connections and never answers"),
        EndpointState::Partitioned => ("cut", "the network to it is gone"),
        EndpointState::Unready => ("unready", "not ready"),
        EndpointState::Draining => ("draining", "draining"),
    };
    (shape, text.to_owned())
}
