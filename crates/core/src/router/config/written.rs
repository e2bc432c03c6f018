//! `pluginConfig` as written. Every field says its unit, default and range; the module's size forbids more types than needed.

use mesh_failover_sorted::SortedMap;

use crate::diagnostic::Diagnostic;
use crate::manifest::{Distribute, Failover, GoDuration, OutlierDetection, json_tree};
use crate::router::level::Curve;

/// `pluginConfig` as written.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct PluginConfig {
    /// What to route by region; everything else is left alone.
    pub destinations: Vec<DestinationConfig>,
    /// Where the client is, if the request says so; unset: everybody is where the gateway is.
    pub client_region: Option<ClientRegionConfig>,
    /// How gateways that route to each other find out; unset: they do not.
    pub hops: Option<HopsConfig>,
    /// Name of a response header that says where a request went, how that region is, and which are out; unset: none. For debugging: it tells clients about the site.
    pub debug_header: Option<String>,
    /// Any text; it changes nothing. Where an older configuration is to be in force again at once, a new text makes it another one.
    pub revision: Option<String>,
}

/// A trusted header that says where the client is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct ClientRegionConfig {
    /// Its name. Whoever can set it chooses the region it is served from: let the load balancer in front overwrite it.
    pub header: String,
    /// Region by value; empty: the value is the region. A value that is not known counts as the gateway's own region.
    pub map: SortedMap<String, String>,
}

/// A header that counts the gateways a request has passed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct HopsConfig {
    /// Its name; unset: `x-mesh-hops`.
    pub header: Option<String>,
}

/// A destination as written.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct DestinationConfig {
    /// The service's full name, as it stands in Envoy's cluster names.
    pub host: String,
    /// The service port; unset: every port, each with a state of its own.
    pub port: Option<u16>,
    /// The DestinationRule's own block.
    pub traffic_policy: TrafficPolicyConfig,
    /// Regions that `failover` may reach beyond those that `distribute`, `failover`, `subsets` and `hosts` name.
    pub regions: Vec<String>,
    /// Subset by region; unset: the region's name, and for a zone the zone's.
    pub subsets: SortedMap<String, String>,
    /// Full name, by region, of a Service of that region alone, in place of a subset: HTTPRoutes can name Services only.
    pub hosts: SortedMap<String, String>,
    /// How a region comes back.
    pub failback: FailbackConfig,
    /// Errors and slowness over time.
    pub health: HealthConfig,
    /// Requests of the gateway's own to every region; unset: none.
    pub probe: Option<ProbeConfig>,
    /// Regions to empty.
    pub drain: DrainConfig,
    /// Keeps a user in a region; unset: no user is known.
    pub affinity: Option<AffinityConfig>,
    /// A second try in another region before the client sees the error of the first; unset: none. `{}` turns it on with all defaults.
    pub rescue: Option<RescueConfig>,
    /// What to do when no region is usable; unset: `native`.
    pub all_regions_out: AllRegionsOut,
}

/// A DestinationRule's `trafficPolicy`, as far as the router acts on it. The other blocks may stay and
/// are not looked into: the module of a gateway does not carry the reader of all of Istio.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
#[allow(missing_docs, reason = "the names are Istio's own words")]
pub struct TrafficPolicyConfig {
    /// Where the traffic goes.
    pub load_balancer: Option<LoadBalancerConfig>,
    /// What takes a region out, by Envoy's rules for hosts; unset: errors in a row take none out.
    pub outlier_detection: Option<OutlierDetection>,
    pub port_level_settings: Option<Ignored>,
    pub connection_pool: Option<Ignored>,
    pub tls: Option<Ignored>,
    pub tunnel: Option<Ignored>,
    pub proxy_protocol: Option<Ignored>,
    pub retry_budget: Option<Ignored>,
}

/// A block that the router does not look into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ignored;

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Ignored {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ignored".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "A block that the router does not look into." })
    }
}

/// The same for `loadBalancer`.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
#[allow(missing_docs, reason = "the names are Istio's own words")]
pub struct LoadBalancerConfig {
    /// The shares and the order of regions; required.
    pub locality_lb_setting: Option<LocalityLbSettingConfig>,
    pub zone_aware_lb_setting: Option<Ignored>,
    pub simple: Option<Ignored>,
    pub consistent_hash: Option<Ignored>,
    pub warmup: Option<Ignored>,
    pub warmup_duration_secs: Option<Ignored>,
}

/// The same for `localityLbSetting`.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
#[allow(missing_docs, reason = "the names are Istio's own words")]
pub struct LocalityLbSettingConfig {
    /// Unset: true. False leaves the destination's requests to Istio.
    pub enabled: Option<bool>,
    /// Fixed shares by region or zone, in percent; the first entry whose `from` fits applies.
    pub distribute: Vec<Distribute>,
    /// Which region takes the share of one that is out. May stand beside `distribute`.
    pub failover: Vec<Failover>,
    /// Labels that order the regions. May stand beside `distribute`.
    pub failover_priority: Vec<String>,
}

/// How a region comes back after it was out.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct FailbackConfig {
    /// For so long it must be found well before it takes traffic again; unset: `0s`.
    pub minimum_healthy_time: Option<GoDuration>,
    /// How its traffic grows then; unset: at once.
    pub ramp: Option<RampConfig>,
}

