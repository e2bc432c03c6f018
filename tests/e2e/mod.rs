//! What the end-to-end tests share: gateways with small changes to the examples, and single requests.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mesh_failover_core::manifest::GoDuration;
use mesh_failover_harness::http::{self, Answer};
use mesh_failover_harness::{EnvoyOptions, Gateway, Program, REGION_HEADER};
use serde_json::{Value, json};
use xtask::demo::Mode;

/// The gateway's own region.
pub const A: &str = "europe-west1";
/// The other one.
pub const B: &str = "us-central1";
/// The seed's service.
pub const SERVICE: &str = "hello-world.default.svc.cluster.local";
/// The Kubernetes clusters of the regions.
pub const CLUSTER_A: &str = "cluster-a";
/// The other one.
pub const CLUSTER_B: &str = "cluster-b";

/// A single request that takes longer has failed.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A gateway with this many workers.
pub async fn start(program: Program, workers: u32) -> Result<Gateway> {
    let options = EnvoyOptions { concurrency: workers, ..EnvoyOptions::default() };
    Gateway::start(program, &options).await
}

/// The example with another base ejection time, natively and in the router.
pub fn ejecting_for(mode: Mode, time: Duration) -> Result<Program> {
    let mut program = mode.program()?;
    for rule in &mut program.manifests.destination_rules {
        let policy = rule.spec.traffic_policy.as_mut();
        if let Some(outlier) = policy.and_then(|it| it.outlier_detection.as_mut()) {
            outlier.base_ejection_time = Some(GoDuration(time));
        }
    }
    if mode == Mode::Router {
        edit_plugin(&mut program, |destination| {
            let path = "/trafficPolicy/outlierDetection/baseEjectionTime";
            *destination.pointer_mut(path).context("no ejection time")? =
                json!(GoDuration(time).to_string());
            Ok(())
        })?;
    }
    Ok(program)
}

/// The router's example with other shares in the router only, so that a share tells who decided.
pub fn router_shares(a: u32, b: u32) -> Result<Program> {
    let mut program = Mode::Router.program()?;
    edit_plugin(&mut program, |destination| {
        let path = "/trafficPolicy/loadBalancer/localityLbSetting/distribute";
        *destination.pointer_mut(path).context("no `distribute`")? =
            json!([{"from": "*", "to": {A: a, B: b}}]);
        Ok(())
    })?;
    Ok(program)
}

/// Changes the first destination of the plugin's configuration.
pub fn edit_plugin(
    program: &mut Program,
    edit: impl FnOnce(&mut Value) -> Result<()>,
) -> Result<()> {
    let filter = program.filter.as_mut().context("no filter")?;
    let mut configuration: Value = serde_json::from_str(&filter.configuration)?;
    edit(configuration.pointer_mut("/destinations/0").context("no destination")?)?;
    filter.configuration = configuration.to_string();
    Ok(())
}

/// The plugin's configuration as it is now.
pub fn plugin_configuration(program: &Program) -> Result<String> {
    Ok(program.filter.as_ref().context("no filter")?.configuration.clone())
}

/// One request on a connection of its own.
pub async fn get(gateway: &Gateway) -> Result<Answer> {
    http::get(gateway.address(), "/", LIMIT).await
}

/// How many of so many requests, each on a connection of its own, went to this region; none may fail.
pub async fn served_by(gateway: &Gateway, region: &str, requests: u32) -> Result<u32> {
    let mut served = 0;
    for _ in 0..requests {
        let answer = get(gateway).await?;
        if answer.status != 200 {
            bail!("status {}: {}", answer.status, answer.text());
        }
        served += u32::from(answer.header(REGION_HEADER) == Some(region));
    }
    Ok(served)
}

/// Waits until a condition holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..200 {
        if holds().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("not within 10 s: {what}")
}

/// The router's lines of `/stats/prometheus`, by name and labels as they stand there.
pub async fn metrics(gateway: &Gateway) -> Result<BTreeMap<String, f64>> {
    let text = gateway.envoy().get("/stats/prometheus").await?;
    let lines = text.lines().filter(|line| line.starts_with("mesh_"));
    let parsed = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').context("no value")?;
        Ok((name.trim_end_matches("{}").to_owned(), value.parse()?))
    });
    parsed.collect()
}

/// The name of a region's metric.
pub fn of(name: &str, region: &str, kind: Option<&str>) -> String {
    let kind = kind.map_or_else(String::new, |kind| format!(",mesh_kind=\"{kind}\""));
    format!("{name}{{mesh_host=\"{SERVICE}\",mesh_port=\"80\",mesh_region=\"{region}\"{kind}}}")
}
