//! Circuit breakers: what a request meets before any host is chosen.

use super::cause::DefaultOf;
use super::{Setting, Subject};

impl Subject<'_> {
    /// Limits that are set; istiod sets all others to the largest number there is.
    pub(super) fn limits(&self) -> Vec<Setting> {
        let breakers = &self.cluster.circuit_breakers;
        let limits = [
            ("max_connections", breakers.max_connections, "tcp.maxConnections"),
            ("max_pending_requests", breakers.max_pending_requests, "http.http1MaxPendingRequests"),
            ("max_requests", breakers.max_requests, "http.http2MaxRequests"),
            ("max_retries", breakers.max_retries, "http.maxRetries"),
        ];
        let set = limits.into_iter().filter(|(_, limit, _)| *limit != u32::MAX);
        let pool = self.origin.connection_pool.as_ref();
        set.map(|(name, limit, field)| Setting {
            name,
            value: limit.to_string(),
            cause: self.causes.field(pool, field, DefaultOf::Istio),
        })
        .collect()
    }
}
