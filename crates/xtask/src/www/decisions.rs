//! What the router decides natively in the scenarios of the corpus, for the module that ships to be held to.
//!
//! Each scenario whose DestinationRule distributes traffic gives a policy, and its steps say when a region is empty, fails or
//! refuses. Two machines that share data, as two workers of a gateway do, get requests and ticks in turn; what Envoy would say to a check
//! is written down whenever it changes, and every request's region and every tick's checks. The module must then choose the same region
//! for each request, and ask for the same checks.
//!
//! **Source**: filters/region-router/src/worker.rs, whose order of calls this follows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use mesh_failover_core::locality::Locality;
use mesh_failover_core::manifest::{self, Manifests, Scenario, Source, Step, Target};
use mesh_failover_core::router::{
    Action, Check, Clock, Failure, PluginConfig, Router, RouterConfig,
};
use mesh_failover_core::time::MonotonicTime;
use serde_json::{Value, json};

use crate::workspace;

/// The wall clock at the start. **Units**: nanoseconds since 1970.
const START: u64 = 1_700_000_000_000_000_000;
/// Between two requests.
const GAP: u64 = 25_000_000;
/// Between two ticks of a machine.
const TICK: u64 = 100_000_000;
const MACHINES: usize = 2;
/// The number of the module's root context, of which its seed is made.
const ROOT: u64 = 1;

/// Plays the corpus and writes a line for each scenario; returns the file.
pub(super) fn write() -> Result<PathBuf> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(workspace::root().join("tests/scenarios"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        let (manifests, _) = manifest::read(&[Source { name: &name, text: &text }]);
        lines.extend(played(&name, &manifests).map(|it| it.to_string() + "\n"));
    }
    lines.sort();
    let path = workspace::target().join("npm/decisions.jsonl");
    fs::write(&path, lines.concat())?;
    Ok(path)
}

/// `None`: the scenario has no policy of the router's kind.
fn played(name: &str, manifests: &Manifests) -> Option<Value> {
    let scenario = &manifests.scenarios.first()?.spec;
    let rule = &manifests.destination_rules.first()?.spec;
    let policy = serde_json::to_value(rule.traffic_policy.as_ref()?).ok()?;
    let clusters = &manifests.topologies.first()?.spec.clusters;
    let port = clusters.iter().flat_map(|it| &it.workloads).next()?.port;
    let locality = &clusters.iter().find(|it| it.name == scenario.gateway)?.locality;
    let configuration = json!({"destinations": [{
        "host": rule.host,
        "port": port,
        "trafficPolicy": {
            "outlierDetection": policy.get("outlierDetection")?,
            "loadBalancer": {
                "localityLbSetting": {"distribute": policy.pointer("/loadBalancer/localityLbSetting/distribute")?},
            },
        },
    }]});
    let config = PluginConfig::from_json(&configuration.to_string()).ok()?;
    let (config, _) = config.compile(&Locality::parse(locality)).ok()?;
    let regions: BTreeMap<String, String> =
        clusters.iter().map(|it| (it.name.clone(), Locality::parse(&it.locality).region)).collect();
    let mut world = World::new(&config, regions, format!("outbound|{port}||{}", rule.host));
    world.play(scenario);
    Some(json!({
        "name": name,
        "configuration": configuration.to_string(),
        "locality": locality,
        "cluster": world.cluster,
        "machines": MACHINES,
        "rows": world.rows,
    }))
}

/// What is wrong with a region.
#[derive(Debug, Clone, Copy, Default)]
struct Health {
    empty: bool,
    refuses: bool,
    fails: Option<u16>,
}

impl Health {
    /// What Envoy or the upstream answers.
    fn answer(self) -> (u16, &'static str) {
        match self {
            Self { empty: true, .. } => (503, "no_healthy_upstream"),
            Self { refuses: true, .. } => {
                (503, "upstream_reset_before_response_started{connection_failure}")
            }
            Self { fails: Some(status), .. } => (status, "via_upstream"),
            _ => (200, "via_upstream"),
        }
    }
}

struct Machine {
    router: Router,
    clock: Clock,
    seen: u32,
}

struct World {
    machines: Vec<Machine>,
    shared: (Option<Vec<u8>>, u32),
    /// Region by Kubernetes cluster.
    regions: BTreeMap<String, String>,
    health: BTreeMap<String, Health>,
    cluster: String,
    rows: Vec<Value>,
}

impl World {
    fn new(config: &RouterConfig, regions: BTreeMap<String, String>, cluster: String) -> Self {
        let machines = (0..MACHINES as u64).map(|index| {
            let mut clock = Clock::default();
            let now = clock.read(START + index);
            let seed = now.as_nanos() ^ ROOT.rotate_left(48);
            let router = Router::new(RouterConfig::default(), seed, now);
            Machine { router: router.reconfigured(config.clone(), now), clock, seen: 0 }
        });
        let machines = machines.collect();
        let health = regions.values().map(|name| (name.clone(), Health::default())).collect();
        let mut world =
            Self { machines, shared: (None, 0), regions, health, cluster, rows: Vec::new() };
        (0..MACHINES).for_each(|machine| world.exchange(machine, START + machine as u64));
        world
    }

