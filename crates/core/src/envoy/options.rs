//! What a runnable configuration needs beyond what istiod decides: where to listen, where files are.

use mesh_failover_sorted::SortedMap;

use crate::cluster::Address;
use crate::locality::Locality;

/// How a translation becomes runnable.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Who the proxy says it is.
    pub node: Node,
    /// Where each listener binds, by the port of the gateway's Service; a port that is not named binds
    /// [`Options::DEFAULT_HOST`] at its own number. Port 0 lets the system choose.
    pub listen: SortedMap<u16, Address>,
    /// Envoy's admin interface.
    pub admin: Address,
    /// Folder of the endpoint files as Envoy should open it.
    pub eds_dir: String,
    /// Where endpoints listen really, by endpoint name; others keep the address of the translation.
    pub endpoint_addresses: SortedMap<String, Address>,
    /// The Wasm filter before the router.
    pub filter: Option<Filter>,
    /// Further HTTP filters as Envoy's JSON, before [`Options::filter`].
    pub http_filters: Vec<serde_json::Value>,
    /// File for one line a request, for example `/dev/stdout`.
    pub access_log: Option<String>,
    /// File for one line an ejection.
    pub outlier_log: Option<String>,
    /// What the configuration was made from, for the comment at its top.
    pub made_from: Vec<String>,
}

impl Options {
    /// Loopback: a configuration on a workstation should not face the network by itself.
    pub const DEFAULT_HOST: &str = "127.0.0.1";
    /// Envoy's admin port in Istio.
    pub const DEFAULT_ADMIN_PORT: u16 = 15_000;
    /// Folder of the endpoint files, beside the bootstrap.
    pub const DEFAULT_EDS_DIR: &str = "eds";

    /// Where a gateway's port listens on a workstation: on loopback, and not below 1024, for which nobody there has the right.
    #[must_use]
    pub fn unprivileged(port: u16) -> Address {
        let port = if port < 1024 { port.saturating_add(8000) } else { port };
        Address { host: Self::DEFAULT_HOST.to_owned(), port }
    }
}

/// Everything on loopback, nothing logged, no filter.
impl Default for Options {
    fn default() -> Self {
        Self {
            node: Node::default(),
            listen: SortedMap::new(),
            admin: Address { host: Self::DEFAULT_HOST.to_owned(), port: Self::DEFAULT_ADMIN_PORT },
            eds_dir: Self::DEFAULT_EDS_DIR.to_owned(),
            endpoint_addresses: SortedMap::new(),
            filter: None,
            http_filters: Vec::new(),
            access_log: None,
            outlier_log: None,
            made_from: Vec::new(),
        }
    }
}

/// `core.v3.Node`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// The service it is part of.
    pub cluster: String,
    /// Where it is; the filter reads its own region from here.
    pub locality: Locality,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            id: "istio-ingressgateway".to_owned(),
            cluster: "istio-ingressgateway".to_owned(),
            locality: Locality::default(),
        }
    }
}

/// A Wasm HTTP filter as istiod and its agent place it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// `<namespace>.<name>` of the WasmPlugin.
    pub name: String,
    /// The module's file as Envoy should open it.
    pub path: String,
    /// `pluginConfig` as JSON text; empty: none is handed over.
    pub configuration: String,
    /// `pluginName`.
    pub root_id: String,
    /// What happens once the module has trapped.
    pub failure_policy: FailurePolicy,
    /// VMs of one id share their data; istiod leaves it empty.
    pub vm_id: String,
}

/// `wasm.v3.FailurePolicy`, from the WasmPlugin's `failStrategy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Every request is answered 503.
    #[default]
    FailClosed,
    /// The filter is skipped.
    FailOpen,
    /// A new VM is started after a while (Istio 1.28).
    FailReload,
}
