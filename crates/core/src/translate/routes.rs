//! From the rules of a VirtualService to Envoy's routes, in matching order.
//!
//! A route of the Gateway API whose cluster is missing gives 500, as its specification asks, and not Envoy's 503.
//!
//! **Source**: Istio pilot/pkg/networking/core/route/route.go
//! `BuildHTTPRoutesForVirtualService`, `translateRoute`, `applyHTTPRouteDestination`, 1.31.
//!
//! **Not modelled**, and reported: delegates, faults, mirrors, CORS, rewrites by regex, headers of one of
//! several destinations.

use super::findings::{Finding, Findings, title};
use super::host::resolve_short_name;
use super::labels::selects;
use super::push::{Push, cluster_name};
use super::route_match::route_match;
use super::virtual_host::resolve_gateway;
use super::{codes, retry_policy};
use crate::diagnostic::Severity;
use crate::manifest::HeaderOperations as WrittenOperations;
use crate::manifest::{
    ConsistentHash, Destination, Headers, HttpMatchRequest, HttpRedirect, HttpRoute,
    HttpRouteDestination, Object, Place, VirtualService,
};
use crate::route::{
    Forward, HashPolicy, HeaderOperations, PathMatch, Route, RouteAction, RouteMatch,
    WeightedCluster,
};

/// A VirtualService on one port of one Gateway.
pub(super) struct RouteScope<'a, 'b> {
    pub(super) push: &'b Push<'a>,
    pub(super) service: &'b Object<VirtualService>,
    /// Where its routes stand, if it was an HTTPRoute.
    pub(super) places: Option<&'b [Place]>,
    /// `namespace/name`.
    pub(super) gateway: &'b str,
    /// The server's port.
    pub(super) port: u16,
}

/// Routes in order: each match of a rule is one, and a catch-all ends the list.
pub(super) fn build_routes(scope: &RouteScope<'_, '_>, findings: &mut Findings<'_>) -> Vec<Route> {
    let mut routes = Vec::new();
    for (index, http) in scope.service.spec.http.iter().enumerate() {
        scope.report_left_out(http, index, findings);
        let Some(action) = scope.action(http) else { continue };
        let rule = format!("spec.http[{index}]");
        let matches: Vec<(String, Option<&HttpMatchRequest>)> = if http.matches.is_empty() {
            vec![(rule, None)]
        } else {
            let numbered = http.matches.iter().enumerate();
            numbered.map(|(number, it)| (format!("{rule}.match[{number}]"), Some(it))).collect()
        };
        for (path, request) in matches {
            if request.is_some_and(|request| !scope.applies(request)) {
                continue;
            }
            let route = Route {
                name: route_name(http, request),
                matcher: scope.matcher(request),
                action: action.clone(),
                place: Some(scope.place(index, path)),
            };
            let ends = request.is_none() || is_catch_all(&route);
            routes.push(route);
            if ends {
                return routes;
            }
        }
    }
    routes
}

/// Whether every request takes this route: prefix `/` and no other condition.
pub(super) fn is_catch_all(route: &Route) -> bool {
    let matcher = &route.matcher;
    let any_path = match &matcher.path {
        PathMatch::Prefix(prefix) => prefix == "/",
        PathMatch::Regex(regex) => regex == "*",
        PathMatch::Exact(_) | PathMatch::PathSeparatedPrefix(_) => false,
    };
    any_path && matcher.headers.is_empty() && matcher.query_parameters.is_empty()
}

/// The rule's name, with the match's behind a dot.
fn route_name(http: &HttpRoute, request: Option<&HttpMatchRequest>) -> String {
    let name = http.name.clone().unwrap_or_default();
    match request.and_then(|request| request.name.as_deref()).filter(|name| !name.is_empty()) {
        Some(of_match) => format!("{name}.{of_match}"),
        None => name,
    }
}

impl RouteScope<'_, '_> {
    fn matcher(&self, request: Option<&HttpMatchRequest>) -> RouteMatch {
        let mut matcher = request.map(route_match).unwrap_or_default();
        if let (Some(_), PathMatch::Prefix(prefix)) = (self.places, &matcher.path)
            && prefix != "/"
        {
            matcher.path = PathMatch::PathSeparatedPrefix(prefix.clone());
        }
        matcher
    }

