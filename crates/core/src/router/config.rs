//! The filter's `pluginConfig`: as written, and as the router runs it.
//!
//! A user pastes the DestinationRule's own `trafficPolicy`, so that one text says the policy twice instead of two
//! vocabularies saying it once each. What the router does not act on (`connectionPool`, `tls`, …) may stay in the block; words
//! that no DestinationRule knows are errors.
//!
//! **Differences from the same block in a DestinationRule**, all because hosts are regions here:
//! - `maxEjectionPercent` unset means 100, not Envoy's 10: ten percent of two regions would never eject one, and a router that
//!   may not take a region out has no use. When all are out, Istio decides.
//! - `outlierDetection.interval` is only the time after which the back-off shrinks by one: an ejection ends when its
//!   time is over, not at the next sweep.
//! - `to` names regions; zones come later, and a region that is not named gets nothing, as in Istio.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::diagnostic::{Diagnostic, Severity};
use crate::locality::Locality;
use crate::manifest::{Distribute, OutlierDetection, from_json_strict};
use crate::outlier::DetectorConfig;
use crate::translate::{IstioVersion, apply_outlier_detection};

const INVALID: &str = "MF0801";
const NOT_SUPPORTED: &str = "MF0802";
const NOT_APPLIED: &str = "MF0803";

/// `pluginConfig` as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PluginConfig {
    /// What to route by region; everything else is left alone.
    pub destinations: Vec<DestinationConfig>,
}

/// A destination as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DestinationConfig {
    /// The service's full name, as it stands in Envoy's cluster names.
    pub host: String,
    /// The service port; unset: every port, each with a state of its own.
    pub port: Option<u16>,
    /// The DestinationRule's own block.
    pub traffic_policy: TrafficPolicyConfig,
    /// Subset by region; unset: the region's name.
    pub subsets: BTreeMap<String, String>,
}

/// A DestinationRule's `trafficPolicy`, as far as the router acts on it. The other blocks may stay and
/// are not looked into: the module of a gateway does not carry the reader of all of Istio.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the names are Istio's own words")]
pub struct TrafficPolicyConfig {
    pub load_balancer: Option<LoadBalancerConfig>,
    pub outlier_detection: Option<OutlierDetection>,
    pub port_level_settings: Option<IgnoredAny>,
    pub connection_pool: Option<IgnoredAny>,
    pub tls: Option<IgnoredAny>,
    pub tunnel: Option<IgnoredAny>,
    pub proxy_protocol: Option<IgnoredAny>,
    pub retry_budget: Option<IgnoredAny>,
}

/// The same for `loadBalancer`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the names are Istio's own words")]
pub struct LoadBalancerConfig {
    pub locality_lb_setting: Option<LocalityLbSettingConfig>,
    pub zone_aware_lb_setting: Option<IgnoredAny>,
    pub simple: Option<IgnoredAny>,
    pub consistent_hash: Option<IgnoredAny>,
    pub warmup: Option<IgnoredAny>,
    pub warmup_duration_secs: Option<IgnoredAny>,
}

/// The same for `localityLbSetting`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the names are Istio's own words")]
pub struct LocalityLbSettingConfig {
    pub enabled: Option<bool>,
    pub distribute: Vec<Distribute>,
    pub failover: Option<IgnoredAny>,
    pub failover_priority: Option<IgnoredAny>,
}

/// What a gateway at one place runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RouterConfig {
    /// Ascending by host and port.
    pub(super) destinations: Vec<DestinationPolicy>,
}

/// A destination's policy.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DestinationPolicy {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// Ejection by errors; `None`: only "no usable host" takes a region out.
    pub(super) detector: Option<DetectorConfig>,
    /// Ascending by name.
    pub(super) regions: Vec<RegionPolicy>,
}

