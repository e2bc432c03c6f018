//! Second tries in a real Envoy: what the client gets while a region fails.

mod e2e;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e::{A, B, CLUSTER_A, LIMIT, SERVICE, edit_plugin, eventually, metrics, of, start};
use mesh_failover_harness::http::{Answer, Connection};
use mesh_failover_harness::{Fault, Gateway, Load, LoadOptions, Program, REGION_HEADER};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use xtask::demo::Mode;

const RESCUED_FROM: &str = "x-mesh-rescued-from";
const DOWN: Fault = Fault::Status { code: 503, ratio: 1.0 };

/// All requests go to A, whose failures eject nobody: so each meets them.
fn failing_in_a(rescue: Value) -> Result<Program> {
    let mut program = Mode::Router.program()?;
    for rule in &mut program.manifests.destination_rules {
        let policy = rule.spec.traffic_policy.as_mut();
        policy.context("no policy")?.outlier_detection = None;
    }
    edit_plugin(&mut program, |destination| {
        destination["rescue"] = rescue;
        destination["trafficPolicy"] = json!({
            "outlierDetection": {"consecutive5xxErrors": 1_000_000},
            "loadBalancer": {"localityLbSetting": {"failover": [{"from": A, "to": B}]}}
        });
        Ok(())
    })?;
    Ok(program)
}

