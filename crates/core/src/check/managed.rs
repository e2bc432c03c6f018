//! What managed Cloud Service Mesh does not take.
//!
//! **Source**: Google Cloud, "Unsupported Istio APIs in managed Cloud Service Mesh" and "Supported features using
//! Istio APIs (managed control plane)", Traffic Director implementation, as of 2026.

use super::facts::Facts;
use super::{Finding, Rule, Target};
use crate::diagnostic::Severity;

pub(super) const RULES: &[&Rule] = &[&NO_WASM, &UNSUPPORTED_FIELD];

const NO_WASM: Rule = Rule {
    code: "MF1001",
    name: "managed-mesh-has-no-wasm",
    severity: Severity::Error,
    title: "managed Cloud Service Mesh does not accept Wasm extensions",
    why: "\
The managed control plane with Traffic Director supports neither WasmPlugin nor EnvoyFilter, and \
TrafficExtension is newer than it. The region router needs an in-cluster istiod; with the managed mesh, \
stay with `localityLbSetting` (the rendered native variant).",
};

const UNSUPPORTED_FIELD: Rule = Rule {
    code: "MF1002",
    name: "managed-mesh-ignores-field",
    severity: Severity::Error,
    title: "managed Cloud Service Mesh does not support the field here",
    why: "\
Traffic Director takes `localityLbSetting` for a whole rule. Within subsets it does not take \
`distribute`, and within `portLevelSettings` no `localityLbSetting` at all; `meshConfig` is limited to \
documented fields. Unsupported fields are rejected or ignored.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if facts.input.target != Target::CloudServiceMesh {
        return;
    }
    for plugin in &facts.manifests.wasm_plugins {
        let message = "managed Cloud Service Mesh has no WasmPlugin";
        let found = facts.finding(&NO_WASM, plugin, "kind", message);
        findings.push(found.help("use an in-cluster istiod for it, or native failover"));
    }
    for extension in &facts.manifests.traffic_extensions {
        let message = "managed Cloud Service Mesh has no TrafficExtension";
        let found = facts.finding(&NO_WASM, extension, "kind", message);
        findings.push(found.help("use an in-cluster istiod for it, or native failover"));
    }
    for level in &facts.levels {
        let setting =
            level.own.load_balancer.as_ref().and_then(|it| it.locality_lb_setting.as_ref());
        let Some(setting) = setting else { continue };
        let path = format!("{}.loadBalancer.localityLbSetting", level.path);
        let (path, what) = match (level.port.is_some(), level.subset.is_some()) {
            (true, _) => (path, "localityLbSetting for a port"),
            (false, true) if !setting.distribute.is_empty() => {
                (format!("{path}.distribute"), "distribute for a subset")
            }
            _ => continue,
        };
        let message = format!("managed Cloud Service Mesh does not support {what}");
        let found = facts.finding(&UNSUPPORTED_FIELD, level.rule, path, message);
        findings.push(found.help("write it in the policy of the whole rule"));
    }
}
