//! Ejection: whether a dead region's hosts can be taken out at all.
//!
//! **Source**: Istio cluster_traffic_policy.go `applyOutlierDetection`, 1.31; Envoy outlier_detection_impl.cc
//! `DetectorImpl::ejectHost`, v1.40.0.

use std::cmp::Reverse;

use mesh_failover_sorted::SortedMap;

use super::facts::{Facts, by_region, count};
use super::policies::Level;
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::translate::PlacedEndpoint;

pub(super) const RULES: &[&Rule] = &[
    &DISTRIBUTE_WITHOUT,
    &FAILOVER_WITHOUT,
    &CAP_BELOW_REGION,
    &DEFAULT_CAP,
    &CONSECUTIVE_ERRORS,
    &SPLIT_ERRORS,
    &GATEWAY_ERRORS_ALONE,
    &EJECTS_NOTHING,
    &MESH_DEFAULT,
    &KEEPS_LOCAL,
];

const DISTRIBUTE_WITHOUT: Rule = Rule {
    code: "MF0201",
    name: "distribute-without-outlier-detection",
    severity: Severity::Warning,
    title: "`distribute` without `outlierDetection`",
    why: "\
`distribute` gives every listed region a fixed share. What takes a failing region out of its share is \
ejection, and without `outlierDetection` nothing is ever ejected: the region keeps its share of the \
traffic for as long as it answers with errors. Scaling it to zero still works, because then the \
endpoints themselves disappear.

istiod accepts this without a word.",
};

