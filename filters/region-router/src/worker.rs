//! One worker's router, its clock, and its link to the other workers.

use std::time::Duration;

use mesh_failover_abi::LogLevel;
use mesh_failover_abi::host::{self, Refusal};
use mesh_failover_core::router::{
    Action, Check, Choice, Clock, DestinationId, Failure, ProbeResult, Quota, Router, RouterConfig,
};
use mesh_failover_core::time::MonotonicTime;

use crate::generations::Generations;
use crate::metrics::Metrics;

/// Exchanges that are tried before the next tick is waited for; other workers write rarely.
const ATTEMPTS: u32 = 8;

/// How long Envoy waits for the answer to a check, which nobody reads.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// The state behind all callbacks of a plugin in one virtual machine.
#[derive(Debug)]
pub(crate) struct Worker {
    router: Router,
    clock: Clock,
    /// The plugin's name.
    plugin: String,
    /// Where the workers of this plugin meet.
    shared_key: String,
    /// The version that was last seen there.
    seen: u32,
    /// Probes under way, at most one for each region.
    probes: Vec<(u32, Choice)>,
    metrics: Metrics,
    quota: Quota,
    generations: Generations,
}

impl Worker {
    /// A worker that routes nothing yet. `root` tells apart the plugins of one virtual machine.
    pub(crate) fn new(root: u32, plugin: String) -> Self {
        let mut clock = Clock::default();
        let now = clock.read(host::wall_time());
        // Virtual machines start nanoseconds apart, on threads of their own.
        let seed = now.as_nanos() ^ u64::from(root).rotate_left(48);
        let router = Router::new(RouterConfig::default(), seed, now);
        let shared_key = ["mesh-failover.region-router/", &plugin].concat();
        Self {
            router,
            clock,
            plugin,
            shared_key,
            seen: 0,
            probes: Vec::new(),
            metrics: Metrics::default(),
            quota: Quota::default(),
            generations: Generations::default(),
        }
    }

    pub(crate) fn plugin(&self) -> &str {
        &self.plugin
    }

    /// Envoy has handed out a configuration under this number.
    pub(crate) fn begin(&mut self, root: u32, config: RouterConfig) {
        self.generations.begin(root, config.clone());
        self.configure(config);
    }

    /// Goes back to an older configuration, if Envoy has let go of the one that runs. Returns whether that was so.
    pub(crate) fn take_over(&mut self, here: u32) -> bool {
        let Some(config) = self.generations.take_over(here) else { return false };
        host::log(LogLevel::Info, "an older pluginConfig is in force again");
        self.configure(config);
        true
    }

    /// Runs another configuration, with what is known of the regions that it still has.
    fn configure(&mut self, config: RouterConfig) {
        let now = self.now();
        self.flush(now);
        let metrics = &mut self.metrics;
        self.router.retire(&config, &mut |sample| metrics.write(&sample));
        self.router = self.router.reconfigured(config, now);
        // What others have said about regions that are new here has been passed over so far.
        self.seen = 0;
        self.probes.clear();
        self.exchange(now);
    }

    /// See [`Router::find`]. A destination that is new here is looked at before its first request meets what is wrong.
    pub(crate) fn find(&mut self, cluster: &[u8]) -> Option<DestinationId> {
        let id = self.router.find(cluster)?;
        if self.router.has_actions() {
            let now = self.now();
            self.act(now);
            self.report();
        }
        Some(id)
    }

    pub(crate) const fn router(&mut self) -> &mut Router {
        &mut self.router
    }

    /// See [`Router::choice_of`].
    pub(crate) fn choice_of(&self, cluster: &[u8]) -> Option<Choice> {
        self.router.choice_of(cluster)
    }

    /// A response has come. For a failure of the region: whether the request reached no upstream.
    pub(crate) fn on_response(&mut self, choice: Choice, status: u16) -> Option<bool> {
        if !self.router.is_suspect(choice, status) {
            self.router.on_success(choice, status);
            return None;
        }
        let now = self.now();
        if let Some(served) = crate::served_cluster().filter(|name| !name.is_empty())
            && !self.router.on_served_by(choice, &served, now)
        {
            // Some other cluster's error.
            self.router.on_other_error(choice);
            self.report();
            return None;
        }
        let details = host::property(b"response\0code_details");
        let known = details.as_deref().unwrap_or_default();
        let failure = Failure::of_response(status, known);
        let unreached = Failure::is_unreached(known);
        drop(details);
        if let Some(failure) = failure {
            self.router.on_failure(choice, failure, now);
            self.spread(now);
        } else {
            self.router.on_other_error(choice);
        }
        (failure.is_some() || unreached).then_some(unreached)
    }

    /// Hears what others know, looks where looking is due, tells what changed.
    pub(crate) fn on_tick(&mut self) {
        let now = self.now();
        self.exchange(now);
        self.router.on_tick(now);
        self.act(now);
        if self.router.has_news() {
            self.exchange(now);
        }
        self.flush(now);
        if let Some(missed) = self.quota.refill() {
            let line =
                [&missed.to_string(), " changes of regions were not logged: too many at once"];
            host::log(LogLevel::Warn, &line.concat());
        }
        self.report();
    }

