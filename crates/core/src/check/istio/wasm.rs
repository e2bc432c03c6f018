//! What istiod's webhook says of Wasm extensions.
//!
//! **Source**: Istio pkg/config/validation/validation.go `ValidateWasmPlugin` and what it calls, 1.31.
//!
//! **Not modelled**: URLs that Go cannot parse.

use mesh_failover_sorted::SortedSet;
use serde_json::Value;

use super::{Said, WHOLE, scope};
use crate::manifest::{Extension, TargetRef, WasmModule, WorkloadSelector};

/// What is wrong with a WasmPlugin or a TrafficExtension.
pub(crate) fn extension(extension: &Extension<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    targets(extension.selector, extension.target_refs, &mut said);
    if let Some(module) = &extension.module {
        fields(module, &mut said);
        said.extend(environment(module.vm_config, &format!("{}.vmConfig", module.path)));
    }
    said.extend(matched(extension.r#match));
    said
}

/// `validateOneOfSelectorType`, `validatePolicyTargetReference`.
fn targets(selector: Option<&WorkloadSelector>, references: &[TargetRef], said: &mut Vec<Said>) {
    if selector.is_some() && !references.is_empty() {
        said.push(Said::error("spec", "only one of targetRefs or workloadSelector can be set"));
    }
    if let Some(selector) = selector {
        scope::selector(selector, "spec.selector", said);
    }
    for (index, reference) in references.iter().enumerate() {
        let path = format!("spec.targetRefs[{index}]");
        if reference.name.is_empty() {
            said.push(Said::error(&path, "targetRef name must be set"));
        }
        if reference.namespace.as_ref().is_some_and(|namespace| !namespace.is_empty()) {
            let message =
                "targetRef namespace must not be set; cross namespace referencing is not supported";
            said.push(Said::error(format!("{path}.namespace"), message));
        }
        let group = reference.group.as_deref().unwrap_or_default();
        let named = if group.is_empty() { "core" } else { group };
        let is_allowed =
            TARGETS.iter().any(|(group, _, kind)| *group == named && *kind == reference.kind);
        if WHOLE && !is_allowed {
            let allowed = TARGETS.map(|(group, version, kind)| format!("{group}/{version}/{kind}"));
            let message = format!(
                "targetRef must be to one of [{}] but was {group}/{}",
                allowed.join(" "),
                reference.kind
            );
            said.push(Said::error(format!("{path}.kind"), message));
        }
    }
}

/// `allowedTargetRefs`; versions are not compared.
const TARGETS: [(&str, &str, &str); 4] = [
    ("core", "v1", "Service"),
    ("networking.istio.io", "v1", "ServiceEntry"),
    ("gateway.networking.k8s.io", "v1", "Gateway"),
    ("gateway.networking.k8s.io", "v1", "GatewayClass"),
];

/// `validateWasmPluginVMConfig`: the first error only.
fn environment(settings: Option<&Value>, path: &str) -> Option<Said> {
    let variables = settings?.get("env")?.as_array()?;
    let mut names = SortedSet::new();
    let text = |of: &Value, name: &str| {
        of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    for (index, variable) in variables.iter().enumerate().filter(|(_, it)| !it.is_null()) {
        let (name, source) = (text(variable, "name"), text(variable, "valueFrom"));
        let inline = matches!(source.as_str(), "" | "INLINE");
        let message = if name.is_empty() {
            "spec.vmConfig.env invalid"
        } else if name.len() > 256 {
            "env.name field must be less than 255 characters long"
        } else if !names.insert(name) {
            "duplicate env"
        } else if !inline && !text(variable, "value").is_empty() {
            "value may only be set when valueFrom is INLINE"
        } else {
            continue;
        };
        return Some(Said::error(format!("{path}.env[{index}]"), message));
    }
    None
}

/// `validateWasmPluginMatch`: the first error only.
fn matched(selectors: Option<&Value>) -> Option<Said> {
    for (index, selector) in selectors?.as_array()?.iter().enumerate() {
        let path = format!("spec.match[{index}]");
        if selector.is_null() {
            return Some(Said::error(path, format!("spec.Match[{index}] is nil")));
        }
        let ports = selector.get("ports").and_then(Value::as_array);
        for (place, port) in ports.into_iter().flatten().enumerate() {
            let path = format!("{path}.ports[{place}]");
            let name = format!("spec.Match[{index}].Ports[{place}]");
            if port.is_null() {
                return Some(Said::error(path, format!("{name} is nil")));
            }
            let number = port.get("number").and_then(Value::as_i64).unwrap_or(0);
            if !(1..=65535).contains(&number) {
                return Some(Said::error(path, format!("{name} is out of range: {number}")));
            }
        }
    }
    None
}

fn fields(module: &WasmModule<'_>, said: &mut Vec<Said>) {
    let WasmModule { path, url, sha256, image_pull_secret, plugin_name, .. } = *module;
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if url.is_empty() {
        said.push(Said::error(format!("{path}.url"), "url field needs to be set"));
    } else if let Some(scheme) = scheme.filter(|it| !["oci", "http", "https", "file"].contains(it))
    {
        said.push(Said::error(
            format!("{path}.url"),
            format!("url contains unsupported scheme: {scheme}"),
        ));
    }
    if let Some(sha256) = sha256.filter(|it| !it.is_empty()) {
        let path = format!("{path}.sha256");
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if sha256.len() != 64 {
            said.push(Said::error(path, "sha256 field must be 64 characters long"));
        } else if !sha256.bytes().all(is_hex) {
            said.push(Said::error(path, "sha256 field must match [a-f0-9]{64} pattern"));
        }
    }
    if image_pull_secret.is_some_and(|secret| secret.len() > 253) {
        let message = "imagePullSecret field must be less than 253 characters long";
        said.push(Said::error(format!("{path}.imagePullSecret"), message));
    }
    if plugin_name.is_some_and(|name| name.len() > 256) {
        let message = "pluginName field must be less than 255 characters long";
        said.push(Said::error(format!("{path}.pluginName"), message));
    }
}