/// A region's part of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RegionPolicy {
    pub(super) name: String,
    pub(super) subset: String,
    /// Positive.
    pub(super) weight: u32,
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
        from_json_strict(text)
    }

    /// What a gateway at `locality` runs, and notes about what does not apply there.
    ///
    /// # Errors
    /// Everything that is wrong, whichever gateway it would concern.
    pub fn compile(
        &self,
        locality: &Locality,
    ) -> Result<(RouterConfig, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut compiler = Compiler { locality, errors: Vec::new(), notes: Vec::new() };
        let mut destinations: Vec<DestinationPolicy> = Vec::new();
        for (index, destination) in self.destinations.iter().enumerate() {
            let path = format!("destinations[{index}]");
            let same = |other: &&DestinationConfig| {
                (&other.host, other.port) == (&destination.host, destination.port)
            };
            if self.destinations.iter().take(index).find(same).is_some() {
                compiler.error(
                    INVALID,
                    format!("{path}.host"),
                    format!("`{}` has a policy for this port already", destination.host),
                    "write one destination for each host and port",
                );
            }
            if let Some(policy) = compiler.destination(destination, &path) {
                let before = |other: &DestinationPolicy| {
                    (&other.host, other.port) < (&policy.host, policy.port)
                };
                destinations.insert(destinations.partition_point(before), policy);
            }
        }
        if compiler.errors.is_empty() {
            Ok((RouterConfig { destinations }, compiler.notes))
        } else {
            Err(compiler.errors)
        }
    }
}

impl RouterConfig {
    /// Whether there is nothing to route.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.destinations.is_empty()
    }

    /// The policy of a host and port: the port's own, else the host's.
    pub(super) fn find(&self, host: &str, port: u16) -> Option<&DestinationPolicy> {
        let start = self.destinations.partition_point(|policy| policy.host.as_str() < host);
        let of_host =
            self.destinations.get(start..)?.iter().take_while(|policy| policy.host == host);
        // `None` sorts first, so a port's own policy is seen last.
        of_host.filter(|policy| policy.port.is_none_or(|own| own == port)).last()
    }
}

struct Compiler<'a> {
    locality: &'a Locality,
    errors: Vec<Diagnostic>,
    notes: Vec<Diagnostic>,
}

