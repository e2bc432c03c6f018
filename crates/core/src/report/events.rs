//! Events in a sentence each.

use mesh_failover_sorted::SortedMap;

use crate::json_text;
use crate::outlier::EjectionType;
use crate::sim::EventKind;

/// What happened, in one sentence.
#[must_use]
pub fn told(kind: &EventKind) -> String {
    let workers = |told: &Option<f64>| match told {
        Some(at) => format!("; the workers hear of it at {:.3} s", at / 1e3),
        None => String::new(),
    };
    match kind {
        EventKind::Step { what } => what.clone(),
        EventKind::Endpoints { gateway, added, removed, changed, .. } => {
            let mut parts = Vec::new();
            for (verb, names) in [("gone", removed), ("new", added), ("other health", changed)] {
                if !names.is_empty() {
                    parts.push(format!("{verb}: {}", names.join(", ")));
                }
            }
            format!("gateway {gateway} gets endpoints: {}", parts.join("; "))
        }
        EventKind::Ejected { gateway, endpoint, reason, ejections, workers_told_at_ms, .. } => {
            let times = if *ejections > 1 { format!(", time {ejections}") } else { String::new() };
            let Some(reason) = reason else {
                return format!("gateway {gateway} has {endpoint} ejected from before");
            };
            format!(
                "gateway {gateway} ejects {endpoint} ({}{times}){}",
                envoys_name(*reason),
                workers(workers_told_at_ms)
            )
        }
        EventKind::NotEjected { gateway, endpoint, reason, .. } => {
            format!(
                "gateway {gateway} may not eject {endpoint} ({}): maxEjectionPercent is reached",
                envoys_name(*reason)
            )
        }
        EventKind::Unejected { gateway, endpoint, workers_told_at_ms, .. } => {
            format!("gateway {gateway} takes {endpoint} back{}", workers(workers_told_at_ms))
        }
        EventKind::Region { gateway, what, .. } => format!("gateway {gateway}: {what}"),
        EventKind::Load { gateway, regions, panic, .. } => {
            let panic = if panic.is_empty() { "" } else { ", in panic" };
            format!("gateway {gateway} sends {}{panic}", shares(regions))
        }
    }
}

/// As in Envoy's own event log.
fn envoys_name(reason: EjectionType) -> String {
    json_text::to_string(&reason).unwrap_or_default().trim_matches('"').to_owned()
}

fn shares(regions: &SortedMap<String, f64>) -> String {
    if regions.is_empty() {
        return "nothing anywhere: no healthy upstream".to_owned();
    }
    let shares: Vec<String> =
        regions.iter().map(|(name, share)| format!("{share} % to {name}")).collect();
    shares.join(", ")
}
