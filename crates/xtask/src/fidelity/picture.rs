//! Both curves in one picture: the simulator's spread as a band, its mean as a thin line, the real run as a thick one.
//!
//! Below them a lane for each endpoint: above the line when the real Envoy had it ejected, below it when a run of the simulator had.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mesh_failover_core::sim::{EventKind, Frame, NONE, Report};
use mesh_failover_harness::drill::Recording;

use super::compare::region_of;

const WIDTH: f64 = 880.0;
const LEFT: f64 = 150.0;
const CHART: f64 = 150.0;
const TOP: f64 = 14.0;
const LANE: f64 = 13.0;
const COLOURS: [&str; 6] = ["#2563eb", "#d97706", "#059669", "#9333ea", "#0891b2", "#be123c"];
const NOBODY: &str = "#6b7280";

/// A real run and the simulator's.
struct Both<'a> {
    real: &'a Recording,
    simulated: &'a [Report],
    region_of: BTreeMap<String, String>,
}

/// An SVG.
pub(super) fn picture(real: &Recording, simulated: &[Report]) -> String {
    let Some(first) = simulated.first() else { return String::new() };
    let both = Both { real, simulated, region_of: region_of(simulated) };
    let lanes = lanes(&both);
    let height = TOP + CHART + 24.0 + LANE * lanes.len() as f64;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"share by region over time\">"
    );
    let x = |ms: f64| LEFT + (WIDTH - LEFT - 10.0) * ms / first.duration_ms.max(1.0);
    let y = |percent: f64| TOP + CHART * (1.0 - percent / 100.0);
    for percent in [0.0, 50.0, 100.0] {
        let (y, x) = (y(percent), WIDTH - 10.0);
        let _ = write!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{x}\"/>");
        let _ = write!(svg, "<text x=\"{}\" y=\"{:.1}\">{percent} %</text>", LEFT - 36.0, y + 4.0);
    }
    for phase in &first.phases {
        let x = x(phase.from_ms);
        let _ = write!(
            svg,
            "<path class=\"step\" d=\"M{x:.1} {TOP}V{}\"><title>{}</title></path>",
            TOP + CHART,
            escaped(&phase.steps.join("; "))
        );
        let _ = write!(
            svg,
            "<text x=\"{x:.1}\" y=\"{}\">{} s</text>",
            TOP + CHART + 14.0,
            phase.from_ms / 1e3
        );
    }
    for (index, region) in regions(first).iter().enumerate() {
        let colour = match region.as_str() {
            NONE => NOBODY,
            _ => COLOURS.get(index % COLOURS.len()).copied().unwrap_or(NOBODY),
        };
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{}\" fill=\"{colour}\">{}</text>",
            TOP + 12.0 + 15.0 * index as f64,
            escaped(region)
        );
        svg += &curves(&both, region, colour, &x, &y);
    }
    for (index, (endpoint, [real, simulated])) in lanes.iter().enumerate() {
        let middle = TOP + CHART + 24.0 + LANE * (index as f64 + 0.5);
        let _ = write!(svg, "<text x=\"0\" y=\"{:.1}\">{}</text>", middle + 4.0, escaped(endpoint));
        let _ = write!(svg, "<path class=\"grid\" d=\"M{LEFT} {middle:.1}H{}\"/>", WIDTH - 10.0);
        for (spans, class, shift) in [(real, "real", -4.5), (simulated, "sim", 0.5)] {
            for (from, to) in spans {
                let (from, to) = (x(*from), x(to.min(first.duration_ms)));
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"4\"/>",
                    middle + shift,
                    (to - from).max(1.0)
                );
            }
        }
    }
    svg + "</svg>"
}

fn regions(report: &Report) -> Vec<String> {
    let regions = report.phases.iter().flat_map(|phase| &phase.regions);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, counts) in regions {
        *seen.entry(name).or_default() += counts.counts.requests;
    }
    let nobody = |name: &&str| **name == *NONE;
    let mut names: Vec<&str> = seen.keys().copied().filter(|name| !nobody(name)).collect();
    names.push(NONE);
    names.into_iter().map(str::to_owned).collect()
}

