//! From a host to a connection to it, and what a request meets there.

use super::{Due, Engine};
use crate::host::HostId;
use crate::outlier::HostResult;
use crate::run::endpoints::{Behaviour, RegionId};
use crate::run::envoy::Envoy;
use crate::run::outcome::{Outcome, ResponseFlags};
use crate::run::random::Xoshiro;
use crate::run::requests::{Next, Request};
use crate::run::retry::AttemptEnd;
use crate::run::upstream::{Afterwards, Service, Upstream};
use crate::run::watch::Watch;
use crate::time::MonotonicTime;

/// Whose connections: a worker's to a host of a cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct PoolId {
    pub(super) envoy: u32,
    pub(super) upstream: u32,
    pub(super) worker: u32,
    pub(super) host: HostId,
}

/// A connection that is being made to a host that could not be reached when it was begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connecting {
    pool: PoolId,
    began: u64,
    /// The pool's time at the beginning.
    time: u32,
    /// How often the kernel has asked again.
    retries: u32,
}

/// When the kernel asks for a connection again, after the time that it was begun: each second at first, then at twice the distance each time.
///
/// **Source**: Linux `tcp_syn_linear_timeouts` (4, since 6.5) and `TCP_TIMEOUT_INIT` (1 s).
const fn asks_again_after(retries: u32) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    const LINEAR: u32 = 4;
    match retries.checked_sub(LINEAR) {
        None => (retries as u64 + 1) * SECOND,
        Some(doublings) if doublings < 16 => (LINEAR as u64 + (1 << doublings)) * SECOND,
        Some(_) => u64::MAX,
    }
}

/// What a request finds beside its cluster.
pub(super) struct Around<'a> {
    pub(super) now: u64,
    pub(super) watches: &'a mut [Watch],
    pub(super) rng: &'a mut Xoshiro,
}

impl Around<'_> {
    /// A request goes to its host, by a connection.
    #[inline]
    pub(super) fn meet(
        self,
        request: &mut Request,
        upstream: &mut Upstream,
        (behaviour, region): (Behaviour, RegionId),
    ) {
        request.attempt_started = self.now;
        request.region = region;
        if !request.is_check {
            self.watches.iter_mut().for_each(|watch| watch.on_attempt(region, self.now));
        }
        upstream.begin(request.host);
        if upstream.split && behaviour != Behaviour::Refuse {
            let connected = HostResult::LocalOriginConnectSuccess;
            let time = MonotonicTime::from_nanos(self.now);
            upstream.report(request.host, connected, None, time, self.rng);
        }
    }
}

impl Engine {
    /// A request waits until its host has a stream for it, or a timeout ends it.
    pub(super) fn await_connection(&mut self, slot: u32) {
        let Self { requests, envoys, .. } = self;
        let Some(request) = requests.get_mut(slot) else { return };
        let pool = pool_of(request);
        let Some(upstream) = Envoy::upstream(envoys, pool.envoy, pool.upstream) else { return };
        request.waits = true;
        upstream.connections.wait(pool.worker, pool.host, slot);
        if !request.is_check {
            let region = self.endpoints.region(request.pod);
            self.watches.iter_mut().for_each(|watch| watch.on_attempt(region, self.now));
        }
        self.await_timeout(slot);
        self.serve_waiting(pool);
    }

    /// Gives those who wait in a pool what there is, and lets it make the connections that they need.
    pub(super) fn serve_waiting(&mut self, pool: PoolId) {
        loop {
            let Some(upstream) = Envoy::upstream(&mut self.envoys, pool.envoy, pool.upstream)
            else {
                return;
            };
            match upstream.connections.next_service(pool.worker, pool.host) {
                Some(Service::Stream(slot)) => self.serve(slot),
                Some(Service::Connect) => self.connect(pool),
                None => return,
            }
        }
    }

    /// A request has got the stream that it waited for.
    fn serve(&mut self, slot: u32) {
        if let Some(request) = self.requests.get_mut(slot) {
            request.waits = false;
        }
        // Not at once: a host that refuses all would be asked in ever deeper calls.
        let ticket = self.requests.set_next(slot, Next::Connected);
        self.queue.push(self.now, Due::Request(ticket));
    }

