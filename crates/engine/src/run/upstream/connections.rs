//! The connections of a cluster's workers to its hosts, the limits on them, and the requests that wait for one.
//!
//! Each worker has a pool of connections to each host. A request takes a stream of one that is there. If all are busy it waits in the pool, which makes
//! another connection unless those under way suffice for all who wait or the cluster may have no more (a pool without any always may, lest its requests wait
//! for ever). **A connection that fails takes all with it that wait in its pool**, whoever they waited for. Limits count for all workers together.
//!
//! Over HTTP/1 a connection has one stream and ends with a request that was not answered; over HTTP/2 it has many and stays. A host that is ejected, or leaves,
//! has its connections drained: they end with the requests that they have, and the next request makes a new one.
//!
//! **Source**: Envoy source/common/conn_pool/conn_pool_base.cc `ConnPoolImplBase::newStreamImpl`, `tryCreateNewConnection`, `onUpstreamReady`,
//! `onConnectionEvent`, `drainConnectionsImpl`; source/common/upstream/cluster_manager_impl.cc `ClusterManagerImpl::postThreadLocalHealthFailure`, v1.40.
//!
//! **Not modelled**: time to connect to a host that can be reached; the limit on streams that a server sets; `max_requests_per_connection` above 1;
//! idle timeouts.

use std::collections::VecDeque;

use mesh_failover_sorted::SortedMap;

use crate::cluster::{CircuitBreakers, HttpProtocolOptions};
use crate::host::HostId;

/// Streams that Envoy opens on an HTTP/2 connection unless it is told otherwise.
///
/// **Source**: Envoy `config.core.v3.Http2ProtocolOptions.max_concurrent_streams`, v1.40.
const DEFAULT_CONCURRENT_STREAMS: u32 = 1024;

/// How a request comes to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    /// It takes one of a connection that is there.
    Reused,
    /// It makes a connection.
    New,
    /// It waits for one.
    Awaited,
    /// Too many wait already.
    Overflow,
}

/// What becomes of a connection when a request leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// Another request may take the stream.
    Usable,
    /// The request was given up: HTTP/1 has to close the connection.
    Reset,
    /// The connection was refused, or is gone.
    Closed,
}

/// What a pool does next for those who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// It gives a stream to the request of this place.
    Stream(u32),
    /// It makes a connection.
    Connect,
}

/// A worker's connections to a host.
#[derive(Debug, Clone, Copy, Default)]
struct Pool {
    /// Streams of connections that are there for the next requests.
    free: u32,
    connected: u32,
    connecting: u32,
    /// Given up connections that were being made are of an earlier time.
    time: u32,
    /// Connections that end with what they have, and the streams in use of them.
    draining: u32,
    draining_streams: u32,
    /// Whether the host has left: what is open closes after use.
    gone: bool,
}

impl Pool {
    const fn is_empty(&self) -> bool {
        self.connected == 0 && self.connecting == 0 && self.draining == 0
    }

    /// Streams of its connections, in use or free.
    const fn capacity(&self, streams: u32) -> u32 {
        self.connected.saturating_mul(streams)
    }
}

/// All connections of a cluster in an Envoy.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    max_connections: u32,
    max_pending: u32,
    /// Of each connection: one over HTTP/1.
    streams: u32,
    /// Whether a connection serves one request only.
    once: bool,
    /// By worker and host.
    pools: Vec<Vec<Pool>>,
    /// Over all pools.
    open: u32,
    pending: u32,
    /// By worker and host: places of requests, the first come first. No list is empty.
    waiting: SortedMap<(u32, HostId), VecDeque<u32>>,
}

impl Connections {
    /// For a cluster with these limits and options.
    pub(super) fn of(
        breakers: &CircuitBreakers,
        http: &HttpProtocolOptions,
        workers: usize,
    ) -> Self {
        let streams = match http.http2 {
            true => http.max_concurrent_streams.unwrap_or(DEFAULT_CONCURRENT_STREAMS).max(1),
            false => 1,
        };
        Self {
            max_connections: breakers.max_connections,
            max_pending: breakers.max_pending_requests,
            streams,
            once: streams == 1 && http.max_requests_per_connection == Some(1),
            pools: vec![Vec::new(); workers],
            open: 0,
            pending: 0,
            waiting: SortedMap::new(),
        }
    }

