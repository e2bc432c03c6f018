//! Rows about priorities, localities and schedulers.

use libtest_mimic::Failed;
use mesh_failover_core::cluster::Address;
use mesh_failover_core::cluster::ZoneAwareLbConfig;
use mesh_failover_core::host::HostId;
use mesh_failover_core::lb::edf::EdfScheduler;
use mesh_failover_core::lb::host_set::{HealthFlags, Host, HostSet};
use mesh_failover_core::lb::locality_wrr::{LocalityCounts, LocalityWrr};
use mesh_failover_core::lb::previous_priorities::PreviousPriorities;
use mesh_failover_core::lb::priority::{
    self, HostAvailability, HostCounts, HostWeights, PriorityLoad, PriorityState,
};
use mesh_failover_core::lb::zone_aware::LocalityRouting;
use mesh_failover_core::locality::Locality;
use mesh_failover_core::sorted::SortedMap;
use mesh_failover_core::units::{OverprovisioningFactor, Percent, Priority};
use serde_json::Value;

use super::{check, floats, number, numbers};

pub fn priority_load(row: &Value) -> Result<(), Failed> {
    let factor = OverprovisioningFactor::from_percent(number(&row["overprovisioning_factor"]));
    let rows = row["priorities"].as_array().expect("priorities");
    let counts: Vec<HostCounts> = rows.iter().map(|row| host_counts(row, factor)).collect();
    for counts in counts.iter().filter(|counts| counts.weights.is_none()) {
        check("counts of a host set with such hosts", host_set(counts).counts(), *counts)?;
    }
    let threshold = Percent::clamped(number(&row["healthy_panic_threshold"]));
    let mut state = PriorityState::default();
    state.recalculate(&counts, threshold);
    let load = state.load();
    check("healthy load", load.healthy.clone(), numbers(&row["expected_healthy_load"]))?;
    if let Some(expected) = row.get("expected_degraded_load") {
        check("degraded load", load.degraded.clone(), numbers(expected))?;
    }
    if let Some(expected) = row.get("expected_panic") {
        let panic: Vec<Value> = (0..)
            .zip(&counts)
            .map(|(priority, _)| state.is_in_panic(Priority(priority)).into())
            .collect();
        check("panic", &panic, expected.as_array().expect("an array"))?;
    }
    Ok(())
}

fn host_counts(row: &Value, overprovisioning_factor: OverprovisioningFactor) -> HostCounts {
    let weight = |weights: &Value, name: &str| u64::from(number(&weights[name]));
    HostCounts {
        total: number(&row["total"]),
        healthy: number(&row["healthy"]),
        degraded: number(&row["degraded"]),
        excluded: number(&row["excluded"]),
        weights: row.get("weights").map(|weights| HostWeights {
            healthy: weight(weights, "healthy"),
            degraded: weight(weights, "degraded"),
            counted: weight(weights, "total") - weight(weights, "excluded"),
        }),
        overprovisioning_factor,
    }
}

/// Hosts with flags that give these counts.
fn host_set(counts: &HostCounts) -> HostSet {
    let host = |index: u32| {
        let health = if index < counts.healthy {
            HealthFlags::default()
        } else if index < counts.healthy + counts.degraded {
            HealthFlags::DEGRADED_EDS_HEALTH
        } else {
            HealthFlags::FAILED_OUTLIER_CHECK
        };
        let excluded = index >= counts.total - counts.excluded;
        Host { flags: health.with(HealthFlags::PENDING_ACTIVE_HC, excluded), ..host_at(index, "") }
    };
    let hosts = (0..counts.total).map(host).collect();
    HostSet::new(hosts, &SortedMap::new(), None, counts.overprovisioning_factor)
}

fn host_at(index: u32, locality: &str) -> Host {
    Host {
        id: HostId(index),
        address: Address { host: "10.0.0.1".to_owned(), port: index as u16 },
        locality: Locality::parse(locality),
        weight: 1,
        flags: HealthFlags::default(),
        last_hc_pass_time: None,
    }
}

pub fn choose_priority(row: &Value) -> Result<(), Failed> {
    let load = PriorityLoad {
        healthy: numbers(&row["healthy_load"]),
        degraded: numbers(&row["degraded_load"]),
    };
    let hash = row["hash"].as_u64().expect("a hash");
    let expected =
        (Priority(number(&row["expected_priority"])), availability(&row["expected_availability"]));
    check("choice", priority::choose_priority(hash, &load), expected)
}

fn availability(value: &Value) -> HostAvailability {
    match value.as_str() {
        Some("healthy") => HostAvailability::Healthy,
        Some("degraded") => HostAvailability::Degraded,
        other => panic!("no availability: {other:?}"),
    }
}

pub fn locality_effective_weight(row: &Value) -> Result<(), Failed> {
    let factor = OverprovisioningFactor::from_percent(number(&row["overprovisioning_factor"]));
    let availability = availability(&row["availability"]);
    let counts = |row: &Value| LocalityCounts {
        weight: number(&row["weight"]),
        total: number(&row["total"]),
        healthy: number(&row["healthy"]),
        degraded: number(&row["degraded"]),
        excluded: number(&row["excluded"]),
    };
    let localities: Vec<LocalityCounts> =
        row["localities"].as_array().expect("localities").iter().map(counts).collect();
    let bits = |weights: &[f64]| weights.iter().map(|weight| weight.to_bits()).collect::<Vec<_>>();
    let weights: Vec<f64> =
        localities.iter().map(|locality| locality.effective_weight(availability, factor)).collect();
    check("weights' bits", bits(&weights), bits(&floats(&row["expected_effective_weight"])))?;
    let seed = row["seed"].as_u64().unwrap_or(0);
    let fresh = LocalityWrr::new(localities.iter().copied(), factor, seed);
    let expected_scheduler = row["expected_scheduler"].as_bool().expect("a flag");
    check("scheduler", fresh.is_weighted(availability), expected_scheduler)?;
    let picks = |count: usize| -> Vec<u32> {
        let mut wrr = fresh.clone();
        (0..count).filter_map(|_| wrr.choose_locality(availability)).collect()
    };
    if let Some(expected) = row.get("expected_pick_sequence") {
        let expected = numbers(expected);
        check("sequence", picks(expected.len()), expected)?;
    }
    if let Some(expected) = row.get("expected_pick_counts") {
        let expected = numbers(expected);
        let total = usize::try_from(number(&row["picks"])).expect("a number of picks");
        check("counts", tally(&picks(total), expected.len()), expected)?;
    }
    measured_locality_picks(&row["verified_on_envoy_1_40_0"], &picks)
}

