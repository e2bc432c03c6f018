//! `cargo xtask chaos`: the region router under random faults, in a real Envoy.
//!
//! Every schedule follows from its number, which is printed; `--seed N --seeds 1` plays one again.

mod clients;
mod play;
mod random;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mesh_failover_core::manifest::GoDuration;
use serde_json::{Value, json};

use play::{Laws, Stage, play};

use crate::demo::Mode;
use crate::{filter, tools};

/// A region that is mended should be back while its schedule is still watched.
const EJECTION: Duration = Duration::from_millis(500);
const SERVICE: &str = "hello-world.default.svc.cluster.local";

/// Arguments of `cargo xtask chaos`.
#[derive(clap::Args)]
pub struct Args {
    /// How many schedules
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Plays them one after the other, all of them even when one breaks a law.
pub fn run(args: Args) -> Result<()> {
    tools::envoy()?;
    filter::build("region-router")?;
    let laws = Laws::default();
    let stage = stage(laws)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut broken = Vec::new();
    for seed in args.seed..args.seed + args.seeds {
        let begun = Instant::now();
        match runtime.block_on(play(&stage, seed, laws)) {
            Ok(seen) => println!(
                "seed {seed}: {} requests, {} rescued, {} by hostile clients, {:.1} s",
                seen.requests,
                seen.rescued,
                seen.hostile,
                begun.elapsed().as_secs_f64()
            ),
            Err(error) => {
                println!("seed {seed}: BROKEN: {error:#}");
                broken.push(seed.to_string());
            }
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        bail!("laws were broken with seeds {}", broken.join(", "))
    }
}

/// The example with second tries for every request that the clients send, and regions that are brought back by probes, soon even if they flap.
fn stage(laws: Laws) -> Result<Stage> {
    let mut program = Mode::Router.program()?;
    let services = &mut program.manifests.virtual_services;
    for route in services.iter_mut().flat_map(|service| &mut service.spec.http) {
        route.timeout = Some(GoDuration::from(laws.timeout));
    }
    // Envoy's own ejections last as long as the router's.
    let rules = program.manifests.destination_rules.iter_mut();
    let policies = rules.filter_map(|rule| rule.spec.traffic_policy.as_mut());
    for ejects in policies.filter_map(|policy| policy.outlier_detection.as_mut()) {
        ejects.base_ejection_time = Some(GoDuration::from(EJECTION));
    }
    let filter = program.filter.as_mut().context("no filter")?;
    let mut configuration: Value = serde_json::from_str(&filter.configuration)?;
    let destination = configuration.pointer_mut("/destinations/0").context("no destination")?;
    destination["rescue"] = json!({"methods": ["POST"], "maxBodyBytes": 8192,
        "budget": {"percent": 100, "minRetryConcurrency": 1000}});
    destination["probe"] = json!({"path": "/healthz", "interval": "100ms", "timeout": "500ms",
        "healthyThreshold": 2, "unhealthyThreshold": 3});
    destination["trafficPolicy"]["outlierDetection"]["baseEjectionTime"] =
        json!(GoDuration::from(EJECTION));
    filter.configuration = configuration.to_string();
    let region = |name: &str, cluster: &str| (name.to_owned(), cluster.to_owned());
    Ok(Stage {
        program,
        regions: [region("europe-west1", "cluster-a"), region("us-central1", "cluster-b")],
        service: SERVICE.to_owned(),
    })
}
