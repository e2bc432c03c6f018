//! Routers of any policy, and what is seen of them.

use mesh_failover_sorted::SortedMap;
use serde_json::{Value, json};

use super::{CLUSTER, at, exchange};
use crate::locality::Locality;
use crate::router::{
    Action, Check, Choice, Decision, Facts, Failure, Level, PluginConfig, ProbeResult, RegionState,
    Router, RouterConfig,
};

/// A configuration for `hello`, for a gateway at `from`, with these parts.
pub(super) fn compiled(from: &str, setting: Value, parts: Value) -> RouterConfig {
    let mut destination = json!({
        "host": "hello.default.svc.cluster.local",
        "port": 80,
        "trafficPolicy": {
            "outlierDetection": {
                "consecutive5xxErrors": 2, "interval": "1s", "baseEjectionTime": "1s"
            },
            "loadBalancer": {"localityLbSetting": setting}
        }
    });
    if let (Some(all), Value::Object(parts)) = (destination.as_object_mut(), parts) {
        all.extend(parts);
    }
    whole(from, json!({"destinations": [destination]}))
}

pub(super) fn whole(from: &str, config: Value) -> RouterConfig {
    let written = PluginConfig::from_json(&config.to_string()).expect("well-formed");
    written.compile(&Locality::parse(from)).expect("valid").0
}

/// Shares of `a` and `b`, half each.
pub(super) fn halves() -> Value {
    json!({"distribute": [{"from": "*", "to": {"a": 50, "b": 50}}]})
}

/// One worker that does everything: it exchanges, ticks, and answers its router's requests by what it is told of the regions.
pub(super) struct Worker {
    pub(super) router: Router,
    pub(super) shared: Option<Vec<u8>>,
    /// What a check or probe of a region finds; absent: usable, 200.
    pub(super) found: SortedMap<&'static str, (Check, ProbeResult)>,
    /// Requests that the router sent itself.
    pub(super) sent: Vec<(u64, String)>,
}

impl Worker {
    /// A worker whose regions were all looked at, and well.
    pub(super) fn new(config: RouterConfig) -> Self {
        Self::sharing(config, 1, None)
    }

    pub(super) fn sharing(config: RouterConfig, seed: u64, shared: Option<Vec<u8>>) -> Self {
        let router = Router::new(config, seed, at(0));
        let (found, sent) = (SortedMap::new(), Vec::new());
        let mut worker = Self { router, shared, found, sent };
        worker.tick(0);
        worker
    }

    pub(super) fn tick(&mut self, millis: u64) {
        let now = at(millis);
        exchange(&mut self.router, &mut self.shared, now);
        self.router.on_tick(now);
        while let Some(action) = self.router.poll_action() {
            let (Action::CheckUsable(choice) | Action::Probe(choice)) = action;
            let region = self.router.region(choice).expect("known").to_owned();
            let usable = (Check::Usable, ProbeResult::Status(200));
            let (check, probe) = *self.found.get(region.as_str()).unwrap_or(&usable);
            if check == Check::Usable {
                self.sent.push((millis, region));
            }
            match action {
                Action::Probe(_) if check == Check::Usable => {
                    self.router.on_probe(choice, probe, now);
                }
                _ => self.router.on_check(choice, check, now),
            }
        }
        exchange(&mut self.router, &mut self.shared, now);
    }

    /// Ticks every 100 ms from one time to another, both included.
    pub(super) fn run(&mut self, from: u64, to: u64) {
        (from..=to).step_by(100).for_each(|millis| self.tick(millis));
    }

    pub(super) fn choice(&self, region: &str) -> Choice {
        let is = |choice: &Choice| self.router.region(*choice) == Some(region);
        self.router.regions().find(is).expect("a region of that name")
    }

    pub(super) fn state(&self, region: &str) -> RegionState {
        self.router.record(self.choice(region)).expect("known").state
    }

    pub(super) fn level(&self, region: &str, millis: u64) -> Level {
        self.router.level(self.choice(region), at(millis)).expect("known")
    }

    pub(super) fn fail(&mut self, region: &str, times: u32, failure: Failure, millis: u64) {
        let choice = self.choice(region);
        for _ in 0..times {
            self.router.on_failure(choice, failure, at(millis));
        }
    }

    /// Takes a region out as a missing host does.
    pub(super) fn empty(&mut self, region: &'static str, millis: u64) {
        self.found.insert(region, (Check::NoUsableHost, ProbeResult::NoAnswer));
        self.fail(region, 1, Failure::NoUsableHost, millis);
    }

    pub(super) fn decide(&mut self, facts: &Facts<'_>) -> Decision<'_> {
        let id = self.router.find(CLUSTER).expect("a policy");
        self.router.decide(id, facts)
    }

    /// Requests out of 1000 by region; `-`: left alone; `!`: answered.
    pub(super) fn shares_of(&mut self, facts: &Facts<'_>) -> SortedMap<String, u32> {
        let mut counts = SortedMap::new();
        for _ in 0..1000 {
            let to = match self.decide(facts) {
                Decision::Native => "-",
                Decision::Fail(_) => "!",
                Decision::Region(route) => route.region,
            };
            *counts.entry(to.to_owned()).or_default() += 1;
        }
        counts
    }

    /// The same in percent of the whole, as text, for requests that say nothing.
    pub(super) fn shares(&mut self) -> String {
        let counts = self.shares_of(&Facts::default());
        let text = |(name, count): (&String, &u32)| format!("{name} {}", (count + 5) / 10);
        counts.iter().map(text).collect::<Vec<_>>().join(", ")
    }
}
