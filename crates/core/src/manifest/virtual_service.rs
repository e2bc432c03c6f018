//! `networking.istio.io` VirtualService.

use mesh_failover_derive::Read;
use mesh_failover_sorted::SortedMap;
use serde::Serialize;
use serde_with::skip_serializing_none;

use super::GoDuration;

/// `VirtualService.spec`. TCP and TLS routes are kept but not interpreted.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct VirtualService {
    /// Destination hosts.
    pub hosts: Vec<String>,
    /// Gateways that serve it; empty: the mesh only, no gateway.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<String>,
    /// HTTP rules, first match wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<HttpRoute>,
    /// TLS rules.
    pub tls: Option<serde_json::Value>,
    /// TCP rules.
    pub tcp: Option<serde_json::Value>,
    /// Namespaces that see it; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub export_to: Vec<String>,
}

/// `HTTPRoute`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRoute {
    /// Its name.
    pub name: Option<String>,
    /// Conditions, any of which suffices; empty: always.
    #[serde(rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<HttpMatchRequest>,
    /// Destinations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub route: Vec<HttpRouteDestination>,
    /// Answer with a redirect instead.
    pub redirect: Option<HttpRedirect>,
    /// Answer at once instead.
    pub direct_response: Option<HttpDirectResponse>,
    /// Another VirtualService that continues.
    pub delegate: Option<Delegate>,
    /// Rewrite before forwarding.
    pub rewrite: Option<HttpRewrite>,
    /// Total time; unset: no limit.
    pub timeout: Option<GoDuration>,
    /// Retries; unset: the mesh's default.
    pub retries: Option<HttpRetry>,
    /// Injected faults.
    pub fault: Option<serde_json::Value>,
    /// Mirrored traffic.
    pub mirror: Option<Destination>,
    /// Several mirrors.
    pub mirrors: Option<serde_json::Value>,
    /// Deprecated.
    pub mirror_percent: Option<u32>,
    /// Share that is mirrored.
    pub mirror_percentage: Option<serde_json::Value>,
    /// CORS.
    pub cors_policy: Option<serde_json::Value>,
    /// Header operations.
    pub headers: Option<Headers>,
}

/// `HTTPMatchRequest`; all conditions must hold.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpMatchRequest {
    /// Its name.
    pub name: Option<String>,
    /// The path.
    pub uri: Option<StringMatch>,
    /// The scheme.
    pub scheme: Option<StringMatch>,
    /// The method.
    pub method: Option<StringMatch>,
    /// The authority.
    pub authority: Option<StringMatch>,
    /// Headers; a null or empty condition asks for presence.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub headers: SortedMap<String, Option<StringMatch>>,
    /// The port of the gateway's server.
    pub port: Option<u32>,
    /// Labels of the proxy.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub source_labels: SortedMap<String, String>,
    /// Replaces the VirtualService's list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<String>,
    /// Query parameters.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub query_params: SortedMap<String, Option<StringMatch>>,
    /// Whether the path's case is ignored.
    pub ignore_uri_case: Option<bool>,
    /// Headers that must not match.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub without_headers: SortedMap<String, Option<StringMatch>>,
    /// Namespace of the proxy.
    pub source_namespace: Option<String>,
    /// Prefix of the statistics.
    pub stat_prefix: Option<String>,
}

/// `StringMatch`: one of the three; none asks for presence where that is possible.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct StringMatch {
    /// Equal.
    pub exact: Option<String>,
    /// Starts with.
    pub prefix: Option<String>,
    /// RE2, whole value.
    pub regex: Option<String>,
}

/// `HTTPRouteDestination`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteDestination {
    /// Where to.
    pub destination: Option<Destination>,
    /// Share of the sum of weights; with several destinations 0 gets nothing.
    pub weight: Option<i32>,
    /// Header operations.
    pub headers: Option<Headers>,
}

/// `Destination`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Destination {
    /// Service host; a short name is completed with the VirtualService's namespace.
    pub host: String,
    /// Subset of the DestinationRule.
    pub subset: Option<String>,
    /// Service port; may be left out if the service has one.
    pub port: Option<PortSelector>,
}

/// `PortSelector`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct PortSelector {
    /// Service port number.
    pub number: u32,
}

/// `HTTPRedirect`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRedirect {
    /// New path.
    pub uri: Option<String>,
    /// New authority.
    pub authority: Option<String>,
    /// New port.
    pub port: Option<u32>,
    /// How the port is derived.
    pub derive_port: Option<String>,
    /// New scheme.
    pub scheme: Option<String>,
    /// The status; unset: 301.
    pub redirect_code: Option<u32>,
}

/// `HTTPDirectResponse`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpDirectResponse {
    /// The status.
    pub status: u32,
    /// The body.
    pub body: Option<HttpBody>,
}

/// `HTTPBody`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpBody {
    /// As text.
    pub string: Option<String>,
    /// As base64.
    pub bytes: Option<String>,
}

/// `Delegate`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Delegate {
    /// Name of the VirtualService.
    pub name: String,
    /// Its namespace; unset: the delegating one's.
    pub namespace: Option<String>,
}

/// `HTTPRewrite`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRewrite {
    /// New path or prefix.
    pub uri: Option<String>,
    /// New authority.
    pub authority: Option<String>,
    /// New path by regex.
    pub uri_regex_rewrite: Option<RegexRewrite>,
}

/// `RegexRewrite`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RegexRewrite {
    /// RE2 pattern.
    #[serde(rename = "match")]
    pub pattern: String,
    /// Replacement.
    pub rewrite: String,
}

/// `HTTPRetry`; 0 or no attempts switch retries off.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRetry {
    /// Retries after the first attempt.
    pub attempts: i32,
    /// Time for one attempt.
    pub per_try_timeout: Option<GoDuration>,
    /// Comma-separated conditions and statuses.
    pub retry_on: Option<String>,
    /// Move to other priorities on retries.
    pub retry_remote_localities: Option<bool>,
    /// Whether hosts already tried are avoided.
    pub retry_ignore_previous_hosts: Option<bool>,
    /// First back-off.
    pub backoff: Option<GoDuration>,
}

/// `Headers`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Headers {
    /// Towards the upstream.
    pub request: Option<HeaderOperations>,
    /// Towards the client.
    pub response: Option<HeaderOperations>,
}

/// `Headers.HeaderOperations`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Read)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HeaderOperations {
    /// Set, replacing what is there.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub set: SortedMap<String, String>,
    /// Added beside what is there.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub add: SortedMap<String, String>,
    /// Removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}
