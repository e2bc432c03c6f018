//! Istio's own errors and warnings, with istiod's words.
//!
//! What one of our lints says better, with istiod's words beside it, is not repeated here.
//!
//! **Source**: Istio pkg/config/validation, 1.31, as in [`super::istio`].

use super::facts::Facts;
use super::istio::{
    CONSECUTIVE_ERRORS, Validation, WITHOUT_OUTLIER_DETECTION, validate_localities,
    validate_locality_lb_setting, validate_outlier_detection, validate_zone_aware_lb_setting,
};
use super::policies::Level;
use super::{Finding, Rule};
use crate::diagnostic::Severity;

pub(super) const RULES: &[&Rule] = &[&REJECTED, &WARNED];

const REJECTED: Rule = Rule {
    code: "MF1101",
    name: "istiod-rejects",
    severity: Severity::Error,
    title: "istiod's webhook rejects the object",
    why: "\
The message is Istio's own, letter by letter: `kubectl apply` ends with it, and nothing is stored. It is \
said here before anybody applies anything, with its place in the file.",
};

const WARNED: Rule = Rule {
    code: "MF1102",
    name: "istiod-warns",
    severity: Severity::Warning,
    title: "istiod warns about the object",
    why: "\
The message is Istio's own, letter by letter. istiod accepts the object; `kubectl apply` prints the \
warning once, and `istioctl analyze` reports it as IST0133.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for level in &facts.levels {
        policy(facts, level, findings);
    }
}

fn policy(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let outlier = level.own.outlier_detection.as_ref();
    let balancer = level.own.load_balancer.as_ref();
    let locality = balancer.and_then(|it| it.locality_lb_setting.as_ref());
    let zone_aware = balancer.and_then(|it| it.zone_aware_lb_setting.as_ref());
    let blocks = [
        ("outlierDetection", validate_outlier_detection(outlier)),
        ("loadBalancer.localityLbSetting", validate_locality_lb_setting(locality, outlier)),
        ("loadBalancer.zoneAwareLbSetting", validate_zone_aware_lb_setting(zone_aware, outlier)),
    ];
    // Two things are lints of their own, which know more: overlapping keys in whatever order they stand, and
    // failover that has no outlier detection in effect.
    let distribute = locality.map(|setting| setting.distribute.as_slice()).unwrap_or_default();
    let overlaps: Vec<String> =
        distribute.iter().filter_map(|it| validate_localities(it.to.keys()).err()).collect();
    for (block, Validation { errors, warnings }) in blocks {
        let path = format!("{}.{block}", level.path);
        let of_rule = block == "loadBalancer.localityLbSetting";
        for message in errors.into_iter().filter(|message| !of_rule || !overlaps.contains(message))
        {
            findings.push(said(facts, &REJECTED, level, &path, message));
        }
        let is_known = |message: &String| match message.as_str() {
            WITHOUT_OUTLIER_DETECTION => of_rule,
            CONSECUTIVE_ERRORS => true,
            _ => false,
        };
        for message in warnings.into_iter().filter(|message| !is_known(message)) {
            findings.push(said(facts, &WARNED, level, &path, message));
        }
    }
}

fn said(facts: &Facts<'_>, rule: &Rule, level: &Level<'_>, path: &str, message: String) -> Finding {
    facts.finding(rule, level.rule, path, message.clone()).istiod(Some(message))
}
