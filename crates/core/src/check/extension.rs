//! Wasm modules in the gateway: by which kind, from which version on, and what happens if they break.
//!
//! **Source**: Istio extensions.go, pkg/wasm, 1.31; release notes 1.28 and 1.30.

use super::facts::{Facts, list};
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{Extension, Kind, Object};
use crate::translate::{IstioVersion, selects};

pub(super) const RULES: &[&Rule] =
    &[&TOO_NEW, &TWICE, &FAILS_CLOSED, &SELECTS_NOTHING, &NOT_PINNED];

const TOO_NEW: Rule = Rule {
    code: "MF0901",
    name: "extension-too-new",
    severity: Severity::Error,
    title: "this version of Istio does not know the kind or the value",
    why: "\
TrafficExtension exists from Istio 1.30 on; before, the API server has no such kind. \
`failStrategy: FAIL_RELOAD` exists from 1.28 on; before, the webhook rejects it.",
};

const TWICE: Rule = Rule {
    code: "MF0902",
    name: "module-twice",
    severity: Severity::Warning,
    title: "a WasmPlugin and a TrafficExtension run the same module",
    why: "\
From Istio 1.30 on istiod turns every WasmPlugin into a TrafficExtension of its own. One written beside \
it for the same proxies does not replace it: the module runs twice for each request.",
};

const FAILS_CLOSED: Rule = Rule {
    code: "MF0903",
    name: "module-fails-closed",
    severity: Severity::Warning,
    title: "without `failStrategy` a broken module closes the gateway",
    why: "\
The default is `FAIL_CLOSE`. If the module cannot be fetched, the agent puts a filter in its place that \
denies every request with 403; if it traps, Envoy answers 503. `FAIL_OPEN` leaves traffic to Istio. It \
does not help against everything: a module that Envoy refuses to load holds back the listener \
([istio#53279](https://github.com/istio/istio/issues/53279)).",
};

const SELECTS_NOTHING: Rule = Rule {
    code: "MF0904",
    name: "extension-not-on-gateway",
    severity: Severity::Warning,
    title: "the extension's namespace is not the gateway's",
    why: "\
A selector looks at pods of the extension's own namespace only; from the root namespace it looks at all. \
An extension with the gateway's labels in another namespace applies to nothing, and nobody says so.",
};

const NOT_PINNED: Rule = Rule {
    code: "MF0905",
    name: "module-not-pinned",
    severity: Severity::Note,
    title: "the module is not pinned by a digest",
    why: "\
A tag can come to mean another image. Gateways that start later then run other code than the ones that \
run already; with the tag `latest`, or none, the agent asks the registry at every start. Write the \
digest into the URL (`oci://…@sha256:…`) or into `sha256`.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for plugin in &facts.manifests.wasm_plugins {
        each(facts, plugin, &plugin.spec.extension(), findings);
    }
    for extension in &facts.manifests.traffic_extensions {
        if facts.version < IstioVersion::new(1, 30) {
            let message =
                format!("Istio {} has no TrafficExtension: it came with 1.30", facts.version);
            let found = facts.finding(&TOO_NEW, extension, "kind", message);
            findings.push(found.help("write a WasmPlugin"));
            continue;
        }
        let common = extension.spec.extension();
        each(facts, extension, &common, findings);
        twice(facts, extension, &common, findings);
    }
}

fn each<T: Kind>(
    facts: &Facts<'_>,
    object: &Object<T>,
    extension: &Extension<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(module) = &extension.module else { return };
    let path = module.path;
    let field = format!("{path}.failStrategy");
    match module.fail_strategy {
        Some("FAIL_RELOAD") if facts.version < IstioVersion::new(1, 28) => {
            let message =
                format!("Istio {} does not know `FAIL_RELOAD`: it came with 1.28", facts.version);
            let found = facts.finding(&TOO_NEW, object, &field, message);
            findings.push(found.help("write `FAIL_OPEN`").fix(facts.set(
                object,
                &field,
                "FAIL_OPEN",
            )));
        }
        None => {
            let message = "without `failStrategy` a module that cannot be fetched denies every request with 403";
            let found = facts.finding(&FAILS_CLOSED, object, path, message);
            let help = "write `failStrategy: FAIL_OPEN`, or `FAIL_CLOSE` if that is what you want";
            findings.push(found.help(help).fix(facts.set(object, &field, "FAIL_OPEN")));
        }
        Some(_) => {}
    }
    if !module.url.starts_with("file://")
        && module.sha256.is_none()
        && !module.url.contains("@sha256:")
    {
        let message =
            format!("`{}` is not pinned: later gateways may run another module", module.url);
        let found = facts.finding(&NOT_PINNED, object, format!("{path}.url"), message);
        findings.push(found.help("add the digest, `…@sha256:…` or `sha256:`"));
    }
    not_on_gateway(facts, object, extension, findings);
}

fn not_on_gateway<T: Kind>(
    facts: &Facts<'_>,
    object: &Object<T>,
    extension: &Extension<'_>,
    findings: &mut Vec<Finding>,
) {
    let namespace = object.metadata.namespace();
    let targets = extension.target_refs;
    let Some(selector) = extension.selector.filter(|_| targets.is_empty()) else { return };
    if selector.match_labels.is_empty() || namespace == facts.mesh.root_namespace() {
        return;
    }
    let mut by_label = facts
        .gateways
        .iter()
        .filter(|proxy| selects(&selector.match_labels, &proxy.labels))
        .peekable();
    if by_label.peek().is_none() || by_label.clone().any(|proxy| proxy.namespace == namespace) {
        return;
    }
    let namespaces: mesh_failover_sorted::SortedSet<&str> =
        by_label.map(|proxy| proxy.namespace.as_str()).collect();
    let message = format!(
        "in namespace `{namespace}` it selects no gateway: they are in {}",
        list(&namespaces)
    );
    let found = facts.finding(&SELECTS_NOTHING, object, "metadata.namespace", message);
    let mut found = found.help(format!("put it into {}", list(&namespaces)));
    if let Some(only) = namespaces.first().filter(|_| namespaces.len() == 1) {
        found = found.fix(facts.set(object, "metadata.namespace", only));
    }
    findings.push(found);
}

fn twice<T: Kind>(
    facts: &Facts<'_>,
    object: &Object<T>,
    extension: &Extension<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(module) = &extension.module else { return };
    let same = facts.manifests.wasm_plugins.iter().find(|plugin| {
        plugin.spec.url == module.url && plugin.spec.selector.as_ref() == extension.selector
    });
    if let Some(plugin) = same {
        let message = format!(
            "`{}` runs twice for each request: WasmPlugin `{}` is a TrafficExtension too",
            module.url, plugin.metadata.name
        );
        let found = facts.finding(&TWICE, object, "spec.wasm.url", message);
        findings
            .push(found.help("remove the WasmPlugin once all control planes are 1.30 or newer"));
    }
}
