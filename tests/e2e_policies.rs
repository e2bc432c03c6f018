//! Who gets which share in a real Envoy under the policies beyond the seed's: zones, weights with an order behind them, labels,
//! Services for regions.

mod e2e;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use e2e::{SERVICE, edit_plugin, eventually, get, start};
use mesh_failover_harness::{ENDPOINT_HEADER, Gateway, Program, find};
use serde_json::json;
use xtask::workspace;

fn example(from: &str) -> Result<Program> {
    read("weights-and-order", from)
}

fn read(example: &str, from: &str) -> Result<Program> {
    let folder = workspace::root().join("examples").join(example);
    Program::read(&folder, from)?.with_filter(&find::filter()?)
}

/// How many of 40 requests each workload has served; `-` for those that nobody has.
async fn served(gateway: &Gateway) -> Result<BTreeMap<String, u32>> {
    let mut counts = BTreeMap::new();
    for _ in 0..40 {
        let answer = get(gateway).await?;
        let endpoint = answer.header(ENDPOINT_HEADER).unwrap_or("--");
        let (workload, _) = endpoint.rsplit_once('-').context("no ordinal")?;
        *counts.entry(workload.to_owned()).or_default() += 1;
    }
    Ok(counts)
}

/// Scales a cluster and waits until all is served by these workloads, with these counts give or take two.
async fn after(
    gateway: &mut Gateway,
    (cluster, replicas): (&str, u32),
    expected: &[(&str, u32)],
) -> Result<()> {
    gateway.scale(cluster, SERVICE, replicas).await?;
    let what = format!("{cluster} at {replicas}");
    until_served_by(gateway, expected).await.context(what)
}

async fn until_served_by(gateway: &Gateway, expected: &[(&str, u32)]) -> Result<()> {
    let mut last = BTreeMap::new();
    let what = format!("{expected:?}");
    let fits = async || {
        last = served(gateway).await?;
        Ok(last.len() == expected.len()
            && expected.iter().all(|(name, count)| {
                last.get(*name).is_some_and(|served| served.abs_diff(*count) <= 2)
            }))
    };
    eventually(&what, fits).await.with_context(|| format!("served: {last:?}"))
}

/// What a DestinationRule refuses to combine (istio/istio 35124), with zones for regions.
#[tokio::test(flavor = "multi_thread")]
async fn zones_share_by_weight_and_another_region_waits_behind_them() -> Result<()> {
    let mut gateway = start(example("europe-west1/europe-west1-b")?, 1).await?;
    let well = [("zone-b", 28), ("zone-c", 12)];
    after(&mut gateway, ("cluster-b", 3), &well).await?;
    after(&mut gateway, ("cluster-b", 0), &[("zone-c", 40)]).await?;
    after(&mut gateway, ("cluster-c", 0), &[("reserve", 40)]).await?;
    after(&mut gateway, ("cluster-b", 3), &[("zone-b", 40)]).await?;
    after(&mut gateway, ("cluster-c", 3), &well).await
}

/// The same places by labels: the gateway's own zone first, then its region, then the rest.
#[tokio::test(flavor = "multi_thread")]
async fn labels_order_zones_and_regions() -> Result<()> {
    let mut program = example("europe-west1/europe-west1-c")?;
    edit_plugin(&mut program, |destination| {
        destination["trafficPolicy"]["loadBalancer"]["localityLbSetting"] = json!({
            "failoverPriority": ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"]
        });
        destination["regions"] =
            json!(["europe-west1/europe-west1-b", "europe-west1/europe-west1-c", "us-central1"]);
        Ok(())
    })?;
    let mut gateway = start(program, 1).await?;
    after(&mut gateway, ("cluster-c", 3), &[("zone-c", 40)]).await?;
    after(&mut gateway, ("cluster-c", 0), &[("zone-b", 40)]).await?;
    after(&mut gateway, ("cluster-b", 0), &[("reserve", 40)]).await?;
    after(&mut gateway, ("cluster-c", 3), &[("zone-c", 40)]).await
}

/// Routes of the Gateway API cannot name subsets, so each region has a Service of its own, and that decides whether the region is
/// usable; the whole one is what Istio's own failover has.
#[tokio::test(flavor = "multi_thread")]
async fn behind_http_routes_a_region_is_the_service_that_only_it_has() -> Result<()> {
    const OF_REGION: &str = "hello-world-europe-west1.default.svc.cluster.local";
    const A: &str = "hello-world-europe-west1";
    const B: &str = "hello-world-us-central1";
    let (both, one) = ([(A, 20), (B, 20)], [(B, 40)]);
    let mut gateway = start(read("router-behind-http-routes", "us-central1")?, 1).await?;
    until_served_by(&gateway, &both).await?;
    gateway.scale("cluster-a", OF_REGION, 0).await?;
    until_served_by(&gateway, &one).await?;
    after(&mut gateway, ("cluster-a", 0), &one).await?;
    after(&mut gateway, ("cluster-a", 3), &one).await?;
    gateway.scale("cluster-a", OF_REGION, 3).await?;
    until_served_by(&gateway, &both).await
}
