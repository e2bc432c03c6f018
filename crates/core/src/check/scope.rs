//! Levels of a policy: what a subset or a port silently takes away from its rule.
//!
//! **Source**: Istio util.go `MergeSubsetTrafficPolicy`, destination_rule.go `mergeDestinationRule`, 1.31.

use mesh_failover_sorted::SortedMap;

use super::facts::{Facts, full_host, list};
use super::policies::{Level, WHOLE};
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{DestinationRule, Object, TrafficPolicy};

pub(super) const RULES: &[&Rule] = &[&PORT_DROPS, &SUBSET_DROPS, &TWO_RULES];

const PORT_DROPS: Rule = Rule {
    code: "MF0401",
    name: "port-level-drops-policy",
    severity: Severity::Warning,
    title: "`portLevelSettings` inherit nothing from the policy around them",
    why: "\
An entry of `portLevelSettings` replaces the whole policy for its port. What it does not repeat is \
unset there: an entry with only a `connectionPool` removes outlier detection and locality load \
balancing for that port, and failover with them.",
};

const SUBSET_DROPS: Rule = Rule {
    code: "MF0402",
    name: "subset-drops-locality-policy",
    severity: Severity::Warning,
    title: "a subset's `loadBalancer` drops the rule's `localityLbSetting`",
    why: "\
Blocks of a traffic policy are not merged field by field. A subset that sets `loadBalancer`, if only for \
`simple: ROUND_ROBIN`, replaces the rule's whole `loadBalancer`, `localityLbSetting` included. What \
applies then is the mesh's default.",
};

const TWO_RULES: Rule = Rule {
    code: "MF0403",
    name: "two-rules-for-one-host",
    severity: Severity::Warning,
    title: "two DestinationRules of one namespace set a policy for one host",
    why: "\
istiod merges DestinationRules of one namespace for one host: subsets are joined, but the traffic \
policy of the oldest rule wins as a whole and the other's is dropped. Which one is older is not in the \
manifests, so the outcome can differ between clusters.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for level in &facts.levels {
        if level.port.is_some() {
            port_drops(facts, level, findings);
        } else if level.subset.is_some() {
            subset_drops(facts, level, findings);
        }
    }
    two_rules(facts, findings);
}

/// What the policy around a port's has, of what failover needs.
fn around(level: &Level<'_>) -> Option<TrafficPolicy> {
    let parent = level.rule.spec.traffic_policy.as_ref();
    match level.subset {
        Some(subset) => {
            crate::translate::merge_traffic_policy(parent, subset.traffic_policy.as_ref(), None)
        }
        None => parent.cloned(),
    }
}

fn has_locality(policy: &TrafficPolicy) -> bool {
    policy.load_balancer.as_ref().is_some_and(|it| it.locality_lb_setting.is_some())
}

fn port_drops(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let (Some(around), Some(port)) = (around(level), level.port) else { return };
    let lost = [
        (
            "outlierDetection",
            around.outlier_detection.is_some() && level.own.outlier_detection.is_none(),
        ),
        ("loadBalancer.localityLbSetting", has_locality(&around) && !has_locality(&level.own)),
    ];
    let lost = list(lost.iter().filter(|(_, is)| *is).map(|(name, _)| name));
    if !lost.is_empty() {
        let of =
            level.subset.map(|subset| format!(" of subset `{}`", subset.name)).unwrap_or_default();
        let message =
            format!("port {port}{of} has no {lost}: an entry for a port inherits nothing");
        let found = facts.finding(&PORT_DROPS, level.rule, level.path.clone(), message);
        findings.push(found.help(format!("repeat {lost} in this entry")));
    }
}

fn subset_drops(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let parent = level.rule.spec.traffic_policy.as_ref();
    let (Some(parent), Some(subset)) = (parent, level.subset) else { return };
    let written = level.own.load_balancer.as_ref();
    let replaces = written
        .is_some_and(|it| it.locality_lb_setting.is_none() && it.zone_aware_lb_setting.is_none());
    if has_locality(parent) && replaces {
        let message = format!(
            "subset `{}` replaces the rule's whole loadBalancer: its localityLbSetting does not apply here",
            subset.name
        );
        let path = format!("{}.loadBalancer", level.path);
        let found = facts.finding(&SUBSET_DROPS, level.rule, path, message);
        findings.push(found.help("repeat `localityLbSetting` in the subset's `loadBalancer`"));
    }
}

fn two_rules(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut seen: SortedMap<(String, &str), &Object<DestinationRule>> = SortedMap::new();
    for rule in &facts.manifests.destination_rules {
        if rule.spec.workload_selector.is_some() || rule.spec.traffic_policy.is_none() {
            continue;
        }
        let key = (full_host(rule), rule.metadata.namespace());
        let Some(first) =
            seen.get(&key).filter(|first| first.spec.export_to == rule.spec.export_to)
        else {
            seen.entry(key).or_insert(rule);
            continue;
        };
        let (host, namespace) = &key;
        if rule.metadata.name == first.metadata.name {
            continue; // The same rule, for another cluster or another version of it.
        }
        let message = format!(
            "`{}` sets a policy for `{host}` in namespace `{namespace}` too: the older rule's applies, this one may be dropped",
            first.metadata.name
        );
        findings.push(
            facts.finding(&TWO_RULES, rule, WHOLE, message).help("write one rule for the host"),
        );
    }
}
