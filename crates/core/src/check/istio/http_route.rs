//! What istiod's webhook says of the parts of an HTTP route that have nothing to do with regions, and that stop `kubectl apply`
//! all the same: CORS, faults, mirrors, redirects, rewrites.
//!
//! **Source**: Istio pkg/config/validation/validation.go `validateCORSPolicy`, `validateHTTPFaultInjection`,
//! `validateHTTPMirrors`, `validateHTTPRedirect`, `validateHTTPRewrite`, `validateHTTPDirectResponse`; virtualservice.go
//! `validateHTTPRoute`, 1.31.

use serde_json::Value;

use super::headers::is_name;
use super::quoted::Quoted;
use super::{Said, WHOLE, domain, matching, regex, validate_duration};
use crate::manifest::{Destination, GoDuration, HttpRoute, from_value};

/// What is wrong with a route apart from where it leads.
pub(super) fn extras(route: &HttpRoute, path: &str, said: &mut Vec<Said>) {
    if let Some(policy) = &route.cors_policy {
        cors(policy, &format!("{path}.corsPolicy"), said);
    }
    if let Some(fault) = &route.fault {
        faults(fault, &format!("{path}.fault"), said);
    }
    mirrors(route, path, said);
    answers(route, path, said);
}

/// An item of a JSON value that must be a list.
fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    value.get(name).and_then(Value::as_array).into_iter().flatten().enumerate()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// `supportedCORSMethods`.
const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];

fn cors(policy: &Value, path: &str, said: &mut Vec<Said>) {
    for (index, origin) in items(policy, "allowOrigins") {
        let matched = ["exact", "prefix", "regex"].map(|kind| text(origin, kind));
        if matched.iter().all(|it| it.is_empty()) {
            let message = "'' is not a valid match type for CORS allow origins";
            said.push(Said::error(format!("{path}.allowOrigins[{index}]"), message));
        } else if let [.., regex] = matched
            && WHOLE
            && !regex.is_empty()
        {
            let message = regex::refused(regex, "corsPolicy.allowOrigins");
            let path = format!("{path}.allowOrigins[{index}].regex");
            said.extend(message.map(|message| Said::error(path, message)));
        }
    }
    for (index, method) in items(policy, "allowMethods") {
        let method = method.as_str().unwrap_or_default();
        if !METHODS.contains(&method) {
            let message =
                format!("{method} is not a supported HTTP method", method = Quoted(method));
            said.push(Said::error(format!("{path}.allowMethods[{index}]"), message));
        }
    }
    for list in ["allowHeaders", "exposeHeaders"] {
        for (index, name) in items(policy, list) {
            let message = match name.as_str().unwrap_or_default() {
                "" => "header name cannot be empty".to_owned(),
                "*" => continue,
                name if is_name(name) => continue,
                name => format!("header name {name} is not a valid header name"),
            };
            said.push(Said::error(format!("{path}.{list}[{index}]"), message));
        }
    }
    if let Some(age) = duration(policy, "maxAge") {
        let path = format!("{path}.maxAge");
        said.extend(validate_duration(age).err().map(|it| Said::error(&path, it)));
        if age.0.subsec_nanos() > 0 {
            let message = "max_age duration is accurate only to seconds precision";
            said.push(Said::error(path, message));
        }
    }
}

fn duration(value: &Value, name: &str) -> Option<GoDuration> {
    from_value(value.get(name)?)
}

fn faults(fault: &Value, path: &str, said: &mut Vec<Said>) {
    let (abort, delay) = (fault.get("abort"), fault.get("delay"));
    if abort.is_none() && delay.is_none() {
        said.push(Said::error(path, "HTTP fault injection must have an abort and/or a delay"));
    }
    if let Some(abort) = abort {
        let path = format!("{path}.abort");
        percentage(abort, &path, said);
        if let Some(status) = abort.get("grpcStatus") {
            let status = status.as_str().unwrap_or_default();
            if !GRPC_STATUSES.contains(&status) {
                let message = format!(
                    "gRPC status {status} is not supported. See https://github.com/grpc/grpc/blob/master/doc/statuscodes.md \
                     for a list of supported codes, for example 'NOT_FOUND'",
                    status = Quoted(status)
                );
                said.push(Said::error(format!("{path}.grpcStatus"), message));
            }
        } else if abort.get("http2Error").is_some() {
            let message = "HTTP/2 abort fault injection not supported yet";
            said.push(Said::error(format!("{path}.http2Error"), message));
        } else if let Some(status) = abort.get("httpStatus") {
            http_status(status.as_i64().unwrap_or(0), &format!("{path}.httpStatus"), said);
        } else {
            said.push(Said::warning(path, "abort configured, but error type not set"));
        }
    }
    let Some(delay) = delay else { return };
    let path = format!("{path}.delay");
    percentage(delay, &path, said);
    for kind in ["fixedDelay", "exponentialDelay"] {
        let length = duration(delay, kind);
        let message = length.and_then(|length| validate_duration(length).err());
        said.extend(message.map(|it| Said::error(format!("{path}.{kind}"), it)));
    }
    if delay.get("exponentialDelay").is_some() {
        let path = format!("{path}.exponentialDelay");
        said.push(Said::error(path, "exponentialDelay not supported yet"));
    }
}

