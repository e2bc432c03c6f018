//! The connections of a cluster's workers to its hosts, the limits on them, and the requests that wait for one.
//!
//! Each worker has a pool of connections to each host. A request takes an idle one, else makes one if the cluster may have another (a pool without
//! any always may, lest its requests wait for ever), else it waits for one of its pool's. Limits count for all workers together.
//!
//! **Source**: Envoy source/common/conn_pool/conn_pool_base.cc `ConnPoolImplBase::newStreamImpl`, `tryCreateNewConnection`, `onUpstreamReady`, v1.40.
//!
//! **Not modelled**: limits on connections that requests share (HTTP/2); idle timeouts.

use std::collections::{BTreeMap, VecDeque};

use crate::cluster::CircuitBreakers;
use crate::host::HostId;

/// How a request comes to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    /// It takes one that is there.
    Reused,
    /// It makes one.
    New,
    /// It waits for one.
    Awaited,
    /// Too many wait already.
    Overflow,
}

/// A worker's connections to a host.
#[derive(Debug, Clone, Copy, Default)]
struct Pool {
    idle: u32,
    open: u32,
    /// Whether the host has left: what is open closes after use.
    gone: bool,
}

/// All connections of a cluster in an Envoy.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    /// Connections, and requests that wait for one.
    limits: Option<(u32, u32)>,
    /// Whether requests share a connection (HTTP/2).
    multiplexed: bool,
    /// By worker and host.
    pools: Vec<Vec<Pool>>,
    /// Over all pools.
    open: u32,
    pending: u32,
    /// By worker and host: places of requests, the first come first.
    waiting: BTreeMap<(u32, u32), VecDeque<u32>>,
}

impl Connections {
    pub(super) fn new(breakers: &CircuitBreakers, multiplexed: bool, workers: usize) -> Self {
        let limits = (breakers.max_connections, breakers.max_pending_requests);
        Self {
            limits: Some(limits).filter(|it| *it != (u32::MAX, u32::MAX) && !multiplexed),
            multiplexed,
            pools: vec![Vec::new(); workers],
            open: 0,
            pending: 0,
            waiting: BTreeMap::new(),
        }
    }

    /// Whether a request may have to wait for one.
    #[inline]
    pub(crate) const fn are_limited(&self) -> bool {
        self.limits.is_some()
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
        self.close_idle(host);
    }

    /// The idle connections to a host are closed.
    pub(super) fn close_idle(&mut self, host: HostId) {
        for pool in self.pools.iter_mut().filter_map(|pools| pools.get_mut(host.0 as usize)) {
            let idle = std::mem::take(&mut pool.idle);
            pool.open = pool.open.saturating_sub(idle);
            self.open = self.open.saturating_sub(idle);
        }
    }

    #[inline]
    fn pool(&mut self, worker: u32, host: HostId) -> Option<&mut Pool> {
        self.pools.get_mut(worker as usize)?.get_mut(host.0 as usize)
    }

    /// A connection for a worker's request to a host.
    #[inline]
    pub(crate) fn take(&mut self, worker: u32, host: HostId) -> Connection {
        let multiplexed = self.multiplexed;
        let Some(pool) = self.pool(worker, host) else { return Connection::New };
        if pool.idle > 0 {
            pool.idle -= u32::from(!multiplexed);
            return Connection::Reused;
        }
        let first = pool.open == 0;
        if let Some((connections, pending)) = self.limits {
            if self.pending >= pending {
                return Connection::Overflow;
            }
            if self.open >= connections && !first {
                return Connection::Awaited;
            }
        }
        self.make(worker, host);
        Connection::New
    }

    #[inline]
    fn make(&mut self, worker: u32, host: HostId) {
        self.open += 1;
        if let Some(pool) = self.pool(worker, host) {
            pool.open += 1;
        }
    }

