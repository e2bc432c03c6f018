//! `check --live` and the readers behind it against dumps of a real Envoy.

mod e2e;

use anyhow::{Context, Result};
use e2e::{A, SERVICE, eventually, get, start};
use mesh_failover_core::check::{Finding, Input, Target, check};
use mesh_failover_core::live::{GatewayState, read_dumps};
use mesh_failover_core::manifest::{Manifests, Source};
use mesh_failover_core::translate::IstioVersion;
use mesh_failover_harness::{Fault, Gateway, Program, find};

fn seed() -> Result<Program> {
    Program::read(&find::workspace().join("examples/seed"), "europe-west1")
}

/// Both dumps of a gateway, as an operator would save them.
async fn dumps(gateway: &Gateway) -> Result<[String; 2]> {
    let config = gateway.envoy().get("/config_dump?include_eds").await?;
    let clusters = gateway.envoy().get("/clusters?format=json").await?;
    Ok([config, clusters])
}

fn state(dumps: &[String; 2]) -> Result<GatewayState> {
    let [config, clusters] = dumps;
    let sources = [
        Source { name: "config_dump.json", text: config },
        Source { name: "clusters.json", text: clusters },
    ];
    read_dumps(&sources).map_err(|(error, _)| anyhow::anyhow!(error.message))
}

fn compared(manifests: &Manifests, state: &GatewayState) -> Vec<Finding> {
    check(&Input {
        manifests,
        sources: &[],
        version: IstioVersion::NEWEST,
        target: Target::Istio,
        live: std::slice::from_ref(state),
    })
}

fn codes(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|finding| finding.diagnostic.code).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_follows_its_manifests_differs_in_nothing() -> Result<()> {
    let program = seed()?;
    let manifests = program.manifests.clone();
    let gateway = start(program, 1).await?;
    let state = state(&dumps(&gateway).await?)?;
    let cluster = state.clusters.get(&format!("outbound|80||{SERVICE}")).context("the cluster")?;
    assert_eq!(cluster.hosts.len(), 6);
    assert!(cluster.locality_weighted && cluster.outlier_detection.is_some());
    assert_eq!(state.locality.as_ref().map(|it| it.region.as_str()), Some("europe-west1"));
    let found = compared(&manifests, &state);
    assert!(found.is_empty(), "{:?}", codes(&found));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_manifests_ask_for_and_the_gateway_lacks_is_said() -> Result<()> {
    let program = seed()?;
    let mut manifests = program.manifests.clone();
    let gateway = start(program, 1).await?;
    let state = state(&dumps(&gateway).await?)?;
    let rule = manifests.destination_rules.first_mut().context("the rule")?;
    let policy = rule.spec.traffic_policy.as_mut().context("its policy")?;
    policy.outlier_detection.as_mut().context("ejection")?.consecutive_5xx_errors = Some(3);
    let balancer = policy.load_balancer.as_mut().context("a balancer")?;
    let setting = balancer.locality_lb_setting.as_mut().context("a setting")?;
    for entry in &mut setting.distribute {
        entry.to = [("europe-west1".to_owned(), 80), ("us-central1".to_owned(), 20)].into();
    }
    let found = compared(&manifests, &state);
    assert_eq!(codes(&found), ["MF1206", "MF1205"], "{found:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ejected_hosts_are_seen() -> Result<()> {
    let program = seed()?;
    let manifests = program.manifests.clone();
    let gateway = start(program, 1).await?;
    gateway.set(A, Fault::Status { code: 503, ratio: 1.0 }).await?;
    eventually("hosts are ejected, and that is all that is found", async || {
        for _ in 0..20 {
            get(&gateway).await?;
        }
        let state = state(&dumps(&gateway).await?)?;
        Ok(codes(&compared(&manifests, &state)) == ["MF1207"])
    })
    .await
}