    /// Says what there is to say about a response, if `debugHeader` asks for it.
    pub(crate) fn debug(&mut self, choice: Option<Choice>) {
        let now = if self.router.is_debugging() { self.now() } else { return };
        if let Some((name, value)) = self.router.debug(choice, now) {
            host::add_response_header(name, &value);
        }
    }

    /// Writes down what was counted since the last tick.
    fn flush(&mut self, now: MonotonicTime) {
        let metrics = &mut self.metrics;
        self.router.flush(now, &mut |sample| metrics.write(&sample));
        metrics.memory();
    }

    /// A region was asked which cluster answers for it, or took so long to answer.
    pub(crate) fn on_answer(&mut self, choice: Choice, took: Option<Duration>) {
        if self.router.wants_cluster(choice)
            && let Some(served) = crate::served_cluster().filter(|name| !name.is_empty())
        {
            let now = self.now();
            self.router.on_served_by(choice, &served, now);
            self.report();
        }
        if let Some(took) = took {
            let now = self.now();
            self.router.on_latency(choice, took, now);
            self.spread(now);
        }
    }

    /// One of the router's own requests has ended.
    pub(crate) fn on_probe(&mut self, token: u32, result: ProbeResult) {
        let Some(place) = self.probes.iter().position(|(sent, _)| *sent == token) else { return };
        let (_, choice) = self.probes.swap_remove(place);
        let now = self.now();
        self.router.on_probe(choice, result, now);
        self.spread(now);
    }

    /// Tells at once what is new.
    pub(crate) fn spread(&mut self, now: MonotonicTime) {
        if self.router.has_news() {
            self.exchange(now);
            self.report();
        }
    }

    /// Does what the router asks for.
    fn act(&mut self, now: MonotonicTime) {
        while let Some(action) = self.router.poll_action() {
            let (choice, found) = match action {
                Action::CheckUsable(choice) => (choice, self.check(choice)),
                Action::Probe(choice) => (choice, self.probe(choice)),
            };
            if let Some(found) = found {
                self.router.on_check(choice, found, now);
            }
        }
    }

    /// Asks Envoy to send a request to the region. Envoy says at once when there is nothing to send it to, and then nobody has met the
    /// error; otherwise one `HEAD /` reaches the region for each return.
    fn check(&self, choice: Choice) -> Option<Check> {
        let headers = [
            (&b":method"[..], &b"HEAD"[..]),
            (b":path", b"/"),
            (b":authority", self.router.host(choice)?.as_bytes()),
            (b":scheme", b"http"),
            (b"user-agent", b"mesh-failover-region-check"),
        ];
        Some(found(host::send(self.router.cluster(choice)?, &headers, &[], CHECK_TIMEOUT)))
    }

    /// Sends a probe. What it finds comes with its answer, unless there is nothing to send it to.
    fn probe(&mut self, choice: Choice) -> Option<Check> {
        let probe = self.router.probe(choice)?;
        let headers = [
            (&b":method"[..], probe.method.as_bytes()),
            (b":path", probe.path.as_bytes()),
            (b":authority", probe.host.as_bytes()),
            (b":scheme", b"http"),
            (b"user-agent", b"mesh-failover-probe"),
        ];
        let sent = host::send(probe.cluster, &headers, &[], probe.timeout);
        // An answer that never came is not waited for any longer.
        self.probes.retain(|(_, other)| *other != choice);
        match sent {
            Ok(token) => {
                self.probes.push((token, choice));
                None
            }
            refused => Some(found(refused)),
        }
    }

    /// Reads shared state and writes what it lacks. What another worker writes in between is read again.
    fn exchange(&mut self, now: MonotonicTime) {
        for _ in 0..ATTEMPTS {
            let Some((bytes, version)) = host::shared_data(&self.shared_key) else { return };
            if version == 0 || version != self.seen {
                let latest = self.router.merge(bytes.as_deref(), now);
                self.clock.advance_to(latest);
                self.seen = version;
            }
            let Some(news) = self.router.shared_out(now) else { return };
            if host::set_shared_data(&self.shared_key, &news, version) {
                return self.router.published();
            }
        }
    }

    fn report(&mut self) {
        while let Some(event) = self.router.poll_event() {
            if self.quota.take() {
                host::log(LogLevel::Warn, &event.to_string());
            }
        }
    }

    pub(crate) fn now(&mut self) -> MonotonicTime {
        self.clock.read(host::wall_time())
    }
}

/// What Envoy's answer to sending a request says about the region.
const fn found(sent: Result<u32, Refusal>) -> Check {
    match sent {
        Ok(_) => Check::Usable,
        Err(Refusal::NoUsableHost) => Check::NoUsableHost,
        Err(Refusal::NoCluster) => Check::NoCluster,
        Err(Refusal::Other) => Check::Unknown,
    }
}