    /// A request's connection is free again, or closed.
    #[inline]
    pub(crate) fn give_back(&mut self, worker: u32, host: HostId, usable: bool) {
        let multiplexed = self.multiplexed;
        let Some(pool) = self.pool(worker, host) else { return };
        if multiplexed {
            // One carries all.
            pool.idle = if usable { 1 } else { pool.idle };
        } else if usable && !pool.gone {
            pool.idle += 1;
        } else {
            pool.open = pool.open.saturating_sub(1);
            self.open = self.open.saturating_sub(1);
        }
    }

    /// A request, by its place, waits for a connection.
    pub(crate) fn wait(&mut self, worker: u32, host: HostId, slot: u32) {
        self.pending += 1;
        self.waiting.entry((worker, host.0)).or_default().push_back(slot);
    }

    /// It does not wait any longer.
    pub(crate) fn give_up(&mut self, worker: u32, host: HostId, slot: u32) {
        self.pending = self.pending.saturating_sub(1);
        if let Some(queue) = self.waiting.get_mut(&(worker, host.0)) {
            queue.retain(|waiting| *waiting != slot);
        }
    }

    /// A request whose connection is not made yet waits too.
    pub(crate) const fn begin_connecting(&mut self) {
        self.pending += 1;
    }

    /// It waits no longer.
    pub(crate) const fn end_connecting(&mut self) {
        self.pending = self.pending.saturating_sub(1);
    }

    /// The request that gets a connection of this pool now, and whether the connection is there already.
    #[inline]
    pub(crate) fn next_served(&mut self, worker: u32, host: HostId) -> Option<(u32, bool)> {
        let (most, _) = self.limits?;
        let queue = self.waiting.get_mut(&(worker, host.0))?;
        let slot = *queue.front()?;
        let may_open = self.open < most;
        let pool = self.pools.get_mut(worker as usize)?.get_mut(host.0 as usize)?;
        let reused = pool.idle > 0;
        if !reused && !may_open && pool.open > 0 {
            return None;
        }
        queue.pop_front();
        self.pending = self.pending.saturating_sub(1);
        if reused {
            pool.idle -= 1;
        } else {
            self.make(worker, host);
        }
        Some((slot, reused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: HostId = HostId(0);

    fn connections(most: u32, pending: u32) -> Connections {
        let breakers = CircuitBreakers {
            max_connections: most,
            max_pending_requests: pending,
            ..CircuitBreakers::UNLIMITED
        };
        let mut connections = Connections::new(&breakers, false, 2);
        connections.add_host();
        connections.add_host();
        connections
    }

    #[test]
    fn who_finds_no_connection_waits_for_one_of_its_pool() {
        let mut connections = connections(2, 1);
        assert_eq!(connections.take(0, HOST), Connection::New);
        assert_eq!(connections.take(0, HOST), Connection::New);
        assert_eq!(connections.take(0, HOST), Connection::Awaited);
        connections.wait(0, HOST, 7);
        assert_eq!(connections.take(0, HOST), Connection::Overflow);
        assert_eq!(connections.next_served(0, HOST), None);
        connections.give_back(0, HOST, true);
        assert_eq!(connections.next_served(0, HOST), Some((7, true)));
        connections.give_back(0, HOST, true);
        assert_eq!(connections.take(0, HOST), Connection::Reused);
    }

    #[test]
    fn a_pool_without_a_connection_always_gets_one() {
        let mut connections = connections(1, 5);
        assert_eq!(connections.take(0, HOST), Connection::New);
        assert_eq!(connections.take(1, HOST), Connection::New);
        assert_eq!(connections.take(0, HostId(1)), Connection::New);
        assert_eq!(connections.take(0, HOST), Connection::Awaited);
        connections.wait(0, HOST, 3);
        // A connection that breaks makes room for a new one.
        connections.give_back(0, HOST, false);
        assert_eq!(connections.next_served(0, HOST), Some((3, false)));
    }

    #[test]
    fn a_host_that_left_frees_what_it_held() {
        let mut connections = connections(2, 5);
        for _ in 0..2 {
            connections.take(0, HOST);
        }
        connections.give_back(0, HOST, true);
        connections.remove_host(HOST);
        connections.give_back(0, HOST, true);
        assert_eq!(connections.open, 0);
    }
}
