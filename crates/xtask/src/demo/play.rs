//! The seed's validation as a timeline: healthy, A down, A back, under steady traffic.
//!
//! What is measured is what clients saw. A request belongs to the phase in which it was due.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use mesh_failover_core::locality::Locality;
use mesh_failover_core::manifest::GoDuration;
use mesh_failover_harness::{Fault, Gateway, Load, LoadOptions, Program, Record, Shares};

const FRAME: Duration = Duration::from_millis(200);

/// How region A dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RegionDown {
    /// Its pods are scaled to zero
    Scale,
    /// Its pods answer 503
    #[value(name = "5xx")]
    Errors,
    /// Its pods refuse connections
    Refuse,
    /// Its pods accept requests and never answer
    Blackhole,
}

impl RegionDown {
    /// Without a timeout a client waits for a silent pod until it gives up itself, and Envoy learns nothing.
    pub const BLACKHOLE_TIMEOUT: Duration = Duration::from_millis(200);

    /// What happens to A, as a row of the live table says it.
    #[must_use]
    pub fn event(self) -> &'static str {
        match self {
            Self::Scale => "A scaled to 0",
            Self::Errors => "A answers 503",
            Self::Refuse => "A refuses",
            Self::Blackhole => "A is silent",
        }
    }

    fn fault(self) -> Option<Fault> {
        match self {
            Self::Scale => None,
            Self::Errors => Some(Fault::Status { code: 503, ratio: 1.0 }),
            Self::Refuse => Some(Fault::Refuse),
            Self::Blackhole => Some(Fault::Blackhole),
        }
    }

    /// The manifests with what this death needs beyond the seed's.
    #[must_use]
    pub fn prepared(self, mut program: Program) -> Program {
        if self == Self::Blackhole {
            let routes =
                program.manifests.virtual_services.iter_mut().flat_map(|it| &mut it.spec.http);
            for route in routes {
                route.timeout = Some(GoDuration::from(Self::BLACKHOLE_TIMEOUT));
            }
        }
        program
    }
}

/// How long each phase lasts.
#[derive(Debug, Clone, Copy)]
pub struct Timeline {
    /// Both regions up.
    pub healthy: Duration,
    /// A down.
    pub down: Duration,
    /// A back, from the moment from which its share is counted.
    pub back: Duration,
    /// The longest wait for the first answer of A once it is back.
    pub patience: Duration,
}

impl Timeline {
    /// From A's return, or its first answer if it was ejected, until the share is counted. An
    /// ejection ends in a sweep, one a second, and workers may hear of it another second later.
    pub const SETTLE: Duration = Duration::from_secs(2);
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            healthy: Duration::from_secs(10),
            down: Duration::from_secs(6),
            back: Duration::from_secs(10),
            patience: Duration::from_secs(60),
        }
    }
}

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// How A dies.
    pub region_down: RegionDown,
    /// Requests a second.
    pub rate: u32,
    /// How long each phase lasts.
    pub timeline: Timeline,
    /// From A's death until every request must go to B.
    pub failover: Duration,
}

/// A phase of the validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Both regions up.
    Healthy,
    /// A down.
    Down,
    /// A back.
    Back,
}

/// The two regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regions {
    /// The gateway's own, which dies.
    pub a: String,
    /// The other one.
    pub b: String,
}

/// A phase while it runs, or just after.
#[derive(Debug, Clone)]
pub struct Live<'a> {
    /// The regions.
    pub regions: &'a Regions,
    /// How A dies.
    pub region_down: RegionDown,
    /// Which phase.
    pub phase: Phase,
    /// How long it has lasted.
    pub elapsed: Duration,
    /// All of its requests so far.
    pub all: Shares,
    /// Those of the last second.
    pub recent: Shares,
    /// The moment of failing over or back, since the phase began, once it is known.
    pub turned: Option<Duration>,
    /// Whether this is the phase's last frame.
    pub last: bool,
}

/// Everything that was measured.
#[derive(Debug, Clone)]
pub struct Played {
    /// The regions.
    pub regions: Regions,
    /// How A died.
    pub region_down: RegionDown,
    /// Every request, in the order they were due.
    pub records: Vec<Record>,
    /// From A's death until every request must go to B.
    pub failover: Duration,
    /// When A died.
    pub down: Duration,
    /// When A came back.
    pub back: Duration,
    /// From when on A's share counts again.
    pub settled: Duration,
}

impl Played {
    /// Requests due in a span.
    pub fn between(&self, from: Duration, to: Duration) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |it| (from..to).contains(&it.start))
    }

    /// Requests that were over before A died.
    pub fn before_death(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|it| it.start + it.duration <= self.down)
    }

    /// Requests that met A's death: due before its return and not over before it died.
    pub fn under_death(&self) -> impl Iterator<Item = &Record> {
        let met = |it: &&Record| it.start < self.back && it.start + it.duration > self.down;
        self.records.iter().filter(met)
    }

    /// From A's death until the last request that B did not answer.
    #[must_use]
    pub fn failed_over_in(&self) -> Duration {
        let late =
            self.between(self.down, self.back).filter(|it| !answered_by(it, &self.regions.b));
        late.last().map_or(Duration::ZERO, |it| it.start.saturating_sub(self.down))
    }

    /// From A's return until the first request that A answered.
    #[must_use]
    pub fn failed_back_in(&self) -> Option<Duration> {
        let mut answered = self.between(self.back, Duration::MAX);
        answered
            .find(|it| answered_by(it, &self.regions.a))
            .map(|it| it.start.saturating_sub(self.back))
    }
}