    fn play(&mut self, scenario: &Scenario) {
        let end = scenario.duration.0.as_nanos() as u64;
        let mut steps: Vec<&Step> = scenario.steps.iter().collect();
        steps.sort_by_key(|step| step.at);
        let mut steps = steps.into_iter().peekable();
        self.tell_checks(0);
        for (count, at) in (0..end).step_by(GAP as usize).enumerate() {
            while let Some(step) = steps.next_if(|step| step.at.0.as_nanos() as u64 <= at) {
                self.change(step);
                self.tell_checks(at);
            }
            // Machines start a little apart, and so do their timers.
            for machine in 0..MACHINES {
                if at % TICK == machine as u64 * GAP {
                    self.tick(machine, at);
                }
            }
            self.request(count % MACHINES, at);
        }
    }

    fn change(&mut self, step: &Step) {
        let mut set = |target: &Target, change: &dyn Fn(&mut Health)| {
            for (cluster, region) in &self.regions {
                let hit = target.cluster.as_ref().is_none_or(|it| it == cluster)
                    && target.region.as_ref().is_none_or(|it| it == region);
                if let Some(health) = self.health.get_mut(region).filter(|_| hit) {
                    change(health);
                }
            }
        };
        if let Some(scale) = &step.scale {
            set(&scale.target(), &|health| health.empty = scale.replicas == 0);
        }
        if let Some(fail) = &step.fail {
            set(&fail.target(), &|health| health.fails = Some(fail.status.unwrap_or(503)));
        }
        for target in [&step.refuse, &step.blackhole, &step.partition].into_iter().flatten() {
            set(target, &|health| health.refuses = true);
        }
        if let Some(target) = &step.restore {
            set(target, &|health| *health = Health { empty: health.empty, ..Health::default() });
        }
    }

    /// Which subset clusters have a usable host from now on.
    fn tell_checks(&mut self, at: u64) {
        let cluster = |region: &str| self.cluster.replacen("||", &format!("|{region}|"), 1);
        let usable: BTreeMap<String, bool> =
            self.health.iter().map(|(region, health)| (cluster(region), !health.empty)).collect();
        self.rows.push(json!([at, null, usable]));
    }

    fn request(&mut self, machine: usize, at: u64) {
        let Machine { router, clock, .. } = &mut self.machines[machine];
        // A destination is looked at before its first request leaves.
        if router.find(self.cluster.as_bytes()).is_some() && router.has_actions() {
            let now = clock.read(START + at);
            self.act(machine, now);
        }
        let chosen = self.machines[machine].router.choose(self.cluster.as_bytes());
        let Some((choice, region)) = chosen.map(|(choice, region)| (choice, region.to_owned()))
        else {
            return self.rows.push(json!([at, machine, null, 200, ""]));
        };
        let (status, details) = self.health.get(&region).copied().unwrap_or_default().answer();
        self.rows.push(json!([at, machine, region, status, details]));
        let Machine { router, clock, .. } = &mut self.machines[machine];
        let served = router.cluster(choice).unwrap_or_default().to_owned();
        if router.wants_cluster(choice) {
            router.on_served_by(choice, served.as_bytes(), clock.read(START + at));
        }
        if !router.is_suspect(choice, status) {
            return router.on_success(choice, status);
        }
        router.on_served_by(choice, served.as_bytes(), clock.read(START + at));
        let Some(failure) = Failure::of_response(status, details.as_bytes()) else { return };
        router.on_failure(choice, failure, clock.read(START + at));
        if router.has_news() {
            self.exchange(machine, START + at);
        }
    }

    fn tick(&mut self, machine: usize, at: u64) {
        let now = self.machines[machine].clock.read(START + at);
        self.exchange(machine, START + at);
        self.machines[machine].router.on_tick(now);
        let checks = self.act(machine, now);
        self.rows.push(json!([at, machine, checks]));
        if self.machines[machine].router.has_news() {
            self.exchange(machine, START + at);
        }
    }

    /// Makes the checks that the router asks for; returns the clusters, ascending.
    fn act(&mut self, machine: usize, now: MonotonicTime) -> BTreeSet<String> {
        let router = &mut self.machines[machine].router;
        let mut checked = BTreeSet::new();
        while let Some(Action::CheckUsable(choice) | Action::Probe(choice)) = router.poll_action() {
            let Some(cluster) = router.cluster(choice).map(str::to_owned) else { continue };
            // A subset is named after its region; a region that the topology lacks has no host.
            let region = cluster.split('|').nth(2).unwrap_or_default();
            let empty = self.health.get(region).is_none_or(|health| health.empty);
            router.on_check(choice, if empty { Check::NoUsableHost } else { Check::Usable }, now);
            checked.insert(cluster);
        }
        checked
    }

    fn exchange(&mut self, machine: usize, wall: u64) {
        let Machine { router, clock, seen } = &mut self.machines[machine];
        let now = clock.read(wall);
        let (bytes, version) = &mut self.shared;
        if *version == 0 || version != seen {
            clock.advance_to(router.merge(bytes.as_deref(), now));
            *seen = *version;
        }
        if let Some(news) = router.shared_out(now) {
            *bytes = Some(news);
            *version += 1;
            router.published();
        }
        while router.poll_event().is_some() {}
    }
}