async fn send(
    gateway: &Gateway,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer> {
    let mut connection = Connection::open(gateway.address()).await?;
    let answer = connection.send(method, path, headers, body.to_owned());
    tokio::time::timeout(LIMIT, answer).await?
}

/// Status, region that answered, and region that failed before.
fn seen(answer: &Answer) -> (u16, Option<&str>, Option<&str>) {
    (answer.status, answer.header(REGION_HEADER), answer.header(RESCUED_FROM))
}

const RESCUED: (u16, Option<&str>, Option<&str>) = (200, Some(B), Some(A));
const FAILED: (u16, Option<&str>, Option<&str>) = (503, Some(A), None);

fn requests(gateway: &Gateway) -> [u64; 2] {
    [A, B].map(|region| gateway.backends_in(region).map(|backend| backend.requests()).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_try_answers_for_the_first() -> Result<()> {
    let budget = json!({"percent": 100, "minRetryConcurrency": 1000});
    let rescue =
        json!({"methods": ["POST"], "maxBodyBytes": 1024, "timeout": "1s", "budget": budget});
    let gateway = start(failing_in_a(rescue)?, 1).await?;
    let well = send(&gateway, "GET", "/", &[], "").await?;
    assert_eq!(seen(&well), (200, Some(A), None));
    gateway.set(A, DOWN).await?;
    what_is_repeated(&gateway).await?;
    whole_answers(&gateway).await?;
    what_the_other_region_sees(&gateway).await?;
    what_reached_nobody(&gateway).await?;
    once_and_in_time(&gateway).await?;
    a_client_that_leaves(&gateway).await
}

async fn what_is_repeated(gateway: &Gateway) -> Result<()> {
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "POST"] {
        let answer = send(gateway, method, "/echo/this?q=1", &[], "").await?;
        assert_eq!(seen(&answer), RESCUED, "{method}");
        assert_eq!(answer.text(), format!("{method} /echo/this?q=1\n"));
    }
    let small = "b".repeat(1024);
    let answer = send(gateway, "POST", "/echo", &[], &small).await?;
    assert_eq!((seen(&answer), answer.text()), (RESCUED, format!("POST /echo\n{small}")));
    for (method, headers, body) in [
        ("PATCH", &[][..], ""),
        ("PUT", &[], "a body, and not listed"),
        ("POST", &[], &"b".repeat(1025)),
        ("POST", &[("content-type", "application/grpc+proto")], "message"),
        ("GET", &[("connection", "upgrade"), ("upgrade", "websocket")], ""),
    ] {
        let answer = send(gateway, method, "/echo", headers, body).await?;
        let status = if headers.iter().any(|(name, _)| *name == "upgrade") { 403 } else { 503 };
        assert!(
            answer.status == status || seen(&answer) == FAILED,
            "{method} {headers:?}: {answer:?}"
        );
        assert_eq!(answer.header(RESCUED_FROM), None, "{method} {headers:?}");
    }
    Ok(())
}

async fn whole_answers(gateway: &Gateway) -> Result<()> {
    let get = send(gateway, "GET", "/", &[], "").await?;
    let head = send(gateway, "HEAD", "/", &[], "").await?;
    assert_eq!((seen(&head), head.body.len()), (RESCUED, 0));
    assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
    for status in [204, 304, 404] {
        let answer = send(gateway, "GET", &format!("/status/{status}"), &[], "").await?;
        assert_eq!(seen(&answer), (status, Some(B), Some(A)));
        assert!(answer.body.is_empty());
    }
    let large = send(gateway, "GET", "/bytes/1000000", &[], "").await?;
    assert_eq!((seen(&large), large.body.len()), (RESCUED, 1_000_000));
    let too_large = send(gateway, "GET", "/bytes/1100000", &[], "").await?;
    assert_eq!(seen(&too_large), FAILED, "more than `maxResponseBytes`");
    Ok(())
}

/// What a request carried, but for what each has of its own.
fn carried(answer: &Answer) -> Vec<String> {
    let own = ["x-request-id", "x-mesh-region", "x-envoy-expected-rq-timeout-ms", "te"];
    let text = answer.text();
    let lines = text.lines().filter(|line| !own.iter().any(|name| line.starts_with(name)));
    let mut lines: Vec<_> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

async fn what_the_other_region_sees(gateway: &Gateway) -> Result<()> {
    let headers =
        [("x-a", "1"), ("x-a", "2"), ("te", "trailers"), ("accept", "*/*"), ("host", "shop")];
    let second = send(gateway, "GET", "/headers", &headers, "").await?;
    assert_eq!(seen(&second), RESCUED);
    assert!(second.text().contains("x-mesh-region: us-central1\n"));
    assert!(!second.text().contains("te: trailers"), "it belongs to one connection");
    gateway.set(A, Fault::None).await?;
    let first = send(gateway, "GET", "/headers", &headers, "").await?;
    gateway.set(A, DOWN).await?;
    let (first, mut second) = (carried(&first), carried(&second));
    // Envoy's own client says so of every request that it makes itself, and leaves Istio's count of tries out.
    second.retain(|line| line != "x-envoy-internal: true");
    second.push("x-envoy-attempt-count: 1".to_owned());
    second.sort();
    assert_eq!(second, first);
    Ok(())
}

async fn what_reached_nobody(gateway: &Gateway) -> Result<()> {
    gateway.set(A, Fault::Refuse).await?;
    for (method, body) in [("PATCH", ""), ("PUT", "small"), ("LINK", "small"), ("GET", "")] {
        let answer = send(gateway, method, "/echo", &[], body).await?;
        assert_eq!(seen(&answer), RESCUED, "{method}");
        assert_eq!(answer.text(), format!("{method} /echo\n{body}"));
    }
    gateway.set(A, DOWN).await
}

async fn once_and_in_time(gateway: &Gateway) -> Result<()> {
    gateway.set(B, DOWN).await?;
    let [a, b] = requests(gateway);
    assert_eq!(seen(&send(gateway, "GET", "/", &[], "").await?), FAILED, "the first answer");
    assert_eq!(requests(gateway), [a + 1, b + 1]);
    gateway.set(B, Fault::Blackhole).await?;
    let begun = Instant::now();
    assert_eq!(seen(&send(gateway, "GET", "/", &[], "").await?), FAILED);
    let took = begun.elapsed();
    assert!((900..3_000).contains(&took.as_millis()), "{took:?} with a timeout of 1 s");
    gateway.set(B, Fault::None).await
}

/// It leaves while the second try is under way; others do not notice.
async fn a_client_that_leaves(gateway: &Gateway) -> Result<()> {
    gateway.set(B, Fault::Slow(Duration::from_millis(200))).await?;
    for _ in 0..20 {
        let mut stream = TcpStream::connect(gateway.address()).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    gateway.set(B, Fault::None).await?;
    for _ in 0..20 {
        let answer = send(gateway, "GET", "/echo/after", &[], "").await?;
        assert_eq!((seen(&answer), answer.text()), (RESCUED, "GET /echo/after\n".to_owned()));
    }
    Ok(())
}

/// How many of the requests of a steady load fail while A dies.
async fn lost(program: Program, die: Fault) -> Result<usize> {
    let mut gateway = start(program, 2).await?;
    let options = LoadOptions { rate: 500, connections: 32, ..LoadOptions::default() };
    let load = Load::start(gateway.address(), options).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    if die == Fault::Gone {
        gateway.scale(CLUSTER_A, SERVICE, 0).await?;
    } else {
        gateway.set(A, die).await?;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let records = load.finish().await;
    assert!(records.len() > 800, "{} requests", records.len());
    let after = records.iter().rev().take(200);
    assert!(after.clone().all(|it| it.region() == Some(B)), "A still serves");
    Ok(records.iter().filter(|it| !it.is_ok()).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_lost_when_a_region_dies() -> Result<()> {
    for die in [DOWN, Fault::Refuse, Fault::Gone] {
        let mut program = Mode::Router.program()?;
        edit_plugin(&mut program, |destination| {
            destination["rescue"] = json!({});
            Ok(())
        })?;
        assert_eq!(lost(program, die).await?, 0, "{die:?}");
    }
    let without = lost(Mode::Router.program()?, DOWN).await?;
    assert!(without > 0, "the load does not meet the failure");
    Ok(())
}

/// Every way that a second try ends, as the counters have it; one that fails counts against its region.
#[tokio::test(flavor = "multi_thread")]
async fn second_tries_are_counted() -> Result<()> {
    let budget = json!({"percent": 0, "minRetryConcurrency": 3, "budgetInterval": "600s"});
    let mut program = failing_in_a(json!({"timeout": "1s", "budget": budget}))?;
    edit_plugin(&mut program, |destination| {
        // Finds B empty; says nothing of A's errors for ten seconds.
        destination["probe"] =
            json!({"interval": "100ms", "timeout": "100ms", "unhealthyThreshold": 100});
        Ok(())
    })?;
    let mut gateway = start(program, 1).await?;
    for method in ["GET", "POST"] {
        assert_eq!(send(&gateway, method, "/status/500", &[], "").await?.status, 500);
    }
    gateway.set(A, DOWN).await?;
    assert_eq!(seen(&send(&gateway, "GET", "/", &[], "").await?), RESCUED);
    for (replicas, out) in [(0, 1.0), (3, 0.0)] {
        gateway.scale(e2e::CLUSTER_B, SERVICE, replicas).await?;
        eventually(&format!("B at {replicas}"), async || {
            Ok(metrics(&gateway).await?.get(&of("mesh_region_out", B, None)) == Some(&out))
        })
        .await?;
        let expected = if replicas == 0 { FAILED } else { RESCUED };
        assert_eq!(seen(&send(&gateway, "GET", "/", &[], "").await?), expected);
    }
    assert_eq!(seen(&send(&gateway, "GET", "/", &[], "").await?), FAILED, "over budget");
    let mut last = BTreeMap::new();
    eventually("all are counted", async || {
        let all = metrics(&gateway).await?;
        let rescues = |kind| of("mesh_region_rescues_total", A, Some(kind));
        let errors = of("mesh_region_errors_total", B, Some("response"));
        let wanted = [
            (rescues("tried"), 3.0),
            (rescues("won"), 2.0),
            (rescues("refused_not_repeatable"), 1.0),
            (rescues("refused_over_budget"), 1.0),
            (rescues("refused_no_region"), 1.0),
            (errors, 1.0),
        ];
        last = wanted.iter().map(|(name, _)| (name.clone(), all.get(name).copied())).collect();
        Ok(wanted.iter().all(|(name, value)| all.get(name) == Some(value)))
    })
    .await
    .with_context(|| format!("{last:#?}"))
}
