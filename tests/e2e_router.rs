//! What only the region router promises, in a real Envoy with the module that ships.

mod e2e;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use e2e::{A, B, LIMIT, get, served_by, start};
use mesh_failover_core::router::{Reason, RegionKey, RegionRecord, RegionState, SharedState};
use mesh_failover_core::time::MonotonicTime;
use mesh_failover_harness::{
    ClosedLoop, EnvoyOptions, Fault, Gateway, Load, LoadOptions, REGION_HEADER, resident_bytes,
};
use serde_json::json;
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
            body: 0,
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

/// A filter that writes these bytes where the workers of that plugin meet, with each request.
fn vandal(plugin: &str, bytes: &[u8]) -> String {
    let key = format!("mesh-failover.region-router/{plugin}");
    let written: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        r#"(module
            (import "env" "proxy_set_shared_data"
                (func $set (param i32 i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 2048) "{key}")
            (data (i32.const 4096) "{written}")
            (func (export "proxy_abi_version_0_2_1"))
            (func (export "malloc") (param i32) (result i32) i32.const 1024)
            (func (export "proxy_on_context_create") (param i32 i32))
            (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                (if (call $set (i32.const 2048) (i32.const {}) (i32.const 4096) (i32.const {}) (i32.const 0))
                    (then unreachable))
                i32.const 0))"#,
        key.len(),
        bytes.len()
    )
}

/// The router's gateway with a filter before it that writes these bytes where the workers meet.
async fn vandalised(bytes: &[u8], folder: &Path) -> Result<Gateway> {
    let mut program = Mode::Router.program()?;
    let filter = program.filter.as_ref().context("no filter")?;
    let module = folder.join("vandal.wasm");
    std::fs::write(&module, wat::parse_str(vandal(&filter.name, bytes))?)?;
    program.http_filters.push(json!({
        "name": "vandal",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {"name": "vandal", "vm_config": {
                "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": module}}
            }}
        }
    }));
    start(program, 2).await
}

/// A state as the workers write it, in which B is out for an hour.
fn b_is_out() -> Result<Vec<u8>> {
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?;
    let at = MonotonicTime::from_nanos(now);
    let state = RegionState::Ejected(Reason::Probe);
    let record =
        RegionRecord { epoch: 9, at, state, backoff: 1, until: at + Duration::from_secs(3600) };
    let key = RegionKey { host: e2e::SERVICE.to_owned(), port: 80, region: B.to_owned() };
    let records = [(key, record)].into();
    Ok(SharedState { written_at: at, records, ..SharedState::default() }.encode())
}

/// What stands where the workers meet is replaced, not trusted, unless it is whole: nonsense, an older version, or a byte changed would
/// make them forget, or believe, something.
#[tokio::test(flavor = "multi_thread")]
async fn workers_agree_whatever_is_written_where_they_meet() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let whole = b_is_out()?;
    let gateway = vandalised(&whole, folder.path()).await?;
    served_by(&gateway, A, 4).await?;
    tokio::time::sleep(AGREED_WITHIN).await;
    assert_eq!(served_by(&gateway, A, 20).await?, 20, "a whole state is believed");

    let mut changed = whole.clone();
    *changed.last_mut().context("no bytes")? ^= 1;
    let mut older = whole;
    *older.get_mut(3).context("no bytes")? = 1;
    for bytes in [changed, older, b"nonsense".to_vec(), vec![0xff; 50_000]] {
        let gateway = vandalised(&bytes, folder.path()).await?;
        assert!((8..=12).contains(&served_by(&gateway, A, 20).await?));
        gateway.set(A, Fault::Status { code: 503, ratio: 1.0 }).await?;
        let mut failed = 0;
        while !gateway.envoy().log()?.contains(&format!("region {A}: ejected")) {
            failed += u32::from(get(&gateway).await?.status != 200);
            anyhow::ensure!(failed < 10, "nobody ejects");
        }
        tokio::time::sleep(AGREED_WITHIN).await;
        assert_eq!(served_by(&gateway, B, 60).await?, 60, "each request has broken it again");
        let log = gateway.envoy().log()?;
        assert_eq!(log.matches(": ejected for").count(), 1, "the other worker was told: {log}");
    }
    Ok(())
}