/// What the binary was seen to do with such localities.
fn measured_locality_picks(
    measured: &Value,
    picks: &impl Fn(usize) -> Vec<u32>,
) -> Result<(), Failed> {
    if let Some(observed) = measured["observed_60_picks"].as_str() {
        let offset =
            usize::try_from(number(&measured["equals_fresh_edf_sequence_from_pick_offset"]))
                .expect("an offset");
        let sequence = picks(offset + observed.len());
        let ours: String = sequence[offset..].iter().map(|pick| (pick + 1).to_string()).collect();
        check("observed picks", ours.as_str(), observed)?;
    }
    if let Some(expected) = measured.get("counts_60") {
        let expected = numbers(expected);
        check("observed counts", tally(&picks(60), expected.len()), expected)?;
    }
    if let (Some(requests), Some(shares)) =
        (measured["requests"].as_u64(), measured.get("share_percent"))
    {
        let shares = floats(shares);
        let picks = picks(usize::try_from(requests).expect("a number of requests"));
        for (share, count) in shares.iter().zip(tally(&picks, shares.len())) {
            let ours = 100.0 * f64::from(count) / requests as f64;
            if (ours - share).abs() > 0.06 {
                return Err(format!("share: got {ours}, Envoy was seen with {share}").into());
            }
        }
    }
    Ok(())
}

fn tally(picks: &[u32], len: usize) -> Vec<u32> {
    let mut counts = vec![0; len];
    for pick in picks {
        counts[usize::try_from(*pick).expect("an index")] += 1;
    }
    counts
}

pub fn edf(row: &Value) -> Result<(), Failed> {
    let weights = floats(&row["weights"]);
    let weight = |index: &usize| weights[*index];
    let picks = row["initial_picks"].as_u64().expect("a number of picks");
    let entries: Vec<usize> = (0..weights.len()).collect();
    let mut scheduler = EdfScheduler::create_with_picks(entries, weight, picks);
    let expected = numbers(&row["expected_picks"]);
    let ours: Vec<u32> = expected
        .iter()
        .filter_map(|_| scheduler.pick_and_add(weight))
        .map(|index| u32::try_from(index).expect("a small index"))
        .collect();
    check("picks", ours, expected)
}

pub fn retry_previous_priorities(row: &Value) -> Result<(), Failed> {
    let rows = row["priorities"].as_array().expect("priorities");
    let counts: Vec<HostCounts> =
        rows.iter().map(|row| host_counts(row, OverprovisioningFactor::DEFAULT)).collect();
    let load = |healthy: &Value, degraded: &Value| PriorityLoad {
        healthy: numbers(healthy),
        degraded: numbers(degraded),
    };
    let original = load(&row["original_healthy_load"], &row["original_degraded_load"]);
    let mut retries = PreviousPriorities::new(number(&row["update_frequency"]));
    let attempted = numbers(&row["attempted_priorities_in_order"]);
    let steps = &row["expected_loads_after_each_attempt(first=before any)"];
    for (step, expected) in steps.as_array().expect("loads").iter().enumerate() {
        if step > 0 {
            retries.on_host_attempted(Priority(attempted[step - 1]));
        }
        let expected = load(&expected["healthy"], &expected["degraded"]);
        let what = format!("load after {step} attempts");
        check(&what, retries.determine_priority_load(&counts, &original), &expected)?;
    }
    Ok(())
}

pub fn zone_aware(row: &Value) -> Result<(), Failed> {
    let own = Locality::parse(row["local_zone"].as_str().expect("a zone"));
    let hosts = |zones: &Value| {
        let zones = zones.as_object().expect("zones");
        let hosts =
            zones.iter().flat_map(|(zone, count)| (0..number(count)).map(|_| host_at(0, zone)));
        HostSet::new(
            hosts.collect(),
            &SortedMap::new(),
            Some(&own),
            OverprovisioningFactor::DEFAULT,
        )
    };
    let (local, upstream) = (hosts(&row["local_hosts"]), hosts(&row["upstream_healthy"]));
    let config = ZoneAwareLbConfig {
        routing_enabled: None,
        min_cluster_size: row["min_cluster_size"].as_u64(),
    };
    let capacity = row["expected_residual_capacity_cumulative"].as_object().expect("capacities");
    let residual_capacity = upstream
        .localities()
        .iter()
        .map(|group| u64::from(number(&capacity[group.locality.region.as_str()])))
        .collect();
    let local_percent = number(&row["expected_local_percent_to_route_of_10000"]);
    let expected = LocalityRouting::LocalityResidual {
        local_percent_to_route: u64::from(local_percent),
        residual_capacity,
    };
    check("routing", LocalityRouting::new(&config, &local, &upstream), expected)
}
