//! Random faults in one region of a gateway under load, from a printed seed, and the laws that must hold meanwhile.
//!
//! One region is broken and mended again and again, the other stays well. Steady clients send requests that carry an id and must get it back;
//! hostile ones send what no client should.
//!
//! **Laws**: no request is lost, but for one with a body to a region without hosts, which Envoy refuses before the body has come; no answer belongs to another request, is cut or doubled; a region that is ejected gets none from
//! [`Laws::settled`] on; what a hostile client does harms nobody; Envoy and its virtual machines live on.

mod clients;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::task::JoinSet;

use crate::{EnvoyOptions, Fault, Gateway, Program, resident_bytes};

/// A stream of numbers from a seed: SplitMix64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A stream of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    /// The next number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end.max(1)
    }

    /// One of these.
    pub fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        let place = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of[place].clone()
    }
}

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
    /// The filter gets its configuration anew.
    Reload,
}

const BLOWS: [Blow; 9] = [
    Blow::Dies(Fault::Status { code: 503, ratio: 1.0 }),
    Blow::Dies(Fault::Status { code: 500, ratio: 1.0 }),
    Blow::Dies(Fault::Refuse),
    Blow::Limps(Fault::Status { code: 502, ratio: 0.3 }),
    Blow::Limps(Fault::Slow(Duration::from_millis(60))),
    Blow::Flaps(Fault::Status { code: 503, ratio: 1.0 }),
    Blow::Flaps(Fault::Refuse),
    Blow::Empties,
    Blow::Reload,
];

/// What the run is about.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The gateway's program, with `rescue` and a budget that never ends.
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
    /// What Envoy may grow by.
    pub growth: u64,
}

impl Default for Laws {
    fn default() -> Self {
        Self { settled: Duration::from_millis(1_000), growth: 48 << 20 }
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
struct Seen {
    stop: AtomicBool,
    outcome: Mutex<Outcome>,
    broken: Mutex<Vec<String>>,
    /// The region that must get nothing now.
    out: Mutex<Option<String>>,
}

impl Seen {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn broken(&self, law: String) {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).push(law);
    }

    fn count(&self, add: impl FnOnce(&mut Outcome)) {
        add(&mut self.outcome.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn out(&self) -> Option<String> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
    let options = EnvoyOptions { concurrency: workers, ..EnvoyOptions::default() };
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
            Blow::Reload => {
                let program = gateway.program().filter.as_ref();
                let same = program.map(|filter| format!("{} ", filter.configuration));
                gateway.configure_filter(&same.unwrap_or_default())?;
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
