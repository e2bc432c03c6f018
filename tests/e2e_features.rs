//! The region router's features in a real Envoy: what depends on how Envoy answers the filter's calls. Shares and times are the core's own tests'.

mod e2e;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e::{A, B, LIMIT, SERVICE, edit_plugin, eventually, get, served_by, start};
use mesh_failover_harness::http::{Answer, Connection};
use mesh_failover_harness::{Fault, Gateway, Program, REGION_HEADER};
use serde_json::{Value, json};
use xtask::demo::Mode;

/// The example with these parts beside its policy, and these beside its destinations.
fn program(parts: Value, whole: Value) -> Result<Program> {
    let mut program = Mode::Router.program()?;
    edit_plugin(&mut program, |destination| {
        let destination = destination.as_object_mut().context("no mapping")?;
        destination.extend(parts.as_object().context("no mapping")?.clone());
        Ok(())
    })?;
    let filter = program.filter.as_mut().context("no filter")?;
    let mut configuration: Value = serde_json::from_str(&filter.configuration)?;
    let all = configuration.as_object_mut().context("no mapping")?;
    all.extend(whole.as_object().context("no mapping")?.clone());
    filter.configuration = configuration.to_string();
    Ok(program)
}

async fn get_with(gateway: &Gateway, headers: &[(&str, &str)]) -> Result<Answer> {
    let mut connection = Connection::open(gateway.address()).await?;
    tokio::time::timeout(LIMIT, connection.get("/", headers)).await?
}

fn region(answer: &Answer) -> String {
    answer.header(REGION_HEADER).unwrap_or("-").to_owned()
}

/// Nobody but the probes sees the region die and come back; nobody fails.
#[tokio::test(flavor = "multi_thread")]
async fn probes_take_a_region_out_and_bring_it_back() -> Result<()> {
    let probe = json!({"path": "/healthz", "interval": "200ms", "timeout": "100ms",
        "healthyThreshold": 2, "unhealthyThreshold": 2});
    // Or Envoy's own ejections, one by each failed probe, would leave it no host to probe.
    let program = program(json!({"probe": probe}), json!({}))?.with_panicking_subsets();
    let gateway = start(program, 2).await?;
    assert!((8..=12).contains(&served_by(&gateway, A, 20).await?));
    gateway.set(A, Fault::Status { code: 500, ratio: 1.0 }).await?;
    eventually("the probes have taken A out", async || {
        Ok(gateway.envoy().log()?.contains(&format!("region {A}: ejected")))
    })
    .await?;
    // The other workers hear of it on their next tick.
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(served_by(&gateway, B, 40).await?, 40);
    let healed = Instant::now();
    gateway.set(A, Fault::None).await?;
    eventually("A serves again", async || Ok(region(&get(&gateway).await?) == A)).await?;
    let took = healed.elapsed();
    assert!(took < Duration::from_millis(2 * 200 + 1_000), "back after {took:?}");
    let log = gateway.envoy().log()?;
    assert_eq!(log.matches("its probes failed").count(), 1, "one worker probes and says so");
    Ok(())
}

