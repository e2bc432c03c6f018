//! Rows `{kind, input, expected}`: one Istio function a kind.

use mesh_failover_core::check::istio::{
    Validation, validate_localities, validate_locality_lb_setting, validate_outlier_detection,
    validate_zone_aware_lb_setting,
};
use mesh_failover_core::cluster::{
    Address, CircuitBreakers, Cluster, ClusterLoadAssignment, DiscoveryType, HealthStatus,
    HttpProtocolOptions, LbEndpoint, LbPolicy, OutlierDetection,
};
use mesh_failover_core::locality::Locality;
use mesh_failover_core::manifest::{self, GoDuration, LoadBalancer, MeshConfig, TrafficPolicy};
use mesh_failover_core::route::RetryPolicy;
use mesh_failover_core::translate::{
    IpFamilies, IstioVersion, LbSetting, MeshLbSetting, NetworkGateway, NetworkView,
    NetworkedEndpoint, TrafficDistribution, apply_load_balancer, apply_outlier_detection,
    effective_lb_setting, filter_by_network, inbound_retry_policy, merge_traffic_policy,
    panic_threshold, pod_locality, retry_policy, with_mesh_default,
};
use serde_json::{Map, Value, json};

use super::{labels, messages, read, same, text};

const NEWEST: IstioVersion = IstioVersion::NEWEST;

pub fn check(kind: &str, row: &Value) -> Result<(), String> {
    let (input, expected) = (&row["input"], &row["expected"]);
    match kind {
        "localityMatch" => {
            let rule = Locality::parse(&text(&input["rule"]));
            let found = Locality::parse(&text(&input["locality"])).matches(&rule);
            same(&json!(found), expected)
        }
        "convertLocality" => convert_locality(input, expected),
        "podLocality" => {
            let (pod, node) = (labels(&input["podLabels"])?, labels(&input["nodeLabels"])?);
            same(&json!(pod_locality(&pod, &node, NEWEST)), expected)
        }
        "effectiveLbSetting" => effective(input, expected),
        "failoverPriorityLabelsActive" => failover_priority_labels(input, expected),
        "trafficDistribution" => {
            same(&json!(format!("{:?}", traffic_distribution(input))), expected)
        }
        "outlierDetectionMapping" => {
            let block: Option<manifest::OutlierDetection> = read(input)?;
            let found = block.map(|block| as_written(&apply_outlier_detection(&block, NEWEST)));
            same(&found.unwrap_or_default(), &with_canonical_durations(expected))
        }
        "panicThreshold" => {
            let found = panic_threshold(read(input)?.as_ref(), false, NEWEST);
            same(&json!(found), expected)
        }
        "applyLoadBalancer" => load_balancer(input, expected),
        "mergeSubsetTrafficPolicy" => {
            let port = input["port"].as_u64().map(|port| u32::try_from(port).expect("a port"));
            let (original, subset): (Option<TrafficPolicy>, Option<TrafficPolicy>) =
                (read(&input["original"])?, read(&input["subset"])?);
            let found = merge_traffic_policy(original.as_ref(), subset.as_ref(), port);
            same(&found, &read(expected)?)
        }
        "meshDefaultTrafficPolicy" => {
            let mesh: Option<TrafficPolicy> = read(&input["mesh"])?;
            same(&with_mesh_default(mesh.as_ref(), read(&input["policy"])?), &read(expected)?)
        }
        "retryPolicy" => {
            let hashed = input["hashPolicy"] == true;
            retry(retry_policy(read(&input["retries"])?.as_ref(), hashed, NEWEST), expected)
        }
        "inboundRetryPolicy" => retry(inbound_retry_policy(read(input)?.as_ref()), expected),
        "networkFilter" => network_filter(input, expected),
        "istiodSays" => messages::istiod_says(input, expected),
        "goRegexp" => messages::go_regexp(expected),
        other => validation(other, input, expected),
    }
}

