//! What deploy/ offers, run as it stands there.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use mesh_failover_core::locality::Locality;
use mesh_failover_core::manifest::{self, Source};
use mesh_failover_core::router::PluginConfig;
use mesh_failover_harness::{Backend, Envoy, EnvoyOptions, REGION_HEADER, http};

const LIMIT: Duration = Duration::from_secs(10);

fn read(path: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(path);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// The plain Envoy serves half of its requests from each region, and labels the router's metrics.
#[tokio::test(flavor = "multi_thread")]
async fn the_plain_envoy_routes_by_region() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let module = xtask::filter::build("region-router")?;
    let mut text = read("envoy/envoy.yaml")?;
    let mut backends = Vec::new();
    for (region, port) in [("europe-west1", "9081"), ("us-central1", "9082")] {
        let backend = Backend::start(region, region).await?;
        text = replaced(&text, port, &backend.address().port().to_string())?;
        backends.push(backend);
    }
    text = replaced(&text, "/etc/envoy/region_router.wasm", &module.display().to_string())?;
    text = replaced(&text, "port_value: 15000", "port_value: 0")?;
    text = replaced(&text, "port_value: 8080", "port_value: 0")?;
    let file = folder.path().join("envoy.yaml");
    fs::write(&file, text)?;
    let envoy = Envoy::start(&file, folder.path(), &EnvoyOptions::default()).await?;
    let address = envoy.listener().await?;
    let mut first = 0;
    for _ in 0..20 {
        let answer = http::get(address, "/", LIMIT).await?;
        assert_eq!(answer.status, 200, "{}", envoy.log_tail());
        first += u32::from(answer.header(REGION_HEADER) == Some("europe-west1"));
    }
    assert_eq!(first, 10, "{}", envoy.log_tail());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let metrics = envoy.get("/stats/prometheus").await?;
    let line = "mesh_region_requests_total{mesh_host=\"hello-world.default.svc.cluster.local\",\
        mesh_port=\"80\",mesh_region=\"us-central1\"} 10";
    assert!(metrics.lines().any(|it| it == line), "{metrics}");
    Ok(())
}

fn replaced(text: &str, from: &str, to: &str) -> Result<String> {
    anyhow::ensure!(text.contains(from), "the example has no `{from}` any more");
    Ok(text.replace(from, to))
}

/// Both ways to attach the filter are read without a word, and hand over the same, valid configuration.
#[test]
fn the_plugin_and_the_extension_are_the_same() -> Result<()> {
    let names = ["kustomize/wasm-plugin.yaml", "traffic-extension/traffic-extension.yaml"];
    let texts = [read(names[0])?, read(names[1])?];
    let sources = [0, 1].map(|index| Source { name: names[index], text: &texts[index] });
    let (manifests, found) = manifest::read(&sources);
    assert!(found.is_empty(), "{found:?}");
    let plugin = &manifests.wasm_plugins.first().context("no WasmPlugin")?.spec;
    let extension = &manifests.traffic_extensions.first().context("no TrafficExtension")?.spec;
    let wasm = extension.wasm.as_ref().context("no `wasm`")?;
    assert_eq!((&plugin.url, &plugin.fail_strategy), (&wasm.url, &wasm.fail_strategy));
    assert_eq!((&plugin.phase, &plugin.selector), (&extension.phase, &extension.selector));
    assert_eq!(plugin.fail_strategy.as_deref(), Some("FAIL_OPEN"));
    let config = plugin.plugin_config.as_ref().context("no `pluginConfig`")?;
    assert_eq!(Some(config), wasm.plugin_config.as_ref());
    let gateway = Locality::parse("europe-west1");
    let compiled = PluginConfig::from_json(&config.to_string()).and_then(|it| it.compile(&gateway));
    let (_, notes) = compiled.map_err(|found| anyhow::anyhow!("{found:?}"))?;
    assert!(notes.is_empty(), "{notes:?}");
    Ok(())
}
