//! Who gets which share in a real Envoy under the policies beyond the seed's: zones, weights with an order behind them, labels.

mod e2e;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use e2e::{SERVICE, edit_plugin, eventually, get, start};
use mesh_failover_harness::{ENDPOINT_HEADER, Gateway, Program, find};
use serde_json::json;
use xtask::workspace;

fn example(from: &str) -> Result<Program> {
    let folder = workspace::root().join("examples/weights-and-order");
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
    let mut last = BTreeMap::new();
    let what = format!("{expected:?} with {cluster} at {replicas}");
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
