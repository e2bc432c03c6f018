//! Telling an upstream's error from Envoy's own answer.
//!
//! A 503 may come from the region (its application failed), from Envoy about the region (no host, no connection), or
//! from Envoy about something else (a circuit breaker, another filter). Only the first two say something about the region.
//! Envoy tells them apart in `response.code_details`.
//!
//! **Source**: Envoy envoy/stream_info/stream_info.h `ResponseCodeDetailValues`, source/common/router/router.cc, v1.40.
//!
//! **Not modelled**: gRPC statuses; a gRPC error in an HTTP 200 counts as a success.

use super::Choice;

/// What a failed request says about its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The region answered with this status.
    Response(u16),
    /// No answer in time.
    Timeout,
    /// No connection, or it broke before the answer.
    Connection,
    /// Envoy has no host there that it would use.
    NoUsableHost,
    /// Envoy has no cluster of that name.
    NoCluster,
}

impl Failure {
    /// Reads Envoy's `response.code_details`; `None` if the response says nothing about the region.
    ///
    /// ```
    /// use mesh_failover_core::router::Failure;
    ///
    /// assert_eq!(Failure::of_response(503, b"via_upstream"), Some(Failure::Response(503)));
    /// assert_eq!(Failure::of_response(503, b"no_healthy_upstream"), Some(Failure::NoUsableHost));
    /// assert_eq!(Failure::of_response(503, b"upstream_reset_before_response_started{overflow}"), None);
    /// ```
    #[must_use]
    pub fn of_response(status: u16, code_details: &[u8]) -> Option<Self> {
        match code_details {
            b"via_upstream" => Some(Self::Response(status)),
            b"no_healthy_upstream" => Some(Self::NoUsableHost),
            b"cluster_not_found" => Some(Self::NoCluster),
            b"response_timeout"
            | b"upstream_response_timeout"
            | b"upstream_per_try_timeout"
            | b"upstream_per_try_idle_timeout" => Some(Self::Timeout),
            // A circuit breaker: Envoy does not report it to its detector either.
            b"upstream_reset_before_response_started{overflow}" => None,
            other if other.starts_with(b"upstream_reset_before_response_started{") => {
                Some(Self::Connection)
            }
            _ => None,
        }
    }

    /// Whether Envoy gave the request to no upstream, by its `response.code_details`: then repeating it is safe whatever it was.
    ///
    /// ```
    /// use mesh_failover_core::router::Failure;
    ///
    /// assert!(Failure::is_unreached(b"upstream_reset_before_response_started{remote_connection_failure}"));
    /// assert!(!Failure::is_unreached(b"upstream_reset_before_response_started{connection_termination}"));
    /// ```
    #[must_use]
    pub fn is_unreached(code_details: &[u8]) -> bool {
        const RESET: &[u8] = b"upstream_reset_before_response_started{";
        let cause = code_details.strip_prefix(RESET).unwrap_or_default();
        matches!(code_details, b"no_healthy_upstream" | b"cluster_not_found")
            || cause.starts_with(b"remote_connection_failure")
            || cause.starts_with(b"local_connection_failure")
            || cause.starts_with(b"connection_timeout")
            || cause.starts_with(b"overflow")
    }
}

/// Something only the driver can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Find out whether Envoy has a host to use in that region, and tell [`super::Router::on_check`].
    CheckUsable(Choice),
    /// Send what [`super::Router::probe`] says, and tell [`super::Router::on_probe`] how it ended; if Envoy has nobody to send it to,
    /// [`super::Router::on_check`].
    Probe(Choice),
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Envoy has a host that it would use.
    Usable,
    /// It has none.
    NoUsableHost,
    /// It has no cluster of that name.
    NoCluster,
    /// It cannot be told. Whatever is over by then counts as over: not knowing blocks nobody.
    Unknown,
}
