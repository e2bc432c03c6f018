//! Retries: what a VirtualService, the mesh or istiod itself asks of Envoy's router.
//!
//! Levels replace each other as a whole, and a block without attempts switches retries off.
//!
//! **Source**: Istio pilot/pkg/networking/core/route/retry/retry.go `ConvertPolicy`,
//! `DefaultPolicy`, `InboundPolicy`, 1.31.

use super::IstioVersion;
use crate::manifest::HttpRetry;
use crate::route::RetryPolicy;

const DEFAULT_RETRY_ON: &str =
    "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";
const INBOUND_RETRY_ON: &str = "reset-before-request";
const STATUS_CODES: &str = "retriable-status-codes";
const DEFAULT_ATTEMPTS: u32 = 2;
const HOST_SELECTION_ATTEMPTS: u32 = 5;
/// Priorities already tried are left out after every this many attempts.
const PREVIOUS_PRIORITIES_UPDATE: u32 = 2;

/// The policy of a route; `None`: no retries.
///
/// `hashed` says whether the only destination hashes consistently: its default retry may hit the same host.
///
/// ```
/// use mesh_failover_core::manifest::HttpRetry;
/// use mesh_failover_core::translate::{IstioVersion, retry_policy};
///
/// let default = retry_policy(None, false, IstioVersion::NEWEST).unwrap();
/// assert_eq!(default.num_retries, 2);
/// assert!(default.retriable_status_codes.is_empty(), "an upstream's 503 is not retried");
/// assert_eq!(retry_policy(Some(&HttpRetry::default()), false, IstioVersion::NEWEST), None);
/// ```
#[must_use]
pub fn retry_policy(
    retries: Option<&HttpRetry>,
    hashed: bool,
    version: IstioVersion,
) -> Option<RetryPolicy> {
    let default = || {
        let codes = if version.retries_503_by_default() { vec![503] } else { Vec::new() };
        (DEFAULT_RETRY_ON.to_owned(), codes)
    };
    let base = |(retry_on, retriable_status_codes)| RetryPolicy {
        retry_on,
        num_retries: DEFAULT_ATTEMPTS,
        retriable_status_codes,
        avoid_previous_hosts: !hashed,
        host_selection_retry_max_attempts: Some(HOST_SELECTION_ATTEMPTS),
        ..RetryPolicy::default()
    };
    let Some(retries) = retries else { return Some(base(default())) };
    let num_retries = attempts(retries)?;
    let conditions = retries.retry_on.as_deref().filter(|text| !text.is_empty()).map(parse);
    let remote = retries.retry_remote_localities == Some(true);
    Some(RetryPolicy {
        num_retries,
        per_try_timeout: retries.per_try_timeout.map(|timeout| timeout.0),
        base_interval: retries.backoff.map(|interval| interval.0),
        avoid_previous_hosts: retries.retry_ignore_previous_hosts.unwrap_or(!hashed),
        previous_priorities: remote.then_some(PREVIOUS_PRIORITIES_UPDATE),
        ..base(conditions.unwrap_or_else(default))
    })
}

/// The policy of a sidecar's inbound route.
#[must_use]
pub fn inbound_retry_policy(retries: Option<&HttpRetry>) -> Option<RetryPolicy> {
    let default = || (INBOUND_RETRY_ON.to_owned(), Vec::new());
    let attempts = match retries {
        Some(retries) => attempts(retries)?,
        None => DEFAULT_ATTEMPTS,
    };
    let written = retries.and_then(|retries| retries.retry_on.as_deref());
    let (retry_on, retriable_status_codes) =
        written.filter(|text| !text.is_empty()).map_or_else(default, parse);
    Some(RetryPolicy {
        retry_on,
        num_retries: attempts,
        retriable_status_codes,
        base_interval: retries.and_then(|retries| retries.backoff).map(|interval| interval.0),
        ..RetryPolicy::default()
    })
}

fn attempts(retries: &HttpRetry) -> Option<u32> {
    u32::try_from(retries.attempts).ok().filter(|&attempts| attempts > 0)
}

/// Takes status codes out of `retryOn`; numbers that are no status stay words.
fn parse(retry_on: &str) -> (String, Vec<u32>) {
    let mut words = Vec::new();
    let mut codes = Vec::new();
    for part in retry_on.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.parse().ok().filter(|&code| is_registered_status(code)) {
            Some(code) => codes.push(code),
            None => words.push(part),
        }
    }
    if !codes.is_empty() && !words.contains(&STATUS_CODES) {
        words.push(STATUS_CODES);
    }
    (words.join(","), codes)
}

/// **Source**: Go net/http `StatusText`.
fn is_registered_status(code: u32) -> bool {
    matches!(
        code,
        100..=103
            | 200..=208
            | 226
            | 300..=305
            | 307
            | 308
            | 400..=418
            | 421..=426
            | 428
            | 429
            | 431
            | 451
            | 500..=508
            | 510
            | 511
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_out_of_the_conditions() {
        let check = |text, words: &str, codes: &[u32]| {
            assert_eq!(parse(text), (words.to_owned(), codes.to_vec()), "{text}");
        };
        check("503,reset", "reset,retriable-status-codes", &[503]);
        check("retriable-status-codes,429", "retriable-status-codes", &[429]);
        check("5xx,306,599", "5xx,306,599", &[]);
    }

    #[test]
    fn older_versions_retried_503() {
        let codes = |minor| {
            let policy = retry_policy(None, false, IstioVersion::new(1, minor)).unwrap();
            policy.retriable_status_codes
        };
        assert_eq!(codes(23), [503]);
        assert!(codes(24).is_empty());
    }

    #[test]
    fn a_hashed_route_may_hit_the_same_host_again() {
        let policy =
            |retries: Option<&HttpRetry>| retry_policy(retries, true, IstioVersion::NEWEST);
        assert!(!policy(None).unwrap().avoid_previous_hosts);
        let forced = HttpRetry {
            attempts: 1,
            retry_ignore_previous_hosts: Some(true),
            ..HttpRetry::default()
        };
        assert!(policy(Some(&forced)).unwrap().avoid_previous_hosts);
    }
}
