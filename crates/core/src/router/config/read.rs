//! From a tree to `pluginConfig` as written: strict, every error with its path, all of them at once.
//!
//! Written for size: the reader of a gateway's module. Each type lists its fields once, and everything about fields that is the same for
//! all types is one function.

use mesh_failover_sorted::SortedMap;

use super::written::*;
use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::{
    Distribute, Entry, Failover, GoDuration, Node, OutlierDetection, Scalar, ScalarKind, Value,
    codes, field_hint,
};
use crate::router::level::Curve;

/// Reads the whole.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read(node: &Node) -> Result<PluginConfig, Vec<Diagnostic>> {
    let mut reader = Reader { path: String::new(), errors: Vec::new() };
    let config = PluginConfig::read(node, &mut reader);
    if reader.errors.is_empty() { Ok(config) } else { Err(reader.errors) }
}

/// Where it is, and what was wrong so far.
struct Reader {
    path: String,
    errors: Vec<Diagnostic>,
}

/// A value of `pluginConfig`. What cannot be read is said and left at its default.
trait Read: Default {
    fn read(node: &Node, reader: &mut Reader) -> Self;
}

impl Reader {
    fn error(&mut self, code: &'static str, message: String, help: Option<String>) {
        let path = self.path.clone();
        let severity = Severity::Error;
        self.errors.push(Diagnostic { severity, code, message, help, location: None, path });
    }

    fn expected(&mut self, what: &str, node: &Node) {
        let message = ["expected ", what, ", found ", &node.describe()].concat();
        self.error(codes::INVALID_VALUE, message, None);
    }

    /// Goes to a part, reads it, and comes back.
    fn at(&mut self, part: &[&str], read: &mut dyn FnMut(&mut Self)) {
        let length = self.path.len();
        part.iter().for_each(|part| self.path.push_str(part));
        read(self);
        self.path.truncate(length);
    }

    /// Every entry of a mapping that is set, each key once.
    fn entries(&mut self, node: &Node, read: &mut dyn FnMut(&mut Self, &Entry)) {
        let Value::Map(entries) = &node.value else {
            if !node.is_null() {
                self.expected("a mapping", node);
            }
            return;
        };
        for (index, entry) in entries.iter().enumerate() {
            let dot = if self.path.is_empty() { "" } else { "." };
            self.at(&[dot, &entry.key], &mut |reader| {
                if entries.iter().take(index).any(|other| other.key == entry.key) {
                    let message = ["`", &entry.key, "` is given twice"].concat();
                    reader.error(codes::DUPLICATE_KEY, message, Some("remove one".to_owned()));
                } else if !entry.value.is_null() {
                    read(reader, entry);
                }
            });
        }
    }

    /// The fields of a type by their place in `names`.
    fn fields(
        &mut self,
        node: &Node,
        names: &[&str],
        read: &mut dyn FnMut(&mut Self, usize, &Node),
    ) {
        self.entries(node, &mut |reader, entry| match names
            .iter()
            .position(|name| *name == entry.key)
        {
            Some(place) => read(reader, place, &entry.value),
            None => {
                let message = ["unknown field `", &entry.key, "`"].concat();
                reader.error(codes::UNKNOWN_FIELD, message, field_hint(&entry.key, names));
            }
        });
    }

    fn items(&mut self, node: &Node, read: &mut dyn FnMut(&mut Self, &Node)) {
        let Value::Seq(items) = &node.value else { return self.expected("a list", node) };
        for (index, item) in items.iter().enumerate() {
            self.at(&["[", &index.to_string(), "]"], &mut |reader| read(reader, item));
        }
    }

    /// A whole number; as JSON of a protobuf does, also in quotes.
    fn number(&mut self, node: &Node, least: i64, most: i64) -> i64 {
        let number = match &node.value {
            Value::Scalar(Scalar { kind: ScalarKind::Integer(number), .. }) => {
                i64::try_from(*number).ok()
            }
            Value::Scalar(Scalar { kind: ScalarKind::Text, text }) => text.parse().ok(),
            _ => None,
        };
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => number,
            None => {
                let (least, most) = (least.to_string(), most.to_string());
                self.expected(&["a whole number from ", &least, " to ", &most].concat(), node);
                0
            }
        }
    }

    /// One of these words, by its place.
    fn word(&mut self, node: &Node, words: &[&str]) -> usize {
        let place = node.as_text().and_then(|text| words.iter().position(|word| *word == text));
        place.unwrap_or_else(|| {
            self.expected(&["one of `", &words.join("`, `"), "`"].concat(), node);
            0
        })
    }
}

impl Read for bool {
    fn read(node: &Node, reader: &mut Reader) -> Self {
        if let Value::Scalar(Scalar { kind: ScalarKind::Bool(value), .. }) = node.value {
            return value;
        }
        reader.expected("`true` or `false`", node);
        false
    }
}

impl Read for String {
    fn read(node: &Node, reader: &mut Reader) -> Self {
        if node.as_text().is_none() {
            reader.expected("text", node);
        }
        node.as_text().unwrap_or_default().to_owned()
    }
}

impl Read for GoDuration {
    fn read(node: &Node, reader: &mut Reader) -> Self {
        node.as_text().and_then(Self::parse).unwrap_or_else(|| {
            reader.expected("a duration with a unit such as `30s`", node);
            Self::default()
        })
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Read for $type {
            fn read(node: &Node, reader: &mut Reader) -> Self {
                let number = reader.number(node, i64::from(Self::MIN), i64::from(Self::MAX));
                Self::try_from(number).unwrap_or_default()
            }
        }
    )*};
}

numbers!(u16, u32, i32);

