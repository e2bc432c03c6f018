//! From the rules of an HTTPRoute to those of a VirtualService: one for each match.
//!
//! **Source**: Istio pilot/pkg/config/kube/gateway/conversion.go `convertHTTPRoute`, 1.31.

use mesh_failover_sorted::SortedMap;
use serde_json::Value;

use super::super::codes;
use super::super::findings::{Finding, Findings, title};
use super::field::{list, number, object, owned, text};
use crate::diagnostic::Severity;
use crate::json_text;
use crate::manifest::gateway_api::KubeHttpRoute;
use crate::manifest::{
    Destination, GoDuration, HeaderOperations, HttpDirectResponse, HttpMatchRequest, HttpRedirect,
    HttpRetry, HttpRewrite, HttpRoute, HttpRouteDestination, Object, Place, PortSelector,
    RegexRewrite, StringMatch,
};

/// What is retried besides the statuses that are named.
pub(crate) const RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled";
const DEFAULT_ATTEMPTS: i32 = 2;
const DEFAULT_REDIRECT: u32 = 302;

/// Rules in Istio's words, each whole and with its place in the list; what istiod refuses is left out.
pub(crate) fn http_rules(route: &Object<KubeHttpRoute>) -> Vec<(usize, HttpRoute)> {
    let rules = list(&route.spec.0, "rules").iter().enumerate();
    let converted = rules.filter_map(|(index, rule)| {
        let http = self::rule(route, index, rule).ok()?;
        let matches = list(rule, "matches").iter().map(match_request).collect();
        Some((index, HttpRoute { matches, ..http }))
    });
    converted.collect()
}

/// All rules with their places. `None`: something is wrong with one, and istiod drops the route.
pub(super) fn rules(
    route: &Object<KubeHttpRoute>,
    findings: &mut Findings<'_>,
) -> Option<Vec<(HttpRoute, Place)>> {
    let mut converted = Vec::new();
    for (index, rule) in list(&route.spec.0, "rules").iter().enumerate() {
        let place = |path: String| Place { document: route.document, path };
        let path = format!("spec.rules[{index}]");
        let http = match self::rule(route, index, rule) {
            Ok(http) => http,
            Err((field, why)) => {
                findings.add(Finding {
                    severity: Severity::Error,
                    code: codes::ROUTE_REFUSED,
                    message: format!("istiod drops HTTPRoute `{}`: {why}", title(route)),
                    help: "",
                    place: Some(place(format!("{path}.{field}"))),
                });
                return None;
            }
        };
        let matches = list(rule, "matches");
        if matches.is_empty() {
            let any = HttpRoute { matches: vec![any_request()], ..http.clone() };
            converted.push((any, place(path.clone())));
        }
        for (number, request) in matches.iter().enumerate() {
            let matches = vec![match_request(request)];
            let at = place(format!("{path}.matches[{number}]"));
            converted.push((HttpRoute { matches, ..http.clone() }, at));
        }
    }
    Some(converted)
}

type Refused = (String, String);

/// The rule without its matches.
fn rule(route: &Object<KubeHttpRoute>, index: usize, rule: &Value) -> Result<HttpRoute, Refused> {
    let metadata = &route.metadata;
    let unnamed = || format!("{}.{}.{index}", metadata.namespace(), metadata.name);
    let name = owned(rule, "name").unwrap_or_else(unnamed);
    let mut http = HttpRoute { name: Some(name), ..HttpRoute::default() };
    for (number, filter) in list(rule, "filters").iter().enumerate() {
        apply(&mut http, filter).map_err(|why| (format!("filters[{number}].type"), why))?;
    }
    http.retries = rule.get("retry").map(retries);
    let timeouts = object(rule, "timeouts");
    http.timeout = duration(timeouts, "request");
    let attempt = duration(timeouts, "backendRequest");
    match &mut http.retries {
        Some(retries) => retries.per_try_timeout = attempt,
        None => http.timeout = attempt.or(http.timeout),
    }
    let backends = list(rule, "backendRefs").iter().enumerate();
    for (index, backend) in backends.filter(|(_, it)| number(it, "weight") != Some(0)) {
        let to = destination(metadata.namespace(), backend)
            .map_err(|(field, why)| (format!("backendRefs[{index}].{field}"), why))?;
        http.route.push(to);
    }
    if http.route.is_empty() && http.redirect.is_none() {
        http.direct_response = Some(HttpDirectResponse { status: 500, body: None });
    }
    Ok(http)
}

/// A time; none at all is no limit, as zero is.
fn duration(of: &Value, field: &str) -> Option<GoDuration> {
    let time = GoDuration::parse(text(of, field)?)?;
    (!time.0.is_zero()).then_some(time)
}

/// One filter; `Err`: istiod does not know it.
fn apply(http: &mut HttpRoute, filter: &Value) -> Result<(), String> {
    let mut headers = http.headers.take().unwrap_or_default();
    match text(filter, "type").unwrap_or_default() {
        "RequestHeaderModifier" => {
            headers.request = filter.get("requestHeaderModifier").map(header_operations);
        }
        "ResponseHeaderModifier" => {
            headers.response = filter.get("responseHeaderModifier").map(header_operations);
        }
        "RequestRedirect" => http.redirect = filter.get("requestRedirect").map(redirect),
        "URLRewrite" => http.rewrite = filter.get("urlRewrite").map(rewrite),
        "RequestMirror" => http.mirrors = filter.get("requestMirror").cloned(),
        "CORS" => http.cors_policy = filter.get("cors").cloned(),
        other => return Err(format!("unsupported filter type \"{other}\"")),
    }
    http.headers = Some(headers).filter(|it| it.request.is_some() || it.response.is_some());
    Ok(())
}