    /// Whether some request waits.
    #[inline]
    pub(crate) const fn are_awaited(&self) -> bool {
        self.pending > 0
    }

    /// A host with the next number.
    pub(super) fn add_host(&mut self) {
        self.pools.iter_mut().for_each(|pools| pools.push(Pool::default()));
    }

    /// A host has left.
    pub(super) fn remove_host(&mut self, host: HostId) {
        for pool in self.pools.iter_mut().filter_map(|pools| pools.get_mut(host.0 as usize)) {
            pool.gone = true;
        }
        self.drain(host);
    }

    /// The connections to a host end, each with the last request that it has now.
    pub(super) fn drain(&mut self, host: HostId) {
        for worker in 0..self.pools.len() as u32 {
            self.close_idle(worker, host);
            let are_unwanted = self.waiting_for(worker, host) == 0;
            let streams = self.streams;
            let Some(pool) = self.pool(worker, host) else { continue };
            let in_use = pool.capacity(streams).saturating_sub(pool.free);
            pool.draining_streams = pool.draining_streams.saturating_add(in_use);
            pool.draining += pool.connected;
            (pool.connected, pool.free) = (0, 0);
            if are_unwanted {
                pool.time += 1;
                let given_up = std::mem::take(&mut pool.connecting);
                self.open = self.open.saturating_sub(given_up);
            }
        }
    }

    /// A worker's connections to a host without a request are closed.
    fn close_idle(&mut self, worker: u32, host: HostId) {
        let streams = self.streams;
        let Some(pool) = self.pool(worker, host) else { return };
        let idle = pool.free / streams;
        pool.free -= idle * streams;
        pool.connected = pool.connected.saturating_sub(idle);
        self.open = self.open.saturating_sub(idle);
    }

    /// The connections to a host are cut. Of requests on those of HTTP/1 each then says so for itself.
    pub(super) fn cut(&mut self, host: HostId) {
        for worker in 0..self.pools.len() as u32 {
            self.close_idle(worker, host);
            let streams = self.streams;
            let Some(pool) = self.pool(worker, host).filter(|_| streams > 1) else { continue };
            let cut = pool.connected + pool.draining;
            (pool.connected, pool.free, pool.draining, pool.draining_streams) = (0, 0, 0, 0);
            self.open = self.open.saturating_sub(cut);
        }
    }

    #[inline]
    fn pool(&mut self, worker: u32, host: HostId) -> Option<&mut Pool> {
        self.pools.get_mut(worker as usize)?.get_mut(host.0 as usize)
    }

    fn waiting_for(&self, worker: u32, host: HostId) -> u32 {
        self.waiting.get(&(worker, host)).map_or(0, VecDeque::len) as u32
    }

    /// A stream for a worker's request to a host; `is_reachable`: a connection would be there at once.
    #[inline]
    pub(crate) fn take(&mut self, worker: u32, host: HostId, is_reachable: bool) -> Connection {
        let Some(pool) = self.pool(worker, host) else { return Connection::New };
        if pool.free > 0 {
            pool.free -= 1;
            return Connection::Reused;
        }
        let (first, connecting) = (pool.is_empty(), pool.connecting > 0);
        if self.pending >= self.max_pending {
            return Connection::Overflow;
        }
        let may_connect = first || self.open < self.max_connections;
        let others_wait = self.pending > 0 && self.waiting_for(worker, host) > 0;
        if connecting || others_wait || !may_connect || !is_reachable {
            return Connection::Awaited;
        }
        self.connected(worker, host);
        if let Some(pool) = self.pool(worker, host) {
            pool.free -= 1;
        }
        Connection::New
    }

    /// A request has left its stream.
    #[inline]
    pub(crate) fn give_back(&mut self, worker: u32, host: HostId, afterwards: Afterwards) {
        let (streams, once) = (self.streams, self.once);
        let Some(pool) = self.pool(worker, host) else { return };
        if pool.draining > 0 {
            return self.end_draining(worker, host);
        }
        let stays = match afterwards {
            Afterwards::Usable => streams > 1 || !(pool.gone || once),
            Afterwards::Reset => streams > 1,
            Afterwards::Closed => false,
        };
        if stays {
            // Of a connection that was cut meanwhile nothing is left to be given back.
            pool.free = pool.free.saturating_add(1).min(pool.capacity(streams));
            if pool.gone {
                self.close_idle(worker, host);
            }
        } else if pool.connected > 0 {
            pool.connected -= 1;
            pool.free = pool.free.saturating_sub(streams - 1);
            self.open = self.open.saturating_sub(1);
        }
    }