const FAILOVER_WITHOUT: Rule = Rule {
    code: "MF0202",
    name: "failover-without-outlier-detection",
    severity: Severity::Warning,
    title: "`failover` or `failoverPriority` without `outlierDetection`",
    why: "\
istiod turns `failover` and `failoverPriority` into priorities only if the policy that applies to the \
cluster has `outlierDetection` (an empty block is enough). Without it the setting is dropped: all \
endpoints of all regions get the same priority and traffic is spread over all of them.

For the policy of a whole rule istiod warns. For the policy of a subset or of a port it drops its own \
warning, and nobody is told ([istio#48084](https://github.com/istio/istio/issues/48084)).",
};

const CAP_BELOW_REGION: Rule = Rule {
    code: "MF0203",
    name: "ejection-cap-below-region",
    severity: Severity::Warning,
    title: "`maxEjectionPercent` is below the largest region's share of the hosts",
    why: "\
`maxEjectionPercent` counts all hosts of the cluster in all regions. Envoy ejects a host only if \
`100 × (ejected + 1) / hosts` stays within it, strictly so since Istio 1.20. If one region has more \
hosts than that, part of it stays in rotation when all of it fails, and a locality keeps the traffic \
that its remaining hosts get.

With several regions the useful value is nearly always 100.",
};

const DEFAULT_CAP: Rule = Rule {
    code: "MF0204",
    name: "default-ejection-cap",
    severity: Severity::Warning,
    title: "`maxEjectionPercent` is not set: the default is 10 %",
    why: "\
Unset (or 0) means Envoy's default: at most 10 % of all hosts of the cluster, over all regions. With \
fewer than 10 hosts that is no host at all, so nothing is ever ejected and no region ever fails over. \
Up to Istio 1.19 Envoy let the first ejection through; since 1.20 it does not, though much of what was \
written about failover is older.

Without a topology the number of hosts is unknown, and this is only a note.",
};

const CONSECUTIVE_ERRORS: Rule = Rule {
    code: "MF0206",
    name: "consecutive-errors-ignored",
    severity: Severity::Warning,
    title: "`consecutiveErrors` is ignored",
    why: "\
Istio's documentation calls the field deprecated; in fact istiod does not read it any more. What \
remains are the defaults: five server errors in a row. Write `consecutive5xxErrors` instead.",
};

const SPLIT_ERRORS: Rule = Rule {
    code: "MF0207",
    name: "split-errors-at-gateway",
    severity: Severity::Warning,
    title: "`splitExternalLocalOriginErrors` moves connection failures to another threshold",
    why: "\
By default a refused, reset or timed-out connection counts as a server error, so it ejects by \
`consecutive5xxErrors`. With `splitExternalLocalOriginErrors` it counts only for \
`consecutiveLocalOriginFailures`, whose default is 5. At a gateway, where a dead region shows itself \
by refused connections and timeouts, that makes failover slower than the rule seems to say.",
};

const GATEWAY_ERRORS_ALONE: Rule = Rule {
    code: "MF0208",
    name: "gateway-errors-alone",
    severity: Severity::Note,
    title: "`consecutiveGatewayErrors` does not replace `consecutive5xxErrors`",
    why: "\
`consecutiveGatewayErrors` adds a counter for 502, 503 and 504. The counter for all server errors \
stays: five of them in a row eject, plain 500s from the application included. To count gateway errors \
only, write `consecutive5xxErrors: 0` beside it.",
};

const EJECTS_NOTHING: Rule = Rule {
    code: "MF0209",
    name: "ejects-nothing",
    severity: Severity::Warning,
    title: "`outlierDetection` whose counters are all off",
    why: "\
`consecutive5xxErrors: 0` switches that counter off, and `consecutiveGatewayErrors` is off unless it \
is set. With both off no host is ever ejected; istiod still turns on priorities, so the rule looks as \
if it failed over, and it does so only when endpoints disappear.",
};

const MESH_DEFAULT: Rule = Rule {
    code: "MF0210",
    name: "mesh-default-outlier-detection",
    severity: Severity::Warning,
    title: "mesh-wide `outlierDetection` ejects, but does not order regions",
    why: "\
`meshConfig.defaultTrafficPolicy.outlierDetection` (Istio 1.31) reaches Envoy's clusters, so hosts are \
ejected. Priorities are made elsewhere, from the DestinationRule alone: `failover` and \
`failoverPriority` in a rule without its own `outlierDetection` stay without effect.",
};

const KEEPS_LOCAL: Rule = Rule {
    code: "MF0211",
    name: "outlier-detection-keeps-traffic-local",
    severity: Severity::Note,
    title: "`outlierDetection` alone keeps all traffic in the gateway's own region",
    why: "\
istiod's mesh configuration has locality load balancing enabled by default, waiting for \
`outlierDetection`. As soon as a rule has the block, endpoints are ordered by their distance from the \
proxy: own zone, own region, the rest. Traffic that was spread over all regions before stays local.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for level in &facts.levels {
        without(facts, level, findings);
        if level.outlier().is_some() && level.owns("outlierDetection") {
            cap(facts, level, findings);
            counters(facts, level, findings);
            keeps_local(facts, level, findings);
        }
    }
}

/// What a fix adds: Envoy's own thresholds, but without its cap.
const SENSIBLE: &str =
    "{consecutive5xxErrors: 5, interval: 10s, baseEjectionTime: 30s, maxEjectionPercent: 100}";

fn without(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let Some(setting) = level.locality() else { return };
    let parent_has = level.rule.spec.traffic_policy.as_ref();
    let parent_has = parent_has.is_some_and(|policy| policy.outlier_detection.is_some());
    // A port level that loses its parent's block is a finding of its own.
    if level.outlier().is_some()
        || !level.owns("loadBalancer")
        || level.port.is_some() && parent_has
    {
        return;
    }
    let mesh = facts.mesh.default_traffic_policy.as_ref();
    let mesh_ejects = facts.version.has_zone_aware_and_default_policy()
        && mesh.is_some_and(|policy| policy.outlier_detection.is_some());
    let path = level.locality_path();
    let fix = facts.set(level.rule, &format!("{}.outlierDetection", level.path), SENSIBLE);
    let help = "add an `outlierDetection` block to the same policy";
    if let Some(entry) = setting.distribute.first() {
        let largest = entry.to.iter().max_by_key(|(_, weight)| **weight);
        let (Some((to, weight)), false) = (largest, mesh_ejects) else { return };
        let message = format!(
            "`distribute` sends {weight} % from `{}` to `{to}` and nothing takes a failing host out: \
             there is no outlierDetection",
            entry.from
        );
        let path = format!("{path}.distribute");
        let found = facts.finding(&DISTRIBUTE_WITHOUT, level.rule, path, message);
        return findings.push(found.help(help).fix(fix));
    }
    let field = match (setting.failover.is_empty(), setting.failover_priority.is_empty()) {
        (false, _) => "failover",
        (true, false) => "failoverPriority",
        (true, true) => return,
    };
    let path = format!("{path}.{field}");
    if mesh_ejects {
        let message = format!(
            "`{field}` has no effect: the mesh's default outlierDetection ejects hosts but orders no regions"
        );
        let found = facts.finding(&MESH_DEFAULT, level.rule, path, message);
        return findings
            .push(found.help("give this rule an `outlierDetection` of its own").fix(fix));
    }
    let nested = level.subset.is_some() || level.port.is_some();
    let silent = if nested { ", and here istiod does not even warn" } else { "" };
    let message = format!("`{field}` has no effect without outlierDetection{silent}");
    let istiod = (!nested).then(|| super::istio::WITHOUT_OUTLIER_DETECTION.to_owned());
    let found = facts.finding(&FAILOVER_WITHOUT, level.rule, path, message);
    findings.push(found.help(help).fix(fix).istiod(istiod));
}

/// Envoy's default cap.
const DEFAULT_PERCENT: usize = 10;

fn cap(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let Some(block) = level.outlier() else { return };
    let written = block.max_ejection_percent.filter(|percent| *percent > 0);
    let path = level.written("outlierDetection");
    let field = format!("{path}.maxEjectionPercent");
    let fix = facts.set(level.rule, &field, "100");
    let clusters = facts.clusters_of(level);
    if clusters.iter().all(Vec::is_empty) {
        if written.is_none() {
            let message = "maxEjectionPercent is not set: the default ejects at most 10 % of all hosts, \
                           and none of fewer than 10";
            let found = facts.finding(&DEFAULT_CAP, level.rule, path, message);
            let help = "for the failover of a whole region write `maxEjectionPercent: 100`";
            findings.push(found.severity(Severity::Note).help(help).fix(fix));
        }
        return;
    }
    let percent = written.map_or(Ok(DEFAULT_PERCENT), usize::try_from).unwrap_or(DEFAULT_PERCENT);
    let shortfalls = clusters.iter().filter_map(|hosts| Shortfall::of(hosts, percent));
    let Some(worst) = shortfalls.max_by_key(|shortfall| shortfall.needed) else { return };
    let Shortfall { hosts, ejected, region, needed } = &worst;
    let ejects = if *ejected == 0 { "none".to_owned() } else { format!("at most {ejected}") };
    let title = level.title();
    let (rule, path, message) = match written {
        Some(percent) => (
            &CAP_BELOW_REGION,
            field,
            format!(
                "with {}{title}, maxEjectionPercent {percent} ejects {ejects}; {region} needs {needed}",
                count(*hosts, "host")
            ),
        ),
        None => (
            &DEFAULT_CAP,
            path,
            format!(
                "maxEjectionPercent is not set: with {}{title}, the default of 10 ejects {ejects}; \
                 {region} needs {needed}",
                count(*hosts, "host")
            ),
        ),
    };
    let found = facts.finding(rule, level.rule, path, message);
    findings.push(found.help("write `maxEjectionPercent: 100`").fix(fix));
}

/// What a cap leaves in rotation when the largest region fails.
struct Shortfall {
    hosts: usize,
    ejected: usize,
    region: String,
    needed: usize,
}

impl Shortfall {
    /// `None` where the cap is enough, and where there is one region only.
    fn of(hosts: &[&PlacedEndpoint], percent: usize) -> Option<Self> {
        let regions: SortedMap<&str, usize> = by_region(hosts);
        let (region, largest) = regions.iter().min_by_key(|(_, number)| Reverse(**number))?;
        let all = hosts.len();
        let ejected = all.checked_mul(percent)? / 100;
        (regions.len() > 1 && ejected < *largest).then(|| Self {
            hosts: all,
            ejected,
            region: (*region).to_owned(),
            needed: (largest * 100).div_ceil(all),
        })
    }
}

fn counters(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let Some(block) = level.outlier() else { return };
    let path = level.written("outlierDetection");
    let at = |field: &str| format!("{path}.{field}");
    if let Some(errors) = block.consecutive_errors {
        let field = at("consecutiveErrors");
        let message = format!(
            "`consecutiveErrors: {errors}` is ignored: {} server errors in a row eject",
            block.consecutive_5xx_errors.unwrap_or(5)
        );
        let found = facts.finding(&CONSECUTIVE_ERRORS, level.rule, &field, message);
        let rename = facts.document(level.rule).filter(|_| block.consecutive_5xx_errors.is_none());
        let fix = rename.and_then(|it| super::edit::rename(it, &field, "consecutive5xxErrors"));
        let istiod = (errors != 0).then(|| super::istio::CONSECUTIVE_ERRORS.to_owned());
        findings.push(found.help("write `consecutive5xxErrors`").fix(fix).istiod(istiod));
    }
    let server_errors = block.consecutive_5xx_errors.unwrap_or(5);
    let local = block.consecutive_local_origin_failures.filter(|failures| *failures > 0);
    let split = block.split_external_local_origin_errors == Some(true);
    if split && server_errors > 0 && local.unwrap_or(5) > server_errors {
        let message = format!(
            "with splitExternalLocalOriginErrors, refused connections and timeouts eject after {} in a row, not after {server_errors}",
            local.unwrap_or(5)
        );
        let field = at("splitExternalLocalOriginErrors");
        let found = facts.finding(&SPLIT_ERRORS, level.rule, field, message);
        let wanted = server_errors.to_string();
        let fix = facts.set(level.rule, &at("consecutiveLocalOriginFailures"), &wanted);
        let help = format!("write `consecutiveLocalOriginFailures: {wanted}` beside it");
        findings.push(found.help(help).fix(fix));
    }
    let gateway = block.consecutive_gateway_errors.filter(|errors| *errors > 0);
    if let (Some(errors), None) = (gateway, block.consecutive_5xx_errors) {
        let message = format!(
            "beside consecutiveGatewayErrors {errors}, five server errors of any kind in a row still eject"
        );
        let field = at("consecutiveGatewayErrors");
        let found = facts.finding(&GATEWAY_ERRORS_ALONE, level.rule, field, message);
        let fix = facts.set(level.rule, &at("consecutive5xxErrors"), "0");
        findings.push(
            found.help("to count gateway errors only, add `consecutive5xxErrors: 0`").fix(fix),
        );
    }
    if block.consecutive_5xx_errors == Some(0) && gateway.is_none() && !split {
        let message = "no counter is on: `consecutive5xxErrors: 0` and no consecutiveGatewayErrors";
        let found = facts.finding(&EJECTS_NOTHING, level.rule, at("consecutive5xxErrors"), message);
        findings.push(found.help("write how many errors in a row eject, for example 5"));
    }
}

/// No setting anywhere: istiod's default applies.
fn keeps_local(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let balancer = level.load_balancer();
    let decided = balancer
        .is_some_and(|it| it.locality_lb_setting.is_some() || it.zone_aware_lb_setting.is_some());
    let mesh = facts.mesh.locality_lb_setting.as_ref();
    if decided
        || mesh.is_some()
        || facts.mesh.zone_aware_lb_setting.is_some()
        || level.port.is_some()
    {
        return;
    }
    let clusters = facts.clusters_of(level);
    let remote = clusters.iter().map(|hosts| by_region(hosts)).find(|regions| regions.len() > 1);
    let Some(regions) = remote else { return };
    let at_home = facts.gateways.iter().map(|proxy| proxy.locality.region.as_str());
    let Some(home) = at_home.into_iter().find(|region| regions.contains_key(region)) else {
        return;
    };
    let away: usize = regions.iter().filter(|(region, _)| **region != home).map(|(_, n)| n).sum();
    let message = format!(
        "this block switches on locality failover: the gateway in `{home}` sends everything to `{home}`, \
         and {} elsewhere wait",
        count(away, "endpoint")
    );
    let path = level.written("outlierDetection");
    let found = facts.finding(&KEEPS_LOCAL, level.rule, path, message);
    findings.push(found.help(
        "say what you want with `loadBalancer.localityLbSetting`; `enabled: false` spreads traffic over all regions",
    ));
}
