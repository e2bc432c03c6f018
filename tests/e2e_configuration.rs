//! A running gateway gets another `pluginConfig`: a bad one is refused, a good one keeps what is known.

mod e2e;

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{A, B, eventually, get, plugin_configuration, router_shares, served_by, start};
use mesh_failover_harness::http::Connection;
use mesh_failover_harness::{EnvoyOptions, Fault, Gateway};

const REJECTED: &str = "listener_manager.lds.update_rejected";
const ACCEPTED: &str = "listener_manager.lds.update_success";

async fn pushed(gateway: &mut Gateway, configuration: &str, counter: &str) -> Result<()> {
    let before = gateway.envoy().stat(counter).await?;
    gateway.configure_filter(configuration)?;
    let what = format!("{counter} after {configuration}");
    let counted = async || Ok(gateway.envoy().stat(counter).await? > before);
    eventually(&what, counted).await.with_context(|| gateway.envoy().log_tail())
}

/// Shares tell who decided: the router's 20/80, not Istio's 50/50.
async fn a_gets_a_fifth(gateway: &Gateway) -> Result<()> {
    let in_a = served_by(gateway, A, 50).await?;
    assert!((8..=12).contains(&in_a), "{in_a} of 50 in A");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_one_is_rejected_and_the_last_good_one_serves() -> Result<()> {
    let program = router_shares(20, 80)?;
    let good = plugin_configuration(&program)?;
    let mut gateway = start(program, 1).await?;
    a_gets_a_fifth(&gateway).await?;
    for bad in [
        "not JSON".to_owned(),
        r#"{"destinations": 3}"#.to_owned(),
        good.replacen("destinations", "destinatoins", 1),
        good.replacen("outlierDetection", "outlierDetektion", 1),
    ] {
        pushed(&mut gateway, &bad, REJECTED).await?;
        a_gets_a_fifth(&gateway).await?;
    }
    let other = plugin_configuration(&router_shares(0, 100)?)?;
    pushed(&mut gateway, &other, ACCEPTED).await?;
    eventually("the next good one serves", async || Ok(served_by(&gateway, B, 20).await? == 20))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ejected_region_stays_ejected() -> Result<()> {
    let mut gateway = start(router_shares(50, 50)?, 1).await?;
    gateway.set(A, Fault::Status { code: 503, ratio: 1.0 }).await?;
    eventually("A is ejected", async || {
        let mut all = true;
        for _ in 0..10 {
            all &= get(&gateway).await?.status == 200;
        }
        Ok(all)
    })
    .await?;
    gateway.set(A, Fault::None).await?;
    let other = plugin_configuration(&router_shares(60, 40)?)?;
    pushed(&mut gateway, &other, ACCEPTED).await?;
    // The ejection lasts 30 s; a VM that had forgotten it would send more than half of these to A.
    assert_eq!(served_by(&gateway, B, 100).await?, 100);
    Ok(())
}

/// A's fifth is in force, then another configuration, then what `again` makes of the first, while a connection holds the first.
async fn goes_back(drain_time: Duration, again: impl Fn(&str) -> String) -> Result<()> {
    let program = router_shares(20, 80)?;
    let first = plugin_configuration(&program)?;
    let options = EnvoyOptions { drain_time: Some(drain_time), ..EnvoyOptions::default() };
    let mut gateway = Gateway::start(program, &options).await?;
    a_gets_a_fifth(&gateway).await?;
    let _open = Connection::open(gateway.address()).await?;
    let other = plugin_configuration(&router_shares(0, 100)?)?;
    pushed(&mut gateway, &other, ACCEPTED).await?;
    eventually("the other one serves", async || Ok(served_by(&gateway, B, 20).await? == 20))
        .await?;
    pushed(&mut gateway, &again(&first), ACCEPTED).await?;
    eventually("the first one serves again", async || {
        Ok((8..=12).contains(&served_by(&gateway, A, 50).await?))
    })
    .await
}

/// Envoy still holds the configuration that it is handed again, and tells the filter nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_one_before_is_in_force_again_when_envoy_lets_go_of_the_newer() -> Result<()> {
    goes_back(Duration::from_secs(2), str::to_owned).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_puts_the_one_before_in_force_at_once() -> Result<()> {
    let revised = |first: &str| first.replacen('{', r#"{"revision": "2", "#, 1);
    goes_back(Duration::from_secs(600), revised).await
}
