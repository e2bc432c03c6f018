//! What istiod's webhook says of TLS settings: of a Gateway's servers, and towards upstreams.
//!
//! **Source**: Istio pkg/config/validation/validation.go `validateTLSOptions`, pkg/config/security `IsValidCipherSuite`; agent/validation.go `ValidateTLS`, 1.31.
//!
//! **Not modelled**: `configmap://` credentials.

use mesh_failover_sorted::SortedSet;
use serde_json::Value;

use super::{Said, WHOLE};
use crate::manifest::ServerTls;

fn is_set(text: &Option<String>) -> bool {
    text.as_ref().is_some_and(|text| !text.is_empty())
}

/// What is wrong with versions and ciphers.
fn protocols(tls: &ServerTls, path: &str, said: &mut Vec<Said>) {
    let old = matches!(tls.min_protocol_version.as_deref(), Some("TLSV1_0" | "TLSV1_1"));
    if old && tls.cipher_suites.as_ref().is_none_or(Vec::is_empty) {
        let message = "TLS version below TLSV1_2 require setting compatible ciphers as by default they no longer include compatible ciphers.";
        said.push(Said::warning(format!("{path}.minProtocolVersion"), message));
    }
    if WHOLE {
        cipher_suites(tls.cipher_suites.as_deref().unwrap_or_default(), path, said);
    }
}

/// What is wrong with the TLS settings of a server.
pub(super) fn server(tls: &ServerTls, path: &str, said: &mut Vec<Said>) {
    let mode = tls.mode.as_deref().unwrap_or("PASSTHROUGH");
    let names = tls.credential_names.as_ref().is_some_and(|names| !names.is_empty());
    let pairs = tls.tls_certificates.as_ref().and_then(Value::as_array);
    let pairs = pairs.map(Vec::as_slice).unwrap_or_default();
    protocols(tls, path, said);
    let certificates = [
        (is_set(&tls.server_certificate), "serverCertificate", "server certificate"),
        (is_set(&tls.private_key), "privateKey", "private key"),
        (is_set(&tls.ca_certificates), "caCertificates", "CA bundle"),
        (!pairs.is_empty(), "tlsCertificates", "tlsCertificates"),
        (is_set(&tls.credential_name), "credentialName", "credentialName"),
        (names, "credentialNames", "credentialNames"),
    ];
    let given = || certificates.iter().filter(|(is_given, ..)| *is_given);
    if mode == "ISTIO_MUTUAL" {
        for (_, field, name) in given() {
            let message = format!("ISTIO_MUTUAL TLS cannot have associated {name}");
            said.push(Said::error(format!("{path}.{field}"), message));
        }
        return;
    }
    if mode.ends_with("PASSTHROUGH") && (given().next().is_some() || is_set(&tls.ca_crl)) {
        let message = format!("{mode} mode does not use certificates, they will be ignored");
        said.push(Said::warning(path, message));
    }
    let pair = is_set(&tls.server_certificate) && is_set(&tls.private_key);
    let sources = [pair, is_set(&tls.credential_name), names, !pairs.is_empty()];
    if sources.iter().filter(|it| **it).count() > 1 {
        let message = "only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified";
        said.push(Said::error(path, message));
    }
    let prefix = match mode {
        "SIMPLE" => "SIMPLE TLS",
        "MUTUAL" | "OPTIONAL_MUTUAL" => "MUTUAL TLS",
        _ => return revocation(tls, mode, path, said),
    };
    if is_set(&tls.credential_name) || names {
        return;
    }
    if prefix == "MUTUAL TLS" && !is_set(&tls.ca_certificates) {
        said.push(Said::error(path, format!("{prefix} requires a client CA bundle")));
    }
    if pairs.len() > 2 {
        let message = format!("{prefix} can support up to 2 server certificates");
        said.push(Said::warning(format!("{path}.tlsCertificates"), message));
    }
    let text = |pair: &Value, name: &str| {
        pair.get(name).and_then(Value::as_str).is_some_and(|it| !it.is_empty())
    };
    let own = [(is_set(&tls.server_certificate), is_set(&tls.private_key))];
    let listed: Vec<_> = pairs
        .iter()
        .map(|pair| (text(pair, "serverCertificate"), text(pair, "privateKey")))
        .collect();
    let verified = if listed.is_empty() { own.as_slice() } else { &listed };
    for (certificate, key) in verified {
        if !certificate {
            said.push(Said::error(path, format!("{prefix} requires a server certificate")));
        }
        if !key {
            said.push(Said::error(path, format!("{prefix} requires a private key")));
        }
    }
    revocation(tls, mode, path, said);
}

/// `ValidCipherSuites`.
const CIPHER_SUITES: [&str; 15] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
];

/// Names that istiod drops, and those that stand there twice. What begins with an operator is not looked at.
fn cipher_suites(suites: &[String], path: &str, said: &mut Vec<Said>) {
    let is_valid = |suite: &str| {
        let named = suite.starts_with(|first: char| first.is_alphanumeric());
        !named || suite == "ALL" || CIPHER_SUITES.contains(&suite)
    };
    let mut seen = SortedSet::new();
    let (mut invalid, mut twice) = (SortedSet::new(), SortedSet::new());
    for suite in suites.iter().map(String::as_str) {
        if !is_valid(suite) {
            invalid.insert(suite);
        } else if !seen.insert(suite) {
            twice.insert(suite);
        }
    }
    for (what, names) in [("invalid", invalid), ("duplicate", twice)] {
        if !names.is_empty() {
            let names = names.into_iter().collect::<Vec<_>>().join(" ");
            let message = format!("ignoring {what} cipher suites: [{names}]");
            said.push(Said::warning(format!("{path}.cipherSuites"), message));
        }
    }
}

fn revocation(tls: &ServerTls, mode: &str, path: &str, said: &mut Vec<Said>) {
    if !is_set(&tls.ca_crl) {
        return;
    }
    let path = format!("{path}.caCrl");
    if is_set(&tls.credential_name) {
        let message =
            "CRL is not supported with credentialName. CRL has to be specified in the credential";
        said.push(Said::error(&path, message));
    }
    if mode == "SIMPLE" {
        said.push(Said::error(path, "CRL is not supported with SIMPLE TLS"));
    }
}

/// What is wrong with the TLS settings towards an upstream.
pub(super) fn client(tls: &Value, path: &str, said: &mut Vec<Said>) {
    let set =
        |name: &str| tls.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let mode = tls.get("mode").and_then(Value::as_str).unwrap_or("DISABLE");
    let names = tls.get("subjectAltNames").and_then(Value::as_array);
    let names = names.is_some_and(|names| !names.is_empty());
    if tls.get("insecureSkipVerify") == Some(&Value::Bool(true)) {
        let verifies = set("caCertificates") || names;
        if mode == "SIMPLE" && (verifies || set("credentialName")) {
            let message = "cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true";
            said.push(Said::error(path, message));
        }
        if mode == "MUTUAL" && verifies {
            let message = "cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true";
            said.push(Said::error(path, message));
        }
    }
    if matches!(mode, "SIMPLE" | "MUTUAL") && set("credentialName") {
        if ["clientCertificate", "caCertificates", "privateKey", "caCrl"].into_iter().any(set) {
            let message = "cannot specify client certificates or CA certificate or CA CRL If credentialName is set";
            said.push(Said::error(path, message));
        }
        return;
    }
    if mode == "MUTUAL" {
        for (field, message) in [
            ("clientCertificate", "client certificate required for mutual tls"),
            ("privateKey", "private key required for mutual tls"),
        ] {
            if !set(field) {
                said.push(Said::error(path, message));
            }
        }
    }
}