/// A ramp as written.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct RampConfig {
    /// From the start to full; required, more than `0s`.
    pub duration: Option<GoDuration>,
    /// Percent of its weight at the start, 1 to 100; unset: 10.
    pub start_percent: Option<u32>,
    /// `linear` or `exponential`; unset: `linear`.
    pub curve: Curve,
}

/// What takes a region out besides errors in a row.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct HealthConfig {
    /// Too many errors among many requests.
    pub success_rate: Option<SuccessRateConfig>,
    /// Too many slow answers among many requests.
    pub latency: Option<LatencyConfig>,
}

/// A lowest success rate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct SuccessRateConfig {
    /// A region below this percent of successes is ejected, 1 to 100; required.
    pub minimum_percent: Option<u32>,
    /// Length of the sliding window; unset: `10s`.
    pub window: Option<GoDuration>,
    /// Requests in the window, of one worker, below which nothing is judged; unset: 20.
    pub minimum_requests: Option<u32>,
}

/// A greatest share of slow answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct LatencyConfig {
    /// An answer is slow when its head takes longer; required.
    pub threshold: Option<GoDuration>,
    /// A region with at least this percent of slow answers is ejected, 1 to 100; unset: 50.
    pub percent: Option<u32>,
    /// Length of the sliding window; unset: `10s`.
    pub window: Option<GoDuration>,
    /// Requests in the window, of one worker, below which nothing is judged; unset: 20.
    pub minimum_requests: Option<u32>,
}

/// A probe as written.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct ProbeConfig {
    /// Unset: `/`.
    pub path: Option<String>,
    /// The `host` header; unset: the destination's host.
    pub host: Option<String>,
    /// Unset: `GET`.
    pub method: Option<String>,
    /// From one to the next, at least `100ms`; unset: `5s`.
    pub interval: Option<GoDuration>,
    /// How long an answer is waited for; unset: `1s`.
    pub timeout: Option<GoDuration>,
    /// Successes in a row that bring a region back; unset: 2.
    pub healthy_threshold: Option<u32>,
    /// Failures in a row that take a region out; unset: 3.
    pub unhealthy_threshold: Option<u32>,
    /// Statuses that are successes, as `200` or `200-299`; unset: `200-399`.
    pub expected_statuses: Vec<String>,
}

/// What is emptied, and how fast.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct DrainConfig {
    /// Regions that lose their traffic. One that is taken off the list gets it back the same way.
    pub regions: Vec<String>,
    /// From full to nothing and back; unset: `0s`, at once.
    pub duration: Option<GoDuration>,
    /// Whether a user who is in a drained region stays there; unset: `break`.
    pub affinity: DrainAffinity,
}

/// Users of a drained region.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase"))]
pub enum DrainAffinity {
    /// They go elsewhere like everybody.
    #[default]
    Break,
    /// A user who is known stays; only new ones go elsewhere.
    Keep,
}

/// What tells users apart: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct AffinityConfig {
    /// A request header.
    pub header: Option<String>,
    /// A cookie; the gateway sets it when it is absent.
    pub cookie: Option<CookieConfig>,
    /// The address that the connection comes from.
    pub source_address: bool,
}

/// A cookie as written.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct CookieConfig {
    /// Its name; required.
    pub name: String,
    /// Unset: `/`.
    pub path: Option<String>,
    /// Its `Max-Age`; unset: it lasts as long as the browser runs.
    pub ttl: Option<GoDuration>,
    /// Further attributes as they stand in `set-cookie`; unset: `HttpOnly` and `SameSite=Lax`.
    pub attributes: Option<Vec<String>>,
}

/// A second try as written.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct RescueConfig {
    /// Methods to repeat besides those that are idempotent (`GET`, `HEAD`, `OPTIONS`, `TRACE`, `PUT`, `DELETE`).
    pub methods: Vec<String>,
    /// Longest body of a request that is kept for a repetition, in bytes; unset: 0, only requests without a body.
    pub max_body_bytes: Option<u32>,
    /// Longest body of a second answer, in bytes; a longer one is given up and the first answer stands. Unset: 1048576.
    pub max_response_bytes: Option<u32>,
    /// How long the second answer is waited for; unset: `5s`.
    pub timeout: Option<GoDuration>,
    /// How many requests may be repeated.
    pub budget: BudgetConfig,
}

/// Istio's words for a retry budget.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", default)
)]
pub struct BudgetConfig {
    /// Percent of the requests of the last `budgetInterval`, 0 to 100; unset: 20.
    pub percent: Option<u32>,
    /// Second tries in `budgetInterval` that are always allowed; unset: 3.
    pub min_retry_concurrency: Option<u32>,
    /// The time that is looked back on; unset: `1s`.
    pub budget_interval: Option<GoDuration>,
}

/// What to do when no region is usable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase"))]
pub enum AllRegionsOut {
    /// Leave the request alone: Istio's own failover decides.
    #[default]
    Native,
    /// Go by the weights as if nothing had happened.
    Weights,
    /// Answer 503 at once.
    Fail,
}

impl PluginConfig {
    /// Reads a `pluginConfig`, which Istio hands over as JSON. No text at all is an empty configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the field's path.
    pub fn from_json(text: &str) -> Result<Self, Vec<Diagnostic>> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        super::read::read(&json_tree(text)?)
    }
}
