//! The seed's table in a real Envoy: natively and with the region router, for each way to die.

mod e2e;

use std::time::Duration;

use anyhow::Result;
use e2e::{A, B, CLUSTER_A, CLUSTER_B, SERVICE, ejecting_for, eventually, get, served_by, start};
use mesh_failover_harness::{Fault, Program};
use xtask::demo::{Mode, RegionDown, Scene, Timeline, play, rows};

const EJECTION: Duration = Duration::from_secs(5);

async fn table_comes_true(mode: Mode, region_down: RegionDown) -> Result<()> {
    let program = ejecting_for(mode, EJECTION)?;
    table_comes_true_within(mode.failover(region_down), program, region_down).await
}

async fn table_comes_true_within(
    failover: Duration,
    program: Program,
    region_down: RegionDown,
) -> Result<()> {
    let mut gateway = start(region_down.prepared(program), 1).await?;
    let timeline = Timeline {
        healthy: Duration::from_secs(4),
        // Shorter than the ejection: A is not tried again while it is down.
        down: Duration::from_secs(4),
        back: Duration::from_secs(4),
        patience: Duration::from_secs(15),
    };
    let played =
        play(&mut gateway, &Scene { region_down, rate: 200, timeline, failover }, |_| {}).await?;
    for row in rows(&played) {
        assert!(row.good, "{row:#?}\n{}", gateway.envoy().log_tail());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn native_scale() -> Result<()> {
    table_comes_true(Mode::Native, RegionDown::Scale).await
}

#[tokio::test(flavor = "multi_thread")]
async fn router_scale() -> Result<()> {
    table_comes_true(Mode::Router, RegionDown::Scale).await
}

#[tokio::test(flavor = "multi_thread")]
async fn native_5xx() -> Result<()> {
    table_comes_true(Mode::Native, RegionDown::Errors).await
}

/// Why the native arm is judged from 2 s on when A answers 503: with Envoy's window for collecting changes closed, 1 s is enough.
#[tokio::test(flavor = "multi_thread")]
async fn native_5xx_within_a_second_without_the_merge_window() -> Result<()> {
    let mut program = ejecting_for(Mode::Native, EJECTION)?;
    program.update_merge_window = Some(Duration::ZERO);
    table_comes_true_within(Duration::from_secs(1), program, RegionDown::Errors).await
}

#[tokio::test(flavor = "multi_thread")]
async fn router_5xx() -> Result<()> {
    table_comes_true(Mode::Router, RegionDown::Errors).await
}

#[tokio::test(flavor = "multi_thread")]
async fn native_refuse() -> Result<()> {
    table_comes_true(Mode::Native, RegionDown::Refuse).await
}

#[tokio::test(flavor = "multi_thread")]
async fn router_refuse() -> Result<()> {
    table_comes_true(Mode::Router, RegionDown::Refuse).await
}

/// Both regions empty: every request is refused by Envoy itself. Then both fill again.
async fn both_scaled_and_back(mode: Mode) -> Result<()> {
    let mut gateway = start(mode.program()?, 1).await?;
    gateway.scale(CLUSTER_A, SERVICE, 0).await?;
    gateway.scale(CLUSTER_B, SERVICE, 0).await?;
    eventually("every request is refused", async || {
        let answer = get(&gateway).await?;
        Ok(answer.status == 503 && answer.text() == "no healthy upstream")
    })
    .await?;
    gateway.scale(CLUSTER_A, SERVICE, 3).await?;
    gateway.scale(CLUSTER_B, SERVICE, 3).await?;
    eventually("every request is served", async || Ok(get(&gateway).await?.status == 200)).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let in_a = served_by(&gateway, A, 40).await?;
    assert!((18..=22).contains(&in_a), "{in_a} of 40 in A");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn native_both_scaled_and_back() -> Result<()> {
    both_scaled_and_back(Mode::Native).await
}

#[tokio::test(flavor = "multi_thread")]
async fn router_both_scaled_and_back() -> Result<()> {
    both_scaled_and_back(Mode::Router).await
}

/// Both regions fail and mend: when the ejections are over, both serve again.
async fn both_failing_and_back(mode: Mode) -> Result<()> {
    let gateway = start(ejecting_for(mode, Duration::from_secs(1))?, 1).await?;
    let broken = Fault::Status { code: 503, ratio: 1.0 };
    gateway.set(A, broken).await?;
    gateway.set(B, broken).await?;
    for _ in 0..20 {
        assert_eq!(get(&gateway).await?.status, 503, "nobody can serve, and nobody hangs");
    }
    gateway.set(A, Fault::None).await?;
    gateway.set(B, Fault::None).await?;
    for region in [A, B] {
        eventually("the region serves again", async || {
            let answer = get(&gateway).await?;
            Ok(answer.header(mesh_failover_harness::REGION_HEADER) == Some(region))
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn native_both_failing_and_back() -> Result<()> {
    both_failing_and_back(Mode::Native).await
}

#[tokio::test(flavor = "multi_thread")]
async fn router_both_failing_and_back() -> Result<()> {
    both_failing_and_back(Mode::Router).await
}
