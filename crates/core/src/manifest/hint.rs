//! "Did you mean": the nearest name, or the block in which a field has its home.

/// Fields that are often written one level too high or too low, and the block they belong in.
const HOMES: [(&str, &str); 30] = [
    ("outlierDetection", "trafficPolicy"),
    ("loadBalancer", "trafficPolicy"),
    ("connectionPool", "trafficPolicy"),
    ("portLevelSettings", "trafficPolicy"),
    ("localityLbSetting", "loadBalancer"),
    ("zoneAwareLbSetting", "loadBalancer"),
    ("simple", "loadBalancer"),
    ("consistentHash", "loadBalancer"),
    ("warmup", "loadBalancer"),
    ("distribute", "localityLbSetting"),
    ("failover", "localityLbSetting"),
    ("failoverPriority", "localityLbSetting"),
    ("consecutive5xxErrors", "outlierDetection"),
    ("consecutiveGatewayErrors", "outlierDetection"),
    ("consecutiveLocalOriginFailures", "outlierDetection"),
    ("splitExternalLocalOriginErrors", "outlierDetection"),
    ("interval", "outlierDetection"),
    ("baseEjectionTime", "outlierDetection"),
    ("maxEjectionPercent", "outlierDetection"),
    ("minHealthPercent", "outlierDetection"),
    ("http2MaxRequests", "connectionPool.http"),
    ("http1MaxPendingRequests", "connectionPool.http"),
    ("maxRequestsPerConnection", "connectionPool.http"),
    ("maxRetries", "connectionPool.http"),
    ("maxConnections", "connectionPool.tcp"),
    ("connectTimeout", "connectionPool.tcp"),
    ("attempts", "retries"),
    ("perTryTimeout", "retries"),
    ("retryOn", "retries"),
    ("subset", "destination"),
];

/// Most names that are listed when none is near.
const LISTED: usize = 16;

/// Help for a field that does not exist, if its name says what was meant.
pub(crate) fn field(key: &str, fields: &[&str]) -> Option<String> {
    let home = HOMES.iter().find(|(name, _)| *name == key);
    match (nearest(key, fields), home) {
        (Some(name), _) => Some(format!("did you mean `{name}`?")),
        (None, Some((_, home))) => Some(format!("`{key}` belongs in `{home}`")),
        (None, None) => None,
    }
}

/// Help for a value that is none of `values`.
pub(super) fn one_of(value: &str, values: &[&str]) -> Option<String> {
    match nearest(value, values) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None => list(values),
    }
}

/// All names there are, unless they are too many to read.
pub(super) fn list(names: &[&str]) -> Option<String> {
    if names.is_empty() || names.len() > LISTED {
        return None;
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("write one of {}", quoted.join(", ")))
}

/// The one name within a third of its length, case and separators aside.
pub(super) fn nearest<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    /// Longer than any name there is; comparing costs the product of the lengths.
    const LONGEST: usize = 64;
    /// Most letters that may be wrong.
    const MOST: usize = 4;
    if text.len() > LONGEST {
        return None;
    }
    let plain = |name: &str| -> String {
        name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
    };
    let text = plain(text);
    let length = text.chars().count();
    let distances = names.iter().filter_map(|name| {
        let name_plain = plain(name);
        let count = name_plain.chars().count();
        // At least so many letters are wrong; comparing all of them is the slow part of reading a bad text.
        let is_far = count.abs_diff(length) > MOST;
        (!is_far).then(|| (strsim::damerau_levenshtein(&text, &name_plain), count, *name))
    });
    let (distance, count, best) = distances.min_by_key(|(distance, ..)| *distance)?;
    let allowed = (length.min(count) / 3).clamp(1, MOST);
    (distance <= allowed && !text.is_empty()).then_some(best)
}
