//! What a person wants to see first: each phase in a line, why traffic moved, what was expected.

use std::fmt::Write as _;

use mesh_failover_core::report::{seconds, told};
use mesh_failover_core::sim::{Counts, Event, NONE, Phase, RegionPhase, Report, Verdict};
use mesh_failover_core::sorted::SortedMap;

use super::Played;
use crate::style::{BAD, BOLD, GOOD};

/// Events shown before the rest is only counted.
const MOST_EVENTS: usize = 40;

pub(super) fn summary(Played { scenario, report }: &Played<'_>) -> String {
    let mut text = String::new();
    let duration = seconds(report.duration_ms);
    let _ = writeln!(
        text,
        "{BOLD}{}{BOLD:#}: {} requests in {duration} s, {} arm, seed {}\n",
        scenario.metadata.name, report.total.requests, report.arm, report.seed
    );
    phases(&mut text, report);
    if report.unfinished > 0 {
        let _ = writeln!(text, "\n{} requests were never answered", report.unfinished);
    }
    events(&mut text, &report.events);
    expectations(&mut text, &report.expectations);
    text
}

fn phases(text: &mut String, report: &Report) {
    let regions: Vec<&str> = report
        .phases
        .first()
        .map(|phase| phase.regions.keys().filter(|name| *name != NONE))
        .into_iter()
        .flatten()
        .map(String::as_str)
        .chain([NONE])
        .collect();
    let _ = write!(text, "  {:>7}  {:>7}  {:>8}", "from", "to", "requests");
    for name in &regions {
        let _ = write!(text, "  {name:>0$}", width(name));
    }
    let _ = writeln!(text, "  {:>6}  {:>7}  {:>9}  {:>9}", "errors", "retries", "p50", "p99");
    for phase in &report.phases {
        for step in &phase.steps {
            let _ = writeln!(text, "  {}", step);
        }
        let _ = write!(
            text,
            "  {:>7}  {:>7}  {:>8}",
            seconds(phase.from_ms) + " s",
            seconds(phase.to_ms) + " s",
            phase.total.requests
        );
        let retries = phase.retries.to_string();
        numbers(text, &regions, (&phase.total, &phase.regions), &retries);
        gateways(text, phase, &regions);
    }
}

fn width(region: &str) -> usize {
    region.len().max(7)
}

/// The rest of a line: shares, errors and how long it took.
fn numbers(
    text: &mut String,
    names: &[&str],
    (total, regions): (&Counts, &SortedMap<String, RegionPhase>),
    retries: &str,
) {
    for name in names {
        let share = regions.get(*name).map_or(0.0, |region| region.share);
        let _ = write!(text, "  {:>1$}", format!("{share:.1} %"), width(name));
    }
    let _ = writeln!(
        text,
        "  {:>6}  {retries:>7}  {:>9}  {:>9}{}",
        total.errors,
        millis(total.p50_ms),
        millis(total.p99_ms),
        outcomes(total)
    );
}

/// Each of several gateways in a line of its own.
fn gateways(text: &mut String, phase: &Phase, names: &[&str]) {
    for part in &phase.gateways {
        let _ = write!(text, "  {:>16}  {:>8}", part.gateway, part.total.requests);
        numbers(text, names, (&part.total, &part.regions), "");
    }
}

/// How requests failed, after the numbers.
fn outcomes(total: &Counts) -> String {
    if total.outcomes.is_empty() {
        return String::new();
    }
    let outcomes: Vec<String> =
        total.outcomes.iter().map(|(outcome, count)| format!("{count} × {outcome}")).collect();
    format!("  {}", outcomes.join(", "))
}

fn events(text: &mut String, events: &[Event]) {
    let _ = writeln!(text, "\nwhat happened");
    for event in events.iter().take(MOST_EVENTS) {
        let _ = writeln!(
            text,
            "  {:>10}  {}",
            format!("{:.3} s", event.at_ms / 1e3),
            told(&event.kind)
        );
    }
    if let Some(more) = events.len().checked_sub(MOST_EVENTS).filter(|more| *more > 0) {
        let _ = writeln!(text, "  … and {more} more, see `-o json`");
    }
}

fn expectations(text: &mut String, verdicts: &[Verdict]) {
    if verdicts.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nexpected");
    for verdict in verdicts {
        let span = format!("{} s to {} s", seconds(verdict.from_ms), seconds(verdict.to_ms));
        for check in &verdict.checks {
            let (style, mark) = if check.passed { (GOOD, "ok  ") } else { (BAD, "FAIL") };
            let _ = writeln!(
                text,
                "  {style}{mark}{style:#}  {span:<16}  {} {}: {}",
                check.what, check.expected, check.got
            );
        }
    }
}

fn millis(latency: Option<f64>) -> String {
    latency.map_or("–".to_owned(), |latency| format!("{latency:.1} ms"))
}
