//! `cargo xtask bench outage`: what clients meet when a region dies, by who decides and how it dies, side by side.
//!
//! Every run is the demo's: real backends, a real Envoy with two workers, steady traffic of GETs; A dies after two seconds and comes back after four more.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use mesh_failover_harness::{EnvoyOptions, Gateway, Program, Record, Shares};
use serde_json::{Value, json};

use crate::demo::{Mode, Played, RegionDown, Scene, Timeline, play};
use crate::{filter, tools};

const TIMELINE: Timeline = Timeline {
    healthy: Duration::from_secs(2),
    down: Duration::from_secs(4),
    back: Duration::from_secs(1),
    patience: Duration::from_secs(4),
};

/// Arguments of `cargo xtask bench outage`.
#[derive(clap::Args)]
pub struct Args {
    /// Requests a second
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Only this way to die [default: all]
    #[arg(long, value_enum)]
    region_down: Option<RegionDown>,
}

/// Who decides, and what is asked of it beyond the example.
struct Arm {
    name: &'static str,
    mode: Mode,
    parts: fn() -> Value,
}

const ARMS: [Arm; 4] = [
    Arm { name: "native", mode: Mode::Native, parts: || json!({}) },
    Arm { name: "router", mode: Mode::Router, parts: || json!({}) },
    Arm { name: "router, rescue", mode: Mode::Router, parts: || json!({"rescue": {}}) },
    Arm {
        name: "router, rescue and probe",
        mode: Mode::Router,
        parts: || json!({"rescue": {}, "probe": {"interval": "500ms", "timeout": "200ms", "healthyThreshold": 2}}),
    },
];

impl Arm {
    fn program(&self, how: RegionDown) -> Result<Program> {
        let mut program = how.prepared(self.mode.program()?);
        if (self.parts)().get("probe").is_some() {
            program = program.with_panicking_subsets();
        }
        if let Some(filter) = &mut program.filter {
            let mut configuration: Value = serde_json::from_str(&filter.configuration)?;
            let destination = configuration.pointer_mut("/destinations/0");
            let destination = destination.and_then(Value::as_object_mut);
            if let Value::Object(parts) = (self.parts)() {
                destination.context("the example has no destination")?.extend(parts);
            }
            filter.configuration = configuration.to_string();
        }
        Ok(program)
    }
}

/// Plays every arm with every death and prints a table.
pub fn run(args: &Args) -> Result<()> {
    tools::envoy()?;
    filter::build("region-router")?;
    let deaths = args.region_down.map_or(RegionDown::value_variants().to_vec(), |one| vec![one]);
    println!(
        "{:<10} {:<25} {:>9} {:>7} {:>12} {:>10} {:>10}",
        "A", "who decides", "requests", "failed", "all on B in", "slowest", "A back in"
    );
    let runtime = tokio::runtime::Runtime::new()?;
    for how in deaths {
        for arm in &ARMS {
            let scene = Scene {
                region_down: how,
                rate: args.rate,
                timeline: TIMELINE,
                failover: arm.mode.failover(how),
            };
            let played = runtime.block_on(async {
                let options = EnvoyOptions { concurrency: 2, ..EnvoyOptions::default() };
                let mut gateway = Gateway::start(arm.program(how)?, &options).await?;
                play(&mut gateway, &scene, |_| ()).await
            })?;
            print(how, arm, &played);
        }
    }
    println!(
        "failed: GETs that met the outage and ended without a good answer; all on B in: from A's death to the last request that B did not answer;\n\
         slowest: the longest answer that was good; A back in: from its return to its first answer, of {} s at most",
        TIMELINE.patience.as_secs()
    );
    Ok(())
}

fn print(how: RegionDown, arm: &Arm, played: &Played) {
    let shares = Shares::of(played.under_death());
    let good = played.under_death().filter(|it| it.is_ok());
    let slowest = good.map(|it: &Record| it.duration).max().unwrap_or_default();
    let back = played.failed_back_in().map_or("-".to_owned(), millis);
    let death = how.to_possible_value().map_or_else(String::new, |it| it.get_name().to_owned());
    println!(
        "{death:<10} {:<25} {:>9} {:>7} {:>12} {:>10} {back:>10}",
        arm.name,
        shares.total,
        shares.failed,
        millis(played.failed_over_in()),
        millis(slowest),
    );
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