macro_rules! words {
    ($($type:ident { $($word:literal => $variant:ident),* })*) => {$(
        impl Read for $type {
            fn read(node: &Node, reader: &mut Reader) -> Self {
                let place = reader.word(node, &[$($word),*]);
                let variants = [$(Self::$variant),*];
                variants.get(place).copied().unwrap_or_default()
            }
        }
    )*};
}

words! {
    Curve { "linear" => Linear, "exponential" => Exponential }
    DrainAffinity { "break" => Break, "keep" => Keep }
    AllRegionsOut { "native" => Native, "weights" => Weights, "fail" => Fail }
}

impl Read for Ignored {
    fn read(_: &Node, _: &mut Reader) -> Self {
        Self
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, reader: &mut Reader) -> Self {
        Some(T::read(node, reader))
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, reader: &mut Reader) -> Self {
        let mut list = Self::new();
        reader.items(node, &mut |reader, item| list.push(T::read(item, reader)));
        list
    }
}

impl<T: Read> Read for SortedMap<String, T> {
    fn read(node: &Node, reader: &mut Reader) -> Self {
        let mut pairs = Vec::new();
        reader.entries(node, &mut |reader, entry| {
            pairs.push((entry.key.clone(), T::read(&entry.value, reader)));
        });
        pairs.into()
    }
}

macro_rules! fields {
    ($($type:ident { $($name:literal => $field:ident),* $(,)? })*) => {$(
        impl Read for $type {
            fn read(node: &Node, reader: &mut Reader) -> Self {
                const NAMES: &[&str] = &[$($name),*];
                let mut it = Self::default();
                reader.fields(node, NAMES, &mut |reader, place, value| {
                    let mut nth = 0;
                    $(
                        if place == nth {
                            it.$field = Read::read(value, reader);
                        }
                        nth += 1;
                    )*
                    let _ = nth;
                });
                it
            }
        }
    )*};
}

fields! {
    PluginConfig { "destinations" => destinations, "clientRegion" => client_region, "hops" => hops, "debugHeader" => debug_header, "revision" => revision }
    ClientRegionConfig { "header" => header, "map" => map }
    HopsConfig { "header" => header }
    DestinationConfig {
        "host" => host,
        "port" => port,
        "trafficPolicy" => traffic_policy,
        "regions" => regions,
        "subsets" => subsets,
        "hosts" => hosts,
        "failback" => failback,
        "health" => health,
        "probe" => probe,
        "drain" => drain,
        "affinity" => affinity,
        "rescue" => rescue,
        "allRegionsOut" => all_regions_out,
    }
    TrafficPolicyConfig {
        "loadBalancer" => load_balancer,
        "outlierDetection" => outlier_detection,
        "portLevelSettings" => port_level_settings,
        "connectionPool" => connection_pool,
        "tls" => tls,
        "tunnel" => tunnel,
        "proxyProtocol" => proxy_protocol,
        "retryBudget" => retry_budget,
    }
    LoadBalancerConfig {
        "localityLbSetting" => locality_lb_setting,
        "zoneAwareLbSetting" => zone_aware_lb_setting,
        "simple" => simple,
        "consistentHash" => consistent_hash,
        "warmup" => warmup,
        "warmupDurationSecs" => warmup_duration_secs,
    }
    LocalityLbSettingConfig {
        "enabled" => enabled,
        "distribute" => distribute,
        "failover" => failover,
        "failoverPriority" => failover_priority,
    }
    Distribute { "from" => from, "to" => to }
    Failover { "from" => from, "to" => to }
    OutlierDetection {
        "consecutiveErrors" => consecutive_errors,
        "splitExternalLocalOriginErrors" => split_external_local_origin_errors,
        "consecutiveLocalOriginFailures" => consecutive_local_origin_failures,
        "consecutiveGatewayErrors" => consecutive_gateway_errors,
        "consecutive5xxErrors" => consecutive_5xx_errors,
        "interval" => interval,
        "baseEjectionTime" => base_ejection_time,
        "maxEjectionPercent" => max_ejection_percent,
        "minHealthPercent" => min_health_percent,
        "outlierDetectionHttpErrorCodes" => outlier_detection_http_error_codes,
    }
    FailbackConfig { "minimumHealthyTime" => minimum_healthy_time, "ramp" => ramp }
    RampConfig { "duration" => duration, "startPercent" => start_percent, "curve" => curve }
    HealthConfig { "successRate" => success_rate, "latency" => latency }
    SuccessRateConfig {
        "minimumPercent" => minimum_percent,
        "window" => window,
        "minimumRequests" => minimum_requests,
    }
    LatencyConfig {
        "threshold" => threshold,
        "percent" => percent,
        "window" => window,
        "minimumRequests" => minimum_requests,
    }
    ProbeConfig {
        "path" => path,
        "host" => host,
        "method" => method,
        "interval" => interval,
        "timeout" => timeout,
        "healthyThreshold" => healthy_threshold,
        "unhealthyThreshold" => unhealthy_threshold,
        "expectedStatuses" => expected_statuses,
    }
    DrainConfig { "regions" => regions, "duration" => duration, "affinity" => affinity }
    AffinityConfig { "header" => header, "cookie" => cookie, "sourceAddress" => source_address }
    CookieConfig { "name" => name, "path" => path, "ttl" => ttl, "attributes" => attributes }
    RescueConfig {
        "methods" => methods,
        "maxBodyBytes" => max_body_bytes,
        "maxResponseBytes" => max_response_bytes,
        "timeout" => timeout,
        "budget" => budget,
    }
    BudgetConfig {
        "percent" => percent,
        "minRetryConcurrency" => min_retry_concurrency,
        "budgetInterval" => budget_interval,
    }
}
