//! From a host to a connection to it, and what a request meets there.

use super::{Due, Engine};
use crate::host::HostId;
use crate::outlier::HostResult;
use crate::run::endpoints::Behaviour;
use crate::run::envoy::Envoy;
use crate::run::requests::Next;
use crate::time::MonotonicTime;

impl Engine {
    /// A request has a connection, or makes one, and goes to its host.
    #[inline]
    pub(super) fn meet(&mut self, slot: u32, reused: bool) {
        let Some(request) = self.requests.get_mut(slot) else { return };
        request.attempt_started = self.now;
        let (host, pod) = (request.host, request.pod);
        let (behaviour, region) = self.endpoints.behaviour(pod);
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
        let way = (request.route, request.deadline);
        let Some(upstream) = Envoy::upstream(&mut self.envoys, request.envoy, request.upstream)
        else {
            return;
        };
        if request.connects {
            upstream.connections.begin_connecting();
        }
        if upstream.split && connects {
            let connected = HostResult::LocalOriginConnectSuccess;
            let time = MonotonicTime::from_nanos(self.now);
            upstream.report(host, connected, None, time, &mut self.envoy_rng);
        }
        let connect_timeout = upstream.connect_timeout;
        self.await_behaviour(slot, behaviour, (!reused).then_some(connect_timeout), way);
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
