//! The configuration that istiod would give one gateway, ready to run.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;

use super::error::{Error, codes};
use super::files::{self, File};
use crate::diagnostic::Diagnostic;
use crate::envoy::{self, Filter, Node, Options};
use crate::live::Mesh;
use crate::manifest::Manifests;
use crate::translate::{Proxy, translate};

/// A gateway to configure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EnvoyRequest {
    /// The texts; a Topology among them.
    pub files: Vec<File>,
    /// Where the gateway is, `REGION[/ZONE[/SUBZONE]]`; unset: the topology's first gateway.
    #[serde(default)]
    pub from: Option<String>,
    /// The istiod to imitate, for example `1.31`; unset: the newest.
    #[serde(default)]
    pub istio: Option<String>,
    /// The file of a Wasm module, as Envoy should open it, to put before the router, configured by the WasmPlugin among the
    /// texts; unset: no filter.
    #[serde(default)]
    pub filter: Option<String>,
}

/// A configuration as texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvoyAnswer {
    /// The bootstrap, YAML.
    pub bootstrap: String,
    /// Endpoint files by name, YAML; they belong into the folder `eds` beside the bootstrap.
    pub eds: SortedMap<String, String>,
    /// What is doubtful about the texts, and what Istio would do silently.
    pub diagnostics: Vec<Diagnostic>,
}

/// Configures one gateway. It listens on loopback; a port below 1024 is moved up by 8000.
///
/// # Errors
/// If the texts cannot be used, the gateway does not exist, or there is nothing for it to listen on.
pub fn envoy(request: EnvoyRequest) -> Result<EnvoyAnswer, Error> {
    let version = files::istio_version(request.istio.as_deref())?;
    let Mesh { manifests, mut diagnostics, .. } = files::read_usable(&request.files)?;
    let proxy = Proxy::gateway_at(&manifests, request.from.as_deref().unwrap_or_default())
        .map_err(|error| Error::new(codes::NO_GATEWAY, error.to_string()))?
        .with_version(version);
    let translation = translate(&manifests, &proxy);
    diagnostics.extend(translation.diagnostics.iter().cloned());
    if translation.listeners.is_empty() {
        let message = "these manifests give the gateway nothing to listen on";
        let help = "a Gateway must select its labels, `istio: ingressgateway` unless the topology says otherwise";
        let error = Error::new(codes::NO_LISTENER, message).help(help);
        return Err(Error { diagnostics, ..error });
    }
    let ports = translation.listeners.iter().map(|listener| listener.port);
    let options = Options {
        node: Node {
            id: format!("{}.istio-ingressgateway", proxy.cluster),
            locality: proxy.locality.clone(),
            ..Node::default()
        },
        listen: SortedMap::from_iter(ports.map(|port| (port, Options::unprivileged(port)))),
        filter: request.filter.map(|path| filter(&manifests, &proxy, &path)).transpose()?,
        made_from: request.files.iter().map(|file| file.name.clone()).collect(),
        ..Options::default()
    };
    let rendered = envoy::render(&translation, &options);
    Ok(EnvoyAnswer { bootstrap: rendered.bootstrap, eds: rendered.eds, diagnostics })
}

fn filter(manifests: &Manifests, proxy: &Proxy, path: &str) -> Result<Filter, Error> {
    let plugins = envoy::plugins_for(manifests, proxy);
    let plugin = plugins.first().ok_or_else(|| {
        let namespace = &proxy.namespace;
        let message = format!("no WasmPlugin selects the gateway in namespace `{namespace}`");
        Error::new(codes::REQUEST, message).help(format!(
            "add a WasmPlugin in `{namespace}` with a `selector` for the gateway's labels and a `pluginConfig`"
        ))
    })?;
    Ok(Filter::from_plugin(plugin, path))
}