/// Istio's own validation of parts of a manifest.
fn validation(kind: &str, input: &Value, expected: &Value) -> Result<(), String> {
    match kind {
        "validateOutlierDetection" => {
            let found = validate_outlier_detection(read(input)?.as_ref());
            let warning = !found.warnings.is_empty();
            same(&json!({ "valid": found.errors.is_empty(), "warning": warning }), expected)
        }
        "validateLocalityLbSetting" => {
            let outlier = read(&input["outlierDetection"])?;
            let setting = read(&input["setting"])?;
            same_validation(
                &validate_locality_lb_setting(setting.as_ref(), outlier.as_ref()),
                expected,
            )
        }
        "validateZoneAwareLbSetting" => {
            let outlier = read(&input["outlierDetection"])?;
            let setting = read(&input["setting"])?;
            same_validation(
                &validate_zone_aware_lb_setting(setting.as_ref(), outlier.as_ref()),
                expected,
            )
        }
        "validateLocalities" => {
            let localities: Vec<String> = read(input)?.unwrap_or_default();
            let errors: Vec<_> = validate_localities(&localities).err().into_iter().collect();
            same(&json!({ "valid": errors.is_empty(), "errors": errors }), expected)
        }
        other => Err(format!("`{other}` is not a kind that is known")),
    }
}

fn convert_locality(input: &Value, expected: &Value) -> Result<(), String> {
    let found = Locality::parse(&text(input));
    let written = found.to_string();
    let found = json!({
        "region": found.region, "zone": found.zone, "subzone": found.sub_zone, "toString": written,
    });
    same(&found, expected)
}

fn traffic_distribution(input: &Value) -> TrafficDistribution {
    TrafficDistribution::parse(
        input["spec"].as_str(),
        input["serviceAnnotation"].as_str(),
        input["namespaceAnnotation"].as_str(),
    )
}

fn effective(input: &Value, expected: &Value) -> Result<(), String> {
    let rule = LoadBalancer {
        locality_lb_setting: read(&input["drLocality"])?,
        zone_aware_lb_setting: read(&input["drZoneAware"])?,
        ..LoadBalancer::default()
    };
    let mesh = MeshLbSetting {
        locality: read(&input["meshLocality"])?,
        zone_aware: read(&input["meshZoneAware"])?,
    };
    let service = TrafficDistribution::parse(input["trafficDistribution"].as_str(), None, None);
    let found = effective_lb_setting(Some(&rule), service, &mesh, NEWEST);
    let routing = match &found {
        LbSetting::ZoneAware(setting) => Some(setting.enabled != Some(false)),
        _ => None,
    };
    let (locality, zone_aware, force) = match found {
        LbSetting::None => (None, None, false),
        LbSetting::Locality { setting, force } => (Some(setting), None, force),
        LbSetting::ZoneAware(setting) => (None, Some(setting), routing == Some(true)),
    };
    same(&locality, &read(&expected["locality"])?)?;
    same(&zone_aware, &read(&expected["zoneAware"])?)?;
    same(&json!(force), &expected["force"])?;
    same(&routing, &expected["routingEnabled"].as_bool())
}

/// Istio's cache key: the labels that decide priorities, with the proxy's values.
fn failover_priority_labels(input: &Value, expected: &Value) -> Result<(), String> {
    let policy: TrafficPolicy = read(&input["drTrafficPolicy"])?.unwrap_or_default();
    let mesh = MeshLbSetting { locality: read(&input["meshLocalityLbSetting"])?, zone_aware: None };
    let proxy = labels(&input["proxyLabels"])?;
    let setting = effective_lb_setting(
        policy.load_balancer.as_ref(),
        TrafficDistribution::Any,
        &mesh,
        NEWEST,
    );
    let active = match setting {
        LbSetting::Locality { setting, force }
            if setting.distribute.is_empty() && (policy.outlier_detection.is_some() || force) =>
        {
            setting.failover_priority
        }
        _ => Vec::new(),
    };
    let value = |key: &String| proxy.get(key).cloned().unwrap_or_default();
    let found: String = active.iter().map(|key| format!("{key}:{} ", value(key))).collect();
    same(&found, &text(expected))
}

