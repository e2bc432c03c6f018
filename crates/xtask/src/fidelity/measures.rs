//! What is compared, as numbers with names, the same for a real run and a simulated one.

use std::collections::BTreeMap;

use mesh_failover_core::sim::{EventKind, NONE, Phase, Report};
use mesh_failover_harness::drill::Recording;

/// One number's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Measure {
    /// By position.
    pub(super) phase: usize,
    pub(super) kind: Kind,
    pub(super) of: String,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Percent of requests that a region answered.
    RegionShare,
    /// Percent of attempts at an endpoint.
    EndpointShare,
    /// Requests that ended so, if not with a plain 200.
    Outcome,
    /// Endpoints that are ejected at the end of the phase, over all Envoys.
    Ejected,
}

/// Numbers of a run.
pub(super) type Measures = BTreeMap<Measure, f64>;

/// Ejections of an endpoint by an Envoy for a cluster: when it was ejected and taken back, in turn, in milliseconds.
pub(super) type Switches = BTreeMap<(u32, String, String), Vec<f64>>;

/// How many endpoints are ejected at a moment.
pub(super) fn ejected_at(switches: &Switches, at_ms: f64) -> f64 {
    let odd = |times: &&Vec<f64>| times.iter().filter(|time| **time <= at_ms).count() % 2 == 1;
    switches.values().filter(odd).count() as f64
}

/// How many requests and attempts there were, by phase.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Size {
    pub(super) requests: f64,
    pub(super) attempts: f64,
}

/// A simulated run.
pub(super) fn simulated(report: &Report) -> (Measures, Switches) {
    let mut measures = Measures::new();
    for (phase, counts) in report.phases.iter().enumerate() {
        let mut add = |kind, of: &str, value: f64| {
            measures.insert(Measure { phase, kind, of: of.to_owned() }, value);
        };
        for (region, counts) in &counts.regions {
            add(Kind::RegionShare, region, counts.share);
        }
        let attempts: u64 = counts.endpoints.values().map(|it| it.requests).sum();
        for (endpoint, counts) in &counts.endpoints {
            add(Kind::EndpointShare, endpoint, percent(counts.requests, attempts));
        }
        for (outcome, count) in &counts.total.outcomes {
            add(Kind::Outcome, &in_order(outcome), *count as f64);
        }
    }
    let mut switches = Switches::new();
    for event in &report.events {
        let (gateway, cluster, endpoint) = match &event.kind {
            EventKind::Ejected { gateway, cluster, endpoint, enforced: true, .. }
            | EventKind::Unejected { gateway, cluster, endpoint, .. } => {
                (*gateway, cluster, endpoint)
            }
            _ => continue,
        };
        let key = (gateway, cluster.clone(), endpoint.clone());
        switches.entry(key).or_default().push(event.at_ms);
    }
    (measures, switches)
}

/// A real run, cut into the phases of a simulated one.
pub(super) fn real(
    recording: &Recording,
    phases: &[Phase],
    region_of: &BTreeMap<String, String>,
) -> (Measures, Switches, Vec<Size>) {
    let phase_of = |number: usize| {
        let due = recording.due.get(number).map_or(0.0, |due| due.as_secs_f64() * 1e3);
        phases.iter().rposition(|phase| phase.from_ms <= due).unwrap_or(0)
    };
    let mut sizes = vec![Size::default(); phases.len()];
    let mut counts: BTreeMap<Measure, u64> = BTreeMap::new();
    let mut count = |phase, kind, of: String| {
        *counts.entry(Measure { phase, kind, of }).or_default() += 1;
    };
    for request in &recording.requests {
        let phase = phase_of(request.number);
        if let Some(size) = sizes.get_mut(phase) {
            size.requests += 1.0;
        }
        let region = request.endpoint.as_ref().and_then(|it| region_of.get(it));
        let region = region.map_or(NONE, String::as_str);
        count(phase, Kind::RegionShare, region.to_owned());
        if request.status != 200 || request.flags != "-" {
            let flags = request.flags.replace('-', "");
            let outcome = format!("{} {flags}", request.status);
            count(phase, Kind::Outcome, in_order(outcome.trim_end()));
        }
    }
    for attempt in &recording.attempts {
        let phase = phase_of(attempt.number);
        if let Some(size) = sizes.get_mut(phase) {
            size.attempts += 1.0;
        }
        count(phase, Kind::EndpointShare, attempt.endpoint.clone());
    }
    let of_phase = |phase: usize| sizes.get(phase).copied().unwrap_or_default();
    let measures = counts.into_iter().map(|(measure, count)| {
        let value = match measure.kind {
            Kind::RegionShare => 100.0 * count as f64 / of_phase(measure.phase).requests,
            Kind::EndpointShare => 100.0 * count as f64 / of_phase(measure.phase).attempts,
            Kind::Outcome | Kind::Ejected => count as f64,
        };
        (measure, value)
    });
    let mut switches = Switches::new();
    for it in &recording.ejections {
        let key = (it.envoy, it.cluster.clone(), it.endpoint.clone());
        switches.entry(key).or_default().push(it.at_ms);
    }
    (measures.collect(), switches, sizes)
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// `503 UF,URX`, whoever wrote it: the flags by name.
fn in_order(outcome: &str) -> String {
    let Some((status, flags)) = outcome.split_once(' ') else { return outcome.to_owned() };
    let mut flags: Vec<&str> = flags.split(',').collect();
    flags.sort_unstable();
    format!("{status} {}", flags.join(","))
}
