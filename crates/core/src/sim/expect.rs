//! Whether it came as expected: each expectation of the scenario against what was counted.

use serde::Serialize;

use super::gateway_run::GatewayRun;
use super::simulation::Simulation;
use super::sum::{share, spans_between, sum};
use super::timeline::window;
use crate::manifest::{Expectation, GoDuration};
use crate::time::nanos;
use mesh_failover_engine::run::Cell;
use mesh_failover_engine::run::Watch;

/// Points by which a share may differ if the expectation does not say.
const DEFAULT_WITHIN: f64 = 3.0;

/// An expectation and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Start of its span. **Units**: milliseconds.
    pub from_ms: f64,
    /// End of its span.
    pub to_ms: f64,
    /// Whether all of it came so.
    pub passed: bool,
    /// Its parts.
    pub checks: Vec<Check>,
}

/// One thing that was expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// For example `share of europe-west1`.
    pub what: String,
    /// For example `50 % ± 3`.
    pub expected: String,
    /// For example `49.97 %`.
    pub got: String,
    /// Whether that is as expected.
    pub passed: bool,
}

/// Judges every expectation.
pub(super) fn judge(simulation: &Simulation) -> Vec<Verdict> {
    let Some(first) = simulation.gateways.first() else { return Vec::new() };
    let duration = first.timeline.duration;
    let judged = first.scenario.expect.iter().enumerate().map(|(index, expectation)| {
        let (from, to) = window(expectation, duration);
        let chosen = |gateway: &GatewayRun| {
            expectation.gateway.as_ref().is_none_or(|name| *name == gateway.scenario.gateway)
        };
        let place = simulation.gateways.iter().position(chosen).unwrap_or(0);
        let gateways = match expectation.gateway {
            Some(_) => simulation.gateways.get(place..=place),
            None => simulation.gateways.get(..),
        };
        let gateways = gateways.unwrap_or_default();
        let mut checks = traffic(gateways, expectation, from, to);
        checks.extend(expectation.failover.as_ref().map(|wanted| {
            // The last gateway that leaves the region counts.
            let left = watches(gateways, index, 0).map(Watch::failover);
            let left = left.collect::<Option<Vec<u64>>>().and_then(|it| it.into_iter().max());
            in_time("failover from", &wanted.region, wanted.within, left)
        }));
        checks.extend(expectation.failback.as_ref().map(|wanted| {
            let back = watches(gateways, index, 1).filter_map(Watch::failback).min();
            in_time("failback to", &wanted.region, wanted.within, back)
        }));
        checks.extend(expectation.ejected.as_ref().map(|names| ejected(gateways, names, to)));
        if let Some(name) = expectation.gateway.as_ref().filter(|_| simulation.gateways.len() > 1) {
            checks.iter_mut().for_each(|check| check.what = format!("{name}: {}", check.what));
        }
        Verdict {
            from_ms: super::millis(from),
            to_ms: super::millis(to),
            passed: checks.iter().all(|check| check.passed),
            checks,
        }
    });
    judged.collect()
}

/// What each gateway watched for an expectation: 0 for failover, 1 for failback.
fn watches(
    gateways: &[GatewayRun],
    expectation: usize,
    which: usize,
) -> impl Iterator<Item = &Watch> {
    gateways.iter().filter_map(move |gateway| {
        let number = gateway.watches.get(expectation)?.get(which).copied().flatten()?;
        gateway.engine.watches().get(number)
    })
}

