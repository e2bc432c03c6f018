//! Who decides about regions: Istio's locality load balancing alone, or the region router before it.

use std::fmt;
use std::str::FromStr;

use mesh_failover_derive::Read;
use serde::Serialize;

use super::error::SimError;
use crate::envoy::{Filter, plugins_for, region_router};
use crate::manifest::{Manifests, Object, WasmPlugin};
use crate::router::RouterConfig;
use crate::translate::Proxy;

/// Who decides about regions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Arm {
    /// The router if a WasmPlugin puts it into the gateway, otherwise nobody but Istio: what the manifests say.
    #[default]
    Auto,
    /// Istio's locality load balancing alone, whatever plugins there are.
    Native,
    /// The region router before Istio's locality load balancing.
    Router,
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Native => "native",
            Self::Router => "router",
        })
    }
}

impl FromStr for Arm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Auto, Self::Native, Self::Router]
            .into_iter()
            .find(|arm| arm.to_string() == text)
            .ok_or_else(|| "write `auto`, `native` or `router`".to_owned())
    }
}

/// The region router of a gateway.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    /// What it runs.
    pub(super) config: RouterConfig,
    /// The same as the filter is told it.
    pub(super) filter: Filter,
}

/// The region router of a gateway; `None`: there is none in this arm.
pub(super) fn router(
    arm: Arm,
    manifests: &Manifests,
    proxy: &Proxy,
) -> Result<Option<Attached>, SimError> {
    let plugins = plugins_for(manifests, proxy);
    let plugin = match arm {
        Arm::Native => return Ok(None),
        Arm::Auto => match plugins.into_iter().find(|plugin| is_router(plugin)) {
            Some(plugin) => plugin,
            None => return Ok(None),
        },
        Arm::Router => {
            let ours = plugins.iter().find(|plugin| is_router(plugin)).or(plugins.first());
            ours.copied().ok_or(SimError::NoRouter)?
        }
    };
    let name = || format!("{}/{}", plugin.metadata.namespace(), plugin.metadata.name);
    let Some(module) = plugin.spec.extension().module else { return Err(SimError::NoRouter) };
    match region_router(&module, &proxy.locality) {
        Ok((config, _)) => Ok(Some(Attached { config, filter: Filter::from_plugin(plugin, "") })),
        Err(findings) => {
            let findings = findings.iter().map(|it| format!("`{}`: {}", it.path, it.message));
            Err(SimError::Router { plugin: name(), error: findings.collect::<Vec<_>>().join("; ") })
        }
    }
}

fn is_router(plugin: &Object<WasmPlugin>) -> bool {
    plugin.spec.extension().module.is_some_and(|module| module.is_region_router())
}
