//! What only the region router promises, in a real Envoy with the module that ships.

mod e2e;

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{A, B, LIMIT, served_by, start};
use mesh_failover_harness::{
    ClosedLoop, EnvoyOptions, Fault, Gateway, Load, LoadOptions, REGION_HEADER, resident_bytes,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xtask::demo::Mode;

/// How late a worker may learn of an ejection that another one decided.
const AGREED_WITHIN: Duration = Duration::from_millis(250);

/// The answer's head to a request with these header lines, letter by letter.
async fn head_of(gateway: &Gateway, lines: &str) -> Result<String> {
    let mut stream = TcpStream::connect(gateway.address()).await?;
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{lines}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    tokio::time::timeout(LIMIT, stream.read_to_string(&mut answer)).await??;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_steer() -> Result<()> {
    let gateway = start(Mode::Router.program()?, 1).await?;
    for lines in [
        format!("x-mesh-region: {B}\r\n"),
        format!("X-Mesh-Region: {B}\r\n"),
        format!("x-MESH-region: {B}\r\nX-Mesh-Region: {B}\r\n"),
        format!("x-mesh-region: {B},{B}\r\nx-mesh-region: {B}\r\nx-mesh-region:\r\n"),
    ] {
        let mut in_b = 0;
        for _ in 0..40 {
            let head = head_of(&gateway, &lines).await?;
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            in_b += u32::from(head.contains(&format!("{REGION_HEADER}: {B}")));
        }
        assert!((18..=22).contains(&in_b), "{in_b} of 40 in B with {lines:?}");
    }
    Ok(())
}

/// A region that is down for the router stays so whatever a client says.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_steer_into_an_ejected_region() -> Result<()> {
    let gateway = start(Mode::Router.program()?, 1).await?;
    gateway.set(A, Fault::Status { code: 503, ratio: 1.0 }).await?;
    for _ in 0..20 {
        head_of(&gateway, "").await?;
    }
    for _ in 0..40 {
        let head = head_of(&gateway, &format!("x-mesh-region: {A}\r\n")).await?;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_agree_on_an_ejection() -> Result<()> {
    let gateway = start(Mode::Router.program()?, 2).await?;
    let options = LoadOptions { rate: 400, connections: 32, ..LoadOptions::default() };
    let load = Load::start(gateway.address(), options).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    load.enter(1);
    gateway.set(A, Fault::Status { code: 503, ratio: 1.0 }).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    for worker in 0..2 {
        let stats = gateway.envoy().get("/stats?filter=worker_.*downstream_cx_active").await?;
        let open = stats.lines().find(|it| it.contains(&format!("worker_{worker}.")));
        let open = open.and_then(|it| it.rsplit(' ').next()).context("no such statistic")?;
        assert_ne!(open, "0", "worker {worker} takes no part: {stats}");
    }
    let records = load.finish().await;
    let failures = || records.iter().filter(|it| it.region() == Some(A) && !it.is_ok());
    let known = failures().map(mesh_failover_harness::Record::end).min().context("no failure")?;
    let last = failures().map(|it| it.start).max().context("no failure")?;
    assert!(last <= known + AGREED_WITHIN, "known at {known:?}, still sent to A at {last:?}");
    let after = records.iter().filter(|it| it.start > known + AGREED_WITHIN);
    assert!(after.clone().count() > 300 && after.clone().all(|it| it.region() == Some(B)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat_over_100_000_requests() -> Result<()> {
    const MARGIN: u64 = 3 << 20;
    let gateway = start(Mode::Router.program()?, 1).await?;
    let mut requests = 0;
    let mut after_warm_up = 0;
    let mut warm = false;
    while requests < 100_000 {
        let burst = ClosedLoop {
            address: gateway.address(),
            connections: 16,
            duration: Duration::from_secs(2),
        };
        let done = burst.run().await?.requests;
        if warm {
            requests += done;
        } else {
            // Code paths, pools and arenas are there after the first burst.
            warm = true;
            after_warm_up = resident_bytes(gateway.envoy().id())?;
        }
    }
    let grown = resident_bytes(gateway.envoy().id())?.saturating_sub(after_warm_up);
    assert!(grown < MARGIN, "{grown} bytes more after {requests} requests");
    Ok(())
}

/// Calls of the host between entering the callback and leaving it, for each time it ran.
fn host_calls(log: &str, callback: &str) -> Vec<Vec<String>> {
    let mut runs = Vec::new();
    let mut inside: Option<Vec<String>> = None;
    for line in log.lines() {
        if line.contains(&format!("[host->vm] {callback}(")) {
            inside = Some(Vec::new());
        } else if line.contains(&format!("[host<-vm] {callback} return")) {
            runs.extend(inside.take());
        } else if let (Some(calls), Some((_, call))) = (&mut inside, line.split_once("[vm->host] "))
        {
            calls.push(call.to_owned());
        }
    }
    runs
}

#[tokio::test(flavor = "multi_thread")]
async fn host_calls_a_request_are_few() -> Result<()> {
    let options = EnvoyOptions {
        component_log_level: Some("wasm:trace".to_owned()),
        ..EnvoyOptions::default()
    };
    let gateway = Gateway::start(Mode::Router.program()?, &options).await?;
    served_by(&gateway, A, 20).await?;
    let log = gateway.envoy().log()?;
    for (callback, most) in [("proxy_on_request_headers", 6), ("proxy_on_response_headers", 4)] {
        let runs = host_calls(&log, callback);
        assert_eq!(runs.len(), 20, "{callback} is traced for each request");
        // The first requests may look things up once.
        for calls in runs.iter().skip(10) {
            assert!(calls.len() <= most, "{callback}: {calls:#?}");
        }
    }
    Ok(())
}
