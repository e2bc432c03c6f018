//! What an operator sees of the router: Envoy's own `/stats/prometheus`, with the labels that Istio's bootstrap splits off.

mod e2e;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{A, B, edit_plugin, eventually, get, metrics, of, served_by, start};
use mesh_failover_core::router::LABELS;
use mesh_failover_harness::Fault;
use serde_json::{Map, Value, json};
use xtask::demo::Mode;

/// One gateway, two workers: requests, an outage, its end. The numbers are those of the clients.
#[tokio::test(flavor = "multi_thread")]
async fn prometheus_sees_what_was_sent() -> Result<()> {
    let mut program = Mode::Router.program()?;
    edit_plugin(&mut program, |destination| {
        destination["probe"] =
            json!({"interval": "200ms", "timeout": "100ms", "unhealthyThreshold": 2});
        Ok(())
    })?;
    let gateway = start(program, 2).await?;
    let to_a = served_by(&gateway, A, 40).await?;
    tokio::time::sleep(Duration::from_millis(250)).await;
    let all = metrics(&gateway).await?;
    let value = |name: &str| all.get(name).copied();
    let requests = |region| of("mesh_region_requests_total", region, None);
    assert_eq!(value(&requests(A)), Some(f64::from(to_a)), "{all:#?}");
    assert_eq!(value(&requests(B)), Some(f64::from(40 - to_a)), "{all:#?}");
    assert_eq!(value(&of("mesh_region_out", A, None)), Some(0.0));
    assert_eq!(value(&of("mesh_region_traffic_percent", A, None)), Some(100.0));
    let taken = value("mesh_router_configurations_total{mesh_kind=\"taken\"}");
    assert!(taken >= Some(2.0), "by each worker, and by the main thread: {taken:?}");
    assert_eq!(value("mesh_router_configurations_total{mesh_kind=\"refused\"}"), None);

    gateway.set(A, Fault::Status { code: 500, ratio: 1.0 }).await?;
    eventually("A is out", async || {
        let all = metrics(&gateway).await?;
        Ok(all.get(&of("mesh_region_out", A, None)) == Some(&1.0))
    })
    .await?;
    tokio::time::sleep(Duration::from_millis(250)).await;
    let before = metrics(&gateway).await?;
    assert_eq!(before.get(&of("mesh_region_traffic_percent", A, None)), Some(&0.0));
    let ejections: f64 = before
        .iter()
        .filter(|(name, _)| name.starts_with("mesh_region_ejections_total{") && name.contains(A))
        .map(|(_, value)| value)
        .sum();
    assert!((1.0..=2.0).contains(&ejections), "{before:#?}");
    for _ in 0..20 {
        assert_eq!(get(&gateway).await?.status, 200);
    }
    gateway.set(A, Fault::None).await?;
    eventually("A is back", async || {
        let all = metrics(&gateway).await?;
        Ok(all.get(&of("mesh_region_out", A, None)) == Some(&0.0)
            && all.contains_key(&of("mesh_region_out_milliseconds_count", A, None)))
    })
    .await?;
    let after = metrics(&gateway).await?;
    let sent = |all: &BTreeMap<String, f64>, region| all.get(&requests(region)).copied();
    assert_eq!(sent(&after, A), sent(&before, A), "an ejected region got a request");
    assert_eq!(sent(&after, B), sent(&before, B).map(|count| count + 20.0));
    let probes = |kind| after.get(&of("mesh_region_probes_total", A, Some(kind))).copied();
    assert!(probes("good") > Some(0.0) && probes("failed") > Some(1.0), "{after:#?}");
    Ok(())
}

