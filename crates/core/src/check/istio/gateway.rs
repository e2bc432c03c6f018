//! What istiod's webhook says of a Gateway.
//!
//! **Source**: Istio pkg/config/validation/validation.go `ValidateGateway`, `validateServer`, `validateServerPort`;
//! agent/validation.go `ValidateNamespaceSlashWildcardHostname`, 1.31.

use std::net::IpAddr;

use mesh_failover_sorted::SortedSet;

use super::quoted::Quoted;
use super::{Said, WHOLE, domain, matching, tls};
use crate::manifest::{Gateway, Port, Server};

/// What is wrong with a Gateway.
pub(crate) fn gateway(name: &str, gateway: &Gateway) -> Vec<Said> {
    let mut said = Vec::new();
    if WHOLE && !domain::is_label(name) {
        said.push(Said::error(
            "metadata.name",
            format!("invalid gateway name: {name}", name = Quoted(name)),
        ));
    }
    if gateway.servers.is_empty() {
        said.push(Said::error("spec", "gateway must have at least one server"));
    }
    let mut names = SortedSet::new();
    for (index, server) in gateway.servers.iter().enumerate() {
        let path = format!("spec.servers[{index}]");
        check_server(server, &path, &mut said);
        let name = server.port.as_ref().map(|port| port.name.as_str()).unwrap_or_default();
        if !name.is_empty() && !names.insert(name) {
            let message = format!("port names in servers must be unique: duplicate name {name}");
            said.push(Said::error(format!("{path}.port.name"), message));
        }
    }
    said
}

fn check_server(server: &Server, path: &str, said: &mut Vec<Said>) {
    if server.hosts.is_empty() {
        said.push(Said::error(path, "server config must contain at least one host"));
    }
    for (index, host) in server.hosts.iter().enumerate().filter(|_| WHOLE) {
        for message in wrong_host(host) {
            said.push(Said::error(format!("{path}.hosts[{index}]"), message));
        }
    }
    let Some(port) = &server.port else {
        said.push(Said::error(path, "port is required"));
        return;
    };
    let protocol = port.protocol.to_ascii_uppercase();
    let tls = matches!(protocol.as_str(), "HTTPS" | "TLS");
    let http = matches!(protocol.as_str(), "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB");
    let other = matches!(protocol.as_str(), "MONGO" | "REDIS" | "MYSQL" | "TCP");
    if !(tls || http || other) {
        let message = format!(
            "invalid protocol {}, supported protocols are HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP",
            Quoted(&port.protocol)
        );
        said.push(Said::error(format!("{path}.port.protocol"), message));
    }
    matching::port(i64::from(port.number), &format!("{path}.port.number"), said);
    if port.target_port.is_some_and(|port| port > 0) {
        let message = "targetPort has no impact on Gateways";
        said.push(Said::warning(format!("{path}.port.targetPort"), message));
    }
    if WHOLE && port.name.is_empty() {
        said.push(Said::error(format!("{path}.port"), unnamed(port)));
    }
    let settings = server.tls.as_ref();
    if let Some(settings) = settings {
        tls::server(settings, &format!("{path}.tls"), said);
    }
    let redirects = settings.is_some_and(|tls| tls.https_redirect == Some(true));
    if redirects && !http {
        let message = "tls.httpsRedirect should only be used with http servers";
        said.push(Said::warning(format!("{path}.tls.httpsRedirect"), message));
    }
    let passes = settings.is_none_or(|tls| {
        matches!(tls.mode.as_deref(), None | Some("PASSTHROUGH" | "AUTO_PASSTHROUGH"))
            && tls.server_certificate.is_none()
            && tls.private_key.is_none()
            && tls.ca_certificates.is_none()
    });
    let message = match (tls, http, settings.is_some()) {
        (true, _, false) => "server must have TLS settings for HTTPS/TLS protocols",
        (false, true, true) if !passes => {
            "server cannot have TLS settings for plain text HTTP ports"
        }
        (false, false, true) if other => "server cannot have TLS settings for non HTTPS/TLS ports",
        _ => return,
    };
    said.push(Said::error(format!("{path}.tls"), message));
}

/// Go prints the port as it prints messages, whose spaces are not to be relied on.
fn unnamed(port: &Port) -> String {
    format!("port name must be set: number:{} protocol:{}", port.number, Quoted(&port.protocol))
}

/// A host of a server, after a namespace perhaps.
fn wrong_host(host: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = match host.split_once('/') {
        None => host,
        Some((namespace, name)) => {
            if namespace.is_empty() || name.is_empty() {
                let message = "config namespace and dnsName in host entry cannot be empty";
                wrong.push(message.to_owned());
            }
            if !["*", "."].contains(&namespace) && !domain::is_label(namespace) {
                wrong.push(format!(
                    "invalid namespace value {namespace} in gateway",
                    namespace = Quoted(namespace)
                ));
            }
            name
        }
    };
    if name != "*" && !name.contains('.') {
        wrong.push("short names (non FQDN) are not allowed".to_owned());
    }
    let is_address = name.parse::<IpAddr>().is_ok();
    wrong.extend(domain::wildcard(name).err().filter(|_| !is_address));
    if name.contains('*') && name != "*" && !name.starts_with("*.") {
        wrong.push(format!("partial wildcard {name} not allowed", name = Quoted(name)));
    }
    wrong
}
