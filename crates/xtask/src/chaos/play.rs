//! Random faults in one region of a gateway under load, from a printed seed, and the laws that must hold meanwhile.
//!
//! One region is broken and mended again and again, the other stays well. Steady clients send requests that carry an id and must get it back;
//! hostile ones send what no client should.
//!
//! **Laws**: no request is lost, but for one with a body to a region without hosts, which Envoy refuses before the body has come; no answer belongs to another request, is cut or doubled; a region that is ejected gets none from
//! [`Laws::settled`] on, and neither does one that is drained; once all is well both regions have their shares again; what a hostile client does
//! harms nobody; Envoy and its virtual machines live on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::clients;
use super::random::Random;
use mesh_failover_harness::{EnvoyOptions, Fault, Gateway, Program, resident_bytes};

/// What is done to the victim.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Blow {
    /// It fails altogether: an ejection follows.
    Dies(Fault),
    /// It fails now and then, or is slow.
    Limps(Fault),
    /// It is broken and mended in quick turns.
    Flaps(Fault),
    /// It loses all its pods.
    Empties,
    /// An operator drains it and takes that back.
    Drains,
    /// The filter gets its configuration anew.
    Reload,
}

const BLOWS: [Blow; 11] = [
    Blow::Dies(Fault::Status { code: 503, ratio: 1.0 }),
    Blow::Dies(Fault::Status { code: 500, ratio: 1.0 }),
    Blow::Dies(Fault::Refuse),
    Blow::Dies(Fault::Blackhole),
    Blow::Limps(Fault::Status { code: 502, ratio: 0.3 }),
    Blow::Limps(Fault::Slow(Duration::from_millis(60))),
    Blow::Flaps(Fault::Status { code: 503, ratio: 1.0 }),
    Blow::Flaps(Fault::Refuse),
    Blow::Empties,
    Blow::Drains,
    Blow::Reload,
];

/// Standard deviations that a share may be off, and how long the regions may take to be back.
const DEVIATIONS: f64 = 4.0;
const BACK: Duration = Duration::from_secs(12);
/// How long connections that are open at a change of configuration live on.
const DRAIN: Duration = Duration::from_secs(4);

/// What the run is about.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The gateway's program, with `rescue` and a budget that never ends, and regions that share evenly.
    pub program: Program,
    /// The regions, with the Kubernetes cluster of each.
    pub regions: [(String, String); 2],
    /// The service behind the gateway.
    pub service: String,
}

/// Bounds that depend on the machine.
#[derive(Debug, Clone, Copy)]
pub struct Laws {
    /// From a region's death until no request may reach it any more.
    pub settled: Duration,
    /// The route's timeout: without one, silence is no error.
    pub timeout: Duration,
    /// What Envoy may grow by.
    pub growth: u64,
}