    /// A pool makes a connection for those who wait in it.
    fn connect(&mut self, pool: PoolId) {
        let PoolId { worker, host, .. } = pool;
        let Some(upstream) = Envoy::upstream(&mut self.envoys, pool.envoy, pool.upstream) else {
            return;
        };
        match self.endpoints.behaviour(upstream.pod(host)).0 {
            Behaviour::Answer { .. } | Behaviour::Silent => {
                upstream.connections.connected(worker, host);
            }
            Behaviour::Refuse => self.fail_waiting(pool),
            Behaviour::Unreachable => {
                let time = upstream.connections.begin_connecting(worker, host);
                let connecting = Connecting { pool, began: self.now, time, retries: 0 };
                let number = self.free_connecting.pop().unwrap_or_else(|| {
                    self.connecting.push(connecting);
                    self.connecting.len() as u32 - 1
                });
                self.await_connected(number, connecting);
            }
        }
    }

    /// Waits until a host may answer to a connection that is being made, or has had time enough.
    fn await_connected(&mut self, number: u32, connecting: Connecting) {
        let Connecting { pool, began, retries, .. } = connecting;
        let timeout = Envoy::upstream(&mut self.envoys, pool.envoy, pool.upstream)
            .map_or(0, |upstream| upstream.connect_timeout);
        let at = began.saturating_add(timeout.min(asks_again_after(retries)));
        if let Some(known) = self.connecting.get_mut(number as usize) {
            *known = connecting;
        }
        self.queue.push(at, Due::Connect(number));
    }

    /// The kernel asks again for a connection that is being made, or Envoy gives it up.
    pub(super) fn on_connecting(&mut self, number: u32) {
        let Some(connecting) = self.connecting.get(number as usize).copied() else { return };
        let pool = connecting.pool;
        let Some(upstream) = Envoy::upstream(&mut self.envoys, pool.envoy, pool.upstream) else {
            return;
        };
        if !upstream.connections.is_connecting(pool.worker, pool.host, connecting.time) {
            self.free_connecting.push(number);
            return;
        }
        let behaviour = self.endpoints.behaviour(upstream.pod(pool.host)).0;
        let gives_up = self.now >= connecting.began.saturating_add(upstream.connect_timeout);
        if behaviour == Behaviour::Unreachable && !gives_up {
            let retries = connecting.retries + 1;
            return self.await_connected(number, Connecting { retries, ..connecting });
        }
        self.free_connecting.push(number);
        upstream.connections.end_connecting(pool.worker, pool.host);
        if gives_up || behaviour == Behaviour::Refuse {
            return self.fail_waiting(pool);
        }
        upstream.connections.connected(pool.worker, pool.host);
        self.serve_waiting(pool);
    }

    /// A connection failed: whoever waits in its pool fails with it.
    fn fail_waiting(&mut self, pool: PoolId) {
        let Some(upstream) = Envoy::upstream(&mut self.envoys, pool.envoy, pool.upstream) else {
            return;
        };
        for slot in upstream.connections.purge(pool.worker, pool.host) {
            self.end_attempt(slot, AttemptEnd::ConnectFailure, false);
        }
    }

    /// A request's new connection is refused.
    pub(super) fn refuse(&mut self, slot: u32) {
        let Some(pool) = self.requests.get_mut(slot).map(|request| pool_of(request)) else {
            return;
        };
        self.end_attempt(slot, AttemptEnd::ConnectFailure, false);
        self.fail_waiting(pool);
    }

    /// A request goes on a connection that it has waited for to its host.
    pub(super) fn meet(&mut self, slot: u32) {
        let Self { requests, envoys, .. } = self;
        let Some(request) = requests.get_mut(slot) else { return };
        let pool = pool_of(request);
        let Some(upstream) = Envoy::upstream(envoys, pool.envoy, pool.upstream) else { return };
        if upstream.is_full() {
            upstream.connections.give_back(pool.worker, pool.host, Afterwards::Usable);
            self.finish(slot, Outcome::local(503, ResponseFlags::UO));
            return self.serve_waiting(pool);
        }
        let met = self.endpoints.behaviour(request.pod);
        let around = Around { now: self.now, watches: &mut self.watches, rng: &mut self.envoy_rng };
        around.meet(request, upstream, met);
        let way = (request.route, request.deadline);
        self.await_behaviour(slot, met.0, way);
    }
}

const fn pool_of(request: &Request) -> PoolId {
    PoolId {
        envoy: request.envoy,
        upstream: request.upstream,
        worker: request.worker,
        host: request.host,
    }
}