/// Every query of the dashboard, with every metric and label that it names, finds something in a real Envoy's statistics.
#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_asks_for_what_there_is() -> Result<()> {
    let mut program = Mode::Router.program()?;
    edit_plugin(&mut program, |destination| {
        destination["probe"] =
            json!({"interval": "100ms", "unhealthyThreshold": 1, "healthyThreshold": 1});
        destination["rescue"] = json!({});
        Ok(())
    })?;
    let mut gateway = start(program, 1).await?;
    // A destination without a port begins with its first request.
    get(&gateway).await?;
    gateway.configure_filter("{\"destinations\": 1}")?;
    gateway.set(A, Fault::Status { code: 500, ratio: 1.0 }).await?;
    let of_outages = of("mesh_region_out_milliseconds_count", A, None);
    eventually("a configuration was refused", async || {
        let all = metrics(&gateway).await?;
        Ok(all.contains_key("mesh_router_configurations_total{mesh_kind=\"refused\"}"))
    })
    .await
    .inspect_err(|_| println!("{}", gateway.envoy().log_tail()))?;
    eventually("A was out and is back", async || {
        let all = metrics(&gateway).await?;
        if all.get(&of("mesh_region_out", A, None)) == Some(&1.0) {
            gateway.set(A, Fault::None).await?;
        }
        Ok(all.get(&of_outages) > Some(&0.0))
    })
    .await?;
    let all = metrics(&gateway).await?;
    let dashboard: Value = serde_json::from_str(include_str!("../deploy/grafana.json"))?;
    let panels = dashboard["panels"].as_array().context("no panels")?;
    let queries = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let queries = queries.filter_map(|target| target["expr"].as_str());
    let variables = dashboard["templating"]["list"].as_array().context("no variables")?;
    let all_queries = queries.chain(variables.iter().filter_map(|it| it["definition"].as_str()));
    let mut asked = 0;
    for query in all_queries {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let words = query.split(|c| !is_part(c)).filter(|word| word.starts_with("mesh_"));
        let (labels, names): (Vec<_>, Vec<_>) = words.partition(|word| LABELS.contains(word));
        assert!(!names.is_empty(), "no metric in `{query}`");
        for name in names {
            let series = || all.keys().filter(|key| key.split('{').next() == Some(name));
            assert!(series().next().is_some(), "there is no `{name}`, of `{query}`");
            for label in &labels {
                let with = |key: &String| key.contains(&format!("{label}=\""));
                assert!(series().any(with), "`{name}` has no `{label}`, in `{query}`");
            }
            asked += 1;
        }
    }
    assert!(asked > 12, "{asked}");
    Ok(())
}

/// 50 destinations of 10 regions each: the memory of a worker's virtual machine, as it says itself.
#[tokio::test(flavor = "multi_thread")]
async fn many_regions_fit_into_a_small_machine() -> Result<()> {
    let mut program = Mode::Router.program()?;
    let filter = program.filter.as_mut().context("no filter")?;
    let mut configuration: Value = serde_json::from_str(&filter.configuration)?;
    let shares: Map<String, Value> =
        (0..10).map(|region| (format!("region-{region}"), json!(10))).collect();
    let destinations = configuration["destinations"].as_array_mut().context("no list")?;
    for index in 1..50 {
        let mut more = destinations[0].clone();
        more["host"] = json!(format!("service-{index}.default.svc.cluster.local"));
        more["port"] = json!(80);
        more["probe"] = json!({});
        let setting = &mut more["trafficPolicy"]["loadBalancer"]["localityLbSetting"];
        setting["distribute"] = json!([{"from": "*", "to": shares}]);
        destinations.push(more);
    }
    filter.configuration = configuration.to_string();
    let gateway = start(program, 1).await?;
    served_by(&gateway, A, 20).await?;
    eventually("all regions are looked at", async || {
        let all = metrics(&gateway).await?;
        let out = |key: &&String| key.starts_with("mesh_region_out{") && key.contains("service-");
        Ok(all.keys().filter(out).filter(|key| all.get(*key) == Some(&1.0)).count() == 490)
    })
    .await?;
    let all = metrics(&gateway).await?;
    let bytes = all.get("mesh_router_memory_bytes").copied().context("no memory")?;
    println!("{} series, {} KiB of memory", all.len(), bytes / 1024.0);
    assert!(bytes <= 4.0 * 1024.0 * 1024.0, "{bytes}");
    Ok(())
}

/// The response header for debugging, and the lines of the log about the same change.
#[tokio::test(flavor = "multi_thread")]
async fn a_response_and_the_log_say_why() -> Result<()> {
    let mut program = Mode::Router.program()?;
    let filter = program.filter.as_mut().context("no filter")?;
    let mut configuration: Value = serde_json::from_str(&filter.configuration)?;
    configuration["debugHeader"] = json!("x-mesh-debug");
    filter.configuration = configuration.to_string();
    let gateway = start(program, 1).await?;
    let answer = get(&gateway).await?;
    let header = answer.header("x-mesh-debug").context("no header")?;
    assert!(
        header.starts_with("region=") && header.ends_with("; state=usable; percent=100"),
        "{header}"
    );
    gateway.set(A, Fault::Status { code: 500, ratio: 1.0 }).await?;
    for _ in 0..4 {
        get(&gateway).await?;
    }
    let answer = get(&gateway).await?;
    let said = format!("region={B}; state=usable; percent=100; out={A}:consecutive_5xx");
    assert_eq!(answer.header("x-mesh-debug"), Some(said.as_str()));
    let log = gateway.envoy().log()?;
    let lines = log.matches("[from=usable to=ejected reason=consecutive_5xx was_ms=").count();
    assert_eq!(lines, 1, "{log}");
    Ok(())
}
