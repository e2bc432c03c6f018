//! What istiod's webhook says of the conditions of routes.
//!
//! **Source**: Istio pkg/config/validation/virtualservice.go `validateHTTPRouteMatchRequest`, validation.go `validateStringMatch`,
//! `validateGatewayNames`, agent/validation.go `ValidatePort`, 1.31.

use super::quoted::Quoted;
use super::{Said, domain, headers, regex, scope};
use crate::manifest::{HttpMatchRequest, StringMatch};

/// What is wrong with a condition of an HTTP route.
pub(super) fn http(matched: &HttpMatchRequest, path: &str, said: &mut Vec<Said>) {
    for (field, names) in
        [("headers", &matched.headers), ("withoutHeaders", &matched.without_headers)]
    {
        for (name, wanted) in names {
            let path = format!("{path}.{field}.{name}");
            if wanted.is_none() && field == "headers" {
                said.push(Said::error(&path, format!("header match {name} cannot be null")));
            }
            said.extend(headers::in_condition(name).map(|message| Said::error(path, message)));
        }
    }
    for (name, wanted) in &matched.headers {
        text(wanted.as_ref(), "headers", &format!("{path}.headers.{name}"), said);
    }
    for (name, wanted) in &matched.without_headers {
        // `*` asks for presence.
        let wanted = wanted.as_ref().filter(|it| it.regex.as_deref() != Some("*"));
        text(wanted, "withoutHeaders", &format!("{path}.withoutHeaders.{name}"), said);
    }
    // An empty prefix is a path's, and nothing else's.
    let uri = matched.uri.as_ref().filter(|it| it.prefix.is_none());
    for (name, wanted) in [
        ("uri", uri),
        ("scheme", matched.scheme.as_ref()),
        ("method", matched.method.as_ref()),
        ("authority", matched.authority.as_ref()),
    ] {
        text(wanted, name, &format!("{path}.{name}"), said);
    }
    for (name, wanted) in &matched.query_params {
        text(wanted.as_ref(), "queryParams", &format!("{path}.queryParams.{name}"), said);
    }
    if let Some(number) = matched.port.filter(|number| *number != 0) {
        port(i64::from(number), &format!("{path}.port"), said);
    }
    scope::labels(&matched.source_labels, &format!("{path}.sourceLabels"), said);
    gateways(&matched.gateways, &format!("{path}.gateways"), said);
    let namespace = matched.source_namespace.as_deref().unwrap_or_default();
    if !namespace.is_empty() && !domain::is_label(namespace) {
        let message = format!("sourceNamespace match {namespace} is invalid");
        said.push(Said::error(format!("{path}.sourceNamespace"), message));
    }
}

/// `validateStringMatch`.
fn text(wanted: Option<&StringMatch>, place: &str, path: &str, said: &mut Vec<Said>) {
    let Some(wanted) = wanted else { return };
    let message = match (&wanted.prefix, &wanted.regex) {
        (Some(prefix), _) if prefix.is_empty() => {
            Some(format!("{place}: prefix string match should not be empty", place = Quoted(place)))
        }
        (None, Some(regex)) => regex::refused(regex, place),
        _ => None,
    };
    said.extend(message.map(|message| Said::error(path, message)));
}

/// `ValidatePort`.
pub(super) fn port(number: i64, path: &str, said: &mut Vec<Said>) {
    if !(1..=65535).contains(&number) {
        let message = format!("port number {number} must be in the range 1..65535");
        said.push(Said::error(path, message));
    }
}

/// `validateGatewayNames`, which goes no further than the first name without a namespace.
pub(super) fn gateways(names: &[String], path: &str, said: &mut Vec<Said>) {
    for (index, name) in names.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some((namespace, gateway)) = name.split_once('/') else {
            let parts: Vec<&str> = name.split('.').collect();
            if let [gateway, namespace, ..] = parts.as_slice() {
                let recommended = format!("{namespace}/{gateway}");
                let message = format!(
                    "using legacy gatewayName format {name}; prefer the <namespace>/<name> format: {recommended}",
                    name = Quoted(name),
                    recommended = Quoted(&recommended)
                );
                said.push(Said::warning(&path, message));
            }
            said.extend(domain::fqdn(name).err().map(|message| Said::error(path, message)));
            return;
        };
        if namespace.is_empty() || gateway.is_empty() {
            let message = "config namespace and gateway name cannot be empty";
            said.push(Said::error(&path, message));
        }
        for (kind, part) in [("namespace", namespace), ("gateway name", gateway)] {
            if !domain::is_label(part) {
                let message = format!("invalid value for {kind}: {part}", part = Quoted(part));
                said.push(Said::error(&path, message));
            }
        }
    }
}
