//! Two gateways that reach each other's regions through each other: no request goes round (istio/istio 22534).

mod e2e;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{A, B, get, start};
use mesh_failover_harness::{Fault, Gateway, Program, REGION_HEADER};
use serde_json::{Value, json};
use xtask::demo::Mode;

/// The example seen from a region, with second tries and a word of each gateway about each request.
fn program(from: &str) -> Result<Program> {
    let mut program = Mode::Router.program()?;
    from.clone_into(&mut program.from);
    let filter = program.filter.as_mut().context("no filter")?;
    let mut configuration: Value = serde_json::from_str(&filter.configuration)?;
    configuration["hops"] = json!({});
    configuration["destinations"][0]["rescue"] = json!({});
    filter.configuration = configuration.to_string();
    Ok(program)
}

/// Each gateway has its own region behind it, and the other one behind the other.
async fn pair() -> Result<[Gateway; 2]> {
    let mut gateways = [start(program(A)?, 1).await?, start(program(B)?, 1).await?];
    let addresses: [SocketAddr; 2] = [gateways[0].address(), gateways[1].address()];
    gateways[0].reach_through(B, addresses[1])?;
    gateways[1].reach_through(A, addresses[0])?;
    for gateway in &gateways {
        get(gateway).await?;
    }
    // Envoy reads its endpoints when it sees that their file has changed.
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok(gateways)
}

/// Requests that both gateways have taken so far.
async fn taken(gateways: &[Gateway; 2]) -> Result<u64> {
    let mut sum = 0;
    for gateway in gateways {
        let text = gateway.envoy().get("/stats?filter=downstream_rq_total$").await?;
        let listeners = text.lines().filter(|line| !line.starts_with("http.admin"));
        for line in listeners {
            let (_, value) = line.rsplit_once(": ").context("no value")?;
            sum += value.trim().parse::<u64>()?;
        }
    }
    Ok(sum)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_takes_two_gateways_at_most() -> Result<()> {
    const REQUESTS: u64 = 40;
    let gateways = pair().await?;
    let before = taken(&gateways).await?;
    let mut in_b = 0;
    for _ in 0..REQUESTS {
        let answer = get(&gateways[0]).await?;
        assert_eq!(answer.status, 200);
        in_b += u64::from(answer.header(REGION_HEADER) == Some(B));
    }
    assert!((18..=22).contains(&in_b), "{in_b} of {REQUESTS} in B");
    let both = taken(&gateways).await? - before;
    // Each gateway also asks the other whether a region is there; that is seldom while all is well.
    assert!((REQUESTS + in_b..=REQUESTS + in_b + 2).contains(&both), "{both}, {in_b} in B");

    // Nobody can serve: every request fails after the second gateway, second tries included.
    gateways[0].set(A, Fault::Status { code: 503, ratio: 1.0 }).await?;
    gateways[1].set(B, Fault::Status { code: 503, ratio: 1.0 }).await?;
    let before = taken(&gateways).await?;
    for gateway in [0, 1] {
        for _ in 0..REQUESTS / 2 {
            let answer = get(&gateways[gateway]).await?;
            assert!(answer.status == 503, "status {}", answer.status);
        }
    }
    let both = taken(&gateways).await? - before;
    assert!((REQUESTS..=3 * REQUESTS).contains(&both), "{both} for {REQUESTS}");
    Ok(())
}
