//! Listeners and their HTTP connection managers, as on an ingress gateway.
//!
//! **Source**: Istio pilot/pkg/networking/core/gateway.go `createGatewayHTTPFilterChainOpts`, listener_builder.go
//! `buildHTTPConnectionManager`, 1.31.
//!
//! TLS is not spoken: a listener that would end it serves the same routes in plain HTTP, and the server
//! names of one port share one listener. Addresses of the cluster (`bind`) mean nothing here.
//!
//! **Not modelled**: istiod's filters that do not choose an upstream (metadata exchange,
//! fault, CORS, gRPC statistics, telemetry).

use mesh_failover_sorted::SortedMap;

use super::endpoint::{METADATA_NAMESPACE, address};
use super::message::{Message, json};
use super::options::{FailurePolicy, Filter, Options};
use super::route::route_configuration;
use crate::cluster::Address;
use crate::manifest::Node;
use crate::route::{Listener, VirtualHost};

/// One listener a port: what istiod tells apart by server name or address is told apart by
/// domain. Envoy wants a domain only once, and the first server that names it has it in istiod too.
pub(super) fn by_port(listeners: &[Listener]) -> Vec<Listener> {
    let mut merged: SortedMap<u16, Listener> = SortedMap::new();
    for listener in listeners {
        let target = merged
            .entry(listener.port)
            .or_insert_with(|| Listener { virtual_hosts: Vec::new(), ..listener.clone() });
        for host in &listener.virtual_hosts {
            let taken = |domain: &String| {
                target.virtual_hosts.iter().any(|other| other.domains.contains(domain))
            };
            let domains: Vec<String> =
                host.domains.iter().filter(|domain| !taken(domain)).cloned().collect();
            if !domains.is_empty() {
                target.virtual_hosts.push(VirtualHost { domains, ..host.clone() });
            }
        }
    }
    merged.into_values().collect()
}

/// `Listener`.
pub(super) fn listener(listener: &Listener, options: &Options) -> Message {
    let bind = options
        .listen
        .get(&listener.port)
        .cloned()
        .unwrap_or_else(|| Address { host: Options::DEFAULT_HOST.to_owned(), port: listener.port });
    let filter = Message::new()
        .with("name", "envoy.filters.network.http_connection_manager")
        .with("typed_config", connection_manager(listener, options));
    let chain = Message::new().with_list("filters", [filter]);
    Message::new()
        .with("name", format!("0.0.0.0_{}", listener.port))
        .with("address", address(&bind))
        .with_list("filter_chains", [chain])
        .with("traffic_direction", "OUTBOUND")
}

fn connection_manager(listener: &Listener, options: &Options) -> Message {
    Message::any("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
        .with("stat_prefix", format!("outbound_0.0.0.0_{}", listener.port))
        .with("route_config", route_configuration(listener))
        .with_list("http_filters", http_filters(options))
        .with("server_name", "istio-envoy")
        .with_list("access_log", options.access_log.as_deref().map(access_log))
        .with("use_remote_address", true)
        .with("forward_client_cert_details", "SANITIZE_SET")
        .with_list("upgrade_configs", [Message::new().with("upgrade_type", "websocket")])
        .with("stream_idle_timeout", "0s")
        .with("normalize_path", true)
        .with("path_with_escaped_slashes_action", "KEEP_UNCHANGED")
}

/// istiod's place for a plugin without a phase: after everything else that may steer, before the router.
fn http_filters(options: &Options) -> Vec<Node> {
    let router = Message::new()
        .with("name", "envoy.filters.http.router")
        .with("typed_config", Message::any("extensions.filters.http.router.v3.Router"));
    let mut filters: Vec<Node> = options.http_filters.iter().map(json).collect();
    filters.extend(options.filter.as_ref().map(|filter| wasm(filter).into()));
    filters.push(router.into());
    filters
}

/// **Source**: Istio pilot/pkg/model/extensions.go `buildHTTPTypedExtensionConfig`, 1.31.
fn wasm(filter: &Filter) -> Message {
    let code = Message::new().with("local", Message::new().with("filename", filter.path.as_str()));
    let vm = Message::new()
        .with_text("vm_id", &filter.vm_id)
        .with("runtime", "envoy.wasm.runtime.v8")
        .with("code", code);
    let configuration = (!filter.configuration.is_empty()).then(|| {
        Message::new()
            .with("@type", "type.googleapis.com/google.protobuf.StringValue")
            .with("value", filter.configuration.as_str())
    });
    let config = Message::new()
        .with("name", filter.name.as_str())
        .with_text("root_id", &filter.root_id)
        .with("vm_config", vm)
        .with_some("configuration", configuration)
        .with("failure_policy", failure_policy(filter.failure_policy));
    let typed = Message::any("extensions.filters.http.wasm.v3.Wasm").with("config", config);
    Message::new().with("name", filter.name.as_str()).with("typed_config", typed)
}

fn failure_policy(policy: FailurePolicy) -> &'static str {
    match policy {
        FailurePolicy::FailClosed => "FAIL_CLOSED",
        FailurePolicy::FailOpen => "FAIL_OPEN",
        FailurePolicy::FailReload => "FAIL_RELOAD",
    }
}

/// One line a request: what was asked, what came back, and which endpoint of the topology served.
fn access_log(path: &str) -> Message {
    let endpoint = format!("%UPSTREAM_METADATA([\"{METADATA_NAMESPACE}\",\"endpoint\"])%");
    let line = format!(
        "%START_TIME% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% \
         %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER_RAW% %UPSTREAM_HOST% {endpoint} %DURATION%\n"
    );
    let format =
        Message::new().with("text_format_source", Message::new().with("inline_string", line));
    let config = Message::any("extensions.access_loggers.file.v3.FileAccessLog")
        .with("path", path)
        .with("log_format", format);
    Message::new().with("name", "envoy.access_loggers.file").with("typed_config", config)
}
