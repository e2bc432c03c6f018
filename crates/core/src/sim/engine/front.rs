//! The region router's part in a request's life, in the arm that has one.

use std::time::Duration;

use super::{Due, Engine};
use crate::router::{Check, Choice, Decision};
use crate::sim::front::{CheckRequest, TICK};
use crate::sim::outcome::{Outcome, ResponseFlags};
use crate::sim::requests::Request;

/// How long Envoy waits for the answer to a check. **Source**: filters/region-router/src/worker.rs `CHECK_TIMEOUT`.
const CHECK_TIMEOUT: u64 = 1_000_000_000;

/// A request whose answer waits for its second try.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// The second try's place.
    slot: u32,
    first: Request,
    outcome: Outcome,
}

impl Engine {
    /// Lets the router choose a region for a request that has a route; if it does, the route is selected anew.
    pub(super) fn ask_front(&mut self, request: &mut Request) -> Option<Result<(), Outcome>> {
        let envoy = self.envoys.get_mut(request.envoy as usize)?;
        let front = envoy.front.as_mut()?;
        let cluster = self.routes.clusters.get(request.upstream as usize)?;
        let checks = front.find(request.worker, cluster);
        if !checks.is_empty() {
            self.look(request.envoy, request.worker, checks);
        }
        let front = self.envoys.get_mut(request.envoy as usize)?.front.as_mut()?;
        let cluster = self.routes.clusters.get(request.upstream as usize)?;
        let looks = &self.routes.request;
        let route = match front.decide(request.worker, cluster, looks, &mut self.envoy_rng) {
            Decision::Native => return None,
            Decision::Fail(_) => return Some(Err(Outcome::local(503, ResponseFlags::NONE))),
            Decision::Region(route) => route,
        };
        request.route = self.routes.of_region(route.region);
        request.choice = Some(route.choice);
        Some(self.route(request))
    }

    /// Answers the client with what its request, or the second try of it, ended with: the router sees it first, and may try again.
    pub(super) fn answer(&mut self, slot: u32, request: &Request, outcome: Outcome) {
        if request.is_second {
            return self.answer_waiting(slot, request, outcome);
        }
        if let Some(unreached) = self.tell_front(request, outcome)
            && outcome.status >= 500
            && self.try_elsewhere(request, outcome, unreached)
        {
            return;
        }
        let region = request.answered.then_some(request.region);
        self.recorder.request(request.span, region, outcome, self.now - request.started);
    }

    /// Lets the router see how a request that it routed has ended; see [`Front::on_response`](crate::sim::front::Front::on_response).
    pub(super) fn tell_front(&mut self, request: &Request, outcome: Outcome) -> Option<bool> {
        let choice = request.choice?;
        let now = self.time();
        let front = self.envoys.get_mut(request.envoy as usize)?.front.as_mut()?;
        let details = code_details(outcome, request.answered);
        let took = Duration::from_nanos(self.now - request.started);
        let failed =
            front.on_response(request.worker, choice, (outcome.status, details), took, now);
        self.log_front(request.envoy);
        failed
    }

    /// Sends a request that failed once more, to another region. Whether its answer must wait.
    ///
    /// **Source**: filters/region-router/src/rescue.rs: a call of the filter's own, so without the route's retries and timeouts.
    fn try_elsewhere(&mut self, first: &Request, outcome: Outcome, unreached: bool) -> bool {
        let now = self.time();
        let Some(front) =
            self.envoys.get_mut(first.envoy as usize).and_then(|it| it.front.as_mut())
        else {
            return false;
        };
        let looks = &self.routes.request;
        let replay = first
            .choice
            .and_then(|choice| front.rescue(first.worker, choice, looks, unreached, now));
        let Some((replay, cluster)) = replay else { return false };
        let known = self.routes.clusters.iter().position(|name| name == cluster);
        let Some(upstream) = known else { return false };
        let mut second = Request::new(self.now, first.span);
        (second.envoy, second.worker, second.upstream) =
            (first.envoy, first.worker, upstream as u32);
        second.route = u32::MAX;
        second.is_second = true;
        second.choice = Some(replay.choice);
        let timeout = u64::try_from(replay.timeout.as_nanos()).unwrap_or(u64::MAX / 2);
        second.deadline = self.now.saturating_add(timeout);
        let slot = self.requests.insert(second);
        self.waiting.push(Waiting { slot, first: *first, outcome });
        self.recorder.retry(first.span);
        self.attempt(slot);
        true
    }

