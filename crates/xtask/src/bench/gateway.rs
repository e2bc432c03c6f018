//! `cargo xtask bench gateway`: CPU time that a filter adds to a request in one Envoy worker, and what a client waits for it.
//!
//! Five gateways run side by side with the same routes: no filter, a filter that does nothing, a Lua
//! filter that does the least a region router could do (set the header, clear the route cache), a Wasm filter that makes the
//! router's host calls and decides nothing, and the region router. Envoy is alone on one core, load and backends on another. Many short rounds
//! measure all in turn, so that what else the machine does hits all alike; and all are started anew
//! several times, because where a process's memory happens to lie makes it faster or slower by some percent for its
//! whole life. Within a round each variant is taken as a multiple of no filter; the medians of these ratios are the result.
//!
//! **Units**: microseconds of user and system time of the whole Envoy process a request; microseconds that a client waits for 99 % of
//! its answers while all connections ask as fast as they are answered.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mesh_failover_harness::{ClosedLoop, EnvoyOptions, Gateway, Program, cpu_time, on_core};
use serde_json::json;

use crate::demo::Mode;
use crate::{filter, tools};

/// The router may cost this many times what a filter that does nothing costs.
const MOST_OF_DO_NOTHING: f64 = 1.5;
/// With the router a client may wait this many times what it waits with a filter that does nothing.
const MOST_P99: f64 = 1.2;
/// Modules that are measured beside the region router.
const OTHERS: [&str; 2] = ["do-nothing", "least-router"];
/// Below this part of a request's whole cost, an added cost is noise.
const LEAST_COST: f64 = 0.01;
const ENVOY_CORE: usize = 0;
const LOAD_CORE: usize = 1;

/// The least a Lua filter must do to choose a region. It takes turns, because a gateway that uses one region keeps half as many
/// connections and is cheaper for it.
const LUA: &str = r#"
local turn = false
function envoy_on_request(handle)
  turn = not turn
  handle:headers():replace("x-mesh-region", turn and "europe-west1" or "us-central1")
  handle:clearRouteCache()
end
"#;

/// Arguments of `cargo xtask bench gateway`.
#[derive(clap::Args)]
pub struct Args {
    /// Times that all gateways are started anew
    #[arg(long, default_value_t = 7)]
    fleets: usize,
    /// Rounds with the same gateways; each measures every variant once
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Milliseconds a measurement
    #[arg(long, default_value_t = 500)]
    millis: u64,
    /// Connections that each send one request after the other
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Send POSTs with a body of so many bytes instead of GETs
    #[arg(long, default_value_t = 0, value_name = "BYTES")]
    body: usize,
    /// Measure this module with the router's configuration too
    #[arg(long, value_name = "MODULE")]
    also: Vec<PathBuf>,
}

#[derive(Clone, PartialEq, Eq)]
enum Variant {
    None,
    DoNothing,
    Lua,
    Least,
    Router,
    Other(PathBuf),
}

impl Variant {
    const ALL: [Self; 5] = [Self::None, Self::DoNothing, Self::Lua, Self::Least, Self::Router];

    fn name(&self) -> Cow<'_, str> {
        match self {
            Self::None => "no filter".into(),
            Self::DoNothing => "do-nothing filter".into(),
            Self::Lua => "Lua: header, route cache".into(),
            Self::Least => "the router's host calls".into(),
            Self::Router => "region router".into(),
            Self::Other(module) => module.file_name().unwrap_or_default().to_string_lossy(),
        }
    }

    fn program(&self) -> Result<Program> {
        let mut program = Mode::Router.program()?;
        match self {
            Self::None => program.filter = None,
            Self::DoNothing => set_module(&mut program, &filter::build("do-nothing")?)?,
            Self::Least => set_module(&mut program, &filter::build("least-router")?)?,
            Self::Other(module) => set_module(&mut program, &module.canonicalize()?)?,
            Self::Lua => {
                program.filter = None;
                program.http_filters.push(json!({
                    "name": "envoy.filters.http.lua",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                        "default_source_code": {"inline_string": LUA},
                    },
                }));
            }
            Self::Router => {}
        }
        Ok(program)
    }
}

fn set_module(program: &mut Program, module: &Path) -> Result<()> {
    let filter = program.filter.as_mut().context("the example has no filter")?;
    filter.path = module.display().to_string();
    Ok(())
}

pub fn run(args: Args) -> Result<()> {
    if std::thread::available_parallelism()?.get() < 2 {
        bail!("the benchmark needs two cores: one for Envoy alone");
    }
    tools::envoy()?;
    filter::build("region-router")?;
    for other in OTHERS {
        filter::build(other)?;
    }
    let others = args.also.iter().cloned().map(Variant::Other);
    let variants: Vec<Variant> = Variant::ALL.into_iter().chain(others).collect();
    // The runtime's threads inherit the core of the thread that starts them.
    let rounds = on_core(LOAD_CORE, || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(measure(&variants, &args))
    })??;
    print(&variants, &rounds, &args)
}

/// What a measurement of one gateway finds, in microseconds.
#[derive(Clone, Copy)]
struct Cost {
    cpu: f64,
    p99: f64,
}

/// By round and variant.
async fn measure(variants: &[Variant], args: &Args) -> Result<Vec<Vec<Cost>>> {
    let mut rounds = Vec::new();
    for fleet in 1..=args.fleets {
        let gateways = start(variants, args).await?;
        for round in 1..=args.rounds {
            eprint!("\rfleet {fleet} of {}, round {round} of {} ", args.fleets, args.rounds);
            rounds.push(one_round(&gateways, round, args).await?);
        }
    }
    eprintln!();
    Ok(rounds)
}

