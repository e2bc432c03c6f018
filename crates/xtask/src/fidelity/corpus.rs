//! The scenarios, and one of them played by both.

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::envoy::{Filter, plugins_for};
use mesh_failover_core::manifest::{
    GoDuration, Manifests, Scenario, Source, Step, read as read_manifests,
};
use mesh_failover_core::sim::{Options, Report, Simulation, each_gateway};
use mesh_failover_core::translate::Proxy;
use mesh_failover_harness::drill::{Drill, DrillGateway, Recording};

use super::compare::{Verdict, compare};
use super::picture::picture;
use crate::workspace;

/// Those that CI plays: the kinds of trouble, none longer than a minute.
const QUICK: [&str; 11] = [
    "blackhole-with-timeout",
    "cap-of-ten-hosts",
    "lock-step-retries",
    "merge-window-measured",
    "panic-on",
    "partial-weighted",
    "refuse-with-default-retries",
    "region-5xx",
    "scale-to-zero-and-back",
    "slow-hosts-least-request",
    "tiers",
];

/// Two sweeps of one Envoy need not be the same time apart as two of the simulator's; a hundredth of a second is what it may
/// matter in a scenario's time.
const AGE_JITTER: Duration = Duration::from_millis(20);

/// So long after the end requests may be answered: longer than any timeout of the corpus.
const PATIENCE: Duration = Duration::from_secs(6);

/// A scenario file.
pub(super) struct Case {
    pub(super) name: String,
    /// The comment at the top of the file.
    pub(super) about: String,
    manifests: Manifests,
    scenario: Scenario,
}

/// All of them.
pub(super) fn read() -> Result<Vec<Case>> {
    let folder = workspace::root().join("tests/scenarios");
    let mut cases = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_stem().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        let text = fs::read_to_string(&path)?;
        let (manifests, diagnostics) =
            read_manifests(&[Source { name: &path.display().to_string(), text: &text }]);
        if let Some(wrong) = diagnostics.iter().find(|it| it.severity != Severity::Note) {
            bail!("{wrong}");
        }
        let scenario = manifests.scenarios.first().map(|it| it.spec.clone());
        let scenario = scenario.with_context(|| format!("{name} has no scenario"))?;
        let comment = text.lines().map_while(|line| line.strip_prefix("# "));
        let about = comment.collect::<Vec<_>>().join(" ");
        cases.push(Case { name, about, manifests, scenario });
    }
    Ok(cases)
}

impl Case {
    pub(super) fn is_quick(&self) -> bool {
        QUICK.contains(&self.name.as_str())
    }

    pub(super) fn duration(&self) -> Duration {
        self.scenario.duration.0
    }

    fn proxy(&self, gateway: &str) -> Result<Proxy> {
        Ok(Proxy::gateway_of(&self.manifests, gateway)?)
    }

    pub(super) fn needs_filter(&self) -> bool {
        each_gateway(&self.scenario).iter().any(|alone| {
            let proxy = self.proxy(&alone.gateway);
            proxy.is_ok_and(|proxy| !plugins_for(&self.manifests, &proxy).is_empty())
        })
    }

    /// The filter that the manifests put into a gateway, from this module.
    fn filter(&self, proxy: &Proxy, module: Option<&Path>) -> Result<Option<Filter>> {
        let plugins = plugins_for(&self.manifests, proxy);
        let filter = plugins.first().zip(module);
        Ok(filter.map(|(plugin, path)| Filter::from_plugin(plugin, &path.display().to_string())))
    }

    /// The most requests a second that it makes.
    pub(super) fn load(&self) -> u32 {
        let most = |alone: &Scenario| {
            let of_it = |it: &&Step| it.gateway.as_ref().is_none_or(|of| *of == alone.gateway);
            let rates = alone.steps.iter().filter(of_it).filter_map(|step| step.rate);
            rates.chain([alone.traffic.rate]).fold(1.0, f64::max) as u32
        };
        each_gateway(&self.scenario).iter().map(most).sum()
    }

