//! `extensions.istio.io` WasmPlugin and TrafficExtension.
//!
//! **Source**: istio/api extensions/v1alpha1 `wasm.proto`, `traffic_extension.proto`.

use mesh_failover_derive::Read;
use serde::Serialize;
use serde_with::skip_serializing_none;

use super::WorkloadSelector;

/// `WasmPlugin.spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WasmPlugin {
    /// Proxies it applies to; unset: all of the namespace.
    pub selector: Option<WorkloadSelector>,
    /// Gateways and services it applies to; exclusive with `selector`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_refs: Vec<TargetRef>,
    /// `oci://`, `http://`, `https://` or `file://`; without a scheme `oci://`.
    pub url: String,
    /// Digest of the module or image.
    pub sha256: Option<String>,
    /// `IfNotPresent` or `Always`.
    pub image_pull_policy: Option<String>,
    /// Secret for the pull.
    pub image_pull_secret: Option<String>,
    /// Unused by istiod.
    pub verification_key: Option<String>,
    /// Handed to the module as JSON.
    pub plugin_config: Option<serde_json::Value>,
    /// The module's root id.
    pub plugin_name: Option<String>,
    /// `AUTHN`, `AUTHZ`, `STATS`; unset: just before the router.
    pub phase: Option<String>,
    /// Higher runs first within a phase.
    pub priority: Option<i32>,
    /// `FAIL_CLOSE` (default), `FAIL_OPEN`, `FAIL_RELOAD` (Istio 1.28).
    pub fail_strategy: Option<String>,
    /// Environment of the module.
    pub vm_config: Option<serde_json::Value>,
    /// Traffic it applies to.
    pub r#match: Option<serde_json::Value>,
    /// `HTTP` or `NETWORK`.
    pub r#type: Option<String>,
}

/// `PolicyTargetReference`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TargetRef {
    /// API group.
    pub group: Option<String>,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: Option<String>,
}

/// `TrafficExtension.spec` (Istio 1.30): the successor of WasmPlugin. Exactly one of `wasm` and `lua` is set.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TrafficExtension {
    /// Proxies it applies to; unset: all of the namespace.
    pub selector: Option<WorkloadSelector>,
    /// Gateways and services it applies to; exclusive with `selector`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_refs: Vec<TargetRef>,
    /// `AUTHN`, `AUTHZ`, `STATS`; unset: just before the router.
    pub phase: Option<String>,
    /// Higher runs first within a phase.
    pub priority: Option<i32>,
    /// Traffic it applies to.
    pub r#match: Option<serde_json::Value>,
    /// A Proxy-Wasm module.
    pub wasm: Option<WasmConfig>,
    /// A Lua script.
    pub lua: Option<LuaConfig>,
}

/// `WasmConfig`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WasmConfig {
    /// `oci://`, `http://`, `https://` or `file://`; without a scheme `oci://`.
    pub url: String,
    /// Digest of the module or image.
    pub sha256: Option<String>,
    /// `IfNotPresent` or `Always`.
    pub image_pull_policy: Option<String>,
    /// Secret for the pull.
    pub image_pull_secret: Option<String>,
    /// Unused by istiod.
    pub verification_key: Option<String>,
    /// Handed to the module as JSON.
    pub plugin_config: Option<serde_json::Value>,
    /// The module's root id.
    pub plugin_name: Option<String>,
    /// `FAIL_CLOSE` (default), `FAIL_OPEN`, `FAIL_RELOAD`.
    pub fail_strategy: Option<String>,
    /// Environment of the module.
    pub vm_config: Option<serde_json::Value>,
    /// `HTTP` or `NETWORK`.
    pub r#type: Option<String>,
}

/// `LuaConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct LuaConfig {
    /// The script: `envoy_on_request`, `envoy_on_response` or both.
    pub inline_code: String,
}

