//! Every message of istiod's for the kinds that are read, in the order of its functions: each is the answer to some row, or there is a
//! reason why none can be.

use serde_json::Value;

/// Some row has it.
const SAID: &str = "";
const NULL: &str = "an entry without a value is refused while reading, with its place (MF0005)";

/// Messages with Go's placeholders, and why no row has them.
const MESSAGES: &[(&str, &str)] = &[
    (r#"url field needs to be set"#, SAID),
    (r#"url contains unsupported scheme: %s"#, SAID),
    (r#"sha256 field must be 64 characters long"#, SAID),
    (r#"sha256 field must match [a-f0-9]{64} pattern"#, SAID),
    (r#"imagePullSecret field must be less than 253 characters long"#, SAID),
    (r#"pluginName field must be less than 255 characters long"#, SAID),
    (r#"spec.vmConfig.env invalid"#, SAID),
    (r#"duplicate env"#, SAID),
    (r#"value may only be set when valueFrom is INLINE"#, SAID),
    (r#"spec.Match[%d].Ports[%d] is out of range: %d"#, SAID),
    (r#"only one of targetRefs or workloadSelector can be set"#, SAID),
    (
        r#"outlier detection consecutive errors is deprecated, use consecutiveGatewayErrors or consecutive5xxErrors instead"#,
        SAID,
    ),
    (
        r#"outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false"#,
        SAID,
    ),
    (r#"duration must be greater than 1ms"#, SAID),
    (r#"only durations to ms precision are supported"#, SAID),
    (r#"percentage %v is not in range 0..100"#, SAID),
    (r#"can not simultaneously specify 'distribute' and 'failover'"#, SAID),
    (
        r#"can not simultaneously set 'failover' and topology label '%s' in 'failover_priority'"#,
        SAID,
    ),
    (r#"locality weight must be in range [1, 100]"#, SAID),
    (r#"total locality weight %v != 100"#, SAID),
    (r#"locality %s wildcard '*' number can not exceed 1 and must be in the end"#, SAID),
    (r#"locality %s overlap with previous specified ones"#, SAID),
    (r#"locality %s must not contain empty region/zone/subzone info"#, SAID),
    (r#"outlier detection policy must be provided for failover"#, SAID),
    (r#"locality lb failover settings must specify different regions"#, SAID),
    (r#"locality lb failover only specify region"#, SAID),
    (r#"locality lb failover region should not contain '*' wildcard"#, SAID),
    (
        r#"'failover_priority' for zone aware lb must not use topology label '%s'; region- and zone-level routing are handled automatically"#,
        SAID,
    ),
    (r#"zone aware lb failover settings must specify different regions"#, SAID),
    (
        r#"zone aware lb failover only specifies region; zone and subzone failover are handled automatically"#,
        SAID,
    ),
    (r#"zone aware lb failover region should not contain '*' wildcard"#, SAID),
    (r#"only one of localityLbSetting and zoneAwareLbSetting can be set"#, SAID),
    (r#"name required for HttpCookie"#, SAID),
    (r#"cookie attribute name cannot be empty"#, SAID),
    (r#"duplicate cookie attribute name: %s"#, SAID),
    (
        r#"consistent hash MinimumRingSize is deprecated, use ConsistentHashLB's RingHash configuration instead"#,
        SAID,
    ),
    (r#"only one of MinimumRingSize or Maglev/Ringhash can be specified"#, SAID),
    (r#"tableSize must be set for maglev"#, SAID),
    (r#"tableSize must be less than 5000011 for maglev"#, SAID),
    (r#"tableSize must be a prime number for maglev"#, SAID),
    (r#"duration is required"#, SAID),
    (r#"minimumPercent value should be less than or equal to 100"#, SAID),
    (r#"aggression should be greater than 0"#, SAID),
    (r#"traffic policy must have at least one field"#, SAID),
    (r#"tunnel and proxyProtocol must not be set together"#, SAID),
    (r#"traffic policy may not be null"#, NULL),
    (r#"portTrafficPolicy must have valid port"#, SAID),
    (r#"port traffic policy must have at least one field"#, SAID),
    (r#"subset may not be null"#, NULL),
    (r#"duplicate subset names: %s"#, SAID),
    (r#"subset name cannot be empty"#, SAID),
    (r#"subset name is invalid: %s"#, SAID),
    (r#"invalid tag key: %q"#, SAID),
    (r#"invalid tag value: %q"#, SAID),
    (r#"empty key is not supported in selector"#, SAID),
    (r#"wildcard is not supported in selector"#, SAID),
    (r#"workload selector specified without labels"#, SAID),
    (r#"connection pool must have at least one field"#, SAID),
    (r#"http1 max pending requests must be non-negative"#, SAID),
    (r#"http2 max requests must be non-negative"#, SAID),
    (r#"max requests per connection must be non-negative"#, SAID),
    (r#"max retries must be non-negative"#, SAID),
    (r#"use client protocol must not be true when H2UpgradePolicy is UPGRADE"#, SAID),
    (r#"max concurrent streams must be non-negative"#, SAID),
    (r#"max connections must be non-negative"#, SAID),
    (r#"invalid gateway name: %q"#, SAID),
    (r#"gateway must have at least one server"#, SAID),
    (r#"server may not be nil"#, NULL),
    (r#"port names in servers must be unique: duplicate name %s"#, SAID),
    (r#"tls.httpsRedirect should only be used with http servers"#, SAID),
    (r#"server config must contain at least one host"#, SAID),
    (r#"port is required"#, SAID),
    (
        r#"invalid protocol %q, supported protocols are HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP"#,
        SAID,
    ),
    (r#"targetPort has no impact on Gateways"#, SAID),
    (r#"port name must be set: %v"#, SAID),
    (r#"server must have TLS settings for HTTPS/TLS protocols"#, SAID),
    (r#"server cannot have TLS settings for plain text HTTP ports"#, SAID),
    (r#"server cannot have TLS settings for non HTTPS/TLS ports"#, SAID),
    (r#"short names (non FQDN) are not allowed"#, SAID),
    (r#"partial wildcard %q not allowed"#, SAID),
    (r#"config namespace and dnsName in host entry cannot be empty"#, SAID),
    (r#"invalid namespace value %q in gateway"#, SAID),
    (r#"port number %d must be in the range 1..65535"#, SAID),
    (r#"wildcard host * is not allowed for virtual services bound to the mesh gateway"#, SAID),
    (r#"duplicate hosts in virtual service: %s & %s"#, SAID),
    (r#"http, tcp or tls must be provided in virtual service"#, SAID),
    (r#"http route may not be null"#, NULL),
    (r#"HTTP route, redirect or direct_response is required"#, SAID),
    (r#"HTTP route cannot contain both route and redirect"#, SAID),
    (r#"destination is required"#, SAID),
    (r#"total destination weight = 0"#, SAID),
    (r#"weight %d < 0"#, SAID),
    (r#"invalid destination host %s"#, SAID),
    (r#"header match %v cannot be null"#, SAID),
    (r#"header name cannot be empty"#, SAID),
    (r#"header name %s is not a valid header name"#, SAID),
    (r#"%q: prefix string match should not be empty"#, SAID),
    (r#"%q: regex string match should not be empty"#, SAID),
    (r#"%q: regex is too large, max length allowed is 1024"#, SAID),
    (r#"using legacy gatewayName format %q; prefer the <namespace>/<name> format: %q"#, SAID),
    (r#"config namespace and gateway name cannot be empty"#, SAID),
    (r#"invalid value for namespace: %q"#, SAID),
    (r#"invalid value for gateway name: %q"#, SAID),
    (r#"delegate virtual service must have no gateways specified"#, SAID),
    (r#"attempts cannot be negative"#, SAID),
    (r#"http retry policy configured when attempts are set to 0 (disabled)"#, SAID),
    (r#"%q is not a valid retryOn policy"#, SAID),
    (r#"virtualService rule %v not used (%s)"#, SAID),
    (r#"only the last rule can have no matches"#, SAID),
    (r#"route without matches defined before"#, SAID),
    (r#"all matches used by prior rules"#, SAID),
    (
        r#"virtualService rule %v match %v is not used (duplicate/overlapping match in rule %v)"#,
        SAID,
    ),
    (r#"Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)"#, SAID),
];

/// Messages that no row expects, though there is no reason for it.
pub fn without_a_row(rows: &[Value]) -> Vec<&'static str> {
    let mut expected = Vec::new();
    for row in rows {
        texts(&row["expected"], &mut expected);
    }
    let is_there = |message: &str| expected.iter().any(|text| fits(text, message));
    let said = MESSAGES.iter().filter(|(_, reason)| *reason == SAID);
    said.map(|(message, _)| *message).filter(|message| !is_there(message)).collect()
}

fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

/// Whether a text is a message with something in the place of `%s`, `%d`, `%v` and `%q`.
fn fits(text: &str, message: &str) -> bool {
    let fixed =
        ["%s", "%d", "%v"].iter().fold(message.to_owned(), |it, hole| it.replace(hole, "%q"));
    let mut rest = text;
    fixed.split("%q").all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}