/// Starts a gateway of each variant and warms it up: connections, code paths, the JIT.
async fn start(variants: &[Variant], args: &Args) -> Result<Vec<Gateway>> {
    let options = EnvoyOptions { core: Some(ENVOY_CORE), ..EnvoyOptions::default() };
    let mut gateways = Vec::new();
    for variant in variants {
        let gateway = Gateway::start(variant.program()?, &options).await;
        let gateway = gateway.with_context(|| format!("the gateway with {}", variant.name()))?;
        cost(&gateway, args, Duration::from_secs(1)).await?;
        gateways.push(gateway);
    }
    Ok(gateways)
}

async fn one_round(gateways: &[Gateway], round: usize, args: &Args) -> Result<Vec<Cost>> {
    let mut costs = vec![Cost { cpu: f64::NAN, p99: f64::NAN }; gateways.len()];
    // Each round starts with another variant: whoever comes after a pause has an advantage.
    for index in (0..gateways.len()).map(|step| (round + step) % gateways.len()) {
        let span = Duration::from_millis(args.millis);
        if let (Some(slot), Some(gateway)) = (costs.get_mut(index), gateways.get(index)) {
            *slot = cost(gateway, args, span).await?;
        }
    }
    Ok(costs)
}

async fn cost(gateway: &Gateway, args: &Args, duration: Duration) -> Result<Cost> {
    let before = cpu_time(gateway.envoy().id())?;
    let Args { connections, body, .. } = *args;
    let load = ClosedLoop { address: gateway.address(), connections, duration, body };
    let done = load.run().await?;
    let used = cpu_time(gateway.envoy().id())?.saturating_sub(before);
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    Ok(Cost { cpu: micros(used) / done.requests.max(1) as f64, p99: micros(done.p99) })
}

fn print(variants: &[Variant], rounds: &[Vec<Cost>], args: &Args) -> Result<()> {
    let what = if args.body == 0 { "GET".into() } else { format!("POST of {} bytes", args.body) };
    println!("{}", machine()?);
    println!(
        "one Envoy worker on core {ENVOY_CORE}, load and backends on core {LOAD_CORE}, {what}, {} connections, {} fleets of {} rounds of {} ms\n",
        args.connections, args.fleets, args.rounds, args.millis
    );
    let waited = table("99 % answered within", variants, rounds, |cost| cost.p99);
    let [_, nothing, _, _, router, ..] = waited[..] else { bail!("variants are missing") };
    println!("router / do-nothing: {:.2} (target: at most {MOST_P99})\n", router / nothing);
    let costs = table("CPU a request", variants, rounds, |cost| cost.cpu);
    let [_, nothing, lua, least, router, ..] = costs[..] else { bail!("variants are missing") };
    let most = format!("target: at most {MOST_OF_DO_NOTHING}");
    for (name, other, target) in [
        ("do-nothing", nothing, most.as_str()),
        ("Lua", lua, "target: below 1"),
        ("its host calls", least, "what is above 1 is its own"),
    ] {
        if other - 1.0 < LEAST_COST {
            bail!(
                "{name} seemed to cost next to nothing, so a ratio to it would mean nothing: \
                 the machine was busy with something else; measure again on a quiet one"
            );
        }
        let ratio = (router - 1.0) / (other - 1.0);
        println!("router added / {name} added: {ratio:.2} ({target})");
    }
    Ok(())
}

/// Prints one quantity of all variants. Returns each as a multiple of no filter.
fn table(
    title: &str,
    variants: &[Variant],
    rounds: &[Vec<Cost>],
    of: impl Fn(&Cost) -> f64,
) -> Vec<f64> {
    println!("{title:<26} {:>10} {:>16} {:>22}", "us", "x no filter", "middle half of rounds");
    let mut multiples = Vec::new();
    for (index, variant) in variants.iter().enumerate() {
        let at = |costs: &Vec<Cost>, index: usize| costs.get(index).map_or(f64::NAN, &of);
        let times: Vec<f64> = rounds.iter().map(|costs| at(costs, index)).collect();
        let ratios: Vec<f64> = rounds.iter().map(|costs| at(costs, index) / at(costs, 0)).collect();
        let multiple = quantile(&ratios, 0.5);
        println!(
            "{:<26} {:>10.2} {multiple:>16.3} {:>22}",
            variant.name(),
            quantile(&times, 0.5),
            format!("{:.3} to {:.3}", quantile(&ratios, 0.25), quantile(&ratios, 0.75)),
        );
        multiples.push(multiple);
    }
    println!();
    multiples
}

/// The value below which this part of the values lies; of two candidates the higher one.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len() as f64 * part) as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

fn machine() -> Result<String> {
    let field = |file: &str, name: &str| -> Result<String> {
        let text = fs::read_to_string(Path::new(file))?;
        let line = text.lines().find(|line| line.starts_with(name));
        Ok(line.and_then(|it| it.split_once(':')).map_or("unknown", |it| it.1.trim()).to_owned())
    };
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!(
        "{}, {} cores, Linux {}",
        field("/proc/cpuinfo", "model name")?,
        std::thread::available_parallelism()?,
        kernel.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.5), 3.0);
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.25), 2.0);
    }
}
