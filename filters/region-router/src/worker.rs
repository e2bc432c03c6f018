//! One worker's router, its clock, and its link to the other workers.

use std::time::Duration;

use mesh_failover_abi::LogLevel;
use mesh_failover_abi::host::{self, Refusal};
use mesh_failover_core::router::{Action, Check, Choice, Clock, Failure, Router, RouterConfig};
use mesh_failover_core::time::MonotonicTime;

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
        Self { router, clock, plugin, shared_key, seen: 0 }
    }

    pub(crate) fn plugin(&self) -> &str {
        &self.plugin
    }

    /// Runs another configuration, with what is known of the regions that it still has.
    pub(crate) fn configure(&mut self, config: RouterConfig) {
        let now = self.now();
        self.router = self.router.reconfigured(config, now);
        // What others have said about regions that are new here has been passed over so far.
        self.seen = 0;
        self.exchange(now);
    }

    /// See [`Router::choose`].
    pub(crate) fn choose(&mut self, cluster: &[u8]) -> Option<(Choice, &str)> {
        self.router.choose(cluster)
    }

    /// See [`Router::choice_of`].
    pub(crate) fn choice_of(&self, cluster: &[u8]) -> Option<Choice> {
        self.router.choice_of(cluster)
    }

    /// A response has come.
    pub(crate) fn on_response(&mut self, choice: Choice, status: u16) {
        if !self.router.is_suspect(choice, status) {
            return self.router.on_success(choice, status);
        }
        let details = host::property(b"response\0code_details");
        let Some(failure) = Failure::of_response(status, details.as_deref().unwrap_or_default())
        else {
            return;
        };
        drop(details);
        let now = self.now();
        self.router.on_failure(choice, failure, now);
        if self.router.has_news() {
            self.exchange(now);
            self.report();
        }
    }

    /// Hears what others know, looks where looking is due, tells what changed.
    pub(crate) fn on_tick(&mut self) {
        let now = self.now();
        self.exchange(now);
        self.router.on_tick(now);
        while let Some(Action::CheckUsable(choice) | Action::Probe(choice)) =
            self.router.poll_action()
        {
            let found = self.check(choice).unwrap_or(Check::Unknown);
            self.router.on_check(choice, found, now);
        }
        if self.router.has_news() {
            self.exchange(now);
        }
        self.report();
    }

    /// Asks Envoy to send a request to the region. Envoy says at once when there is nothing to send it to, and then nobody has met the
    /// error; otherwise one `HEAD /` reaches the region for each return.
    fn check(&self, choice: Choice) -> Option<Check> {
        let headers = [
            (":method", "HEAD"),
            (":path", "/"),
            (":authority", self.router.host(choice)?),
            (":scheme", "http"),
            ("user-agent", "mesh-failover-region-check"),
        ];
        match host::send(self.router.cluster(choice)?, &headers, CHECK_TIMEOUT) {
            Ok(()) => Some(Check::Usable),
            Err(Refusal::NoUsableHost) => Some(Check::NoUsableHost),
            Err(Refusal::NoCluster) => Some(Check::NoCluster),
            Err(Refusal::Other) => None,
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
            host::log(LogLevel::Warn, &event.to_string());
        }
    }

    fn now(&mut self) -> MonotonicTime {
        self.clock.read(host::wall_time())
    }
}