impl Default for Laws {
    fn default() -> Self {
        Self {
            settled: Duration::from_millis(1_000),
            timeout: Duration::from_millis(500),
            growth: 48 << 20,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// Requests of the steady clients.
    pub requests: u64,
    /// Those that were answered by a second try.
    pub rescued: u64,
    /// Things that hostile clients did.
    pub hostile: u64,
}

/// What the clients share.
#[derive(Debug, Default)]
pub(super) struct Seen {
    stop: AtomicBool,
    /// Answers by region.
    shares: Mutex<BTreeMap<String, u64>>,
    outcome: Mutex<Outcome>,
    broken: Mutex<Vec<String>>,
    /// The region that must get nothing now.
    out: Mutex<Option<String>>,
}

impl Seen {
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn broken(&self, law: String) {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).push(law);
    }

    pub(super) fn count(&self, add: impl FnOnce(&mut Outcome)) {
        add(&mut self.outcome.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn out(&self) -> Option<String> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count_answer(&self, region: &str) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        *shares.entry(region.to_owned()).or_default() += 1;
    }

    /// The answers by region from now on, for a while.
    async fn shares(&self, span: Duration) -> BTreeMap<String, u64> {
        let take =
            || std::mem::take(&mut *self.shares.lock().unwrap_or_else(PoisonError::into_inner));
        take();
        tokio::time::sleep(span).await;
        take()
    }

    fn set_out(&self, region: Option<String>) {
        *self.out.lock().unwrap_or_else(PoisonError::into_inner) = region;
    }
}

/// Plays the schedule of a seed. An error names the seed's blows and every law that was broken.
pub async fn play(stage: &Stage, seed: u64, laws: Laws) -> Result<Outcome> {
    let mut random = Random::new(seed);
    let workers = random.one_of(&[1, 2, 4]);
    let (victim, cluster) = random.one_of(&stage.regions);
    let blows: Vec<_> = (0..3).map(|_| random.one_of(&BLOWS)).collect();
    let options =
        EnvoyOptions { concurrency: workers, drain_time: Some(DRAIN), ..EnvoyOptions::default() };
    let mut gateway = Gateway::start(stage.program.clone(), &options).await?;
    let seen = Arc::new(Seen::default());
    let mut tasks = JoinSet::new();
    for number in 0..6 {
        let random = Random::new(seed.wrapping_mul(1_000) + number);
        tasks.spawn(clients::steady(gateway.address(), seen.clone(), random, number));
    }
    for number in 6..9 {
        let random = Random::new(seed.wrapping_mul(1_000) + number);
        tasks.spawn(clients::hostile(gateway.address(), seen.clone(), random));
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    let before = resident_bytes(gateway.envoy().id())?;
    for blow in &blows {
        let arena = Arena { stage, victim: &victim, cluster: &cluster, seen: &seen, laws };
        arena.strike(&mut gateway, *blow, &mut random).await?;
    }
    if let Some(law) = shares_again(&seen).await {
        seen.broken(law);
    }
    seen.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    let mut broken =
        std::mem::take(&mut *seen.broken.lock().unwrap_or_else(PoisonError::into_inner));
    let told = broken.len();
    broken.truncate(5);
    broken.extend(aftermath(&gateway, before, laws).await);
    if !broken.is_empty() {
        bail!(
            "{workers} workers, `{victim}`: {blows:?}: {told} requests, the first:\n  {}",
            broken.join("\n  ")
        );
    }
    Ok(*seen.outcome.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether both regions have their shares again before long.
async fn shares_again(seen: &Seen) -> Option<String> {
    let begun = Instant::now();
    loop {
        let shares = seen.shares(Duration::from_millis(1_500)).await;
        let all = shares.values().sum::<u64>() as f64;
        let bound = DEVIATIONS * all.sqrt() / 2.0;
        let off = shares.values().any(|count| (*count as f64 - all / 2.0).abs() > bound);
        if !off && shares.len() == 2 {
            return None;
        }
        if begun.elapsed() > BACK {
            return Some(format!("{BACK:?} after all was mended shares are {shares:?}"));
        }
    }
}

/// Whether Envoy is as it should be.
async fn aftermath(gateway: &Gateway, before: u64, laws: Laws) -> Vec<String> {
    let mut broken = Vec::new();
    if let Err(error) = gateway.envoy().get("/server_info").await {
        broken.push(format!("Envoy is gone: {error:#}\n{}", gateway.envoy().log_tail()));
    }
    let grown = resident_bytes(gateway.envoy().id()).unwrap_or(before).saturating_sub(before);
    if grown > laws.growth {
        broken.push(format!("Envoy has grown by {grown} bytes"));
    }
    let log = gateway.envoy().log().unwrap_or_default();
    let trapped = |line: &&str| line.contains("[error][wasm]") || line.contains("[critical]");
    broken.extend(log.lines().filter(trapped).take(3).map(str::to_owned));
    broken
}

fn configuration(gateway: &Gateway) -> String {
    gateway.program().filter.as_ref().map(|it| it.configuration.clone()).unwrap_or_default()
}

/// Where a blow falls.
struct Arena<'a> {
    stage: &'a Stage,
    victim: &'a str,
    cluster: &'a str,
    seen: &'a Seen,
    laws: Laws,
}

impl Arena<'_> {
    async fn strike(&self, gateway: &mut Gateway, blow: Blow, random: &mut Random) -> Result<()> {
        let pause = Duration::from_millis(200 + random.below(300));
        match blow {
            Blow::Dies(fault) => {
                gateway.set(self.victim, fault).await?;
                if fault == Fault::Blackhole {
                    tokio::time::sleep(self.laws.timeout).await;
                }
                self.stays_out(pause).await;
                gateway.set(self.victim, Fault::None).await?;
            }
            Blow::Empties => {
                gateway.scale(self.cluster, &self.stage.service, 0).await?;
                self.stays_out(pause).await;
                gateway.scale(self.cluster, &self.stage.service, 1).await?;
            }
            Blow::Limps(fault) => {
                gateway.set(self.victim, fault).await?;
                tokio::time::sleep(2 * pause).await;
                gateway.set(self.victim, Fault::None).await?;
            }
            Blow::Flaps(fault) => {
                for _ in 0..4 {
                    gateway.set(self.victim, fault).await?;
                    tokio::time::sleep(pause / 3).await;
                    gateway.set(self.victim, Fault::None).await?;
                    tokio::time::sleep(pause / 3).await;
                }
            }
            Blow::Drains => {
                let before = configuration(gateway);
                let mut draining: Value = serde_json::from_str(&before)?;
                draining["destinations"][0]["drain"] = json!({"regions": [self.victim]});
                gateway.configure_filter(&draining.to_string())?;
                self.stays_out(pause).await;
                gateway.configure_filter(&before)?;
            }
            Blow::Reload => {
                let same = format!("{} ", configuration(gateway));
                gateway.configure_filter(&same)?;
            }
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// After a while the dead region gets nothing, for a while.
    async fn stays_out(&self, pause: Duration) {
        tokio::time::sleep(self.laws.settled).await;
        self.seen.set_out(Some(self.victim.to_owned()));
        tokio::time::sleep(pause).await;
        self.seen.set_out(None);
    }
}