    /// Plays it in a real Envoy.
    pub(super) async fn play(&self, seed: u64, module: Option<&Path>) -> Result<Vec<Recording>> {
        let gateways = each_gateway(&self.scenario);
        let gateways = gateways.iter().map(|alone| self.gateway(&alone.gateway, module));
        let drill = Drill {
            manifests: self.manifests.clone(),
            scenario: self.scenario.clone(),
            gateways: gateways.collect::<Result<_>>()?,
            seed,
            patience: PATIENCE,
        };
        drill.play().await
    }

    fn gateway(&self, name: &str, module: Option<&Path>) -> Result<DrillGateway> {
        let clusters = self.manifests.topologies.iter().flat_map(|it| &it.spec.clusters);
        let gateway = clusters.filter(|it| it.name == name);
        let gateway = gateway.filter_map(|it| it.gateway.clone()).next().unwrap_or_default();
        Ok(DrillGateway {
            replicas: gateway.replicas.unwrap_or(1),
            workers: gateway.workers.unwrap_or(2),
            filter: self.filter(&self.proxy(name)?, module)?,
        })
    }

    /// Plays it in the simulator under the same conditions, and compares.
    ///
    /// What is kept is small: all reports of all scenarios together would not fit into memory.
    pub(super) fn judge(
        &self,
        gateways: &[Recording],
        seed: u64,
        runs: u32,
    ) -> Result<(Verdict, String)> {
        let real = &Recording::together(gateways);
        let simulated = self.simulate(None, real, seed, runs)?;
        let mut verdict = compare(real, &simulated, self.allowed_delay()?);
        if gateways.len() > 1 {
            // Each by itself too: two mistakes may not make up for each other.
            let names = each_gateway(&self.scenario).into_iter().map(|alone| alone.gateway);
            for (index, (name, real)) in names.zip(gateways).enumerate() {
                let simulated = self.simulate(Some(index), real, seed, runs)?;
                let part = compare(real, &simulated, self.allowed_delay()?);
                verdict.add(&name, part);
            }
        }
        Ok((verdict, picture(real, &simulated)))
    }

    /// Runs of the simulator, of all gateways or of one by its position, with sweeps in the phase in which Envoy's were.
    fn simulate(
        &self,
        gateway: Option<usize>,
        real: &Recording,
        seed: u64,
        runs: u32,
    ) -> Result<Vec<Report>> {
        let age = real.ages.first().copied().unwrap_or_default();
        let run = |number: u32| {
            let mut scenario = self.scenario.clone();
            let jitter = AGE_JITTER * number / runs.max(1);
            scenario.cluster_age = Some(GoDuration(age + jitter - (AGE_JITTER / 2).min(age)));
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number));
            let options = Options {
                seed: Some(seed),
                addresses: real.addresses.clone(),
                ..Options::default()
            };
            let simulation = Simulation::new(&self.manifests, &scenario, &options)?;
            let alone = match gateway {
                Some(index) => simulation.split().into_iter().nth(index),
                None => Some(simulation),
            };
            Ok(alone.context("there is no such gateway")?.run())
        };
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get) as u32;
        let share = |thread: u32| (thread..runs).step_by(threads as usize).map(&run).collect();
        std::thread::scope(|scope| {
            let share = &share;
            let threads: Vec<_> = (0..threads).map(|it| scope.spawn(move || share(it))).collect();
            let mut reports = Vec::new();
            for thread in threads {
                let part: Result<Vec<Report>> =
                    thread.join().map_err(|_| anyhow!("the simulator panicked"))?;
                reports.extend(part?);
            }
            Ok(reports)
        })
    }

    /// By how much an ejection may come earlier or later: a sweep and a merge window.
    fn allowed_delay(&self) -> Result<f64> {
        let translation = mesh_failover_core::translate::translate(
            &self.manifests,
            &self.proxy(&self.scenario.gateway)?,
        );
        let detectors = translation.clusters.iter().filter_map(|it| it.outlier_detection.as_ref());
        let intervals = detectors.map(|it| it.interval.unwrap_or(Duration::from_secs(10)));
        let interval = intervals.max().unwrap_or_default();
        Ok((interval + Duration::from_secs(1)).as_secs_f64() * 1e3)
    }
}