/// `grpc.SupportedGRPCStatus`.
const GRPC_STATUSES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// As Istio writes it: 600 passes.
fn http_status(status: i64, path: &str, said: &mut Vec<Said>) {
    if !(200..=600).contains(&status) {
        said.push(Said::error(path, format!("HTTP status {status} is not in range 200-599")));
    }
}

fn value_of(percent: Option<&Value>) -> Option<f64> {
    percent.map(|it| it.get("value").and_then(Value::as_f64).unwrap_or(0.0))
}

/// `validatePercentage`.
fn percentage(of: &Value, path: &str, said: &mut Vec<Said>) {
    let Some(value) = value_of(of.get("percentage")) else { return };
    if !(0.0..=100.0).contains(&value) || value > 0.0 && value < 0.0001 {
        let message = format!("percentage {value} is neither 0.0, nor in range [0.0001, 100.0]");
        said.push(Said::error(format!("{path}.percentage"), message));
    }
}

fn mirrors(route: &HttpRoute, path: &str, said: &mut Vec<Said>) {
    if let Some(percent) = route.mirror_percent {
        let path = format!("{path}.mirrorPercent");
        if percent > 100 {
            let message = format!("mirror_percent must have a max value of 100 (it has {percent})");
            said.push(Said::error(&path, message));
        }
        let message =
            "using deprecated setting \"mirrorPercent\", use \"mirrorPercentage\" instead";
        said.push(Said::warning(path, message));
    }
    if let Some(value) = value_of(route.mirror_percentage.as_ref()) {
        share("mirror_percentage", value, &format!("{path}.mirrorPercentage"), said);
    }
    if let Some(mirror) = &route.mirror {
        destination(mirror, &format!("{path}.mirror"), said);
    }
    let list = route.mirrors.as_ref().and_then(Value::as_array);
    for (index, mirror) in list.into_iter().flatten().enumerate() {
        let path = format!("{path}.mirrors[{index}]");
        if mirror.is_null() {
            said.push(Said::error(path, "mirror cannot be null"));
            continue;
        }
        let Some(to) = mirror.get("destination") else {
            said.push(Said::error(path, "destination is required for mirrors"));
            continue;
        };
        if let Some(to) = from_value::<Destination>(to) {
            destination(&to, &format!("{path}.destination"), said);
        }
        if let Some(value) = value_of(mirror.get("percentage")) {
            share("mirror percentage", value, &format!("{path}.percentage"), said);
        }
    }
}

fn share(name: &str, value: f64, path: &str, said: &mut Vec<Said>) {
    if value > 100.0 {
        let message = format!("{name} must have a max value of 100 (it has {value:.6})");
        said.push(Said::error(path, message));
    }
    if value < 0.0 {
        let message = format!("{name} must have a min value of 0 (it has {value:.6})");
        said.push(Said::error(path, message));
    }
}

/// `validateDestination`.
pub(super) fn destination(destination: &Destination, path: &str, said: &mut Vec<Said>) {
    let Destination { host, subset, port } = destination;
    let at = format!("{path}.host");
    if host == "*" {
        said.push(Said::error(at, format!("invalid destination host {host}")));
    } else if let Err(message) = domain::wildcard(host) {
        said.push(Said::error(at, message));
    }
    let subset = subset.as_deref().filter(|subset| !subset.is_empty());
    let wrong = subset.and_then(|subset| domain::subset(subset).err());
    said.extend(wrong.map(|message| Said::error(format!("{path}.subset"), message)));
    if let Some(port) = port {
        matching::port(i64::from(port.number), &format!("{path}.port.number"), said);
    }
}

