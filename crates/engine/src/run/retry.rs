//! When Envoy tries a request again, and after how long.
//!
//! **Source**: Envoy source/common/router/retry_state_impl.cc `RetryStateImpl`, v1.40.
//!
//! **Not modelled**: retriable headers, gRPC statuses, `x-envoy-*` headers of the request, rate-limited back-off.

use std::time::Duration;

use super::outcome::{Outcome, ResponseFlags};
use super::upstream::Afterwards;
use crate::random::Random;
use crate::time::nanos;

const DEFAULT_BASE_INTERVAL: Duration = Duration::from_millis(25);
const DEFAULT_HOST_SELECTION_MAX_ATTEMPTS: u32 = 1;
/// `max_interval` is this many times `base_interval` unless it is set, which istiod never does.
const MAX_INTERVAL_FACTOR: u64 = 10;

/// `RetryPolicy` as istiod programs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Envoy's comma-separated conditions.
    pub retry_on: String,
    /// Retries after the first attempt.
    pub num_retries: u32,
    /// Statuses for `retriable-status-codes`.
    pub retriable_status_codes: Vec<u32>,
    /// Time for one attempt.
    pub per_try_timeout: Option<Duration>,
    /// Whether hosts already tried are avoided (`previous_hosts`).
    pub avoid_previous_hosts: bool,
    /// Draws of a host before a rejected one is accepted; `None`: Envoy's 1.
    pub host_selection_retry_max_attempts: Option<u32>,
    /// `previous_priorities` with this update frequency.
    pub previous_priorities: Option<u32>,
    /// First back-off; `None`: Envoy's 25 ms.
    pub base_interval: Option<Duration>,
}

/// What a retry policy says, ready to be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryRules {
    pub(crate) num_retries: u32,
    on: Conditions,
    statuses: Vec<u16>,
    pub(crate) per_try_timeout: Option<u64>,
    pub(crate) avoid_previous_hosts: bool,
    pub(crate) host_selection_max_attempts: u32,
    /// `previous_priorities` with this update frequency.
    pub(crate) previous_priorities: Option<u32>,
    base_interval_ms: u64,
}

/// The words of `retry_on` that a simulated request can meet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Conditions {
    any_5xx: bool,
    gateway_error: bool,
    reset: bool,
    reset_before_request: bool,
    connect_failure: bool,
    retriable_4xx: bool,
    status_codes: bool,
}

/// How an attempt ended, as far as retries care. What a circuit breaker stops is no attempt, and never tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptEnd {
    /// The upstream answered.
    Response(u16),
    /// No connection.
    ConnectFailure,
    /// The connection went away after the request was sent, or `per_try_timeout` is over.
    Reset,
}

impl AttemptEnd {
    /// What becomes of the attempt's connection.
    #[inline]
    pub(crate) const fn afterwards(self) -> Afterwards {
        match self {
            Self::Response(_) => Afterwards::Usable,
            Self::ConnectFailure => Afterwards::Closed,
            Self::Reset => Afterwards::Reset,
        }
    }
}

impl RetryRules {
    /// Reads Envoy's words.
    #[must_use]
    pub fn new(policy: &RetryPolicy) -> Self {
        let mut on = Conditions::default();
        for word in policy.retry_on.split(',').map(str::trim) {
            match word {
                "5xx" => on.any_5xx = true,
                "gateway-error" => on.gateway_error = true,
                "reset" => on.reset = true,
                "reset-before-request" => on.reset_before_request = true,
                "connect-failure" => on.connect_failure = true,
                "retriable-4xx" => on.retriable_4xx = true,
                "retriable-status-codes" => on.status_codes = true,
                _ => {}
            }
        }
        let base = policy.base_interval.unwrap_or(DEFAULT_BASE_INTERVAL);
        let status = |status: &u32| u16::try_from(*status).ok();
        Self {
            num_retries: policy.num_retries,
            on,
            statuses: policy.retriable_status_codes.iter().filter_map(status).collect(),
            per_try_timeout: policy.per_try_timeout.map(nanos).filter(|time| *time > 0),
            avoid_previous_hosts: policy.avoid_previous_hosts,
            host_selection_max_attempts: policy
                .host_selection_retry_max_attempts
                .unwrap_or(DEFAULT_HOST_SELECTION_MAX_ATTEMPTS),
            previous_priorities: policy.previous_priorities,
            base_interval_ms: u64::try_from(base.as_millis()).unwrap_or(u64::MAX).max(1),
        }
    }

