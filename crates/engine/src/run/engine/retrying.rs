//! Trying a request again.

use super::{Due, Engine};
use crate::host::HostId;
use crate::lb::previous_priorities::PreviousPriorities;
use crate::run::outcome::{Outcome, ResponseFlags};
use crate::run::requests::Next;
use crate::run::retry::{AttemptEnd, RetryRules, final_outcome};

/// Hosts and priorities a request has tried.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) hosts: Vec<HostId>,
    pub(super) priorities: Option<PreviousPriorities>,
}

impl Engine {
    /// `RetryStateImpl::shouldRetry`: a retry must be wanted, left, and allowed by the circuit breaker.
    pub(super) fn retry_or_finish(
        &mut self,
        slot: u32,
        end: AttemptEnd,
        per_try_timeout: bool,
        rules: &RetryRules,
    ) {
        self.release_retry(slot);
        let Some(request) = self.requests.get_mut(slot) else { return };
        if request.attempts > rules.num_retries {
            self.finish(slot, final_outcome(end, per_try_timeout, rules.num_retries > 0));
            return;
        }
        let envoy = self.envoys.get_mut(request.envoy as usize);
        let Some(upstream) =
            envoy.and_then(|envoy| envoy.upstreams.get_mut(request.upstream as usize))
        else {
            return;
        };
        if !upstream.may_retry() {
            let outcome = final_outcome(end, per_try_timeout, false);
            let flags = outcome.flags.with(ResponseFlags::UO);
            self.finish(slot, Outcome { flags, ..outcome });
            return;
        }
        upstream.active_retries += 1;
        request.holds_retry = true;
        request.answered = false;
        let wait = rules.back_off(request.attempts, &mut self.envoy_rng);
        let at = self.now.saturating_add(wait);
        let (at, next) = if at < request.deadline {
            (at, Next::Retry)
        } else {
            (request.deadline, Next::RouteTimeoutInBackOff)
        };
        self.remember(slot, rules);
        let ticket = self.requests.set_next(slot, next);
        self.queue.push(at, Due::Request(ticket));
    }

    /// Notes the host just tried.
    fn remember(&mut self, slot: u32, rules: &RetryRules) {
        let Some(request) = self.requests.get_mut(slot) else { return };
        self.recorder.retry(request.span);
        let fresh = || History {
            hosts: Vec::new(),
            priorities: rules.previous_priorities.map(PreviousPriorities::new),
        };
        if request.history == u32::MAX {
            request.history = self.free_histories.pop().unwrap_or_else(|| {
                self.histories.push(fresh());
                (self.histories.len() - 1) as u32
            });
            if let Some(history) = self.histories.get_mut(request.history as usize) {
                history.hosts.clear();
                history.priorities = fresh().priorities;
            }
        }
        if let Some(history) = self.histories.get_mut(request.history as usize) {
            history.hosts.push(request.host);
            if let Some(priorities) = &mut history.priorities {
                priorities.on_host_attempted(request.priority);
            }
        }
    }

    pub(super) fn release_retry(&mut self, slot: u32) {
        let Some(request) = self.requests.get_mut(slot) else { return };
        if !std::mem::take(&mut request.holds_retry) {
            return;
        }
        let envoy = self.envoys.get_mut(request.envoy as usize);
        if let Some(upstream) =
            envoy.and_then(|envoy| envoy.upstreams.get_mut(request.upstream as usize))
        {
            upstream.active_retries = upstream.active_retries.saturating_sub(1);
        }
    }
}
