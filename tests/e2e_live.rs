//! `check --live` and the readers behind it against dumps of a real Envoy.

mod e2e;

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{A, SERVICE, eventually, get, start};
use mesh_failover_core::check::{Finding, Input, Target, check};
use mesh_failover_core::explain::explain_live;
use mesh_failover_core::live::{GatewayState, read, read_dumps};
use mesh_failover_core::manifest::{GoDuration, Manifests, Scenario, Source, Traffic};
use mesh_failover_core::sim::{EventKind, Options, Simulation};
use mesh_failover_core::translate::{IstioVersion, Proxy};
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

/// `istioctl proxy-config all -o json` prints `/config_dump` as it is, without endpoints.
#[tokio::test(flavor = "multi_thread")]
async fn a_dump_without_endpoints_is_compared_in_its_settings() -> Result<()> {
    let program = seed()?;
    let mut manifests = program.manifests.clone();
    let gateway = start(program, 1).await?;
    let text = gateway.envoy().get("/config_dump").await?;
    let dump = Source { name: "istioctl.json", text: &text };
    let state = read_dumps(&[dump]).map_err(|(error, _)| anyhow::anyhow!(error.message))?;
    assert!(compared(&manifests, &state).is_empty());
    let rule = manifests.destination_rules.first_mut().context("the rule")?;
    let policy = rule.spec.traffic_policy.as_mut().context("its policy")?;
    policy.outlier_detection.as_mut().context("ejection")?.consecutive_5xx_errors = Some(3);
    assert_eq!(codes(&compared(&manifests, &state)), ["MF1206"]);
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

/// The dump alone is the topology, and what it has out is out at the start.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_starts_with_what_the_gateway_has_ejected() -> Result<()> {
    let program = seed()?;
    let paper = program.manifests.clone();
    let gateway = start(program, 1).await?;
    gateway.set(A, Fault::Status { code: 503, ratio: 1.0 }).await?;
    let mut dump = [String::new(), String::new()];
    eventually("all of a region is ejected", async || {
        for _ in 0..20 {
            get(&gateway).await?;
        }
        dump = dumps(&gateway).await?;
        let state = state(&dump)?;
        let hosts = state.clusters.values().flat_map(|cluster| cluster.hosts.values());
        Ok(hosts.filter(|host| host.is_ejected).count() == 3)
    })
    .await?;
    let [config, clusters] = &dump;
    let folder = find::workspace().join("examples/seed");
    let texts = ["gateway", "virtual-service", "destination-rule"].map(|name| {
        std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap_or_default()
    });
    let [one, two, three] = &texts;
    let sources = [
        Source { name: "config_dump.json", text: config },
        Source { name: "clusters.json", text: clusters },
        Source { name: "gateway.yaml", text: one },
        Source { name: "virtual-service.yaml", text: two },
        Source { name: "destination-rule.yaml", text: three },
    ];
    let mesh = read(&sources, IstioVersion::NEWEST);
    assert!(mesh.diagnostics.is_empty(), "{:?}", mesh.diagnostics);
    starts_without_europe(&mesh.manifests, "europe-west1", &mesh.gateways)?;
    // On paper the addresses are made up: hosts are taken by region.
    starts_without_europe(&paper, "cluster-a", &mesh.gateways)
}

fn starts_without_europe(
    manifests: &Manifests,
    gateway: &str,
    live: &[GatewayState],
) -> Result<()> {
    let proxy = Proxy::gateway_of(manifests, gateway)?;
    let explained = explain_live(manifests, &proxy, live);
    let cluster = explained.clusters.iter().find(|it| it.hosts == 6).context("the cluster")?;
    for locality in &cluster.localities {
        let (out, share) =
            if locality.locality.starts_with("europe") { (3, 0.0) } else { (0, 100.0) };
        assert_eq!((locality.ejected.len(), locality.share), (out, share), "{locality:#?}");
    }
    let scenario = Scenario {
        gateway: gateway.to_owned(),
        traffic: Traffic { rate: 100.0, ..Traffic::default() },
        duration: GoDuration(Duration::from_secs(60)),
        ..Scenario::default()
    };
    let options = Options { gateways: live.to_vec(), ..Options::default() };
    let report = Simulation::new(manifests, &scenario, &options)?.run();
    let first = report.frames.first().context("a frame")?;
    assert_eq!(first.regions.get("europe-west1").map_or(0, |it| it.counts.requests), 0);
    let last = report.frames.last().context("a frame")?;
    assert!(last.regions.get("europe-west1").is_some_and(|it| it.counts.requests > 0));
    let back = report.events.iter().filter_map(|event| match event.kind {
        EventKind::Unejected { .. } => Some(event.at_ms),
        _ => None,
    });
    let back: Vec<f64> = back.collect();
    // The seed's baseEjectionTime is 30 s and its interval 1 s.
    assert!(
        back.len() == 3 && back.iter().all(|at| (30_000.0..=31_000.0).contains(at)),
        "{back:?}"
    );
    Ok(())
}