    /// Whether such an end is worth another try.
    pub(crate) fn wants(&self, end: AttemptEnd) -> bool {
        let on = &self.on;
        match end {
            AttemptEnd::Response(status) => {
                on.any_5xx && (500..600).contains(&status)
                    || on.gateway_error && (502..=504).contains(&status)
                    || on.retriable_4xx && status == 409
                    || on.status_codes && self.statuses.contains(&status)
            }
            AttemptEnd::ConnectFailure => {
                on.any_5xx
                    || on.gateway_error
                    || on.reset
                    || on.reset_before_request
                    || on.connect_failure
            }
            AttemptEnd::Reset => on.any_5xx || on.gateway_error || on.reset,
        }
    }

    /// The wait before the `retry`th retry (from 1), in nanoseconds: fully jittered exponential back-off.
    ///
    /// **Draws**: one.
    pub(crate) fn back_off(&self, retry: u32, random: &mut impl Random) -> u64 {
        let max = self.base_interval_ms.saturating_mul(MAX_INTERVAL_FACTOR);
        let mut interval = self.base_interval_ms;
        for _ in 1..retry {
            interval = if interval < max / 2 { interval * 2 } else { max };
        }
        random.below(interval) * 1_000_000
    }
}

/// The response a client sees for an attempt's end that is not tried again; `exhausted`: because there are no tries left.
pub(crate) fn final_outcome(end: AttemptEnd, per_try_timeout: bool, exhausted: bool) -> Outcome {
    let outcome = match end {
        AttemptEnd::Response(status) => Outcome::upstream(status),
        AttemptEnd::ConnectFailure => Outcome::local(503, ResponseFlags::UF),
        AttemptEnd::Reset if per_try_timeout => Outcome::local(504, ResponseFlags::UT),
        AttemptEnd::Reset => Outcome::local(503, ResponseFlags::UC),
    };
    if exhausted {
        Outcome { flags: outcome.flags.with(ResponseFlags::URX), ..outcome }
    } else {
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(retry_on: &str) -> RetryRules {
        RetryRules::new(&RetryPolicy {
            retry_on: retry_on.to_owned(),
            num_retries: 2,
            retriable_status_codes: vec![429],
            ..RetryPolicy::default()
        })
    }

    #[test]
    fn istios_default_retries_connections_but_not_answers() {
        let rules =
            rules("connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes");
        assert!(rules.wants(AttemptEnd::ConnectFailure));
        assert!(rules.wants(AttemptEnd::Response(429)));
        for end in [AttemptEnd::Response(503), AttemptEnd::Reset] {
            assert!(!rules.wants(end), "{end:?}");
        }
    }

    #[test]
    fn conditions_cover_what_envoy_says() {
        assert!(rules("5xx").wants(AttemptEnd::Response(500)));
        assert!(!rules("gateway-error").wants(AttemptEnd::Response(500)));
        assert!(rules("gateway-error").wants(AttemptEnd::Response(504)));
        assert!(rules("reset").wants(AttemptEnd::Reset));
        assert!(!rules("reset-before-request").wants(AttemptEnd::Reset));
        assert!(rules("reset-before-request").wants(AttemptEnd::ConnectFailure));
    }

    #[test]
    fn back_off_doubles_up_to_its_limit() {
        let rules = rules("5xx");
        for (retry, interval) in [(1, 25), (2, 50), (3, 100), (4, 200), (5, 250), (9, 250)] {
            assert_eq!(rules.back_off(retry, &mut || interval - 1), (interval - 1) * 1_000_000);
            assert_eq!(rules.back_off(retry, &mut || interval), 0, "{retry}");
        }
    }
}
