//! Requests under way, in a table whose places are used again: as large as the most requests there ever were at once.

use super::endpoints::{PodId, RegionId};
use super::front::ChoiceId;
use crate::host::HostId;
use crate::units::Priority;

/// A place in the table, and which use of it: what is due for an earlier use is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) slot: u32,
    stamp: u32,
}

/// A request under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) started: u64,
    pub(crate) attempt_started: u64,
    /// When the route's timeout ends it; `u64::MAX`: never.
    pub(crate) deadline: u64,
    pub(crate) span: u32,
    pub(crate) envoy: u32,
    pub(crate) worker: u32,
    /// The number of its cluster; [`Self::NO_UPSTREAM`]: it has none.
    pub(crate) upstream: u32,
    /// The number of its route.
    pub(crate) route: u32,
    /// What the region router chose for it.
    pub(crate) choice: Option<ChoiceId>,
    /// Whether it is one of the region router's own, which nobody waits for.
    pub(crate) is_check: bool,
    /// Whether it is the region router's second try of another one, which waits for it.
    pub(crate) is_second: bool,
    /// Whether its last attempt was answered by an endpoint.
    pub(crate) answered: bool,
    /// Attempts so far.
    pub(crate) attempts: u32,
    pub(crate) pod: PodId,
    pub(crate) host: HostId,
    pub(crate) region: RegionId,
    pub(crate) priority: Priority,
    pub(crate) next: Next,
    /// Whether it waits for a connection of its host's.
    pub(crate) waits: bool,
    /// Whether it counts for the limit on retries.
    pub(crate) holds_retry: bool,
    /// Its place in the list of retried requests; `u32::MAX`: not retried yet.
    pub(crate) history: u32,
    stamp: u32,
    live: bool,
}

/// What comes next in a request's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The upstream answers with this status.
    Answer(u16),
    /// It goes on a connection that it has waited for.
    Connected,
    /// `per_try_timeout` is over.
    PerTryTimeout,
    /// The route's timeout is over; an attempt is under way.
    RouteTimeout,
    /// The back-off is over.
    Retry,
    /// The route's timeout is over during the back-off.
    RouteTimeoutInBackOff,
    /// Nothing: no answer will come, and no timeout is set.
    Nothing,
}

impl Next {
    /// Whether an attempt is under way meanwhile.
    pub(crate) const fn has_attempt(self) -> bool {
        !matches!(self, Self::Retry | Self::RouteTimeoutInBackOff)
    }
}

impl Request {
    /// In the place of a cluster's number: no route, or a cluster that does not exist.
    pub(crate) const NO_UPSTREAM: u32 = u32::MAX;

    /// Whether it is a client's and was tried once, and nobody chose a region for it.
    #[inline]
    pub(crate) const fn is_plain(&self) -> bool {
        !(self.is_check | self.is_second | self.holds_retry)
            && self.choice.is_none()
            && self.history == u32::MAX
    }

    pub(crate) const fn new(started: u64, span: u32) -> Self {
        Self {
            started,
            attempt_started: started,
            deadline: u64::MAX,
            span,
            envoy: 0,
            worker: 0,
            upstream: 0,
            route: 0,
            choice: None,
            is_check: false,
            is_second: false,
            answered: false,
            attempts: 0,
            pod: PodId(u32::MAX),
            host: HostId(u32::MAX),
            region: RegionId(u32::MAX),
            priority: Priority(0),
            next: Next::Nothing,
            waits: false,
            holds_retry: false,
            history: u32::MAX,
            stamp: 0,
            live: true,
        }
    }
}

/// The requests under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests {
    table: Vec<Request>,
    free: Vec<u32>,
}

impl Requests {
    #[inline]
    pub(crate) fn insert(&mut self, request: Request) -> u32 {
        if let Some(slot) = self.free.pop()
            && let Some(place) = self.table.get_mut(slot as usize)
        {
            *place = Request { stamp: place.stamp, ..request };
            return slot;
        }
        self.table.push(request);
        (self.table.len() - 1) as u32
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Request> {
        self.table.get_mut(slot as usize)
    }

    /// Says what comes next, and gives the ticket for it.
    #[inline]
    pub(crate) fn set_next(&mut self, slot: u32, next: Next) -> Ticket {
        let Some(request) = self.table.get_mut(slot as usize) else {
            return Ticket { slot, stamp: 0 };
        };
        request.stamp = request.stamp.wrapping_add(1);
        request.next = next;
        Ticket { slot, stamp: request.stamp }
    }

    /// The request of a ticket, unless something else has come in between.
    #[inline]
    pub(crate) fn redeem(&self, ticket: Ticket) -> Option<&Request> {
        self.table
            .get(ticket.slot as usize)
            .filter(|request| request.live && request.stamp == ticket.stamp)
    }

    #[inline]
    pub(crate) fn remove(&mut self, slot: u32) {
        if let Some(request) = self.table.get_mut(slot as usize) {
            request.live = false;
            request.stamp = request.stamp.wrapping_add(1);
            self.free.push(slot);
        }
    }

    /// Requests under way, by place.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Request)> {
        (0..).zip(&self.table).filter(|(_, request)| request.live)
    }

    pub(crate) fn len(&self) -> u64 {
        (self.table.len() - self.free.len()) as u64
    }
}