    fn place(&self, index: usize, path: String) -> Place {
        let known = self.places.and_then(|places| places.get(index));
        known.cloned().unwrap_or(Place { document: self.service.document, path })
    }

    /// Whether a match is for this gateway and port at all. A list of gateways replaces the conditions
    /// on the source.
    fn applies(&self, request: &HttpMatchRequest) -> bool {
        let proxy = self.push.proxy;
        let namespace = self.service.metadata.namespace();
        let at_source = if request.gateways.is_empty() {
            selects(&request.source_labels, &proxy.labels)
                && request.source_namespace.as_ref().is_none_or(|name| *name == proxy.namespace)
        } else {
            request.gateways.iter().any(|name| resolve_gateway(name, namespace) == self.gateway)
        };
        at_source && request.port.is_none_or(|port| port == 0 || port == u32::from(self.port))
    }

    fn action(&self, http: &HttpRoute) -> Option<RouteAction> {
        if let Some(redirect) = &http.redirect {
            return Some(redirect_action(redirect, self.port));
        }
        if let Some(response) = &http.direct_response {
            return Some(RouteAction::DirectResponse {
                status: u16::try_from(response.status).ok()?,
                body: response.body.as_ref().and_then(|body| body.string.clone()),
            });
        }
        self.forward(http).map(|forward| RouteAction::Forward(Box::new(forward)))
    }

    fn forward(&self, http: &HttpRoute) -> Option<Forward> {
        let weighted = http.route.len() > 1;
        let weight = |route: &HttpRouteDestination| match u32::try_from(route.weight.unwrap_or(0)) {
            Ok(weight) if weighted => weight,
            Ok(_) => 1,
            Err(_) => 0,
        };
        let destinations = http.route.iter().filter_map(|r| Some((r, r.destination.as_ref()?)));
        let clusters: Vec<_> = destinations
            .clone()
            .map(|(route, at)| WeightedCluster { name: self.cluster(at), weight: weight(route) })
            .filter(|cluster| cluster.weight > 0)
            .collect();
        if clusters.is_empty() {
            return None;
        }
        let hash_policy: Vec<_> = destinations.filter_map(|(_, at)| self.hash_policy(at)).collect();
        let default = self.push.mesh.default_http_retry_policy.as_ref();
        let retries = http.retries.as_ref().or(default);
        let hashed = !weighted && !hash_policy.is_empty();
        let of_one = http.route.first().filter(|_| !weighted).and_then(|r| r.headers.as_ref());
        let (mut request_headers, response_headers) = operations([http.headers.as_ref(), of_one]);
        let rewrite = http.rewrite.as_ref();
        let authority = take_authority(&mut request_headers);
        Some(Forward {
            clusters,
            missing_cluster_status: if self.places.is_some() { 500 } else { 503 },
            timeout: http.timeout.map(|timeout| timeout.0).filter(|timeout| !timeout.is_zero()),
            retry_policy: retry_policy(retries, hashed, self.push.proxy.version),
            hash_policy,
            request_headers,
            response_headers,
            path_rewrite: rewrite.and_then(|rewrite| rewrite.uri.clone()),
            authority_rewrite: rewrite.and_then(|rewrite| rewrite.authority.clone()).or(authority),
        })
    }

    fn hostname(&self, at: &Destination) -> String {
        resolve_short_name(&at.host.to_ascii_lowercase(), self.service.metadata.namespace())
    }

    /// The destination's port, else the service's only one, else the server's.
    fn cluster(&self, at: &Destination) -> String {
        let hostname = self.hostname(at);
        let named = at.port.as_ref().and_then(|port| u16::try_from(port.number).ok());
        let only = || {
            let ports = &self.push.service(&hostname)?.ports;
            ports.keys().next().copied().filter(|_| ports.len() == 1)
        };
        let port = named.or_else(only).unwrap_or(self.port);
        cluster_name(port, at.subset.as_deref().unwrap_or_default(), &hostname)
    }

