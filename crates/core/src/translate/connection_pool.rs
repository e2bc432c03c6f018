//! Connection pools become circuit breakers and protocol options.
//!
//! **Source**: Istio pilot/pkg/networking/core/cluster_traffic_policy.go `applyConnectionPool`,
//! `applyH2Upgrade`, `applyRetryBudget`, 1.31.
//!
//! **Not modelled**: TCP and HTTP/2 keepalive, mesh-wide `h2UpgradePolicy`.

use std::time::Duration;

use crate::cluster::{CircuitBreakers, HttpProtocolOptions, RetryBudget};
use crate::manifest::{ConnectionPool, MeshConfig, TrafficPolicy};

/// istiod's own default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const BUDGET_PERCENT: f64 = 20.0;
const MIN_RETRY_CONCURRENCY: u32 = 3;

/// Limits of a policy; what it leaves out has none.
#[must_use]
pub fn apply_connection_pool(policy: Option<&TrafficPolicy>) -> CircuitBreakers {
    let pool = policy.and_then(|policy| policy.connection_pool.as_ref());
    let tcp = pool.and_then(|pool| pool.tcp.as_ref());
    let http = pool.and_then(|pool| pool.http.as_ref());
    let limit = |value: Option<i32>| positive(value).unwrap_or(u32::MAX);
    let budget = policy.and_then(|policy| policy.retry_budget.as_ref());
    CircuitBreakers {
        max_connections: limit(tcp.and_then(|tcp| tcp.max_connections)),
        max_pending_requests: limit(http.and_then(|http| http.http1_max_pending_requests)),
        max_requests: limit(http.and_then(|http| http.http2_max_requests)),
        max_retries: limit(http.and_then(|http| http.max_retries)),
        retry_budget: budget.map(|budget| RetryBudget {
            budget_percent: budget.percent.unwrap_or(BUDGET_PERCENT),
            min_retry_concurrency: budget.min_retry_concurrency.unwrap_or(MIN_RETRY_CONCURRENCY),
            budget_interval: budget.budget_interval.map(|interval| interval.0),
        }),
    }
}

/// Time to connect: the policy's, the mesh's, 10 s.
#[must_use]
pub fn connect_timeout(pool: Option<&ConnectionPool>, mesh: &MeshConfig) -> Duration {
    let own = pool.and_then(|pool| pool.tcp.as_ref()).and_then(|tcp| tcp.connect_timeout);
    own.or(mesh.connect_timeout).map_or(CONNECT_TIMEOUT, |timeout| timeout.0)
}

/// HTTP options of a pool; `http2` says whether the service port's protocol is HTTP/2 already.
#[must_use]
pub fn http_protocol_options(pool: Option<&ConnectionPool>, http2: bool) -> HttpProtocolOptions {
    let tcp = pool.and_then(|pool| pool.tcp.as_ref());
    let http = pool.and_then(|pool| pool.http.as_ref());
    let use_client_protocol = http.and_then(|http| http.use_client_protocol) == Some(true);
    let upgrade = http.and_then(|http| http.h2_upgrade_policy.as_deref()) == Some("UPGRADE");
    let http2 = http2 || upgrade && !use_client_protocol;
    let idle = http.and_then(|http| http.idle_timeout);
    let idle = idle.or_else(|| tcp.and_then(|tcp| tcp.idle_timeout));
    HttpProtocolOptions {
        http2,
        use_client_protocol,
        idle_timeout: idle.map(|timeout| timeout.0),
        max_connection_duration: tcp
            .and_then(|tcp| tcp.max_connection_duration)
            .map(|duration| duration.0),
        max_requests_per_connection: positive(
            http.and_then(|http| http.max_requests_per_connection),
        ),
        max_concurrent_streams: positive(http.and_then(|http| http.max_concurrent_streams))
            .filter(|_| http2),
    }
}

/// 0 means no limit, as unset does.
fn positive(value: Option<i32>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok()).filter(|&value| value > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{GoDuration, HttpSettings, RetryBudget as WrittenBudget, TcpSettings};

    #[test]
    fn limits_are_infinite_unless_positive() {
        assert_eq!(apply_connection_pool(None), CircuitBreakers::UNLIMITED);
        let http = HttpSettings {
            http2_max_requests: Some(100),
            http1_max_pending_requests: Some(0),
            max_retries: Some(-1),
            ..HttpSettings::default()
        };
        let pool = ConnectionPool { http: Some(http), tcp: None };
        let policy = TrafficPolicy { connection_pool: Some(pool), ..TrafficPolicy::default() };
        let expect = CircuitBreakers { max_requests: 100, ..CircuitBreakers::UNLIMITED };
        assert_eq!(apply_connection_pool(Some(&policy)), expect);
    }

    #[test]
    fn a_retry_budget_has_istios_defaults() {
        let retry_budget = Some(WrittenBudget::default());
        let policy = TrafficPolicy { retry_budget, ..TrafficPolicy::default() };
        let budget = apply_connection_pool(Some(&policy)).retry_budget.unwrap();
        assert_eq!((budget.budget_percent, budget.min_retry_concurrency), (20.0, 3));
    }

    #[test]
    fn http_settings_go_before_tcp_settings() {
        let seconds = |n| Some(GoDuration(Duration::from_secs(n)));
        let tcp = TcpSettings {
            idle_timeout: seconds(1),
            connect_timeout: seconds(2),
            ..TcpSettings::default()
        };
        let mut pool = ConnectionPool { tcp: Some(tcp), http: None };
        let mesh = MeshConfig { connect_timeout: seconds(5), ..MeshConfig::default() };
        assert_eq!(connect_timeout(Some(&pool), &mesh), Duration::from_secs(2));
        assert_eq!(connect_timeout(None, &mesh), Duration::from_secs(5));
        assert_eq!(connect_timeout(None, &MeshConfig::default()), Duration::from_secs(10));

        let idle = |pool: &ConnectionPool| http_protocol_options(Some(pool), false).idle_timeout;
        assert_eq!(idle(&pool), Some(Duration::from_secs(1)));
        pool.http = Some(HttpSettings { idle_timeout: seconds(3), ..HttpSettings::default() });
        assert_eq!(idle(&pool), Some(Duration::from_secs(3)));
    }

    #[test]
    fn streams_are_limited_only_in_http2() {
        let http = |policy: Option<&str>| ConnectionPool {
            http: Some(HttpSettings {
                max_concurrent_streams: Some(7),
                h2_upgrade_policy: policy.map(str::to_owned),
                ..HttpSettings::default()
            }),
            tcp: None,
        };
        let options = |policy, http2| http_protocol_options(Some(&http(policy)), http2);
        assert_eq!(options(None, false).max_concurrent_streams, None);
        assert_eq!(options(None, true).max_concurrent_streams, Some(7));
        assert!(options(Some("UPGRADE"), false).http2);
    }
}
