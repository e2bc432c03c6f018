//! Levels between nothing and all in a real Envoy: what comes back on a ramp and what is drained over time gets the shares that the core says.

mod e2e;

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{A, B, edit_plugin, ejecting_for, eventually, get, plugin_configuration};
use mesh_failover_core::router::{Curve, Level, Ramp};
use mesh_failover_harness::{EnvoyOptions, Fault, Gateway, Load, LoadOptions, Record, Shares};
use serde_json::{Value, json};
use xtask::demo::Mode;

/// From one end to the other.
const WAY: Duration = Duration::from_secs(6);
/// Percent points that a share may be off: a worker's wheel is exact, but levels move on ticks, and the start of a ramp is seen a request late.
const OFF: f64 = 5.0;

/// A's share of the good answers to what was sent in this part of the way, in percent, with every answer good.
fn share(records: &[Record], begin: Duration, part: (f64, f64)) -> f64 {
    let (from, to) = (begin + WAY.mul_f64(part.0), begin + WAY.mul_f64(part.1));
    let shares = Shares::of(records.iter().filter(|it| it.start >= from && it.start < to));
    assert!(shares.total > 100 && shares.failed == 0, "{shares:?} in {part:?}");
    shares.percent(A)
}

/// The share that a region has beside one as heavy, at a level.
fn beside_a_full_one(level: Level) -> f64 {
    let level = f64::from(level.get()) / f64::from(Level::FULL.get());
    100.0 * level / (1.0 + level)
}

fn is_near(measured: f64, expected: f64, what: &str) {
    assert!(
        (measured - expected).abs() <= OFF,
        "{what}: {measured:.1} %, expected {expected:.1} %"
    );
}

/// The mean share over a part of the way up from a level in hundredths of a percent.
fn mean(from: u32, curve: Curve, part: (f64, f64)) -> f64 {
    let ramp = Ramp { duration: WAY, start: Level::new(from), curve };
    let at = |step: u32| part.0 + (part.1 - part.0) * f64::from(step) / 100.0;
    let shares = (0..100).map(|step| beside_a_full_one(ramp.level(WAY.mul_f64(at(step)))));
    shares.sum::<f64>() / 100.0
}

const THIRDS: [(f64, f64); 3] = [(0.0, 1.0 / 3.0), (1.0 / 3.0, 2.0 / 3.0), (2.0 / 3.0, 1.0)];

#[tokio::test(flavor = "multi_thread")]
async fn a_region_comes_back_on_its_ramp() -> Result<()> {
    let mut program = ejecting_for(Mode::Router, Duration::from_millis(500))?;
    edit_plugin(&mut program, |destination| {
        let ramp = json!({"duration": format!("{}s", WAY.as_secs()), "startPercent": 10});
        destination["failback"] = json!({"ramp": ramp});
        destination["probe"] = json!({"interval": "100ms", "timeout": "1s", "healthyThreshold": 2});
        Ok(())
    })?;
    let gateway = Gateway::start(program, &EnvoyOptions::default()).await?;
    get(&gateway).await?;
    gateway.set(A, Fault::Status { code: 503, ratio: 1.0 }).await?;
    eventually("A is out", async || {
        get(&gateway).await?;
        Ok(gateway.envoy().log()?.contains(&format!("region {A}: ejected")))
    })
    .await?;
    let load = Load::start(gateway.address(), LoadOptions::default()).await?;
    gateway.set(A, Fault::None).await?;
    let back = || load.records_of(0).iter().any(|record| record.region() == Some(A));
    eventually("A is back", async || Ok(back())).await?;
    tokio::time::sleep(WAY + Duration::from_secs(2)).await;
    let records = load.finish().await;
    let begin =
        records.iter().find(|it| it.region() == Some(A)).context("A never came back")?.start;
    for part in THIRDS {
        let expected = mean(1_000, Curve::Linear, part);
        is_near(share(&records, begin, part), expected, &format!("{part:?} of the ramp"));
    }
    is_near(share(&records, begin, (1.02, 1.3)), 50.0, "after the ramp");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_is_drained_over_time_and_filled_again() -> Result<()> {
    let program = Mode::Router.program()?;
    let full: Value = serde_json::from_str(&plugin_configuration(&program)?)?;
    let drained = |regions: &[&str], revision: &str| {
        let mut configuration = full.clone();
        let duration = format!("{}s", WAY.as_secs());
        configuration["revision"] = json!(revision);
        configuration["destinations"][0]["drain"] =
            json!({"regions": regions, "duration": duration});
        configuration.to_string()
    };
    let mut gateway = Gateway::start(program, &EnvoyOptions::default()).await?;
    get(&gateway).await?;
    let load = Load::start(gateway.address(), LoadOptions::default()).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut begin = Vec::new();
    for (regions, revision) in [(&[A][..], "1"), (&[], "2")] {
        let accepted = gateway.envoy().stat("listener_manager.lds.update_success").await?;
        gateway.configure_filter(&drained(regions, revision))?;
        eventually("the configuration is read", async || {
            let now = gateway.envoy().stat("listener_manager.lds.update_success").await?;
            Ok(now > accepted)
        })
        .await?;
        begin.push(load.now());
        tokio::time::sleep(WAY + Duration::from_secs(2)).await;
    }
    let records = load.finish().await;
    let [emptied, filled] = begin[..] else { unreachable!("two configurations") };
    for part in THIRDS {
        let expected = mean(0, Curve::Linear, (1.0 - part.1, 1.0 - part.0));
        is_near(share(&records, emptied, part), expected, &format!("{part:?} of the drain"));
    }
    assert_eq!(share(&records, emptied, (1.1, 1.3)), 0.0, "drained");
    for part in THIRDS {
        let expected = mean(0, Curve::Linear, part);
        is_near(share(&records, filled, part), expected, &format!("{part:?} of the way back"));
    }
    is_near(share(&records, filled, (1.05, 1.3)), 50.0, "filled again");
    assert!(records.iter().all(|it| [Some(A), Some(B)].contains(&it.region())));
    Ok(())
}