/// A region's band, mean and real curve.
fn curves(
    both: &Both<'_>,
    region: &str,
    colour: &str,
    x: &impl Fn(f64) -> f64,
    y: &impl Fn(f64) -> f64,
) -> String {
    let Some(first) = both.simulated.first() else { return String::new() };
    let (mut low, mut high, mut mean) = (Vec::new(), Vec::new(), Vec::new());
    for (index, frame) in first.frames.iter().enumerate() {
        let frames = both.simulated.iter().filter_map(|report| report.frames.get(index));
        let mut shares: Vec<f64> = frames.map(|frame| share(frame, region)).collect();
        shares.sort_by(f64::total_cmp);
        let at = x((frame.from_ms + frame.to_ms) / 2.0);
        let part = |part: f64| {
            let index = (shares.len() as f64 * part) as usize;
            shares.get(index.min(shares.len().saturating_sub(1))).copied().unwrap_or(0.0)
        };
        low.push((at, y(part(0.025))));
        high.push((at, y(part(0.975))));
        mean.push((at, y(shares.iter().sum::<f64>() / shares.len().max(1) as f64)));
    }
    let real = first
        .frames
        .iter()
        .map(|frame| (x((frame.from_ms + frame.to_ms) / 2.0), y(real_share(both, frame, region))));
    let band: Vec<(f64, f64)> = high.into_iter().chain(low.into_iter().rev()).collect();
    format!(
        "<path d=\"{}Z\" fill=\"{colour}\" opacity=\".18\"/><path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\".8\"/>\
         <path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
        path(&band),
        path(&mean),
        path(&real.collect::<Vec<_>>())
    )
}

fn share(frame: &Frame, region: &str) -> f64 {
    let of_region = frame.regions.get(region).map_or(0, |region| region.counts.requests);
    100.0 * of_region as f64 / frame.total.requests.max(1) as f64
}

fn real_share(both: &Both<'_>, frame: &Frame, region: &str) -> f64 {
    let due = |number: usize| both.real.due.get(number).map_or(-1.0, |due| due.as_secs_f64() * 1e3);
    let inside = both
        .real
        .requests
        .iter()
        .filter(|it| (frame.from_ms..frame.to_ms).contains(&due(it.number)));
    let (mut all, mut answered) = (0_u32, 0_u32);
    for request in inside {
        let by = request.endpoint.as_ref().and_then(|it| both.region_of.get(it));
        all += 1;
        answered += u32::from(by.map_or(NONE, String::as_str) == region);
    }
    100.0 * f64::from(answered) / f64::from(all.max(1))
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    path
}

type Spans = Vec<(f64, f64)>;

/// When each endpoint was ejected: in the real run and in the simulator's first. Only endpoints that ever were.
fn lanes(both: &Both<'_>) -> BTreeMap<String, [Spans; 2]> {
    let mut lanes: BTreeMap<String, [Spans; 2]> = BTreeMap::new();
    let mut note = |which: usize, endpoint: &str, at: f64, ejected: bool| {
        let lane = lanes.entry(endpoint.to_owned()).or_default();
        let Some(spans) = lane.get_mut(which) else { return };
        match spans.last_mut() {
            Some((_, to)) if !ejected => *to = at,
            _ if ejected => spans.push((at, f64::INFINITY)),
            _ => {}
        }
    };
    for it in &both.real.ejections {
        note(0, &it.endpoint, it.at_ms, it.ejected);
    }
    for event in both.simulated.first().iter().flat_map(|report| &report.events) {
        match &event.kind {
            EventKind::Ejected { endpoint, enforced: true, .. } => {
                note(1, endpoint, event.at_ms, true);
            }
            EventKind::Unejected { endpoint, .. } => note(1, endpoint, event.at_ms, false),
            _ => {}
        }
    }
    lanes
}

/// Text in HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