impl Compiler<'_> {
    fn error(&mut self, code: &'static str, path: String, message: String, help: &str) {
        self.errors.push(finding(code, path, message, help));
    }

    fn note(&mut self, path: String, message: String) {
        let mut note = finding(NOT_APPLIED, path, message, "");
        note.severity = Severity::Note;
        self.notes.push(note);
    }

    fn destination(
        &mut self,
        written: &DestinationConfig,
        path: &str,
    ) -> Option<DestinationPolicy> {
        if !is_full_name(&written.host) {
            self.error(
                INVALID,
                format!("{path}.host"),
                format!("`{}` is not a service's full name", written.host),
                "write it as in the cluster's name, for example `hello-world.default.svc.cluster.local`",
            );
        }
        if written.port == Some(0) {
            let help = "write the service port, or leave it out for every port";
            self.error(INVALID, format!("{path}.port"), "`0` is not a port".to_owned(), help);
        }
        let path = format!("{path}.trafficPolicy");
        let policy = &written.traffic_policy;
        if policy.port_level_settings.is_some() {
            self.error(
                NOT_SUPPORTED,
                format!("{path}.portLevelSettings"),
                "the router has no policies by port inside a policy".to_owned(),
                "write a destination of its own, with `port`",
            );
        }
        let detector = policy.outlier_detection.as_ref();
        let detector = detector.and_then(|block| self.detector(block, &path));
        let entry = self.distribute(policy, &path)?;
        let mut regions: Vec<RegionPolicy> = Vec::new();
        for (key, weight) in entry.to.iter().filter(|(_, weight)| **weight > 0) {
            let name = Locality::parse(key).region;
            let subset = written.subsets.get(&name).unwrap_or(&name).clone();
            let place = regions.partition_point(|other| other.name < name);
            regions.insert(place, RegionPolicy { name, subset, weight: *weight });
        }
        Some(DestinationPolicy {
            host: written.host.clone(),
            port: written.port,
            detector,
            regions,
        })
    }

    fn detector(&mut self, block: &OutlierDetection, path: &str) -> Option<DetectorConfig> {
        let mut envoy = apply_outlier_detection(block, IstioVersion::NEWEST);
        envoy.max_ejection_percent = envoy.max_ejection_percent.or(Some(100));
        match DetectorConfig::try_from(&envoy) {
            Ok(config) => Some(config),
            Err(error) => {
                self.error(INVALID, format!("{path}.outlierDetection"), error.to_string(), "");
                None
            }
        }
    }

    /// The entry that applies here. All entries are checked.
    fn distribute<'p>(
        &mut self,
        policy: &'p TrafficPolicyConfig,
        path: &str,
    ) -> Option<&'p Distribute> {
        let setting = policy.load_balancer.as_ref().and_then(|lb| lb.locality_lb_setting.as_ref());
        let path = format!("{path}.loadBalancer.localityLbSetting");
        let Some(setting) = setting else {
            let help = "write `distribute` with the share of each region";
            self.error(INVALID, path, "the router needs a locality policy".to_owned(), help);
            return None;
        };
        for (given, name) in [
            (setting.failover.is_some(), "failover"),
            (setting.failover_priority.is_some(), "failoverPriority"),
        ] {
            if given {
                self.error(
                    NOT_SUPPORTED,
                    format!("{path}.{name}"),
                    format!("the router does not know `{name}` yet"),
                    "write `distribute`; a region that is out leaves its share to the others",
                );
            }
        }
        if setting.distribute.is_empty() {
            let message = "the router needs at least one entry".to_owned();
            self.error(INVALID, format!("{path}.distribute"), message, "");
        }
        for (index, entry) in setting.distribute.iter().enumerate() {
            self.check_entry(entry, &format!("{path}.distribute[{index}]"));
        }
        if setting.enabled == Some(false) {
            self.note(path, "locality load balancing is off: requests are left alone".to_owned());
            return None;
        }
        let fits = |entry: &&Distribute| self.locality.matches(&Locality::parse(&entry.from));
        let entry = setting.distribute.iter().find(fits);
        if entry.is_none() {
            let message = format!(
                "no `from` fits this gateway's locality `{}`: requests are left alone",
                self.locality
            );
            self.note(format!("{path}.distribute"), message);
        }
        entry
    }

    fn check_entry(&mut self, entry: &Distribute, path: &str) {
        if entry.from.is_empty() {
            let help = "write the gateway's region, or `*`";
            self.error(INVALID, format!("{path}.from"), "`from` is missing".to_owned(), help);
        }
        let mut seen: Vec<(String, &str)> = Vec::new();
        for key in entry.to.keys() {
            let rule = Locality::parse(key);
            let whole = |part: &str| part.is_empty() || part == "*";
            if rule.region.is_empty()
                || rule.region.contains('*')
                || !whole(&rule.zone)
                || !whole(&rule.sub_zone)
            {
                let message = format!("`{key}` is not the name of a region");
                let help = "the router sends to whole regions: write `europe-west1`, for example";
                self.error(NOT_SUPPORTED, format!("{path}.to"), message, help);
            } else if let Some((_, other)) = seen.iter().find(|(name, _)| *name == rule.region) {
                let message = format!("`{other}` and `{key}` are the same region");
                self.error(INVALID, format!("{path}.to"), message, "write one of them");
            } else {
                seen.push((rule.region, key));
            }
        }
        let sum: u64 = entry.to.values().map(|weight| u64::from(*weight)).sum();
        if sum != 100 {
            let message = format!("the shares add up to `{sum}`");
            self.error(INVALID, format!("{path}.to"), message, "make them 100, as Istio asks");
        }
    }
}

/// A name with a dot, of characters that a cluster's name can carry.
fn is_full_name(host: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    host.contains('.') && host.chars().all(legal)
}

fn finding(code: &'static str, path: String, message: String, help: &str) -> Diagnostic {
    let help = (!help.is_empty()).then(|| help.to_owned());
    Diagnostic { severity: Severity::Error, code, message, help, location: None, path }
}