/// What both kinds say of proxies and of the module that these run, wherever in the object it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extension<'a> {
    /// Proxies it applies to; `None`: all of the namespace.
    pub selector: Option<&'a WorkloadSelector>,
    /// Gateways and services it applies to.
    pub target_refs: &'a [TargetRef],
    /// Traffic it applies to.
    pub r#match: Option<&'a serde_json::Value>,
    /// `None`: a script, not a module.
    pub module: Option<WasmModule<'a>>,
}

/// A Proxy-Wasm module: fields as in [`WasmPlugin`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WasmModule<'a> {
    /// Where its fields stand: `spec` or `spec.wasm`.
    pub path: &'static str,
    /// Where it is fetched from.
    pub url: &'a str,
    /// Digest of the module or image.
    pub sha256: Option<&'a str>,
    /// Secret for the pull.
    pub image_pull_secret: Option<&'a str>,
    /// Handed to the module as JSON.
    pub plugin_config: Option<&'a serde_json::Value>,
    /// The module's root id.
    pub plugin_name: Option<&'a str>,
    /// What happens if it breaks.
    pub fail_strategy: Option<&'a str>,
    /// Environment of the module.
    pub vm_config: Option<&'a serde_json::Value>,
}

impl WasmModule<'_> {
    /// Whether it is the region router: by what it is told, since no other module has `destinations` to route, or, where that
    /// is misspelt, by its file's or image's own name.
    #[must_use]
    pub fn is_region_router(&self) -> bool {
        let image = self.url.split('@').next().unwrap_or_default();
        let last = image.rsplit('/').next().unwrap_or_default();
        let name = last.split([':', '.']).next().unwrap_or_default();
        self.plugin_config.is_some_and(|config| config.get("destinations").is_some())
            || matches!(name, "region-router" | "region_router")
    }
}

/// The module of an object whose fields have the same names in both kinds.
macro_rules! module {
    ($fields:expr, $path:literal) => {
        WasmModule {
            path: $path,
            url: &$fields.url,
            sha256: $fields.sha256.as_deref(),
            image_pull_secret: $fields.image_pull_secret.as_deref(),
            plugin_config: $fields.plugin_config.as_ref(),
            plugin_name: $fields.plugin_name.as_deref(),
            fail_strategy: $fields.fail_strategy.as_deref(),
            vm_config: $fields.vm_config.as_ref(),
        }
    };
}

impl WasmPlugin {
    /// What it has in common with a TrafficExtension.
    #[must_use]
    pub fn extension(&self) -> Extension<'_> {
        Extension {
            selector: self.selector.as_ref(),
            target_refs: &self.target_refs,
            r#match: self.r#match.as_ref(),
            module: Some(module!(self, "spec")),
        }
    }
}

impl TrafficExtension {
    /// What it has in common with a WasmPlugin.
    #[must_use]
    pub fn extension(&self) -> Extension<'_> {
        Extension {
            selector: self.selector.as_ref(),
            target_refs: &self.target_refs,
            r#match: self.r#match.as_ref(),
            module: self.wasm.as_ref().map(|wasm| module!(wasm, "spec.wasm")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_region_router_is_known_by_its_configuration_or_its_name() {
        let is_router = |url: &str, config: serde_json::Value| {
            let plugin = WasmPlugin {
                url: url.to_owned(),
                plugin_config: Some(config),
                ..WasmPlugin::default()
            };
            plugin.extension().module.is_some_and(|module| module.is_region_router())
        };
        assert!(is_router("oci://registry.example/mine:1", json!({"destinations": []})));
        for url in [
            "file:///etc/mesh-failover/region_router.wasm",
            "oci://registry.example:5000/team/region-router@sha256:00",
            "registry.example/region-router:v1",
        ] {
            assert!(is_router(url, json!({"destination": []})), "{url}");
        }
        for url in ["oci://registry.example/region-router/other:1", "file:///a/filter.wasm", ""] {
            assert!(!is_router(url, json!({"rules": []})), "{url}");
        }
    }
}
