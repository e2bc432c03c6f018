//! `cargo xtask fidelity`: is the simulator right? The judge is a real Envoy.
//!
//! Every scenario of tests/scenarios is played twice: by the simulator, with many seeds, and by the released Envoy in real time, programmed
//! by the code behind `mesh-failover envoy`, with a real HTTP server for each endpoint. Several run side by side. What differs by more
//! than chance explains (see [`compare`]) is a disagreement, and fails the command.
//!
//! The report with a picture of both is target/fidelity/index.html; summary.md beside it is what the README quotes.

mod compare;
mod corpus;
mod measures;
mod page;
mod picture;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, bail};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::process::Progress;
use crate::{filter, tools, workspace};
use compare::Verdict;
use corpus::Case;

/// Arguments of `cargo xtask fidelity`.
#[derive(clap::Args)]
pub struct Args {
    /// Only the scenarios whose names contain one of these
    only: Vec<String>,
    /// Only the quick ones, as CI does
    #[arg(long)]
    quick: bool,
    /// Requests a second that all scenarios running at the same time may make together
    #[arg(long, default_value_t = 1_000)]
    load: u32,
    /// What requests, failures and latencies of the real runs follow from; unset: the time of day
    #[arg(long)]
    seed: Option<u64>,
    /// Runs of the simulator for each scenario
    #[arg(long, default_value_t = 40)]
    runs: u32,
}

/// What became of a scenario.
struct Played {
    case: Arc<Case>,
    verdict: Verdict,
    picture: String,
    /// Whether it was played twice because the first time disagreed.
    again: bool,
}

pub fn run(args: Args) -> Result<()> {
    tools::envoy()?;
    let mut cases = corpus::read()?;
    if args.quick {
        cases.retain(Case::is_quick);
    }
    if !args.only.is_empty() {
        cases.retain(|case| args.only.iter().any(|part| case.name.contains(part.as_str())));
    }
    if cases.is_empty() {
        bail!("no scenario is called so; see tests/scenarios");
    }
    let needed = cases.iter().any(Case::needs_filter);
    let module = needed.then(|| filter::build("region-router")).transpose()?;
    // The longest first: nobody waits for one that began last.
    cases.sort_by_key(|case| std::cmp::Reverse(case.duration()));
    let seed = args.seed.unwrap_or_else(time_of_day);
    println!("{} scenarios, {} requests a second together, seed {seed}", cases.len(), args.load);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let began = Instant::now();
    let round = runtime.block_on(play_all(cases, &args, seed, module))?;
    report(&round, seed, began.elapsed())
}

fn time_of_day() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(1, |since| since.as_secs() % 86_400)
}

/// What came of a round.
#[derive(Default)]
struct Round {
    played: Vec<Played>,
    /// Scenarios that could not be played, and why.
    unplayed: Vec<(Arc<Case>, Error)>,
}

/// Plays everything; what disagrees is played once more with another seed and less at a time, since the machine may have been too busy.
async fn play_all(
    cases: Vec<Case>,
    args: &Args,
    seed: u64,
    module: Option<PathBuf>,
) -> Result<Round> {
    let cases: Vec<Arc<Case>> = cases.into_iter().map(Arc::new).collect();
    let module = module.as_deref();
    let mut round = side_by_side(cases, module, args.load, args.runs, seed).await?;
    let wrong = round.played.iter().filter(|it| !it.verdict.agrees()).map(|it| it.case.clone());
    let unplayed = round.unplayed.drain(..).map(|(case, _)| case);
    let doubtful: Vec<Arc<Case>> = wrong.chain(unplayed).collect();
    if !doubtful.is_empty() {
        println!("once more, with seed {}:", seed + 1);
        let again = side_by_side(doubtful, module, args.load / 2, args.runs, seed + 1).await?;
        for mut second in again.played {
            second.again = true;
            round.played.retain(|it| it.case.name != second.case.name);
            round.played.push(second);
        }
        round.unplayed = again.unplayed;
    }
    round.played.sort_by(|a, b| a.case.name.cmp(&b.case.name));
    Ok(round)
}

/// All real runs first: the simulator would take the time that they need.
async fn side_by_side(
    cases: Vec<Arc<Case>>,
    module: Option<&Path>,
    load: u32,
    runs: u32,
    seed: u64,
) -> Result<Round> {
    let permits = Arc::new(Semaphore::new(load as usize));
    let mut running = JoinSet::new();
    let mut progress = Progress::announced(format!("playing {} in Envoy", cases.len()));
    for case in cases {
        let (permits, module) = (permits.clone(), module.map(Path::to_path_buf));
        running.spawn(async move {
            let _permits = permits.acquire_many_owned(case.load().min(load)).await?;
            let recording = case.play(seed, module.as_deref()).await;
            anyhow::Ok((case, recording))
        });
    }
    let mut round = Round::default();
    let mut recorded = Vec::new();
    while let Some(done) = running.join_next().await {
        progress.tick();
        match done?? {
            (case, Ok(recording)) => recorded.push((case, recording)),
            (case, Err(error)) => round.unplayed.push((case, error)),
        }
    }
    progress.end("done");
    for (case, recording) in recorded {
        let (verdict, picture) = case.judge(&recording, seed, runs)?;
        println!("  {:<40} {}", case.name, verdict.line());
        round.played.push(Played { case, verdict, picture, again: false });
    }
    for (case, error) in &round.unplayed {
        println!("  {:<40} could not be played: {error:#}", case.name);
    }
    Ok(round)
}

fn report(round: &Round, seed: u64, took: Duration) -> Result<()> {
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let Round { played, unplayed } = round;
    let summary = page::summary(played, seed, took);
    fs::write(folder.join("summary.md"), &summary)?;
    fs::write(folder.join("index.html"), page::html(played, &summary))?;
    println!("\n{summary}\nthe report is {}", folder.join("index.html").display());
    let wrong = played.iter().filter(|it| !it.verdict.agrees());
    let wrong = wrong.map(|it| format!("{}:{}", it.case.name, it.verdict));
    let unplayed = unplayed.iter().map(|(case, error)| format!("{}: {error:#}", case.name));
    let wrong: Vec<String> = wrong.chain(unplayed).collect();
    if wrong.is_empty() { Ok(()) } else { bail!("Envoy disagrees:\n{}", wrong.join("\n")) }
}

fn folder() -> PathBuf {
    workspace::root().join("target/fidelity")
}
