//! Outlier detection and panic: from the DestinationRule's words to Envoy's fields, as sparse as istiod
//! writes them, because "unset" means Envoy's default (5 errors, 10 s, 30 s, 10 %).
//!
//! **Source**: Istio pilot/pkg/networking/core/cluster_traffic_policy.go `applyOutlierDetection`,
//! `applyLoadBalancer`, 1.31.
//!
//! **Not modelled**: sidecars' inbound clusters, which never eject.

use super::IstioVersion;
use crate::cluster;
use crate::manifest;
use crate::units::Percent;

/// Maps a block. `consecutiveErrors` is ignored, as istiod does.
///
/// ```
/// use mesh_failover_core::manifest::OutlierDetection;
/// use mesh_failover_core::translate::{IstioVersion, apply_outlier_detection};
///
/// let block = OutlierDetection { consecutive_5xx_errors: Some(0), ..OutlierDetection::default() };
/// let envoy = apply_outlier_detection(&block, IstioVersion::NEWEST);
/// assert_eq!(envoy.enforcing_consecutive_5xx, Some(0), "0 switches it off");
/// assert_eq!(envoy.max_ejection_percent, None, "Envoy's 10 %");
/// ```
#[must_use]
pub fn apply_outlier_detection(
    block: &manifest::OutlierDetection,
    version: IstioVersion,
) -> cluster::OutlierDetection {
    let enforcing = |count: Option<u32>| count.map(|count| if count > 0 { 100 } else { 0 });
    let split = block.split_external_local_origin_errors == Some(true);
    let local = block.consecutive_local_origin_failures.filter(|&count| split && count > 0);
    let codes = block.outlier_detection_http_error_codes.iter();
    let codes = codes.filter(|_| version.has_zone_aware_and_default_policy());
    cluster::OutlierDetection {
        consecutive_5xx: block.consecutive_5xx_errors,
        enforcing_consecutive_5xx: enforcing(block.consecutive_5xx_errors),
        consecutive_gateway_failure: block.consecutive_gateway_errors,
        enforcing_consecutive_gateway_failure: enforcing(block.consecutive_gateway_errors),
        split_external_local_origin_errors: split,
        consecutive_local_origin_failure: local,
        enforcing_consecutive_local_origin_failure: enforcing(local),
        interval: block.interval.map(|interval| interval.0),
        base_ejection_time: block.base_ejection_time.map(|time| time.0),
        max_ejection_percent: positive(block.max_ejection_percent),
        enforcing_success_rate: Some(0),
        enforcing_local_origin_success_rate: split.then_some(0),
        error_statuses: codes.filter_map(|&code| u16::try_from(code).ok()).collect(),
        ..cluster::OutlierDetection::default()
    }
}

/// The cluster's panic threshold; `None` leaves Envoy's 50 %.
///
/// With outlier detection it is `minHealthPercent`, and its default 0 never panics. Without it, istiod sets 0 from
/// 1.31 on. A service that always publishes unready endpoints (`force_unhealthy`) never panics.
#[must_use]
pub fn panic_threshold(
    block: Option<&manifest::OutlierDetection>,
    force_unhealthy: bool,
    version: IstioVersion,
) -> Option<Percent> {
    if force_unhealthy {
        return Some(Percent::ZERO);
    }
    match block {
        Some(block) => Some(Percent::clamped(positive(block.min_health_percent).unwrap_or(0))),
        None => version.sends_unhealthy_endpoints().then_some(Percent::ZERO),
    }
}

/// Whether unready endpoints are sent as unhealthy rather than left out: then they count in their
/// priority, and unreadiness alone spills traffic over.
///
/// **Source**: Istio pilot/pkg/xds/endpoints/endpoint_builder.go, 1.31.
#[must_use]
pub fn sends_unhealthy_endpoints(
    block: Option<&manifest::OutlierDetection>,
    force_unhealthy: bool,
    version: IstioVersion,
) -> bool {
    let panics = block.and_then(|block| positive(block.min_health_percent)).is_some();
    force_unhealthy || version.sends_unhealthy_endpoints() && !panics
}

/// 0 and unset cannot be told apart in the original.
fn positive(value: Option<i32>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok()).filter(|&value| value > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::OutlierDetection;

    #[test]
    fn local_origin_failures_need_split_mode() {
        let block = |split| OutlierDetection {
            consecutive_local_origin_failures: Some(3),
            split_external_local_origin_errors: split,
            ..OutlierDetection::default()
        };
        let map = |split| apply_outlier_detection(&block(split), IstioVersion::NEWEST);
        assert_eq!(map(None).consecutive_local_origin_failure, None);
        assert_eq!(map(Some(true)).consecutive_local_origin_failure, Some(3));
        assert_eq!(map(Some(true)).enforcing_consecutive_local_origin_failure, Some(100));
        assert_eq!(map(Some(true)).enforcing_local_origin_success_rate, Some(0));
    }

    #[test]
    fn unready_endpoints_and_panic_exclude_each_other() {
        let min = |percent| {
            Some(OutlierDetection { min_health_percent: percent, ..OutlierDetection::default() })
        };
        let check =
            |block: Option<OutlierDetection>, force, minor, threshold: Option<u32>, sent| {
                let (block, version) = (block.as_ref(), IstioVersion::new(1, minor));
                let expect = threshold.and_then(Percent::new);
                assert_eq!(panic_threshold(block, force, version), expect);
                assert_eq!(sends_unhealthy_endpoints(block, force, version), sent);
            };
        check(None, false, 31, Some(0), true);
        check(None, false, 30, None, false);
        check(min(None), false, 31, Some(0), true);
        check(min(Some(30)), false, 31, Some(30), false);
        check(min(Some(30)), false, 30, Some(30), false);
        check(min(Some(30)), true, 31, Some(0), true);
        check(None, true, 30, Some(0), true);
    }

    #[test]
    fn error_codes_need_1_31() {
        let block = OutlierDetection {
            outlier_detection_http_error_codes: vec![429, 503],
            ..OutlierDetection::default()
        };
        let codes =
            |minor| apply_outlier_detection(&block, IstioVersion::new(1, minor)).error_statuses;
        assert_eq!(codes(31), [429, 503]);
        assert!(codes(30).is_empty());
    }
}
