//! The answer, as plain values to print or to show.

use serde::Serialize;

use super::cause::Cause;
use crate::diagnostic::Diagnostic;

/// What one gateway was given.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The gateway.
    pub gateway: GatewayExplanation,
    /// Its clusters, in istiod's order.
    pub clusters: Vec<ClusterExplanation>,
    /// What Istio does silently, and what the translation leaves out.
    pub diagnostics: Vec<Diagnostic>,
}

/// Which gateway it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GatewayExplanation {
    /// Its Kubernetes cluster.
    pub cluster: String,
    /// Its namespace.
    pub namespace: String,
    /// Where it is, `region/zone/subzone`.
    pub locality: String,
    /// The control plane's version.
    pub istio: String,
}

/// One Envoy cluster of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClusterExplanation {
    /// istiod's name, `outbound|80||hello-world.default.svc.cluster.local`.
    pub name: String,
    /// Hosts of all localities.
    pub hosts: u64,
    /// Routes that lead here; empty if none does.
    pub routes: Vec<Statement>,
    /// `namespace/name` of the DestinationRule that won.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_rule: Option<String>,
    /// Why it won.
    pub rule: Statement,
    /// What decides priorities and weights.
    pub balancing: Statement,
    /// How a host is chosen once priority and locality are.
    pub policy: Statement,
    /// Where consistent hashing leads; `None` under other policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashing: Option<HashingExplanation>,
    /// What zone-aware routing within a priority does; `None` where it is not configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_aware: Option<ZoneAwareExplanation>,
    /// Where its hosts are, by priority.
    pub localities: Vec<LocalityExplanation>,
    /// How many hosts may be out at once.
    pub ejection: EjectionExplanation,
    /// What happens with too few usable hosts.
    pub panic: PanicExplanation,
    /// Circuit breakers that are not unlimited; a request beyond them gets 503 (flag UO).
    pub limits: Vec<Setting>,
    /// Outlier detection in Envoy's words, defaults included; empty without it.
    pub outlier_detection: Vec<Setting>,
}

/// A sentence and the manifest line behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// What is so.
    pub text: String,
    /// Because of what.
    pub cause: Cause,
}

/// The hosts of one locality in one priority.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LocalityExplanation {
    /// `region/zone/subzone`; empty if unknown.
    pub locality: String,
    /// Failover level, 0 goes first.
    pub priority: u32,
    /// Weight among the localities of its priority; `None`: weights do not count in this cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Names of its endpoints.
    pub endpoints: Vec<String>,
    /// How many of them are usable: healthy for discovery, and not ejected.
    pub healthy: u32,
    /// Those that the running gateway has ejected, if its dump is at hand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ejected: Vec<String>,
    /// Percent of the cluster's requests it gets now.
    pub share: f64,
    /// Why this priority and weight.
    pub because: Statement,
    /// When traffic starts to leave it; `None`: it has none, or never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spill: Option<Spill>,
    /// Shares when all of its endpoints have failed; empty: there is nobody left, requests get 503 (UH).
    pub without_it: Vec<LocalityShare>,
    /// Whether ejections alone, if all fall on this locality, can make traffic leave it.
    pub ejection_can_spill: bool,
    /// Whether ejections alone can take it out completely.
    pub ejection_can_empty: bool,
}

/// The point at which traffic starts to leave a locality.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Spill {
    /// So many more unhealthy endpoints do it.
    pub unhealthy: u32,
    /// Of so many healthy ones.
    pub of: u32,
    /// Percent of endpoints that are then healthy.
    pub healthy_percent: f64,
    /// That times Envoy's overprovisioning factor.
    pub availability_percent: f64,
    /// Envoy's factor, 1.4: Istio never sets it.
    pub overprovisioning_factor: f64,
    /// The locality's share then.
    pub share: f64,
    /// Localities that get more then, with their new shares.
    pub to: Vec<LocalityShare>,
    /// The same in one sentence, with the numbers.
    pub text: String,
}

/// A locality's part of the traffic.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LocalityShare {
    /// `region/zone/subzone`.
    pub locality: String,
    /// Its failover level.
    pub priority: u32,
    /// Percent of requests.
    pub share: f64,
}

/// Where consistent hashing leads.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HashingExplanation {
    /// The hosts that the table leads to, by priority. Other addresses lead elsewhere; in the long run a locality has the share that stands with it.
    pub hosts: Vec<HostShare>,
    /// What that means, in one sentence, and the line that says so.
    #[serde(flatten)]
    pub statement: Statement,
}

/// A host's part of a table, and so of the users.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HostShare {
    /// Its name.
    pub name: String,
    /// Its locality.
    pub locality: String,
    /// Its failover level.
    pub priority: u32,
    /// Percent of all hashes, exactly.
    pub share: f64,
}

/// Zone-aware routing within the first priority.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ZoneAwareExplanation {
    /// Shares if the gateway's bootstrap named its own cluster, as far as the topology knows its pods; empty: no others than without.
    pub with_self_discovery: Vec<LocalityShare>,
    /// The same in one sentence, and the line that says so.
    #[serde(flatten)]
    pub statement: Statement,
}

/// How many hosts may be out at once.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EjectionExplanation {
    /// Hosts that may be ejected at once, of all hosts of the cluster.
    pub ejectable: u64,
    /// `max_ejection_percent`; `None` without outlier detection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ejection_percent: Option<u8>,
    /// The same in one sentence, and the line that says it.
    #[serde(flatten)]
    pub statement: Statement,
}

/// What happens with too few usable hosts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PanicExplanation {
    /// `healthy_panic_threshold`; 0: never.
    pub threshold_percent: u8,
    /// The same in one sentence, and the line that says it.
    #[serde(flatten)]
    pub statement: Statement,
}

/// A setting of Envoy's.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// Envoy's name.
    pub name: &'static str,
    /// Its value, with the unit.
    pub value: String,
    /// The line that sets it, or whose default it is.
    pub cause: Cause,
}