fn answered_by(record: &Record, region: &str) -> bool {
    record.is_ok() && record.region() == Some(region)
}

/// Plays it and calls `watch` a few times a second.
pub async fn play(
    gateway: &mut Gateway,
    scene: &Scene,
    mut watch: impl FnMut(&Live<'_>),
) -> Result<Played> {
    let stage = Stage::of(gateway)?;
    let options = LoadOptions { rate: scene.rate, ..LoadOptions::default() };
    let load = Load::start(gateway.address(), options).await?;
    let mut show = Show { load: &load, scene, regions: &stage.regions, watch: &mut watch };
    let time = scene.timeline;

    show.phase(Phase::Healthy, Duration::ZERO, |live| live.elapsed >= time.healthy).await?;
    let down = load.now();
    load.enter(Phase::Down as u32);
    stage.down(gateway, scene.region_down).await?;
    show.phase(Phase::Down, down, |live| live.elapsed >= time.down).await?;
    let back = load.now();
    load.enter(Phase::Back as u32);
    stage.up(gateway, scene.region_down).await?;
    let mut settled = None;
    show.phase(Phase::Back, back, |live| {
        if settled.is_none() {
            // Scaled pods are new and owe nothing; broken ones are ejected until they answer again.
            let turned = if scene.region_down == RegionDown::Scale {
                Some(Duration::ZERO)
            } else {
                live.turned
            };
            settled = turned.map(|turned| turned + Timeline::SETTLE);
        }
        match settled {
            Some(settled) => live.elapsed >= settled + time.back,
            None => live.elapsed >= time.patience,
        }
    })
    .await?;
    Ok(Played {
        regions: stage.regions.clone(),
        region_down: scene.region_down,
        failover: scene.failover,
        down,
        back,
        settled: back + settled.unwrap_or(time.patience),
        records: load.finish().await,
    })
}

/// Who A is.
struct Stage {
    regions: Regions,
    cluster: String,
    service: String,
    replicas: u32,
}

impl Stage {
    fn of(gateway: &Gateway) -> Result<Self> {
        let own = Locality::parse(&gateway.program().from);
        let clusters = || {
            gateway.program().manifests.topologies.iter().flat_map(|topology| {
                topology.spec.clusters.iter().map(|it| (Locality::parse(&it.locality).region, it))
            })
        };
        let (a, cluster) =
            clusters().find(|(region, _)| *region == own.region).context("no cluster in A")?;
        let (b, _) = clusters().find(|(region, _)| *region != own.region).context("no region B")?;
        let Some(workload) = cluster.workloads.first() else { bail!("nothing runs in A") };
        Ok(Self {
            regions: Regions { a, b },
            cluster: cluster.name.clone(),
            service: workload.service.clone(),
            replicas: workload.replicas,
        })
    }

    async fn down(&self, gateway: &mut Gateway, how: RegionDown) -> Result<()> {
        match how.fault() {
            None => gateway.scale(&self.cluster, &self.service, 0).await,
            Some(fault) => gateway.set(&self.regions.a, fault).await,
        }
    }

    async fn up(&self, gateway: &mut Gateway, how: RegionDown) -> Result<()> {
        match how.fault() {
            None => gateway.scale(&self.cluster, &self.service, self.replicas).await,
            Some(_) => gateway.set(&self.regions.a, Fault::None).await,
        }
    }
}

/// The load as it is watched.
struct Show<'a, W> {
    load: &'a Load,
    scene: &'a Scene,
    regions: &'a Regions,
    watch: &'a mut W,
}

impl<'a, W: FnMut(&Live<'_>)> Show<'a, W> {
    /// Watches until the phase is over.
    async fn phase(
        &mut self,
        phase: Phase,
        began: Duration,
        mut over: impl FnMut(&Live<'_>) -> bool,
    ) -> Result<()> {
        loop {
            tokio::time::sleep(FRAME).await;
            let mut live = self.frame(phase, began);
            live.last = over(&live);
            (self.watch)(&live);
            if live.last {
                return Ok(());
            }
        }
    }

    fn frame(&self, phase: Phase, began: Duration) -> Live<'a> {
        let now = self.load.now();
        let records = self.load.records_of(phase as u32);
        let recent = records.iter().filter(|it| it.start + Duration::from_secs(1) >= now);
        // A request may be sent while the phase changes, just before the moment that is noted.
        let since = |it: &Record| it.start.saturating_sub(began);
        let turned = match phase {
            Phase::Healthy => None,
            Phase::Down => {
                let late = records.iter().filter(|it| !answered_by(it, &self.regions.b));
                Some(late.map(since).max().unwrap_or_default())
            }
            Phase::Back => {
                let home = records.iter().filter(|it| answered_by(it, &self.regions.a));
                home.map(since).min()
            }
        };
        Live {
            regions: self.regions,
            region_down: self.scene.region_down,
            phase,
            elapsed: now - began,
            all: Shares::of(&records),
            recent: Shares::of(recent),
            turned,
            last: false,
        }
    }
}
