//! When to probe a region, and what its answers add up to. Only the worker with the lease probes; the next one begins to count anew.

use std::time::Duration;

use super::config::Probe;
use crate::time::MonotonicTime;

/// An answer that has not come this long after its time never will.
const GRACE: Duration = Duration::from_secs(1);

/// How a probe ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeResult {
    /// The region answered with this status.
    Status(u16),
    /// It did not answer in time, or not at all.
    NoAnswer,
}

/// A request to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ProbeRequest<'a> {
    pub cluster: &'a str,
    pub method: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub timeout: Duration,
}

/// The probes of one region.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ProbeState {
    next: MonotonicTime,
    sent: MonotonicTime,
    /// When the answer that is waited for is given up.
    waits_until: Option<MonotonicTime>,
    successes: u32,
    failures: u32,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// It was a good one.
    pub(super) good: bool,
    /// As many as the threshold came in a row.
    pub(super) decided: bool,
}

impl ProbeState {
    /// Whether a probe should be sent now; it counts as sent.
    pub(super) fn send(&mut self, probe: &Probe, now: MonotonicTime) -> bool {
        if self.waits_until.is_some() || now < self.next {
            return false;
        }
        self.sent = now;
        self.next = now + probe.interval;
        self.waits_until = Some(now + probe.timeout + GRACE);
        true
    }

    /// How long the answer that comes now has taken; `None`: it is not waited for.
    pub(super) fn took(&self, now: MonotonicTime) -> Option<Duration> {
        self.waits_until.map(|_| now - self.sent)
    }

    /// Whether an answer is overdue.
    pub(super) fn is_lost(&self, now: MonotonicTime) -> bool {
        self.waits_until.is_some_and(|until| until <= now)
    }

    /// Nothing was sent: there was nobody to send it to. Asking again costs nothing.
    pub(super) fn not_sent(&mut self, now: MonotonicTime) {
        self.waits_until = None;
        self.successes = 0;
        self.next = now;
    }

    pub(super) fn count(&mut self, probe: &Probe, result: ProbeResult) -> Verdict {
        self.waits_until = None;
        let good = match result {
            ProbeResult::Status(status) => {
                probe.expected_statuses.iter().any(|(from, to)| (*from..=*to).contains(&status))
            }
            ProbeResult::NoAnswer => false,
        };
        if good {
            self.failures = 0;
            self.successes = self.successes.saturating_add(1);
        } else {
            self.successes = 0;
            self.failures = self.failures.saturating_add(1);
        }
        let decided = if good {
            self.successes >= probe.healthy_threshold
        } else {
            self.failures >= probe.unhealthy_threshold
        };
        Verdict { good, decided }
    }

    /// Begins to count anew, in the same rhythm.
    pub(super) fn reset(&mut self) {
        self.successes = 0;
        self.failures = 0;
    }
}
