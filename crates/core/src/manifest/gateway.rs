//! `networking.istio.io` Gateway.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;
use serde_with::skip_serializing_none;

/// `Gateway.spec`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Gateway {
    /// Labels of the proxies that serve it; empty: every gateway proxy.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub selector: SortedMap<String, String>,
    /// What is exposed.
    pub servers: Vec<Server>,
}

/// `Gateway.servers[]`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Server {
    /// Name, unique in the Gateway.
    pub name: Option<String>,
    /// The port of the gateway's Service.
    pub port: Option<Port>,
    /// Address to bind.
    pub bind: Option<String>,
    /// `[namespace/]dnsName`.
    pub hosts: Vec<String>,
    /// TLS settings.
    pub tls: Option<ServerTls>,
    /// Obsolete.
    pub default_endpoint: Option<String>,
}

/// `Port`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Port {
    /// Service port number.
    pub number: u32,
    /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS`.
    pub protocol: String,
    /// Its name.
    pub name: String,
    /// Without effect on Gateways.
    pub target_port: Option<u32>,
}

/// `Server.tls`: read as written; certificates are not looked at.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ServerTls {
    /// Answer plain HTTP with a redirect.
    pub https_redirect: Option<bool>,
    /// `PASSTHROUGH`, `SIMPLE`, `MUTUAL`, ….
    pub mode: Option<String>,
    /// Path of the certificate.
    pub server_certificate: Option<String>,
    /// Path of the key.
    pub private_key: Option<String>,
    /// Path of the client CA.
    pub ca_certificates: Option<String>,
    /// Path of the revocation list.
    pub ca_crl: Option<String>,
    /// Secret with all of them.
    pub credential_name: Option<String>,
    /// Several of them.
    pub credential_names: Option<Vec<String>>,
    /// Accepted client names.
    pub subject_alt_names: Option<Vec<String>>,
    /// Accepted client certificates.
    pub verify_certificate_spki: Option<Vec<String>>,
    /// Accepted client certificates.
    pub verify_certificate_hash: Option<Vec<String>>,
    /// Lowest TLS version.
    pub min_protocol_version: Option<String>,
    /// Highest TLS version.
    pub max_protocol_version: Option<String>,
    /// Secret or ConfigMap with the client CA (Istio 1.28).
    pub ca_cert_credential_name: Option<String>,
    /// Several certificates by path.
    pub tls_certificates: Option<serde_json::Value>,
    /// Accepted ciphers.
    pub cipher_suites: Option<Vec<String>>,
}