fn destination(own: &str, backend: &Value) -> Result<HttpRouteDestination, (&'static str, String)> {
    let namespace = text(backend, "namespace").unwrap_or(own);
    let name = text(backend, "name").unwrap_or_default();
    let host = match text(backend, "kind").unwrap_or("Service") {
        "Hostname" => name.to_owned(),
        _ if name.contains('.') => {
            let why =
                "service name invalid; the name of the Service must be used, not the hostname.";
            return Err(("name", why.to_owned()));
        }
        _ => format!("{name}.{namespace}.svc.cluster.local"),
    };
    let port =
        number(backend, "port").ok_or(("name", "port is required in backendRef".to_owned()))?;
    let mut carried = HttpRoute::default();
    for filter in list(backend, "filters") {
        apply(&mut carried, filter).map_err(|why| ("filters", why))?;
    }
    let port = Some(PortSelector { number: port });
    Ok(HttpRouteDestination {
        destination: Some(Destination { host, subset: None, port }),
        weight: i32::try_from(number(backend, "weight").unwrap_or(1)).ok(),
        headers: carried.headers,
    })
}

fn retries(retry: &Value) -> HttpRetry {
    let attempts = number(retry, "attempts").and_then(|it| i32::try_from(it).ok());
    let attempts = attempts.unwrap_or(DEFAULT_ATTEMPTS);
    let codes = list(retry, "codes").iter().map(|code| [",", &json_text::of(code)].concat());
    let retry_on = codes.fold(RETRY_ON.to_owned(), |text, code| text + &code);
    HttpRetry {
        attempts,
        retry_on: (attempts != 0).then_some(retry_on),
        backoff: duration(retry, "backoff"),
        ..HttpRetry::default()
    }
}

fn match_request(request: &Value) -> HttpMatchRequest {
    HttpMatchRequest {
        uri: Some(path(object(request, "path"))),
        method: owned(request, "method").map(exact),
        headers: values(list(request, "headers")),
        query_params: values(list(request, "queryParams")),
        ..HttpMatchRequest::default()
    }
}

/// What the API server writes into a rule without matches: `PathPrefix` of `/`.
pub(crate) fn any_request() -> HttpMatchRequest {
    match_request(&Value::Null)
}

fn path(path: &Value) -> StringMatch {
    let value = text(path, "value").unwrap_or("/");
    match text(path, "type") {
        Some("Exact") => exact(value.to_owned()),
        Some("RegularExpression") => regex(value.to_owned()),
        _ => {
            let prefix = value.strip_suffix('/').filter(|it| !it.is_empty()).unwrap_or(value);
            StringMatch { prefix: Some(prefix.to_owned()), ..StringMatch::default() }
        }
    }
}

fn exact(value: String) -> StringMatch {
    StringMatch { exact: Some(value), ..StringMatch::default() }
}

fn regex(value: String) -> StringMatch {
    StringMatch { regex: Some(value), ..StringMatch::default() }
}

fn values(written: &[Value]) -> SortedMap<String, Option<StringMatch>> {
    SortedMap::from_iter(written.iter().map(|it| {
        let is_regex = text(it, "type") == Some("RegularExpression");
        let value = owned(it, "value").unwrap_or_default();
        let value = if is_regex { regex(value) } else { exact(value) };
        (owned(it, "name").unwrap_or_default(), Some(value))
    }))
}

fn header_operations(filter: &Value) -> HeaderOperations {
    // Of a name that is given twice the first counts.
    let pairs = |field: &str| {
        SortedMap::from_iter(list(filter, field).iter().rev().map(|it| {
            let name = text(it, "name").unwrap_or_default().to_ascii_lowercase();
            (name, owned(it, "value").unwrap_or_default())
        }))
    };
    let remove = list(filter, "remove").iter().filter_map(Value::as_str);
    HeaderOperations {
        set: pairs("set"),
        add: pairs("add"),
        remove: remove.map(str::to_owned).collect(),
    }
}

fn redirect(filter: &Value) -> HttpRedirect {
    let (scheme, port) = (owned(filter, "scheme"), number(filter, "port"));
    // The port of the request, unless the scheme changes.
    let derive = if scheme.is_some() { "FROM_PROTOCOL_DEFAULT" } else { "FROM_REQUEST_PORT" };
    let path = object(filter, "path");
    let in_place = || Some(["%PREFIX()%", text(path, "replacePrefixMatch")?].concat());
    HttpRedirect {
        uri: owned(path, "replaceFullPath").or_else(in_place),
        authority: owned(filter, "hostname"),
        port,
        derive_port: port.is_none().then(|| derive.to_owned()),
        scheme,
        redirect_code: Some(number(filter, "statusCode").unwrap_or(DEFAULT_REDIRECT)),
    }
}

fn rewrite(filter: &Value) -> HttpRewrite {
    let path = object(filter, "path");
    let prefix = text(path, "replacePrefixMatch").map(|it| it.strip_suffix('/').unwrap_or(it));
    let whole = owned(path, "replaceFullPath");
    HttpRewrite {
        uri: prefix.map(|it| if it.is_empty() { "/" } else { it }.to_owned()),
        authority: owned(filter, "hostname"),
        uri_regex_rewrite: whole.map(|rewrite| RegexRewrite { pattern: "/.*".to_owned(), rewrite }),
    }
}
