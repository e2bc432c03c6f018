//! What a request under way waits for: the first of its answer and its timeouts.

use super::{Due, Engine};
use crate::random::Random;
use crate::run::endpoints::Behaviour;
use crate::run::envoy::RoutePlan;
use crate::run::latency::ResponseTime;
use crate::run::requests::Next;

impl Engine {
    /// The first of an attempt's own and its route's timeout, with what it means.
    #[inline]
    fn timeout(&self, (route, deadline): (u32, u64)) -> (u64, Next) {
        let per_try =
            RoutePlan::numbered(&self.plans, route).retry().and_then(|rules| rules.per_try_timeout);
        let per_try = per_try.map_or(u64::MAX, |timeout| self.now.saturating_add(timeout));
        if per_try < deadline {
            (per_try, Next::PerTryTimeout)
        } else {
            (deadline, Next::RouteTimeout)
        }
    }

    /// Waits for what a request meets at its host.
    #[inline]
    pub(super) fn await_behaviour(&mut self, slot: u32, behaviour: Behaviour, way: (u32, u64)) {
        match behaviour {
            Behaviour::Answer { latency, fail_below, fail_status } => {
                let fails = fail_below > 0 && self.endpoints_rng.random() < fail_below;
                let status = if fails { fail_status } else { 200 };
                let time = self.latencies.draw(latency, &mut self.endpoints_rng);
                self.await_answer(slot, status, time, way);
            }
            Behaviour::Refuse => self.refuse(slot),
            // What has a connection to who cannot be reached is swallowed.
            Behaviour::Silent | Behaviour::Unreachable => self.await_timeout_on(slot, way),
        }
    }

    #[inline]
    fn await_answer(&mut self, slot: u32, status: u16, time: ResponseTime, way: (u32, u64)) {
        let (limit, at_limit) = self.timeout(way);
        let at = match time {
            ResponseTime::Lane(lane) => {
                if limit == u64::MAX || self.queue.due_in_lane(self.now, lane) <= limit {
                    let ticket = self.requests.set_next(slot, Next::Answer(status));
                    self.queue.push_lane(self.now, lane, Due::Request(ticket));
                    return;
                }
                limit
            }
            ResponseTime::After(time) => {
                let at = self.now.saturating_add(time);
                if at <= limit {
                    let ticket = self.requests.set_next(slot, Next::Answer(status));
                    self.queue.push(at, Due::Request(ticket));
                    return;
                }
                limit
            }
        };
        let ticket = self.requests.set_next(slot, at_limit);
        self.queue.push(at, Due::Request(ticket));
    }

    /// No answer will come as things are: waits for a timeout.
    pub(super) fn await_timeout(&mut self, slot: u32) {
        let request = self.requests.get_mut(slot);
        let way = request.map_or((0, u64::MAX), |request| (request.route, request.deadline));
        self.await_timeout_on(slot, way);
    }

    fn await_timeout_on(&mut self, slot: u32, way: (u32, u64)) {
        let (at, next) = match self.timeout(way) {
            (u64::MAX, _) => (u64::MAX, Next::Nothing),
            timeout => timeout,
        };
        let ticket = self.requests.set_next(slot, next);
        if next != Next::Nothing {
            self.queue.push(at, Due::Request(ticket));
        }
    }
}