    /// A request has left a connection that drains; the oldest are taken to end first.
    #[cold]
    fn end_draining(&mut self, worker: u32, host: HostId) {
        let streams = self.streams;
        let Some(pool) = self.pool(worker, host) else { return };
        pool.draining_streams = pool.draining_streams.saturating_sub(1);
        let left = pool.draining_streams.div_ceil(streams).min(pool.draining);
        let ended = std::mem::replace(&mut pool.draining, left) - left;
        self.open = self.open.saturating_sub(ended);
    }

    /// A request, by its place, waits for a stream.
    pub(crate) fn wait(&mut self, worker: u32, host: HostId, slot: u32) {
        self.pending += 1;
        self.waiting.entry((worker, host)).or_default().push_back(slot);
    }

    /// It does not wait any longer; a connection that was made for it goes on.
    pub(crate) fn give_up(&mut self, worker: u32, host: HostId, slot: u32) {
        let Some(queue) = self.waiting.get_mut(&(worker, host)) else { return };
        let before = queue.len();
        queue.retain(|waiting| *waiting != slot);
        self.pending = self.pending.saturating_sub((before - queue.len()) as u32);
        if queue.is_empty() {
            self.waiting.remove(&(worker, host));
        }
    }

    /// What a pool does next for those who wait in it; `None`: nothing now.
    pub(crate) fn next_service(&mut self, worker: u32, host: HostId) -> Option<Service> {
        let waiting = self.waiting_for(worker, host);
        let (streams, may_connect) = (self.streams, self.open < self.max_connections);
        let pool = self.pool(worker, host).filter(|_| waiting > 0)?;
        if pool.free > 0 {
            pool.free -= 1;
            let queue = self.waiting.get_mut(&(worker, host))?;
            let slot = queue.pop_front()?;
            if queue.is_empty() {
                self.waiting.remove(&(worker, host));
            }
            self.pending = self.pending.saturating_sub(1);
            return Some(Service::Stream(slot));
        }
        let suffices = pool.connecting.saturating_mul(streams) >= waiting;
        let first = pool.is_empty();
        (!suffices && (first || may_connect)).then_some(Service::Connect)
    }

    /// A pool has another connection.
    pub(crate) fn connected(&mut self, worker: u32, host: HostId) {
        let streams = self.streams;
        self.open += 1;
        if let Some(pool) = self.pool(worker, host) {
            pool.connected += 1;
            pool.free = pool.free.saturating_add(streams);
        }
    }

    /// A pool tries to get another connection; [`Self::end_connecting`] wants to know when.
    pub(crate) fn begin_connecting(&mut self, worker: u32, host: HostId) -> u32 {
        self.open += 1;
        let Some(pool) = self.pool(worker, host) else { return 0 };
        pool.connecting += 1;
        pool.time
    }

    /// Whether a connection that was begun at that time is still being made.
    pub(crate) fn is_connecting(&self, worker: u32, host: HostId, time: u32) -> bool {
        let pool = self.pools.get(worker as usize).and_then(|pools| pools.get(host.0 as usize));
        pool.is_some_and(|pool| pool.connecting > 0 && pool.time == time)
    }

    /// It is there, or was not made in time; [`Self::purge`] says who fails with it.
    pub(crate) fn end_connecting(&mut self, worker: u32, host: HostId) {
        self.open = self.open.saturating_sub(1);
        if let Some(pool) = self.pool(worker, host) {
            pool.connecting = pool.connecting.saturating_sub(1);
        }
    }

    /// A connection failed: all who wait in its pool.
    pub(crate) fn purge(&mut self, worker: u32, host: HostId) -> VecDeque<u32> {
        let purged = self.waiting.remove(&(worker, host)).unwrap_or_default();
        self.pending = self.pending.saturating_sub(purged.len() as u32);
        purged
    }
}

#[cfg(test)]
mod tests;