/// Users find the outage, probes its end: long before the ejection time is over.
#[tokio::test(flavor = "multi_thread")]
async fn probes_end_an_ejection_that_users_began() -> Result<()> {
    let probe = json!({"interval": "300ms", "timeout": "100ms", "healthyThreshold": 2});
    let program = program(json!({"probe": probe}), json!({}))?.with_panicking_subsets();
    let gateway = start(program, 2).await?;
    served_by(&gateway, A, 20).await?;
    gateway.set(A, Fault::Status { code: 500, ratio: 1.0 }).await?;
    for _ in 0..10 {
        get(&gateway).await?;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(served_by(&gateway, B, 20).await?, 20);
    let healed = Instant::now();
    gateway.set(A, Fault::None).await?;
    eventually("A serves again", async || Ok(region(&get(&gateway).await?) == A))
        .await
        .with_context(|| gateway.envoy().log_tail())?;
    let took = healed.elapsed();
    assert!(took < Duration::from_millis(2 * 300 + 1_000), "back after {took:?}");
    Ok(())
}

/// A region without a host is found by the first probe that has nobody to go to, before any request.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_region_is_found_before_a_user_meets_it() -> Result<()> {
    let probe = json!({"interval": "100ms", "timeout": "100ms"});
    let mut gateway = start(program(json!({"probe": probe}), json!({}))?, 2).await?;
    served_by(&gateway, A, 8).await?;
    gateway.scale(e2e::CLUSTER_A, SERVICE, 0).await?;
    eventually("A is found empty", async || {
        Ok(gateway.envoy().log()?.contains(&format!("region {A}: no usable host")))
    })
    .await?;
    // The other worker hears of it on its next tick.
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(served_by(&gateway, B, 40).await?, 40, "nobody has met it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blackhole_is_found_by_probes() -> Result<()> {
    let probe = json!({"interval": "200ms", "timeout": "100ms", "unhealthyThreshold": 2});
    let gateway = start(program(json!({"probe": probe}), json!({}))?, 1).await?;
    get(&gateway).await?;
    gateway.set(A, Fault::Blackhole).await?;
    eventually("the probes have taken A out", async || {
        Ok(gateway.envoy().log()?.contains(&format!("region {A}: ejected")))
    })
    .await?;
    assert_eq!(served_by(&gateway, B, 20).await?, 20);
    Ok(())
}

/// One gateway for what is said by requests: where the client is, which user it is, and which gateway has seen it.
#[tokio::test(flavor = "multi_thread")]
async fn requests_say_where_they_come_from() -> Result<()> {
    let affinity = json!({"cookie": {"name": "site", "ttl": "1h"}});
    let whole = json!({
        "clientRegion": {"header": "x-client", "map": {"us": B}},
        "hops": {}
    });
    let parts = json!({"affinity": affinity, "trafficPolicy": {
        "loadBalancer": {"localityLbSetting": {"distribute": [
            {"from": B, "to": {B: 100}}, {"from": "*", "to": {A: 50, B: 50}}
        ]}}
    }});
    let gateway = start(program(parts, whole)?, 1).await?;
    for _ in 0..10 {
        let answer = get_with(&gateway, &[("x-client", "us")]).await?;
        assert_eq!(region(&answer), B, "the client's own region");
        let hopped = get_with(&gateway, &[("x-client", "us"), ("x-mesh-hops", "1")]).await?;
        assert_eq!(region(&hopped), A, "another gateway has sent it to this one's region");
    }
    let mut regions = Vec::new();
    for _ in 0..16 {
        let first = get(&gateway).await?;
        let cookie = first.header("set-cookie").context("no cookie for a new user")?;
        assert!(cookie.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"), "{cookie}");
        let pair = cookie.split(';').next().context("no pair")?.to_owned();
        for _ in 0..3 {
            let again = get_with(&gateway, &[("cookie", &pair)]).await?;
            assert_eq!((region(&again), again.header("set-cookie")), (region(&first), None));
        }
        regions.push(region(&first));
    }
    assert!(regions.iter().any(|it| it == A) && regions.iter().any(|it| it == B), "{regions:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_out_can_mean_503_with_a_reason() -> Result<()> {
    let mut gateway = start(program(json!({"allRegionsOut": "fail"}), json!({}))?, 1).await?;
    served_by(&gateway, A, 2).await?;
    for cluster in [e2e::CLUSTER_A, e2e::CLUSTER_B] {
        gateway.scale(cluster, SERVICE, 0).await?;
    }
    eventually("the router answers", async || {
        let answer = get(&gateway).await?;
        // Envoy reads the endpoints of the regions' clusters one after the other.
        assert!([200, 503].contains(&answer.status), "status {}", answer.status);
        Ok(answer.text() == "no region is usable")
    })
    .await?;
    gateway.scale(e2e::CLUSTER_A, SERVICE, 1).await?;
    eventually("A serves again", async || Ok(region(&get(&gateway).await?) == A)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_answers_take_a_region_out() -> Result<()> {
    let latency = json!({"latency": {"threshold": "100ms", "window": "2s", "minimumRequests": 5}});
    let gateway = start(program(json!({"health": latency}), json!({}))?, 1).await?;
    served_by(&gateway, A, 20).await?;
    gateway.set(A, Fault::Slow(Duration::from_millis(150))).await?;
    eventually("A is out for being slow", async || {
        get(&gateway).await?;
        Ok(gateway.envoy().log()?.contains("too many slow answers"))
    })
    .await?;
    assert_eq!(served_by(&gateway, B, 20).await?, 20);
    Ok(())
}

/// The VirtualService does not look at the header: Istio decides, nobody fails, and one line says why.
#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_service_without_the_header_is_said_once() -> Result<()> {
    let mut program = program(json!({}), json!({}))?;
    for service in &mut program.manifests.virtual_services {
        service.spec.http.retain(|route| route.matches.is_empty());
    }
    let gateway = start(program, 2).await?;
    let mut served = 0;
    for _ in 0..60 {
        served += u32::from(get(&gateway).await?.status == 200);
    }
    assert_eq!(served, 60);
    let log = gateway.envoy().log()?;
    let said = log.matches("let the routes lead the header").count();
    assert!(
        (1..=4).contains(&said),
        "once for each worker and region, not for each request: {said}"
    );
    Ok(())
}

/// The subset of a region is missing: not even the first request of a worker meets it.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_subset_fails_nobody() -> Result<()> {
    for port in [json!(80), Value::Null] {
        let parts = json!({"port": port, "subsets": {A: "nowhere"}});
        let gateway = start(program(parts, json!({}))?, 2).await?;
        for _ in 0..20 {
            assert_eq!(get(&gateway).await?.status, 200);
        }
        let log = gateway.envoy().log()?;
        assert!(
            log.contains("there is no cluster `outbound|80|nowhere|"),
            "{}",
            gateway.envoy().log_tail()
        );
    }
    Ok(())
}
