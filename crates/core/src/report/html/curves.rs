//! Shares, errors and latency over time, frame by frame, without smoothing that would hide a jump.

use std::fmt::Write as _;

use mesh_failover_sorted::SortedMap;

use super::super::{Run, markup::Escaped};
use super::regions::{self, Regions};
use super::scale::Scale;
use super::tables::latency;
use crate::manifest::Scenario;
use crate::sim::{Frame, Report};

/// Points by which a share may differ if the expectation does not say.
const DEFAULT_WITHIN: f64 = 3.0;

/// The three tracks.
pub(super) fn curves(page: &mut String, run: &Run<'_>, regions: &Regions<'_>, scale: &Scale) {
    shares(page, run, regions, scale);
    errors(page, run.report, scale);
    percentile(page, run.report, scale);
}

/// Regions stacked, the first at the bottom, with what was expected as corridors.
fn shares(page: &mut String, run: &Run<'_>, regions: &Regions<'_>, scale: &Scale) {
    let frames = &run.report.frames;
    page.push_str("<div class=\"track share\"><div class=\"label\">Share<span class=\"axis\"><i>100&nbsp;%</i><i>50</i><i>0</i></span></div><div class=\"plot\">");
    page.push_str(
        "<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    let stacked: Vec<Vec<f64>> = frames.iter().map(|frame| cumulative(regions, frame)).collect();
    let layers = regions.names().len() + 1;
    for layer in 0..layers {
        let class = if layer + 1 == layers { "none".to_owned() } else { regions::class(layer) };
        let edge = |index: Option<usize>| {
            let of_frame = |(frame, sums): (&Frame, &Vec<f64>)| {
                let height = index.map_or(0.0, |index| sums.get(index).copied().unwrap_or(0.0));
                (scale.at(frame.from_ms), scale.at(frame.to_ms), 100.0 - height)
            };
            frames.iter().zip(&stacked).map(of_frame).collect::<Vec<_>>()
        };
        let (top, bottom) = (edge(Some(layer)), edge(layer.checked_sub(1)));
        let _ = write!(page, "<path class=\"area {class}\" d=\"{}\"/>", band(&top, &bottom));
        if layer + 2 < layers {
            let _ = write!(page, "<path class=\"line\" d=\"{}\"/>", steps(&top));
        }
    }
    page.push_str("</svg>");
    corridors(page, run.scenario, run.report, regions, scale);
    page.push_str("</div><div class=\"value\">");
    for (index, name) in regions.names().iter().enumerate() {
        let _ = write!(
            page,
            "<span class=\"key\"><b class=\"badge {}\">{}</b><span data-share=\"{index}\">{}</span></span>",
            regions::class(index),
            regions::letter(index),
            Escaped(name)
        );
    }
    let unanswered = regions.names().len();
    if stacked.iter().any(|sums| sums.get(unanswered) > sums.get(unanswered.wrapping_sub(1))) {
        let _ = write!(
            page,
            "<span class=\"key\"><b class=\"badge none\">–</b><span data-share=\"{unanswered}\">Envoy itself</span></span>"
        );
    }
    page.push_str("</div></div>\n");
}

/// Sums of the shares up to each region, then up to what nobody answered. A frame without requests is empty.
fn cumulative(regions: &Regions<'_>, frame: &Frame) -> Vec<f64> {
    let mut sum = 0.0;
    let add = |share| {
        sum += share;
        sum
    };
    regions.shares(frame).into_iter().map(add).collect()
}

/// The corridor of each boundary between regions that an expectation fixes, from below or from above.
fn corridors(
    page: &mut String,
    scenario: &Scenario,
    report: &Report,
    regions: &Regions<'_>,
    scale: &Scale,
) {
    for (expectation, verdict) in scenario.expect.iter().zip(&report.expectations) {
        let within = expectation.within.unwrap_or(DEFAULT_WITHIN);
        let mut shares = verdict.checks.iter().filter(|it| it.what.starts_with("share of"));
        let class = if shares.all(|check| check.passed) { "met" } else { "missed" };
        let last = regions.names().len().saturating_sub(1);
        // A single region has one boundary only: to what nobody answered.
        for index in 0..last.max(1) {
            let Some(boundary) = boundary(&expectation.share, regions, index) else { continue };
            let (low, high) = ((boundary - within).max(0.0), (boundary + within).min(100.0));
            let _ = write!(
                page,
                "<span class=\"corridor {class}\" style=\"{};bottom:{low:.2}%;height:{:.2}%\"></span>",
                scale.span(verdict.from_ms, verdict.to_ms),
                high - low
            );
        }
    }
}

/// Where the regions up to `index` should end, if the shares of all of them or of all others are expected.
fn boundary(shares: &SortedMap<String, f64>, regions: &Regions<'_>, index: usize) -> Option<f64> {
    let sum = |names: &[&str]| names.iter().map(|name| shares.get(*name).copied()).sum();
    let (below, above) = regions.names().split_at_checked(index + 1)?;
    let below: Option<f64> = sum(below);
    let above: Option<f64> = sum(above).filter(|_| !above.is_empty());
    below.or(above.map(|above| 100.0 - above))
}

/// Failed requests, in percent of the frame's.
fn errors(page: &mut String, report: &Report, scale: &Scale) {
    let most = report.frames.iter().map(error_percent).fold(0.0, f64::max);
    let top = [10.0, 50.0].into_iter().find(|top| most <= *top).unwrap_or(100.0);
    let _ = write!(
        page,
        "<div class=\"track errors\"><div class=\"label\">Errors<span class=\"axis\"><i>{top}&nbsp;%</i><i>0</i></span></div><div class=\"plot\">"
    );
    if report.total.errors == 0 {
        page.push_str("<span class=\"quiet\">no errors</span>");
    } else {
        page.push_str(
            "<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
        );
        for frame in report.frames.iter().filter(|frame| frame.total.errors > 0) {
            let (from, to) = (scale.at(frame.from_ms), scale.at(frame.to_ms));
            // Never thinner than a line, never lower than what can be seen.
            let height = (100.0 * error_percent(frame) / top).max(6.0);
            let _ = write!(
                page,
                "<rect x=\"{from:.3}\" y=\"{:.2}\" width=\"{:.3}\" height=\"{height:.2}\"/>",
                100.0 - height,
                (to - from).max(0.15)
            );
        }
        page.push_str("</svg>");
    }
    let _ = writeln!(
        page,
        "</div><div class=\"value\"><span data-errors>up to {most:.1} %</span></div></div>"
    );
}

/// Failed requests of a frame in percent.
pub(super) fn error_percent(frame: &Frame) -> f64 {
    100.0 * frame.total.errors as f64 / frame.total.requests.max(1) as f64
}

/// The 99th percentile of the frames' latencies.
fn percentile(page: &mut String, report: &Report, scale: &Scale) {
    let p99 = |frame: &Frame| frame.total.p99_ms;
    let most = report.frames.iter().filter_map(p99).fold(0.0, f64::max);
    let top = rounded_up(most);
    let _ = write!(
        page,
        "<div class=\"track p99\"><div class=\"label\">p99<span class=\"axis\"><i>{}</i><i>0</i></span></div><div class=\"plot\"><svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
        latency(top)
    );
    let points = report.frames.iter().filter_map(|frame| {
        let height = 100.0 * p99(frame)? / top;
        Some((scale.at(frame.from_ms), scale.at(frame.to_ms), 100.0 - height))
    });
    let _ = writeln!(
        page,
        "<path class=\"line\" d=\"{}\"/></svg></div><div class=\"value\"><span data-p99>up to {}</span></div></div>",
        steps(&points.collect::<Vec<_>>()),
        latency(most)
    );
}

/// The next 1, 2 or 5 of a power of ten.
fn rounded_up(millis: f64) -> f64 {
    let mut power = 1.0;
    while power * 10.0 <= millis && power < 1e9 {
        power *= 10.0;
    }
    let nice = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    nice.into_iter().find(|top| *top >= millis).unwrap_or(millis.max(1.0))
}

/// A line over `(from, to, y)`, broken where time is missing.
fn steps(points: &[(f64, f64, f64)]) -> String {
    let mut path = String::new();
    let mut end = None;
    for (from, to, y) in points {
        let joined = end.is_some_and(|end: f64| (end - from).abs() < 1e-6);
        let verb = if joined { 'L' } else { 'M' };
        let _ = write!(path, "{verb}{from:.3} {y:.2}L{to:.3} {y:.2}");
        end = Some(*to);
    }
    path
}

/// The area between two such lines over the same times.
fn band(top: &[(f64, f64, f64)], bottom: &[(f64, f64, f64)]) -> String {
    let mut path = steps(top).replace('M', "L");
    for (from, to, y) in bottom.iter().rev() {
        let _ = write!(path, "L{to:.3} {y:.2}L{from:.3} {y:.2}");
    }
    if path.is_empty() { path } else { format!("M{}Z", path.trim_start_matches('L')) }
}
