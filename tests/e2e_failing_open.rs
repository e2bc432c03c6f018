//! When the filter is not there, or dies, Istio's own failover serves: the VirtualService's last route.

mod e2e;

use std::time::Duration;

use anyhow::Result;
use e2e::{A, B, CLUSTER_A, SERVICE, eventually, get, served_by, start};
use mesh_failover_core::envoy::FailurePolicy;
use mesh_failover_harness::{Gateway, REGION_HEADER};
use xtask::demo::Mode;

/// The least that Envoy accepts as a filter, and a trap for the first request.
const TRAPPING: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "malloc") (param i32) (result i32) i32.const 1024)
    (func (export "proxy_on_context_create") (param i32 i32))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) unreachable))"#;

async fn native_failover_serves(gateway: &mut Gateway) -> Result<()> {
    let in_a = served_by(gateway, A, 40).await?;
    assert!((18..=22).contains(&in_a), "{in_a} of 40 in A");
    gateway.scale(CLUSTER_A, SERVICE, 0).await?;
    eventually("all is served by B", async || Ok(served_by(gateway, B, 10).await? == 10)).await?;
    gateway.scale(CLUSTER_A, SERVICE, 3).await?;
    eventually("A serves again", async || Ok(served_by(gateway, A, 10).await? > 0)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_filter_istio_decides() -> Result<()> {
    let mut program = Mode::Router.program()?;
    program.filter = None;
    native_failover_serves(&mut start(program, 1).await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trapping_filter_costs_one_request_a_worker_and_then_istio_decides() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let module = folder.path().join("trapping.wasm");
    std::fs::write(&module, wat::parse_str(TRAPPING)?)?;
    let mut program = Mode::Router.program()?;
    let filter = program.filter.as_mut().expect("the example has a filter");
    assert_eq!(filter.failure_policy, FailurePolicy::FailOpen, "what the example tells users");
    filter.path = module.display().to_string();
    let mut gateway = start(program, 1).await?;
    let first = get(&gateway).await?;
    assert_eq!((first.status, first.header(REGION_HEADER)), (503, None), "the trap itself");
    tokio::time::sleep(Duration::from_millis(100)).await;
    native_failover_serves(&mut gateway).await
}
