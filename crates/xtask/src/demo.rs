//! `cargo xtask demo`: the seed's validation, played in front of the user.
//!
//! Real backends in two regions, a real Envoy as the gateway of the first, steady traffic; then the
//! first region dies and comes back, once with Istio's own locality load balancing and once with the
//! region router. It ends with the seed's table, and fails if the table does not come true.

mod play;
mod screen;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use mesh_failover_harness::{EnvoyOptions, Gateway, Program, find};
use tokio::signal::unix::{SignalKind, signal};

pub use play::{Phase, Played, RegionDown, Scene, Timeline, play};
pub use verdict::{Row, rows};

use crate::{filter, tools, workspace, www};
use screen::Screen;

/// Where the gateway is: the region that will die.
const FROM: &str = "europe-west1";

/// Arguments of `cargo xtask demo`.
#[derive(clap::Args)]
#[command(after_help = "\
A is the gateway's own region, europe-west1; B is us-central1. Everything listens on free loopback ports,
and everything is gone when the command ends, also after Ctrl-C.")]
pub struct Args {
    /// Leave the gateways and the playground up when the table is printed, and say where they are, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// How region A dies
    #[arg(long, value_enum, default_value_t = RegionDown::Scale)]
    region_down: RegionDown,
    /// Requests a second
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=2_000))]
    rate: u32,
    /// Only without the filter (native), or only with it (router)
    #[arg(long, value_enum)]
    only: Option<Mode>,
    /// Without the playground, which takes minutes to build the first time
    #[arg(long)]
    no_playground: bool,
}

/// Who decides which region a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Istio's locality load balancing
    Native,
    /// The region router in front of it
    Router,
}

impl Mode {
    const BOTH: [Self; 2] = [Self::Native, Self::Router];

    /// One word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Router => "router",
        }
    }

    fn explained(self) -> &'static str {
        match self {
            Self::Native => "Istio's locality load balancing, no filter",
            Self::Router => "the region router decides, Istio's own stays as the last route",
        }
    }

    /// From A's death until every request must go to B.
    ///
    /// Envoy ejects host by host and hands its workers the first ejection at once, the next ones
    /// collected after a second more (`update_merge_window`). The router ejects the region as one.
    #[must_use]
    pub fn failover(self, region_down: RegionDown) -> Duration {
        match (self, region_down) {
            (Self::Native, RegionDown::Scale) | (Self::Router, _) => Duration::from_secs(1),
            (Self::Native, _) => Duration::from_secs(2),
        }
    }

    /// The example that shows this mode, with its filter in place.
    pub fn program(self) -> Result<Program> {
        let examples = workspace::root().join("examples");
        match self {
            Self::Native => Program::read(&examples.join("seed"), FROM),
            Self::Router => {
                Program::read(&examples.join("region-router"), FROM)?.with_filter(&find::filter()?)
            }
        }
    }
}

pub fn run(args: Args) -> Result<()> {
    tools::envoy()?;
    let modes = args.only.map_or(Mode::BOTH.to_vec(), |only| vec![only]);
    if modes.contains(&Mode::Router) {
        filter::build("region-router")?;
    }
    let playground = if args.no_playground { None } else { Some(www::build()?) };
    tokio::runtime::Runtime::new()?.block_on(async {
        // Whatever is still running when a branch loses is dropped, which stops it.
        tokio::select! {
            outcome = show(&args, &modes, playground) => outcome,
            interrupted = interrupt() => {
                interrupted?;
                bail!("interrupted; nothing is left running")
            }
        }
    })
}

/// Ends on Ctrl-C or a polite kill.
async fn interrupt() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        _ = terminate.recv() => Ok(()),
    }
}

async fn show(args: &Args, modes: &[Mode], playground: Option<PathBuf>) -> Result<()> {
    let screen = Screen::new();
    screen.title(args.rate, args.region_down);
    if let Some(folder) = playground {
        screen.playground(www::serve(folder).await?);
    }
    let mut results = Vec::new();
    let mut kept = Vec::new();
    for &mode in modes {
        let program = args.region_down.prepared(mode.program()?);
        let mut gateway = Gateway::start(program, &EnvoyOptions::default())
            .await
            .with_context(|| format!("the {} gateway does not start", mode.name()))?;
        let scene = Scene {
            region_down: args.region_down,
            rate: args.rate,
            timeline: Timeline::default(),
            failover: mode.failover(args.region_down),
        };
        screen.mode(mode);
        let played = play(&mut gateway, &scene, |live| screen.live(live)).await?;
        results.push((mode, rows(&played)));
        kept.extend(args.keep.then_some((mode, gateway)));
    }
    screen.table(&results);
    if args.keep {
        screen.urls(&kept);
        interrupt().await?;
    }
    match results.iter().flat_map(|(_, rows)| rows).filter(|row| !row.good).count() {
        0 => Ok(()),
        failed => bail!("{failed} rows of the table did not come true"),
    }
}
