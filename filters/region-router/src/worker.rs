//! One worker's router, its clock, and its link to the other workers.

use std::time::Duration;

use mesh_failover_core::router::{Action, Check, Choice, Clock, Failure, Router, RouterConfig};
use mesh_failover_core::time::MonotonicTime;
use proxy_wasm::types::LogLevel;

use crate::host::{self, Refusal};

/// Exchanges that are tried before the next tick is waited for; other workers write rarely.
const ATTEMPTS: u32 = 8;

/// How long Envoy waits for the answer to a check, which nobody reads.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// The state behind all callbacks of a plugin in one virtual machine.
#[derive(Debug)]
pub(crate) struct Worker {
    router: Router,
    clock: Clock,
    /// Where the workers of this plugin meet.
    shared_key: String,
    /// The version that was last seen there.
    seen: u32,
}

impl Worker {
    /// A worker that routes nothing yet. `context` tells apart the plugins of one virtual machine.
    pub(crate) fn new(context: u32) -> Self {
        let mut clock = Clock::default();
        let now = clock.read(host::wall_time());
        // Virtual machines start nanoseconds apart, on threads of their own.
        let seed = now.as_nanos() ^ u64::from(context).rotate_left(48);
        let router = Router::new(RouterConfig::default(), seed, now);
        Self { router, clock, shared_key: String::new(), seen: 0 }
    }

    /// Runs another configuration, with what is known of the regions that it still has.
    pub(crate) fn configure(&mut self, config: RouterConfig, plugin: &str) {
        let now = self.now();
        self.shared_key = format!("mesh-failover.region-router/{plugin}");
        self.router = self.router.reconfigured(config, now);
        self.exchange(now);
    }

    /// See [`Router::choose`].
    pub(crate) fn choose(&mut self, cluster: &[u8]) -> Option<(Choice, &str)> {
        self.router.choose(cluster)
    }

    /// A response has come; `details` reads Envoy's code details and is called for errors only.
    pub(crate) fn on_response(
        &mut self,
        choice: Choice,
        status: u16,
        details: impl FnOnce() -> Option<Vec<u8>>,
    ) {
        if !self.router.is_suspect(choice, status) {
            return self.router.on_success(choice, status);
        }
        let Some(failure) = Failure::of_response(status, &details().unwrap_or_default()) else {
            return;
        };
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
        while let Some(Action::CheckUsable(choice)) = self.router.poll_action() {
            if let Some(found) = self.check(choice) {
                self.router.on_check(choice, found, now);
            }
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