fn same_validation(found: &Validation, expected: &Value) -> Result<(), String> {
    let found = json!({
        "error": !found.errors.is_empty(),
        "warning": !found.warnings.is_empty(),
        "errors": found.errors,
        "warnings": found.warnings,
    });
    same(&found, expected)
}

/// The block as Envoy's configuration would show it: what is unset is absent.
fn as_written(block: &OutlierDetection) -> Value {
    let duration = |value: Option<std::time::Duration>| value.map(|d| json!(GoDuration(d)));
    let number = |value: Option<u32>| value.map(|number| json!(number));
    let flag = |value: bool| value.then_some(json!(true));
    let statuses = Some(json!(block.error_statuses)).filter(|_| !block.error_statuses.is_empty());
    let fields = [
        ("consecutive_5xx", number(block.consecutive_5xx)),
        ("enforcing_consecutive_5xx", number(block.enforcing_consecutive_5xx)),
        ("consecutive_gateway_failure", number(block.consecutive_gateway_failure)),
        (
            "enforcing_consecutive_gateway_failure",
            number(block.enforcing_consecutive_gateway_failure),
        ),
        ("split_external_local_origin_errors", flag(block.split_external_local_origin_errors)),
        ("consecutive_local_origin_failure", number(block.consecutive_local_origin_failure)),
        (
            "enforcing_consecutive_local_origin_failure",
            number(block.enforcing_consecutive_local_origin_failure),
        ),
        ("interval", duration(block.interval)),
        ("base_ejection_time", duration(block.base_ejection_time)),
        ("max_ejection_percent", number(block.max_ejection_percent)),
        ("enforcing_success_rate", number(block.enforcing_success_rate)),
        ("enforcing_local_origin_success_rate", number(block.enforcing_local_origin_success_rate)),
        ("error_statuses", statuses),
    ];
    let set = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(set.collect::<Map<_, _>>())
}

/// `10s` and `10.0s` are the same.
fn with_canonical_durations(value: &Value) -> Value {
    let canonical = |value: &Value| match value.as_str().and_then(GoDuration::parse) {
        Some(duration) => json!(duration),
        None => value.clone(),
    };
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), canonical(value))).collect()
        }
        other => other.clone(),
    }
}

fn load_balancer(input: &Value, expected: &Value) -> Result<(), String> {
    let discovery = match input["discoveryType"].as_str() {
        Some("EDS") => DiscoveryType::Eds,
        Some("STRICT_DNS") => DiscoveryType::StrictDns,
        Some("LOGICAL_DNS") => DiscoveryType::LogicalDns,
        Some("STATIC") => DiscoveryType::Static,
        Some("ORIGINAL_DST") => DiscoveryType::OriginalDst,
        other => return Err(format!("{other:?} is not a discovery type that is known")),
    };
    let load_balancer: Option<LoadBalancer> = read(&input["loadBalancer"])?;
    let mesh = MeshLbSetting::from(&MeshConfig::default());
    let service = TrafficDistribution::Any;
    let setting = effective_lb_setting(load_balancer.as_ref(), service, &mesh, NEWEST);
    let mut cluster = cluster(discovery);
    let ejects = input["outlierDetection"] == true;
    apply_load_balancer(&mut cluster, load_balancer.as_ref(), &setting, ejects);
    let policy = match cluster.lb_policy {
        LbPolicy::RoundRobin { .. } => "ROUND_ROBIN",
        LbPolicy::LeastRequest { .. } => "LEAST_REQUEST",
        LbPolicy::Random => "RANDOM",
        LbPolicy::RingHash { .. } => "RING_HASH",
        LbPolicy::Maglev { .. } => "MAGLEV",
        LbPolicy::ClusterProvided => "CLUSTER_PROVIDED",
    };
    let weighted = cluster.locality_weighted;
    same(&json!({ "lbPolicy": policy, "localityWeightedLbConfig": weighted }), expected)
}

