//! The same run in numbers and sentences.

use std::fmt::Write as _;

use super::super::{events::told, markup::Escaped, seconds};
use super::regions::{self, Regions};
use super::{grouped, mark};
use crate::sim::{NONE, Phase, Report};

/// Events shown before the rest is only counted.
const MOST_EVENTS: usize = 400;

/// Milliseconds as a person says them.
pub(super) fn latency(millis: f64) -> String {
    if millis >= 1e4 {
        format!("{:.1} s", millis / 1e3)
    } else if millis >= 100.0 {
        format!("{millis:.0} ms")
    } else {
        format!("{} ms", (millis * 10.0).round() / 10.0)
    }
}

/// What was expected and what came.
pub(super) fn expectations(page: &mut String, report: &Report) {
    if report.expectations.is_empty() {
        return;
    }
    page.push_str("<section><h3>Expected</h3><div class=\"wide\"><table><thead><tr><th></th><th>When</th><th>What</th><th>Expected</th><th>Measured</th></tr></thead><tbody>\n");
    for verdict in &report.expectations {
        let span = format!("{}–{} s", seconds(verdict.from_ms), seconds(verdict.to_ms));
        for check in &verdict.checks {
            let class = if check.passed { "" } else { " class=\"failed\"" };
            let _ = writeln!(
                page,
                "<tr{class}><td>{}</td><td>{span}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                mark(check.passed),
                Escaped(&check.what),
                Escaped(&check.expected),
                Escaped(&check.got)
            );
        }
    }
    page.push_str("</tbody></table></div></section>\n");
}

/// The run from step to step: also what the chart shows, as a table.
pub(super) fn phases(page: &mut String, report: &Report, regions: &Regions<'_>) {
    page.push_str("<section><h3>From step to step</h3><div class=\"wide\"><table class=\"numbers\"><thead><tr><th>When</th><th>Step</th><th>Requests</th>");
    for (index, name) in regions.names().iter().enumerate() {
        let _ = write!(
            page,
            "<th><b class=\"badge {}\">{}</b> {}</th>",
            regions::class(index),
            regions::letter(index),
            Escaped(name)
        );
    }
    page.push_str("<th>None</th><th>Errors</th><th>Retries</th><th>p50</th><th>p99</th></tr></thead><tbody>\n");
    for phase in &report.phases {
        row(page, phase, regions);
    }
    page.push_str("</tbody></table></div></section>\n");
}

fn row(page: &mut String, phase: &Phase, regions: &Regions<'_>) {
    let steps: Vec<String> = phase.steps.iter().map(|step| Escaped(step).to_string()).collect();
    let _ = write!(
        page,
        "<tr><td>{}–{} s</td><td>{}</td><td>{}</td>",
        seconds(phase.from_ms),
        seconds(phase.to_ms),
        if steps.is_empty() { "–".to_owned() } else { steps.join("<br>") },
        grouped(phase.total.requests)
    );
    for name in regions.names().iter().copied().chain([NONE]) {
        let share = phase.regions.get(name).map_or(0.0, |region| region.share);
        let _ = write!(page, "<td>{share:.1} %</td>");
    }
    let outcomes = phase.total.outcomes.iter();
    let outcomes = outcomes.map(|(outcome, count)| format!("{} × {outcome}", grouped(*count)));
    let outcomes = outcomes.collect::<Vec<_>>().join(", ");
    let errors = if phase.total.errors > 0 { " class=\"failed\"" } else { "" };
    let percentile = |millis: Option<f64>| millis.map_or("–".to_owned(), latency);
    let _ = writeln!(
        page,
        "<td{errors} title=\"{}\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        Escaped(&outcomes),
        grouped(phase.total.errors),
        grouped(phase.retries),
        percentile(phase.total.p50_ms),
        percentile(phase.total.p99_ms)
    );
}

/// Why traffic moved.
pub(super) fn events(page: &mut String, report: &Report) {
    if report.events.is_empty() {
        return;
    }
    page.push_str("<section><h3>What happened</h3><ol class=\"events\">\n");
    for event in report.events.iter().take(MOST_EVENTS) {
        let _ = writeln!(
            page,
            "<li><time>{:.3} s</time> {}</li>",
            event.at_ms / 1e3,
            Escaped(&told(&event.kind))
        );
    }
    page.push_str("</ol>\n");
    if let Some(more) = report.events.len().checked_sub(MOST_EVENTS).filter(|more| *more > 0) {
        let _ = writeln!(
            page,
            "<p class=\"note\">… and {} more, in the JSON.</p>",
            grouped(more as u64)
        );
    }
    page.push_str("</section>\n");
}