/// Shares, errors and latency.
fn traffic(gateways: &[GatewayRun], expectation: &Expectation, from: u64, to: u64) -> Vec<Check> {
    let sum = sum(&spans_between(gateways, from, to));
    let all = sum.all();
    let mut checks = Vec::new();
    let within = expectation.within.unwrap_or(DEFAULT_WITHIN);
    for (name, cell) in &sum.regions {
        if let Some(expected) = expectation.share.get(*name) {
            let got = share(cell.total(), all.total());
            checks.push(Check {
                what: format!("share of {name}"),
                expected: format!("{expected} % ± {within}"),
                got: format!("{got:.2} %"),
                passed: (got - expected).abs() <= within && all.total() > 0,
            });
        }
    }
    checks.extend(expectation.max_errors.map(|max| {
        let got = all.count("any");
        let (expected, got_text) = (format!("at most {max}"), counted(&all, got));
        Check { what: "errors".to_owned(), expected, got: got_text, passed: got <= max }
    }));
    checks.extend(expectation.max_error_rate.map(|max| {
        let rate = share(all.count("any"), all.total());
        Check {
            what: "error rate".to_owned(),
            expected: format!("at most {max} %"),
            got: format!("{rate:.2} %"),
            passed: rate <= max,
        }
    }));
    for (kind, bounds) in &expectation.errors {
        let got = all.count(kind);
        let (min, max) = (bounds.min.unwrap_or(0), bounds.max.unwrap_or(u64::MAX));
        let expected = match bounds.max {
            Some(max) => format!("{min} to {max}"),
            None => format!("at least {min}"),
        };
        let what = format!("requests that end with {kind}");
        checks.push(Check {
            what,
            expected,
            got: counted(&all, got),
            passed: (min..=max).contains(&got),
        });
    }
    checks.extend(expectation.p99.map(|limit| {
        let got = all.latency.as_ref().and_then(|latency| latency.percentile(99));
        Check {
            what: "p99 latency".to_owned(),
            expected: format!("at most {limit}"),
            got: got.map_or("no requests".to_owned(), shown),
            passed: got.is_some_and(|got| got <= nanos(limit.0)),
        }
    }));
    checks
}

/// `3 of 200`, and how they ended.
fn counted(all: &Cell, got: u64) -> String {
    let mut outcomes: Vec<String> =
        all.others.iter().map(|(outcome, count)| format!("{count} × {outcome}")).collect();
    outcomes.sort();
    let detail =
        if outcomes.is_empty() { String::new() } else { format!(" ({})", outcomes.join(", ")) };
    format!("{got} of {}{detail}", all.total())
}

fn in_time(what: &str, region: &str, within: GoDuration, got: Option<u64>) -> Check {
    Check {
        what: format!("{what} {region}"),
        expected: format!("within {within}"),
        got: got.map_or("never".to_owned(), shown),
        passed: got.is_some_and(|got| got <= nanos(within.0)),
    }
}

fn ejected(gateways: &[GatewayRun], names: &[String], to: u64) -> Check {
    let end = GatewayRun::origin() + to;
    let envoys: u32 = gateways.iter().map(|gateway| gateway.engine.envoys().len() as u32).sum();
    let mut counts: Vec<(&str, u32)> = Vec::new();
    for gateway in gateways {
        let spans = gateway.engine.recorder().spans();
        let gauges = spans.iter().find(|span| span.to == end).map(|span| &span.gauges);
        for (pod, count) in gauges.iter().flat_map(|gauges| &gauges.ejected_pods) {
            let Some(name) = gateway.pods().get(*pod).map(|pod| pod.name.as_str()) else {
                continue;
            };
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) if gateways.len() > 1 => *known += count,
                _ => counts.push((name, *count)),
            }
        }
    }
    let told = |(name, count): &(&str, u32)| match *count == envoys {
        true => (*name).to_owned(),
        false => format!("{name} ({count} of {envoys} gateways)"),
    };
    let mut got: Vec<String> = counts.iter().map(told).collect();
    got.sort();
    let mut expected = names.to_vec();
    expected.sort();
    let list =
        |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Check {
        what: "ejected at the end".to_owned(),
        expected: list(&expected),
        got: list(&got),
        passed: got == expected,
    }
}

/// A time as a person says it, to the microsecond.
fn shown(nanos: u64) -> String {
    let millis = nanos as f64 / 1e6;
    if millis >= 1e3 { format!("{:.3} s", millis / 1e3) } else { format!("{millis:.3} ms") }
}
