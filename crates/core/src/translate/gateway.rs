//! Which servers of which Gateways a proxy serves, and under which route names.
//!
//! **Source**: Istio pilot/pkg/model/gateway.go `mergeGateways`, pilot/pkg/networking/core/gateway.go, 1.31.
//!
//! **Not modelled**: the gateway's Service: a server's port is taken as the port the proxy listens on.

use mesh_failover_sorted::SortedMap;

use super::codes;
use super::findings::{Finding, Findings, by_age, title};
use super::labels::selects;
use super::push::Push;
use crate::diagnostic::Severity;
use crate::manifest::{Gateway, Object, Place, Server};

/// A server that carries HTTP routes.
#[derive(Debug, Clone)]
pub(super) struct BoundServer {
    pub(super) port: u16,
    pub(super) bind: Option<String>,
    pub(super) route_name: String,
    /// `namespace/name` of its Gateway.
    pub(super) gateway: String,
    /// Namespace part (`*` for any) and DNS name of each host.
    pub(super) hosts: Vec<(String, String)>,
    pub(super) terminates_tls: bool,
    pub(super) https_redirect: bool,
}

/// Every server of the proxy by port and route name, oldest Gateway first.
pub(super) fn bind_servers(
    push: &Push<'_>,
    findings: &mut Findings<'_>,
) -> SortedMap<(u16, String), Vec<BoundServer>> {
    let mut bound: SortedMap<(u16, String), Vec<BoundServer>> = SortedMap::new();
    for gateway in by_age(push.manifests.gateways.iter().chain(&push.converted.gateways)) {
        if !selects(&gateway.spec.selector, &push.proxy.labels) {
            continue;
        }
        for (index, server) in gateway.spec.servers.iter().enumerate() {
            let result = bind(gateway, server).and_then(|server| {
                conflict(&server, bound.values().flatten()).map_or(Ok(server), Err)
            });
            match result {
                Ok(server) => {
                    let key = (server.port, server.route_name.clone());
                    bound.entry(key).or_default().push(server);
                }
                Err(Refused { severity, code, why }) => findings.add(Finding {
                    severity,
                    code,
                    message: format!("a server of Gateway `{}` is left out: {why}", title(gateway)),
                    help: "",
                    place: Some(Place {
                        document: gateway.document,
                        path: format!("spec.servers[{index}]"),
                    }),
                }),
            }
        }
    }
    if bound.is_empty() {
        findings.add(Finding {
            severity: Severity::Warning,
            code: codes::NO_LISTENER,
            message: format!(
                "no Gateway selects the gateway of cluster `{}` with labels {}",
                push.proxy.cluster,
                push.proxy
                    .labels
                    .iter()
                    .map(|(k, v)| format!("`{k}: {v}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            help: "make `spec.selector` a subset of these labels",
            place: push.manifests.gateways.first().map(|gateway| Place {
                document: gateway.document,
                path: "spec.selector".to_owned(),
            }),
        });
    }
    bound
}

/// Why a server is left out.
struct Refused {
    severity: Severity,
    code: &'static str,
    why: String,
}

fn bind(gateway: &Object<Gateway>, server: &Server) -> Result<BoundServer, Refused> {
    let left_out = |severity, why: String| Refused { severity, code: codes::SERVER_LEFT_OUT, why };
    let error = |why: &str| left_out(Severity::Error, why.to_owned());
    let port = server.port.as_ref().ok_or_else(|| error("it has no port"))?;
    let number = u16::try_from(port.number).ok().filter(|&number| number > 0);
    let number = number.ok_or_else(|| error("its port is not between 1 and 65535"))?;
    let mode = server.tls.as_ref().map(|tls| tls.mode.as_deref().unwrap_or("PASSTHROUGH"));
    let protocol = port.protocol.to_ascii_uppercase();
    let terminates_tls = match (protocol.as_str(), mode) {
        ("HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB", _) => false,
        ("HTTPS", Some(mode)) if !mode.ends_with("PASSTHROUGH") => true,
        ("HTTPS", None) => return Err(error("HTTPS needs `tls`")),
        _ => {
            let why = format!("protocol `{}` carries no HTTP routes here", port.protocol);
            return Err(left_out(Severity::Note, why));
        }
    };
    let bind = server.bind.clone().filter(|bind| !bind.is_empty());
    let (namespace, name) = (gateway.metadata.namespace(), &gateway.metadata.name);
    let route_name = if terminates_tls {
        format!("https.{number}.{}.{name}.{namespace}", port.name)
    } else {
        bind.iter().fold(format!("http.{number}"), |name, bind| format!("{name}.{bind}"))
    };
    Ok(BoundServer {
        port: number,
        bind,
        route_name,
        gateway: title(gateway),
        hosts: server.hosts.iter().map(|host| split_host(host, namespace)).collect(),
        terminates_tls,
        https_redirect: server.tls.as_ref().is_some_and(|tls| tls.https_redirect == Some(true)),
    })
}

/// `[namespace/]dnsName`; `.` is the Gateway's namespace, none is any.
fn split_host(host: &str, own: &str) -> (String, String) {
    let (namespace, name) = host.split_once('/').unwrap_or(("*", host));
    let namespace = if namespace == "." { own } else { namespace };
    (namespace.to_owned(), name.to_ascii_lowercase())
}

/// Plain and TLS servers exclude each other on a port, and TLS servers need hosts of their own.
fn conflict<'a>(
    server: &BoundServer,
    mut earlier: impl Iterator<Item = &'a BoundServer>,
) -> Option<Refused> {
    earlier.find_map(|other| {
        if other.port != server.port || other.bind != server.bind {
            return None;
        }
        if other.terminates_tls != server.terminates_tls {
            let why = format!("Gateway `{}` has the port with another protocol", other.gateway);
            return Some(Refused {
                severity: Severity::Warning,
                code: codes::SERVER_LEFT_OUT,
                why,
            });
        }
        let shared = server.hosts.iter().find(|host| other.hosts.contains(host))?;
        server.terminates_tls.then(|| Refused {
            severity: Severity::Warning,
            code: codes::DUPLICATE_TLS_HOST,
            why: format!("Gateway `{}` already serves `{}` on this port", other.gateway, shared.1),
        })
    })
}
