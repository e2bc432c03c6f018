//! Istio's own errors and warnings, with istiod's words.
//!
//! What one of our lints says better, with istiod's words beside it, is not repeated here.
//!
//! **Source**: Istio pkg/config/validation, 1.31, as in [`super::istio`].

use super::facts::Facts;
use super::istio::{
    self, CONSECUTIVE_ERRORS, Said, Validation, WITHOUT_OUTLIER_DETECTION, validate_localities,
    validate_locality_lb_setting, validate_outlier_detection, validate_zone_aware_lb_setting,
};
use super::policies::Level;
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{Kind, Object};

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
    let manifests = facts.manifests;
    for rule in &manifests.destination_rules {
        let said = istio::destination_rule(&rule.spec, rule.metadata.namespace());
        object(facts, rule, said, findings);
    }
    for gateway in &manifests.gateways {
        let said = istio::gateway(&gateway.metadata.name, &gateway.spec);
        object(facts, gateway, said, findings);
    }
    for service in &manifests.virtual_services {
        let mut said = istio::virtual_service(&service.spec, service.metadata.namespace());
        // With a Gateway at hand this is the finding about the missing `gateways`.
        let is_told = service.spec.gateways.is_empty() && !manifests.gateways.is_empty();
        said.retain(|it| !is_told || it.message != istio::WILDCARD_ON_MESH);
        object(facts, service, said, findings);
    }
    for plugin in &manifests.wasm_plugins {
        object(facts, plugin, istio::extension(&plugin.spec.extension()), findings);
    }
    for extension in &manifests.traffic_extensions {
        object(facts, extension, istio::extension(&extension.spec.extension()), findings);
    }
}

fn object<T: Kind>(
    facts: &Facts<'_>,
    object: &Object<T>,
    said: Vec<Said>,
    findings: &mut Vec<Finding>,
) {
    for Said { path, message, is_warning } in said {
        let rule = if is_warning { &WARNED } else { &REJECTED };
        findings.push(this(facts, rule, object, &path, message));
    }
}

/// istiod drops its warnings about subsets and ports.
const DROPPED: &str =
    "istiod drops this warning here, within a subset or a port: nobody else tells you";

fn this<T: Kind>(
    facts: &Facts<'_>,
    rule: &Rule,
    object: &Object<T>,
    path: &str,
    message: String,
) -> Finding {
    let nested = path.contains("subsets[") || path.contains("portLevelSettings[");
    let found = facts.finding(rule, object, path, message.clone()).istiod(Some(message));
    if nested && rule.code == WARNED.code { found.help(DROPPED) } else { found }
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
            findings.push(this(facts, &REJECTED, level.rule, &path, message));
        }
        let is_known = |message: &String| match message.as_str() {
            WITHOUT_OUTLIER_DETECTION => of_rule,
            CONSECUTIVE_ERRORS => true,
            _ => false,
        };
        for message in warnings.into_iter().filter(|message| !is_known(message)) {
            findings.push(this(facts, &WARNED, level.rule, &path, message));
        }
    }
}
