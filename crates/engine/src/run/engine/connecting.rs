//! From a host to a connection to it, and what a request meets there.

use super::{Due, Engine};
use crate::host::HostId;
use crate::outlier::HostResult;
use crate::run::endpoints::{Behaviour, Endpoints};
use crate::run::envoy::Envoy;
use crate::run::random::Xoshiro;
use crate::run::requests::{Next, Request};
use crate::run::upstream::Upstream;
use crate::run::watch::Watch;
use crate::time::MonotonicTime;

/// What a request finds beside its cluster.
pub(super) struct Around<'a> {
    pub(super) now: u64,
    pub(super) endpoints: &'a Endpoints,
    pub(super) watches: &'a mut [Watch],
    pub(super) rng: &'a mut Xoshiro,
}

/// What a request meets, and what limits its wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met {
    pub(super) behaviour: Behaviour,
    /// Of the connection that it makes.
    pub(super) connect_timeout: Option<u64>,
    /// Its route and deadline.
    pub(super) way: (u32, u64),
}

impl Around<'_> {
    /// A request goes to its host.
    #[inline]
    pub(super) fn meet(self, request: &mut Request, upstream: &mut Upstream, reused: bool) -> Met {
        request.attempt_started = self.now;
        let (behaviour, region) = self.endpoints.behaviour(request.pod);
        request.region = region;
        let connects = match behaviour {
            Behaviour::Answer { .. } | Behaviour::Silent => true,
            Behaviour::Refuse => false,
            Behaviour::Unreachable => reused,
        };
        request.connects = behaviour == Behaviour::Unreachable && !reused;
        if !request.is_check {
            self.watches.iter_mut().for_each(|watch| watch.on_attempt(region, self.now));
        }
        if request.connects {
            upstream.connections.begin_connecting();
        }
        if upstream.split && connects {
            let connected = HostResult::LocalOriginConnectSuccess;
            let time = MonotonicTime::from_nanos(self.now);
            upstream.report(request.host, connected, None, time, self.rng);
        }
        let connect_timeout = (!reused).then_some(upstream.connect_timeout);
        Met { behaviour, connect_timeout, way: (request.route, request.deadline) }
    }
}

impl Engine {
    /// A request has a connection that it has waited for, or makes one, and goes to its host.
    pub(super) fn meet(&mut self, slot: u32, reused: bool) {
        let Self { requests, envoys, .. } = self;
        let Some(request) = requests.get_mut(slot) else { return };
        let Some(upstream) = Envoy::upstream(envoys, request.envoy, request.upstream) else {
            return;
        };
        let around = Around {
            now: self.now,
            endpoints: &self.endpoints,
            watches: &mut self.watches,
            rng: &mut self.envoy_rng,
        };
        let met = around.meet(request, upstream, reused);
        self.await_behaviour(slot, met);
    }

    /// The requests that waited for what a connection's end made room for.
    pub(super) fn serve_waiting(&mut self, envoy: u32, upstream: u32, worker: u32, host: HostId) {
        loop {
            let Some(pool) = self
                .envoys
                .get_mut(envoy as usize)
                .and_then(|envoy| envoy.upstreams.get_mut(upstream as usize))
            else {
                return;
            };
            let Some((slot, reused)) = pool.connections.next_served(worker, host) else { return };
            pool.begin(host);
            if let Some(request) = self.requests.get_mut(slot) {
                request.waits = false;
            }
            // Not at once: a host that refuses all would be asked in ever deeper calls.
            let ticket = self.requests.set_next(slot, Next::Connected { reused });
            self.queue.push(self.now, Due::Request(ticket));
        }
    }
}