    fn hash_policy(&self, at: &Destination) -> Option<HashPolicy> {
        let policy = self.push.policy_at(&self.hostname(at), at)?;
        hash_policy(&policy.load_balancer?.consistent_hash?)
    }

    fn report_left_out(&self, http: &HttpRoute, index: usize, findings: &mut Findings<'_>) {
        let several = http.route.len() > 1;
        let left_out = [
            ("delegate", http.delegate.is_some()),
            ("fault", http.fault.is_some()),
            ("mirror", http.mirror.is_some() || http.mirrors.is_some()),
            ("corsPolicy", http.cors_policy.is_some()),
            (
                "rewrite.uriRegexRewrite",
                http.rewrite.as_ref().is_some_and(|rewrite| rewrite.uri_regex_rewrite.is_some()),
            ),
            ("route.headers", several && http.route.iter().any(|route| route.headers.is_some())),
        ];
        for (field, _) in left_out.into_iter().filter(|(_, set)| *set) {
            findings.add(Finding {
                severity: Severity::Note,
                code: codes::ROUTE_PART_LEFT_OUT,
                message: format!(
                    "`{field}` of {} `{}` is not modelled",
                    if self.places.is_some() { "HTTPRoute" } else { "VirtualService" },
                    title(self.service)
                ),
                help: "",
                place: Some(self.place(index, format!("spec.http[{index}].{field}"))),
            });
        }
    }
}

fn redirect_action(redirect: &HttpRedirect, listener: u16) -> RouteAction {
    let code = redirect.redirect_code.filter(|&code| code != 0).unwrap_or(301);
    let from_request = redirect.derive_port.as_deref() == Some("FROM_REQUEST_PORT");
    let written = redirect.port.and_then(|port| u16::try_from(port).ok()).filter(|&port| port != 0);
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    RouteAction::Redirect {
        status: u16::try_from(code).unwrap_or(301),
        authority: set(&redirect.authority),
        path: set(&redirect.uri),
        scheme: set(&redirect.scheme),
        port: written.or(from_request.then_some(listener)),
    }
}

fn hash_policy(hash: &ConsistentHash) -> Option<HashPolicy> {
    if let Some(header) = &hash.http_header_name {
        return Some(HashPolicy::Header(header.clone()));
    }
    if let Some(cookie) = &hash.http_cookie {
        return Some(HashPolicy::Cookie {
            name: cookie.name.clone(),
            path: cookie.path.clone(),
            ttl: cookie.ttl.map(|ttl| ttl.0),
        });
    }
    if hash.use_source_ip == Some(true) {
        return Some(HashPolicy::SourceIp);
    }
    hash.http_query_parameter_name.clone().map(HashPolicy::QueryParameter)
}

/// Towards the upstream and towards the client, of the rule and of its only destination.
fn operations(levels: [Option<&Headers>; 2]) -> (HeaderOperations, HeaderOperations) {
    let (mut request, mut response) = Default::default();
    for headers in levels.into_iter().flatten() {
        add_operations(&mut request, headers.request.as_ref());
        add_operations(&mut response, headers.response.as_ref());
    }
    (request, response)
}

fn add_operations(operations: &mut HeaderOperations, written: Option<&WrittenOperations>) {
    let Some(WrittenOperations { set, add, remove }) = written else { return };
    let pairs = |map: &mesh_failover_sorted::SortedMap<String, String>| {
        map.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
    };
    operations.set.extend(pairs(set));
    operations.add.extend(pairs(add));
    operations.remove.extend(remove.iter().cloned());
}

/// Setting `host` or `:authority` is a rewrite of the authority to Envoy.
fn take_authority(operations: &mut HeaderOperations) -> Option<String> {
    let is_authority = |name: &str| name == ":authority" || name.eq_ignore_ascii_case("host");
    let found = operations.set.iter().rfind(|(name, _)| is_authority(name));
    let value = found.map(|(_, value)| value.clone());
    operations.set.retain(|(name, _)| !is_authority(name));
    value
}