    /// The second try has ended: a good answer takes the place of the first.
    fn answer_waiting(&mut self, slot: u32, second: &Request, outcome: Outcome) {
        let Some(place) = self.waiting.iter().position(|one| one.slot == slot) else {
            return;
        };
        let Waiting { first, outcome: before, .. } = self.waiting.swap_remove(place);
        let (took, now) = (self.now - first.started, self.time());
        if let (Some(failed), Some(choice), Some(front)) =
            (first.choice, second.choice, self.front(first.envoy))
        {
            front.on_second_answer(first.worker, failed, choice, outcome.status, now);
            self.log_front(first.envoy);
        }
        if outcome.status >= 500 {
            let region = first.answered.then_some(first.region);
            return self.recorder.request(first.span, region, before, took);
        }
        // Envoy's log keeps what it said of the first answer.
        let shown = Outcome::local(outcome.status, before.flags);
        let region = second.answered.then_some(second.region);
        self.recorder.request(first.span, region, shown, took);
    }

    /// Tells the virtual machine that sent it how a probe has ended.
    pub(super) fn tell_prober(&mut self, request: &Request, outcome: Outcome) {
        let Some(choice) = request.choice else { return };
        let now = self.time();
        if let Some(front) = self.front(request.envoy) {
            // Envoy's own answers have statuses too.
            front.on_probe(request.worker, choice, Some(outcome.status), now);
        }
        self.log_front(request.envoy);
    }

    /// A virtual machine of the router has its tick.
    pub(in crate::sim) fn on_tick(&mut self, envoy: u32, machine: u32) {
        let now = self.time();
        self.queue.push(self.now + TICK, Due::Tick { envoy, machine });
        let Some(front) = self.front(envoy) else { return };
        let checks = front.on_tick(machine, now);
        self.look(envoy, machine, checks);
        if let Some(front) = self.front(envoy) {
            front.end_tick(machine, now);
        }
        self.log_front(envoy);
    }

    /// Sends a virtual machine's own requests and tells it what is known of them at once.
    fn look(&mut self, envoy: u32, machine: u32, checks: Vec<CheckRequest>) {
        let now = self.time();
        for (choice, cluster, probe) in checks {
            let found =
                self.check(envoy, machine, &cluster, probe.map(|timeout| (choice, timeout)));
            if let Some(front) = self.front(envoy) {
                // A probe that was sent says more when it ends.
                if probe.is_none() || found != Check::Usable {
                    front.on_check(machine, choice, found, now);
                }
            }
        }
        self.log_front(envoy);
    }

    /// Sends the router's own request to a cluster; Envoy says at once when it cannot.
    fn check(
        &mut self,
        envoy: u32,
        machine: u32,
        cluster: &str,
        probe: Option<(Choice, Duration)>,
    ) -> Check {
        let known = self.routes.clusters.iter().position(|name| name == cluster);
        let Some(upstream) = known else { return Check::NoCluster };
        let mut request = Request::new(self.now, 0);
        request.is_check = true;
        (request.envoy, request.worker, request.upstream) = (envoy, machine, upstream as u32);
        // No route: never tried again.
        request.route = u32::MAX;
        request.deadline = self.now + CHECK_TIMEOUT;
        if let Some((_, timeout)) = probe {
            request.deadline = self.now + u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX / 2);
        }
        let slot = self.requests.insert(request);
        self.checks_in_flight += 1;
        if !self.attempt(slot) {
            return Check::NoUsableHost;
        }
        if let Some(request) = self.requests.get_mut(slot) {
            request.choice = probe.map(|(choice, _)| choice);
        }
        Check::Usable
    }

    fn front(&mut self, envoy: u32) -> Option<&mut crate::sim::front::Front> {
        self.envoys.get_mut(envoy as usize)?.front.as_mut()
    }

    fn log_front(&mut self, envoy: u32) {
        let Some(front) = self.front(envoy) else { return };
        let events = front.take_events();
        for event in events {
            self.shares_stale = true;
            self.log.router(self.now, envoy, &event);
        }
    }
}

/// What Envoy says about how a response came to be. **Source**: Envoy envoy/stream_info/stream_info.h `ResponseCodeDetailValues`, v1.40.
const fn code_details(outcome: Outcome, answered: bool) -> &'static str {
    let flags = outcome.flags;
    if answered {
        "via_upstream"
    } else if flags.intersects(ResponseFlags::UH) {
        "no_healthy_upstream"
    } else if flags.intersects(ResponseFlags::NC) {
        "cluster_not_found"
    } else if flags.intersects(ResponseFlags::UT) {
        "response_timeout"
    } else if flags.intersects(ResponseFlags::UF) {
        "upstream_reset_before_response_started{connection_failure}"
    } else if flags.intersects(ResponseFlags::UC) {
        "upstream_reset_before_response_started{connection_termination}"
    } else if flags.intersects(ResponseFlags::UO) {
        "upstream_reset_before_response_started{overflow}"
    } else {
        "direct_response"
    }
}
