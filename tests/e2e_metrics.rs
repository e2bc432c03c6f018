//! What an operator sees of the router: Envoy's own `/stats/prometheus`, with the labels that Istio's bootstrap splits off.

mod e2e;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{A, B, SERVICE, edit_plugin, eventually, get, served_by, start};
use mesh_failover_harness::{Fault, Gateway};
use serde_json::json;
use xtask::demo::Mode;

/// The router's lines of `/stats/prometheus`, by name and labels as they stand there.
async fn metrics(gateway: &Gateway) -> Result<BTreeMap<String, f64>> {
    let text = gateway.envoy().get("/stats/prometheus").await?;
    let lines = text.lines().filter(|line| line.starts_with("mesh_"));
    let parsed = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').context("no value")?;
        Ok((name.to_owned(), value.parse()?))
    });
    parsed.collect()
}

fn of(name: &str, region: &str, kind: Option<&str>) -> String {
    let kind = kind.map_or_else(String::new, |kind| format!(",mesh_kind=\"{kind}\""));
    format!("{name}{{mesh_host=\"{SERVICE}\",mesh_port=\"80\",mesh_region=\"{region}\"{kind}}}")
}

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
