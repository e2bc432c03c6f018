//! Which extension puts the filter into a gateway, and with what.
//!
//! **Source**: Istio pilot/pkg/model/push_context.go `WasmPluginsByListenerInfo`, pilot/pkg/model/extensions.go,
//! 1.31. **Not modelled**: `targetRefs` (Gateway API), `match`, `phase` (the filter stands just before the router).

use super::options::{FailurePolicy, Filter};
use crate::diagnostic::Diagnostic;
use crate::json_text;
use crate::locality::Locality;
use crate::manifest::{Extension, Manifests, MeshConfig, Object, WasmModule, WasmPlugin};
use crate::router::{PluginConfig, RouterConfig};
use crate::translate::{Proxy, selects};

/// The plugins that select this gateway, the first to run first: higher priority, then as read.
#[must_use]
pub fn plugins_for<'a>(manifests: &'a Manifests, proxy: &Proxy) -> Vec<&'a Object<WasmPlugin>> {
    let mesh = manifests.mesh_configs.last().map(|mesh| &mesh.spec);
    let root = mesh.map_or_else(
        || MeshConfig::default().root_namespace().to_owned(),
        |mesh| mesh.root_namespace().to_owned(),
    );
    let applies = |plugin: &&Object<WasmPlugin>| {
        is_for(&plugin.spec.extension(), plugin.metadata.namespace(), proxy, &root)
    };
    let mut plugins: Vec<_> = manifests.wasm_plugins.iter().filter(applies).collect();
    mesh_failover_sorted::sort_by_key(&mut plugins, |plugin| {
        std::cmp::Reverse(plugin.spec.priority.unwrap_or(i32::MIN))
    });
    plugins
}

/// Whether an extension of a namespace selects this gateway, in a mesh with this root namespace.
pub(crate) fn is_for(
    extension: &Extension<'_>,
    namespace: &str,
    proxy: &Proxy,
    root: &str,
) -> bool {
    (namespace == proxy.namespace || namespace == root)
        && extension.target_refs.is_empty()
        && extension.selector.is_none_or(|it| selects(&it.match_labels, &proxy.labels))
}

/// What the region router of a gateway at `locality` makes of its `pluginConfig`, and notes about what does not apply there.
///
/// # Errors
/// Everything that it refuses, at the fields of the extension that holds the module.
pub(crate) fn region_router(
    module: &WasmModule<'_>,
    locality: &Locality,
) -> Result<(RouterConfig, Vec<Diagnostic>), Vec<Diagnostic>> {
    let text = module.plugin_config.map(json_text::of).unwrap_or_default();
    let place = |mut found: Vec<Diagnostic>| {
        for it in &mut found {
            let dot = if it.path.is_empty() { "" } else { "." };
            it.path = [module.path, ".pluginConfig", dot, &it.path].concat();
        }
        found
    };
    match PluginConfig::from_json(&text).and_then(|config| config.compile(locality)) {
        Ok((config, notes)) => Ok((config, place(notes))),
        Err(errors) => Err(place(errors)),
    }
}

impl Filter {
    /// The filter a plugin asks for, from the module at `path` instead of the plugin's `url`.
    #[must_use]
    pub fn from_plugin(plugin: &Object<WasmPlugin>, path: &str) -> Self {
        let failure_policy = match plugin.spec.fail_strategy.as_deref() {
            Some("FAIL_OPEN") => FailurePolicy::FailOpen,
            Some("FAIL_RELOAD") => FailurePolicy::FailReload,
            _ => FailurePolicy::FailClosed,
        };
        let configuration = plugin.spec.plugin_config.as_ref();
        Self {
            name: format!("{}.{}", plugin.metadata.namespace(), plugin.metadata.name),
            path: path.to_owned(),
            configuration: configuration.map(json_text::of).unwrap_or_default(),
            root_id: plugin.spec.plugin_name.clone().unwrap_or_default(),
            failure_policy,
            vm_id: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use mesh_failover_sorted::SortedMap;

    use super::*;
    use crate::manifest::{Metadata, WorkloadSelector};

    fn plugin(
        name: &str,
        namespace: &str,
        label: Option<&str>,
        priority: Option<i32>,
    ) -> Object<WasmPlugin> {
        let selector = label.map(|value| WorkloadSelector {
            match_labels: SortedMap::from([("istio".to_owned(), value.to_owned())]),
        });
        Object {
            metadata: Metadata {
                name: name.to_owned(),
                namespace: Some(namespace.to_owned()),
                ..Metadata::default()
            },
            spec: WasmPlugin { selector, priority, ..WasmPlugin::default() },
            ..Object::default()
        }
    }

    #[test]
    fn takes_plugins_of_the_gateways_and_the_root_namespace_that_select_it() {
        let manifests = Manifests {
            wasm_plugins: vec![
                plugin("late", "istio-system", None, None),
                plugin("other-label", "istio-system", Some("egressgateway"), None),
                plugin("own", "gateways", Some("ingressgateway"), Some(1)),
                plugin("elsewhere", "default", None, None),
            ],
            ..Manifests::default()
        };
        let proxy = Proxy {
            namespace: "gateways".to_owned(),
            labels: SortedMap::from([("istio".to_owned(), "ingressgateway".to_owned())]),
            ..Proxy::default()
        };
        let names: Vec<&str> = plugins_for(&manifests, &proxy)
            .into_iter()
            .map(|plugin| plugin.metadata.name.as_str())
            .collect();
        assert_eq!(names, ["own", "late"]);
    }

    #[test]
    fn without_a_fail_strategy_a_broken_filter_closes_the_gateway() {
        let mut object = plugin("p", "n", None, None);
        assert_eq!(Filter::from_plugin(&object, "x").failure_policy, FailurePolicy::FailClosed);
        object.spec.fail_strategy = Some("FAIL_OPEN".to_owned());
        object.spec.plugin_config = Some(serde_json::json!({"destinations": []}));
        let filter = Filter::from_plugin(&object, "x");
        assert_eq!(filter.failure_policy, FailurePolicy::FailOpen);
        assert_eq!(filter.configuration, r#"{"destinations":[]}"#);
        assert_eq!(filter.name, "n.p");
    }
}
