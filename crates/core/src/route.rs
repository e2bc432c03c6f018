//! Listeners and routes of one gateway as istiod programs them, and how Envoy matches a request.
//!
//! **Source**: Envoy `config.route.v3`, v1.40; Istio pilot/pkg/networking/core/route/route.go, 1.31.

use std::time::Duration;

pub use mesh_failover_engine::run::RetryPolicy;

use crate::manifest::Place;

/// A listener with its route configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Port the gateway's Service exposes.
    pub port: u16,
    /// Address to bind; `None`: every address.
    pub bind: Option<String>,
    /// istiod's route name, `http.80`.
    pub route_name: String,
    /// Server names (SNI) for which TLS ends here; `None`: plain HTTP. Certificates are not modelled.
    pub tls: Option<Vec<String>>,
    /// Virtual hosts; the first whose domain fits takes the request.
    pub virtual_hosts: Vec<VirtualHost>,
}

/// `VirtualHost`.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualHost {
    /// istiod's name, `*:80`.
    pub name: String,
    /// Lower-case domains, `*` and `*.suffix` included.
    pub domains: Vec<String>,
    /// Whether plain requests are redirected to HTTPS before any route (`require_tls: ALL`).
    pub require_tls: bool,
    /// Routes; the first that matches takes the request.
    pub routes: Vec<Route>,
}

/// `Route`.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The HTTPRoute's name in the VirtualService; empty if it has none.
    pub name: String,
    /// What it asks of a request.
    pub matcher: RouteMatch,
    /// What becomes of the request.
    pub action: RouteAction,
    /// Where its rule or match stands; not part of Envoy's configuration.
    pub place: Option<Place>,
}

/// `RouteMatch`; all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RouteMatch {
    /// Condition on the path.
    pub path: PathMatch,
    /// Whether letters' case matters in the path.
    pub ignore_case: bool,
    /// Conditions on headers, sorted by name; pseudo headers (`:method`, `:authority`, `:scheme`) come last.
    pub headers: Vec<HeaderMatcher>,
    /// Conditions on query parameters.
    pub query_parameters: Vec<QueryParameterMatcher>,
}

/// Condition on the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathMatch {
    /// The whole path without the query.
    Exact(String),
    /// Plain string prefix: `/foo` also takes `/foobar`.
    Prefix(String),
    /// Prefix up to a `/` or the end: `/foo` takes `/foo/bar` and not `/foobar`. Of the Gateway API.
    PathSeparatedPrefix(String),
    /// RE2, the whole path.
    Regex(String),
}

impl Default for PathMatch {
    fn default() -> Self {
        Self::Prefix("/".to_owned())
    }
}

/// Condition on a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderMatcher {
    /// Lower-case name.
    pub name: String,
    /// What the value must be.
    pub value: StringMatch,
    /// Whether the condition is turned round (`withoutHeaders`). Unless it asks for presence, a missing header then
    /// counts as an empty one (`treat_missing_header_as_empty`).
    pub invert: bool,
}

/// Condition on a query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryParameterMatcher {
    /// The parameter's name.
    pub name: String,
    /// What the value must be.
    pub value: StringMatch,
}

/// Condition on a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StringMatch {
    /// Any value, but there must be one.
    Present,
    /// Equal.
    Exact(String),
    /// Starts with.
    Prefix(String),
    /// RE2, the whole value.
    Regex(String),
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteAction {
    /// Sent to one of these clusters.
    Forward(Box<Forward>),
    /// Answered with a redirect.
    Redirect {
        /// The status.
        status: u16,
        /// New authority, if it changes.
        authority: Option<String>,
        /// New path, if it changes.
        path: Option<String>,
        /// New scheme, if it changes.
        scheme: Option<String>,
        /// New port, if it changes.
        port: Option<u16>,
    },
    /// Answered by Envoy itself.
    DirectResponse {
        /// The status.
        status: u16,
        /// The body.
        body: Option<String>,
    },
}

/// `RouteAction` of a forwarded request.
#[derive(Debug, Clone, PartialEq)]
pub struct Forward {
    /// Clusters with their weights; one cluster's weight is meaningless.
    pub clusters: Vec<WeightedCluster>,
    /// What a request gets whose cluster does not exist: 503, and 500 on a route of the Gateway API.
    pub missing_cluster_status: u16,
    /// Total time for the response; `None`: no limit, as istiod programs it by default.
    pub timeout: Option<Duration>,
    /// Retries; `None`: none at all.
    pub retry_policy: Option<RetryPolicy>,
    /// Where the hash of a consistent-hash balancer comes from.
    pub hash_policy: Vec<HashPolicy>,
    /// Header operations towards the upstream.
    pub request_headers: HeaderOperations,
    /// Header operations towards the client.
    pub response_headers: HeaderOperations,
    /// `x-envoy-original-path`-style rewrite of the matched prefix or path.
    pub path_rewrite: Option<String>,
    /// Rewrite of the authority.
    pub authority_rewrite: Option<String>,
}

/// One of a route's clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightedCluster {
    /// Cluster name.
    pub name: String,
    /// Share of the sum of weights.
    pub weight: u32,
}

/// Header operations of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderOperations {
    /// Set, replacing what is there.
    pub set: Vec<(String, String)>,
    /// Added beside what is there.
    pub add: Vec<(String, String)>,
    /// Removed.
    pub remove: Vec<String>,
}

/// Where the hash of a consistent-hash balancer comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashPolicy {
    /// A request header.
    Header(String),
    /// A cookie, made with this lifetime if absent.
    Cookie {
        /// Its name.
        name: String,
        /// Its path.
        path: Option<String>,
        /// Its lifetime; zero makes a session cookie.
        ttl: Option<Duration>,
    },
    /// A query parameter.
    QueryParameter(String),
    /// The client's address.
    SourceIp,
}
