//! Panic: when Envoy sends traffic to hosts that it knows to be bad.
//!
//! **Source**: Envoy load_balancer_impl.cc `isHostSetInPanic`, v1.40.0; Istio cluster_traffic_policy.go
//! `applyOutlierDetection`, 1.31.

use std::cmp::Reverse;

use super::facts::{Facts, by_region};
use super::policies::{Level, place_of};
use super::{Finding, Rule};
use crate::diagnostic::Severity;

pub(super) const RULES: &[&Rule] = &[&PANIC];

const PANIC: Rule = Rule {
    code: "MF0205",
    name: "panic-returns-traffic",
    severity: Severity::Warning,
    title: "`minHealthPercent` brings traffic back to a dead region",
    why: "\
`minHealthPercent` is Envoy's panic threshold. If fewer hosts of a priority than that are healthy, \
Envoy forgets about ejections and spreads the traffic over all of them, dead ones included. With \
`distribute` all regions share one priority, so losing one region can be enough. Unset or 0, panic is \
off.

From Istio 1.31 on a value above 0 has a second effect: unready pods leave discovery instead of \
counting as unhealthy, so readiness alone no longer spills traffic to the next region.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for level in &facts.levels {
        let Some(block) = level.outlier().filter(|_| level.owns("outlierDetection")) else {
            continue;
        };
        let Some(percent) = block.min_health_percent.filter(|percent| *percent > 0) else {
            continue;
        };
        let Some(reason) = reason(facts, level, percent) else { continue };
        let path = format!("{}.minHealthPercent", level.written("outlierDetection"));
        let fix = facts.set(level.rule, &path, "0");
        let message = format!("minHealthPercent {percent} {reason}");
        let found = facts.finding(&PANIC, level.rule, path, message);
        findings.push(
            found
                .help("write `minHealthPercent: 0`, or leave it out, to switch panic off")
                .fix(fix),
        );
    }
}

/// What it does to this service; `None`: with the known endpoints, nothing when one region fails.
fn reason(facts: &Facts<'_>, level: &Level<'_>, percent: i32) -> Option<String> {
    // Whoever chose a place by its subset is not brought back to it by panic.
    if level.subset.and_then(place_of).is_some() {
        return None;
    }
    let clusters = facts.clusters_of(level);
    if clusters.iter().all(Vec::is_empty) {
        return Some(format!(
            "sends traffic to ejected hosts again once fewer than {percent} % of a priority are healthy"
        ));
    }
    // With priorities a whole dead region leaves its priority to the next one, without panic.
    level.locality().filter(|setting| !setting.distribute.is_empty())?;
    let threshold = usize::try_from(percent).ok()?;
    clusters.iter().find_map(|hosts| {
        let regions = by_region(hosts);
        let (region, largest) = regions.iter().min_by_key(|(_, number)| Reverse(**number))?;
        let healthy = (hosts.len() - largest) * 100 / hosts.len();
        (regions.len() > 1 && healthy < threshold).then(|| {
            format!(
                "brings traffic back to a dead `{region}`: without it {healthy} % of {} hosts are healthy, \
                 and Envoy panics",
                hosts.len()
            )
        })
    })
}
