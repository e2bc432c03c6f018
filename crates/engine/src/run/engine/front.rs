//! The part of a chooser of regions in a request's life, where there is one.

use std::time::Duration;

use super::{Due, Engine};
use crate::run::front::{Decision, Found, Front, OwnRequest, Response, TICK};
use crate::run::news::What;
use crate::run::outcome::{Outcome, ResponseFlags};
use crate::run::requests::Request;
use crate::time::nanos;

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
        let (envoy, worker, upstream) = (request.envoy, request.worker, request.upstream);
        let checks = self.front(envoy)?.find(worker, upstream);
        if !checks.is_empty() {
            self.look(envoy, worker, checks);
        }
        let now = self.time();
        let front = self.envoys.get_mut(envoy as usize)?.front.as_mut()?;
        match front.decide(worker, upstream, now, &mut self.envoy_rng) {
            Decision::Native => return None,
            Decision::Fail => return Some(Err(Outcome::local(503, ResponseFlags::NONE))),
            Decision::Route { plan, choice } => {
                request.route = plan;
                request.choice = Some(choice);
            }
        }
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

    /// Lets the router see how a request that it routed has ended; see [`Front::on_response`](crate::run::front::Front::on_response).
    fn tell_front(&mut self, request: &Request, outcome: Outcome) -> Option<bool> {
        let choice = request.choice?;
        let now = self.time();
        let has_upstream = request.upstream != Request::NO_UPSTREAM;
        let response = Response {
            status: outcome.status,
            details: code_details(outcome, request.answered),
            served: has_upstream.then_some(request.upstream),
            took: Duration::from_nanos(self.now - request.started),
        };
        let front = self.front(request.envoy)?;
        let failed = front.on_response(request.worker, choice, response, now);
        self.tell_regions(request.envoy);
        failed
    }

    /// Sends a request that failed once more, to another region. Whether its answer must wait.
    ///
    /// **Source**: filters/region-router/src/rescue.rs: a call of the filter's own, so without the route's retries and timeouts.
    fn try_elsewhere(&mut self, first: &Request, outcome: Outcome, unreached: bool) -> bool {
        let now = self.time();
        let Some(front) = self.front(first.envoy) else { return false };
        let wanted =
            first.choice.and_then(|choice| front.rescue(first.worker, choice, unreached, now));
        let Some(wanted) = wanted else { return false };
        let mut second = Request::new(self.now, first.span);
        (second.envoy, second.worker, second.upstream) =
            (first.envoy, first.worker, wanted.upstream);
        second.route = u32::MAX;
        second.is_second = true;
        second.choice = Some(wanted.choice);
        let timeout = nanos(wanted.timeout);
        second.deadline = self.now.saturating_add(timeout);
        let slot = self.requests.insert(second);
        self.waiting.push(Waiting { slot, first: *first, outcome });
        if self.attempt(slot) {
            self.recorder.retry(first.span);
        }
        true
    }

    /// The second try has ended: a good answer takes the place of the first.
    fn answer_waiting(&mut self, slot: u32, second: &Request, outcome: Outcome) {
        let Some(place) = self.waiting.iter().position(|one| one.slot == slot) else {
            return;
        };
        let Waiting { first, outcome: before, .. } = self.waiting.swap_remove(place);
        let (took, now) = (self.now - first.started, self.time());
        // A call that Envoy refuses is none, and the router does not hear of it again.
        if let (Some(failed), Some(choice), Some(front)) =
            (first.choice, second.choice, self.front(first.envoy))
            && !outcome.is_refusal()
        {
            front.on_second_answer(first.worker, failed, choice, outcome.status, now);
            self.tell_regions(first.envoy);
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
            front.on_probe(request.worker, choice, outcome.status, now);
        }
        self.tell_regions(request.envoy);
    }

    /// A thread of the chooser has its tick.
    pub(super) fn on_tick(&mut self, envoy: u32, machine: u32) {
        let now = self.time();
        self.queue.push(self.now + TICK, Due::Tick { envoy, machine });
        let Some(front) = self.front(envoy) else { return };
        let checks = front.on_tick(machine, now);
        self.look(envoy, machine, checks);
        if let Some(front) = self.front(envoy) {
            front.end_tick(machine, now);
        }
        self.tell_regions(envoy);
    }

    /// Sends a thread's own requests and tells it what is known of them at once.
    fn look(&mut self, envoy: u32, machine: u32, checks: Vec<OwnRequest>) {
        let now = self.time();
        for wanted in checks {
            let found = self.check(envoy, machine, wanted);
            // A probe that was sent says more when it ends.
            if (wanted.probe.is_none() || found != Found::Usable)
                && let Some(front) = self.front(envoy)
            {
                front.on_check(machine, wanted.choice, found, now);
            }
        }
        self.tell_regions(envoy);
    }

    /// Sends a request of the chooser's own; Envoy says at once when it cannot.
    fn check(&mut self, envoy: u32, machine: u32, wanted: OwnRequest) -> Found {
        let Some(upstream) = wanted.upstream else { return Found::NoCluster };
        let mut request = Request::new(self.now, 0);
        request.is_check = true;
        (request.envoy, request.worker, request.upstream) = (envoy, machine, upstream);
        // No route: never tried again.
        request.route = u32::MAX;
        request.deadline = self.now + wanted.probe.map_or(CHECK_TIMEOUT, nanos);
        request.choice = wanted.probe.map(|_| wanted.choice);
        let slot = self.requests.insert(request);
        self.checks_in_flight += 1;
        if self.attempt(slot) { Found::Usable } else { Found::NoUsableHost }
    }

    fn front(&mut self, envoy: u32) -> Option<&mut dyn Front> {
        Some(self.envoys.get_mut(envoy as usize)?.front.as_mut()?.as_mut())
    }

    fn tell_regions(&mut self, envoy: u32) {
        let Some(front) = self.front(envoy) else { return };
        for news in front.take_news() {
            self.shares_stale = true;
            self.tell(envoy, What::Region(news));
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