fn cluster(discovery: DiscoveryType) -> Cluster {
    Cluster {
        name: String::new(),
        discovery,
        connect_timeout: std::time::Duration::from_secs(10),
        lb_policy: LbPolicy::Random,
        locality_weighted: false,
        zone_aware: None,
        healthy_panic_threshold: None,
        update_merge_window: None,
        outlier_detection: None,
        circuit_breakers: CircuitBreakers::UNLIMITED,
        http: HttpProtocolOptions::default(),
        load_assignment: ClusterLoadAssignment::default(),
    }
}

/// Compares the fields that the row states.
fn retry(found: Option<RetryPolicy>, expected: &Value) -> Result<(), String> {
    let Value::Object(expected) = with_canonical_durations(expected) else {
        return same(&found.is_none(), &expected.is_null());
    };
    let found = found.ok_or("no retry policy at all")?;
    let priorities = found.previous_priorities.map(|frequency| {
        json!({ "name": "envoy.retry_priorities.previous_priorities", "update_frequency": frequency })
    });
    let predicates: &[&str] = if found.avoid_previous_hosts { &["previous_hosts"] } else { &[] };
    let found = json!({
        "retry_on": found.retry_on,
        "num_retries": found.num_retries,
        "retriable_status_codes": found.retriable_status_codes,
        "per_try_timeout": found.per_try_timeout.map(GoDuration),
        "host_selection_retry_max_attempts": found.host_selection_retry_max_attempts,
        "retry_host_predicate": predicates,
        "retry_priority": priorities,
        "base_interval": found.base_interval.map(GoDuration),
    });
    for (field, expected) in &expected {
        let found =
            found.get(field).ok_or_else(|| format!("`{field}` is not a field that is known"))?;
        same(&(field, found), &(field, expected))?;
    }
    Ok(())
}

/// Compares as sets: Istio sorts by address, rows do not.
fn network_filter(input: &Value, expected: &Value) -> Result<(), String> {
    let families = match input["proxyIpMode"].as_str() {
        Some("v4") => IpFamilies::V4,
        Some("v6") => IpFamilies::V6,
        Some("dual") => IpFamilies::Dual,
        _ => IpFamilies::Unknown,
    };
    let list = |field: &str| input[field].as_array().cloned().unwrap_or_default();
    let gateways = list("gateways").into_iter().map(|row| NetworkGateway {
        network: text(&row["network"]),
        cluster: text(&row["cluster"]),
        address: Address { host: text(&row["addr"]), port: 15443 },
    });
    let network = text(&input["proxyNetwork"]);
    let view = NetworkView { network, families, gateways: gateways.collect() };
    // Without ambient, an endpoint that speaks HBONE only cannot be reached over a gateway.
    let mtls = |row: &Value| input["mtls"] != false && row["hbone"] != true;
    let endpoints = list("endpoints").into_iter().map(|row| NetworkedEndpoint {
        endpoint: LbEndpoint {
            name: text(&row["address"]),
            address: Address { host: text(&row["address"]), port: 80 },
            health_status: HealthStatus::Healthy,
            load_balancing_weight: 1,
            labels: Default::default(),
        },
        network: text(&row["network"]),
        cluster: text(&row["cluster"]),
        mtls: mtls(&row),
    });
    let filtered = filter_by_network(endpoints.collect(), &view);
    let mut found: Vec<_> = filtered
        .iter()
        .map(|endpoint| (endpoint.address.host.clone(), u64::from(endpoint.load_balancing_weight)))
        .collect();
    found.sort();
    let rows = expected["endpoints"].as_array().cloned().unwrap_or_default();
    let mut wanted: Vec<_> = rows
        .iter()
        .map(|row| (text(&row["address"]), row["weight"].as_u64().unwrap_or(1)))
        .collect();
    wanted.sort();
    same(&found, &wanted)?;
    let sum: u64 = found.iter().map(|(_, weight)| weight).sum();
    same(&json!(sum), &expected["groupWeight"])
}