/// A destination of a route, with its weight.
pub(super) fn weighted(
    to: Option<&Destination>,
    weight: Option<i64>,
    path: &str,
    said: &mut Vec<Said>,
) {
    match to {
        None => said.push(Said::error(path, "destination is required")),
        Some(to) => destination(to, &format!("{path}.destination"), said),
    }
    if let Some(weight) = weight.filter(|weight| *weight < 0) {
        said.push(Said::error(format!("{path}.weight"), format!("weight {weight} < 0")));
    }
}

/// The weights of all destinations of a route.
pub(super) fn total(weights: &[i64], path: &str, said: &mut Vec<Said>) {
    if weights.len() > 1 && weights.iter().sum::<i64>() == 0 {
        said.push(Said::error(format!("{path}.route"), "total destination weight = 0"));
    }
}

/// `validateHTTPRouteConflict`.
fn conflicts(route: &HttpRoute, path: &str, said: &mut Vec<Said>) {
    if route.delegate.is_some() {
        let name = route.name.as_deref().unwrap_or_default();
        let beside = [(route.redirect.is_some(), "redirect"), (!route.route.is_empty(), "route")];
        for (is_set, field) in beside.into_iter().filter(|_| WHOLE) {
            let message = format!("root HTTP route {name} must not specify {field}");
            said.extend(is_set.then(|| Said::error(format!("{path}.{field}"), message)));
        }
        return;
    }
    let answer = if route.redirect.is_some() {
        "redirect"
    } else if route.direct_response.is_some() {
        "direct_response"
    } else {
        ""
    };
    let beside = [
        (!route.route.is_empty(), "HTTP route", "route"),
        (route.fault.is_some(), "HTTP route", "fault"),
        (route.rewrite.is_some(), "HTTP route rule", "rewrite"),
    ];
    for (_, what, name) in beside.into_iter().filter(|(is, ..)| *is && !answer.is_empty()) {
        let message = format!("{what} cannot contain both {name} and {answer}");
        said.push(Said::error(path, message));
    }
    if route.redirect.is_some() && route.direct_response.is_some() {
        let message = "HTTP route rule cannot contain both direct_response and redirect";
        said.push(Said::error(path, message));
    }
    let mirrors = route.mirrors.as_ref().and_then(Value::as_array);
    if route.mirror.is_some() && mirrors.is_some_and(|mirrors| !mirrors.is_empty()) {
        said.push(Said::error(path, "HTTP route cannot contain both mirror and mirrors"));
    }
}

/// What the route answers or rewrites itself.
fn answers(route: &HttpRoute, path: &str, said: &mut Vec<Said>) {
    conflicts(route, path, said);
    if let Some(redirect) = &route.redirect {
        let at = format!("{path}.redirect");
        let is_set = |text: &Option<String>| text.as_ref().is_some_and(|it| !it.is_empty());
        let scheme = redirect.scheme.as_deref().unwrap_or_default();
        let port = redirect.port.is_some() || redirect.derive_port.is_some();
        let code = redirect.redirect_code.unwrap_or(0);
        if !is_set(&redirect.uri) && !is_set(&redirect.authority) && scheme.is_empty() && !port {
            let message = "redirect must specify URI, authority, scheme, or port";
            said.push(Said::error(at, message));
        } else if code != 0 && !(300..=399).contains(&code) {
            let message = format!("{code} is not a valid redirect code, must be 3xx");
            said.push(Said::error(format!("{at}.redirectCode"), message));
        } else if !["", "http", "https"].contains(&scheme) {
            let message = "invalid redirect scheme, must be \"http\" or \"https\"";
            said.push(Said::error(format!("{at}.scheme"), message));
        }
    }
    if let Some(rewrite) = &route.rewrite {
        let is_set = |text: &Option<String>| text.as_ref().is_some_and(|it| !it.is_empty());
        let regex = rewrite.uri_regex_rewrite.is_some();
        let message = if is_set(&rewrite.uri) && regex {
            "rewrite may only contain one of URI or UriRegexRewrite"
        } else if !is_set(&rewrite.uri) && !regex && !is_set(&rewrite.authority) {
            "rewrite must specify at least one of URI, UriRegexRewrite, or authority. \
             Only one of URI or UriRegexRewrite may be specified"
        } else {
            ""
        };
        if !message.is_empty() {
            said.push(Said::error(format!("{path}.rewrite"), message));
        }
    }
    if let Some(response) = &route.direct_response {
        let path = format!("{path}.directResponse.status");
        http_status(i64::from(response.status), &path, said);
    }
}
