//! Rows `{proxyLocality, proxyLabels?, enableFailover, settings | zoneAware, endpoints, expected}`.

use mesh_failover_core::cluster::{
    Address, ClusterLoadAssignment, HealthStatus, LbEndpoint, LocalityLbEndpoints,
};
use mesh_failover_core::locality::Locality;
use mesh_failover_core::manifest::ZoneAwareLoadBalancerSetting;
use mesh_failover_core::sorted::SortedMap;
use mesh_failover_core::translate::{
    IstioVersion, LbSetting, MeshLbSetting, Proxy, TrafficDistribution,
    apply_locality_load_balancer, effective_lb_setting,
};
use serde_json::{Value, json};

use super::{labels, read, same, text};

pub fn check(row: &Value) -> Result<(), String> {
    let proxy = Proxy {
        locality: Locality::parse(&text(&row["proxyLocality"])),
        labels: labels(&row["proxyLabels"])?,
        ..Proxy::default()
    };
    let group_level = row["level"] == "group";
    let mut assignment = assignment(row, group_level)?;
    let before: Vec<bool> =
        assignment.endpoints.iter().map(|group| group.lb_endpoints.is_empty()).collect();
    let failover = row["enableFailover"] == true;
    apply_locality_load_balancer(&mut assignment, &proxy, &setting(row)?, failover);
    let rows = row["expected"].as_array().ok_or("`expected` is not a list")?;
    if group_level {
        same(&before.iter().all(|&empty| empty), &true)?;
    }
    let found: Vec<Value> =
        assignment.endpoints.iter().map(|group| describe(group, group_level)).collect();
    same(&found.len(), &rows.len())?;
    for (found, expected) in found.iter().zip(rows) {
        compare(found, expected, group_level)?;
    }
    Ok(())
}

/// The row's setting as a DestinationRule would carry it, through the choice between levels.
fn setting(row: &Value) -> Result<LbSetting, String> {
    let mesh = MeshLbSetting { locality: read(&row["meshSettings"])?, zone_aware: None };
    let mut rule = json!({ "localityLbSetting": row["settings"] });
    if !row["zoneAware"].is_null() {
        let zone_aware: Option<ZoneAwareLoadBalancerSetting> = read(&row["zoneAware"])?;
        return Ok(zone_aware.map_or(LbSetting::None, LbSetting::ZoneAware));
    }
    if row["settings"].is_null() {
        rule = json!({ "localityLbSetting": { "enabled": false } });
    }
    let rule = read(&rule)?;
    Ok(effective_lb_setting(rule.as_ref(), TrafficDistribution::Any, &mesh, IstioVersion::NEWEST))
}

/// Groups by the row's `group`, else by the locality's text; at group level nobody has hosts.
fn assignment(row: &Value, group_level: bool) -> Result<ClusterLoadAssignment, String> {
    let mut groups: SortedMap<(u64, String), LocalityLbEndpoints> = SortedMap::new();
    let rows = row["endpoints"].as_array().ok_or("`endpoints` is not a list")?;
    for (index, row) in rows.iter().enumerate() {
        let key = match row["group"].as_u64() {
            Some(group) => (group, String::new()),
            None => (0, text(&row["locality"])),
        };
        let group = groups.entry(key).or_default();
        group.locality = row["locality"].as_str().map(Locality::parse);
        let weight = row["weight"].as_u64().map(|weight| u32::try_from(weight).expect("32 bits"));
        if group_level {
            group.load_balancing_weight = weight;
        } else {
            let weight = weight.unwrap_or(1);
            let sum = group.load_balancing_weight.unwrap_or(0).saturating_add(weight);
            group.load_balancing_weight = Some(sum);
            group.lb_endpoints.push(endpoint(row, index, weight)?);
        }
    }
    let mut endpoints: Vec<_> = groups.into_values().collect();
    if row["unsetGroupWeight"] == true {
        for group in &mut endpoints {
            group.load_balancing_weight = None;
        }
    }
    Ok(ClusterLoadAssignment { cluster_name: String::new(), endpoints })
}

fn endpoint(row: &Value, index: usize, weight: u32) -> Result<LbEndpoint, String> {
    let host = row["address"].as_str().map_or_else(|| format!("endpoint-{index}"), str::to_owned);
    Ok(LbEndpoint {
        name: host.clone(),
        address: Address { host, port: 80 },
        health_status: HealthStatus::Healthy,
        load_balancing_weight: weight,
        labels: labels(&row["labels"])?,
    })
}

fn describe(group: &LocalityLbEndpoints, group_level: bool) -> Value {
    let hosts: Vec<_> = group.lb_endpoints.iter().map(|e| e.address.host.clone()).collect();
    json!({
        "locality": group.locality.as_ref().map(ToString::to_string),
        "priority": group.priority.0,
        "weight": group.load_balancing_weight,
        "emptied": !group_level && hosts.is_empty(),
        "endpoints": hosts,
    })
}

/// Compares what the row states. A group that the row calls emptied has no hosts; its weight is
/// stated only where the row has hosts at all.
fn compare(found: &Value, expected: &Value, group_level: bool) -> Result<(), String> {
    let complain =
        |field: &str| format!("`{field}` differs\n   found: {found}\nexpected: {expected}");
    let place = |value: &Value| value.as_str().map(Locality::parse);
    if place(&found["locality"]) != place(&expected["locality"]) {
        return Err(complain("locality"));
    }
    for field in ["priority", "weight"] {
        if found[field] != expected[field] {
            return Err(complain(field));
        }
    }
    if expected.get("endpoints").is_some() && found["endpoints"] != expected["endpoints"] {
        return Err(complain("endpoints"));
    }
    if !group_level && found["emptied"] != (expected["emptied"] == true) {
        return Err(complain("emptied"));
    }
    Ok(())
}
