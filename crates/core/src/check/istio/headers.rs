//! What istiod's webhook says of headers: their names in conditions, and what is done to them.
//!
//! **Source**: Istio pkg/config/validation/validation.go `ValidateHTTPHeaderNameOrJwtClaimRoute`,
//! `ValidateHTTPHeaderWithAuthorityOperationName`, `ValidateHTTPHeaderWithHostOperationName`, `ValidateHTTPHeaderOperationName`,
//! `ValidateHTTPHeaderValue`; virtualservice.go `validateAuthorityRewrite`, 1.31.
//!
//! **Not modelled**: Envoy's variables in values.

use super::Said;
use super::quoted::Quoted;
use crate::manifest::{HeaderOperations, Headers, HttpRewrite};

/// `pseudoHeaders`.
const PSEUDO: [&str; 5] = [":method", ":scheme", ":authority", ":path", ":status"];

/// `validHeaderNameRegex`.
pub(super) fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The name of a header in a condition: a claim of a token, too.
pub(super) fn in_condition(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("header name cannot be empty".to_owned());
    }
    let fits = is_claim(name) || PSEUDO.contains(&name) || is_name(name);
    (!fits).then(|| format!("header name {name} is not a valid header name"))
}

/// `jwt.ToRoutingClaim`.
pub(super) fn is_claim(name: &str) -> bool {
    let claims = "@request.auth.claims";
    let start = name.get(..claims.len()).is_some_and(|start| start.eq_ignore_ascii_case(claims));
    start && name.get(claims.len()..).is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// Whose operations they are; a route may set the pseudo header, a destination only the header itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Route,
    Destination,
}

/// What is done to headers on both ways.
pub(super) fn operations(headers: &Headers, of: Of, path: &str, said: &mut Vec<Said>) {
    if let Some(operations) = &headers.request {
        let path = format!("{path}.request");
        let may_set = |name: &str| {
            name.eq_ignore_ascii_case("host")
                || of == Of::Route && name.eq_ignore_ascii_case(":authority")
        };
        changes(operations, &may_set, &path, said);
    }
    if let Some(operations) = &headers.response {
        changes(operations, &|_| false, &format!("{path}.response"), said);
    }
}

fn changes(
    operations: &HeaderOperations,
    may_set: &dyn Fn(&str) -> bool,
    path: &str,
    said: &mut Vec<Said>,
) {
    for (field, headers) in [("add", &operations.add), ("set", &operations.set)] {
        for (name, value) in headers {
            let path = format!("{path}.{field}.{name}");
            if !may_set(name) {
                said.extend(changed(name).map(|message| Said::error(&path, message)));
            }
            if value.bytes().any(|it| it.is_ascii_control() && it != b'\t') {
                let message = format!("header value configuration {value} is invalid");
                said.push(Said::error(path, message));
            }
        }
    }
    for (index, name) in operations.remove.iter().enumerate() {
        let message = changed(name);
        said.extend(message.map(|message| Said::error(format!("{path}.remove[{index}]"), message)));
    }
}

/// A name that is set or removed.
fn changed(name: &str) -> Option<String> {
    if name.is_empty() {
        Some("header name cannot be empty".to_owned())
    } else if name.eq_ignore_ascii_case("host") {
        Some(format!("invalid header {name}: cannot set Host header", name = Quoted(name)))
    } else if name.starts_with(':') {
        Some(format!("invalid header {name}: header cannot have \":\" prefix", name = Quoted(name)))
    } else {
        None
    }
}

/// The authority can be rewritten in one place.
pub(super) fn authority(
    rewrite: Option<&HttpRewrite>,
    headers: Option<&Headers>,
    path: &str,
    said: &mut Vec<Said>,
) {
    let is_authority =
        |name: &str| name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host");
    let mut current = rewrite.and_then(|rewrite| rewrite.authority.as_deref()).unwrap_or_default();
    let Some(request) = headers.and_then(|headers| headers.request.as_ref()) else { return };
    for (name, value) in request.set.iter().chain(&request.add).filter(|(it, _)| is_authority(it)) {
        if !current.is_empty() {
            let message = format!(
                "authority header cannot be set multiple times: have {current}, attempting to set {value}",
                current = Quoted(current),
                value = Quoted(value)
            );
            said.push(Said::error(format!("{path}.headers.request.{name}"), message));
            return;
        }
        current = value;
    }
}
