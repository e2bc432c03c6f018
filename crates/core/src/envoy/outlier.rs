//! Passive ejection as written: only what istiod set, so that Envoy's defaults keep applying.
//!
//! **Source**: Envoy `config.cluster.v3.OutlierDetection`, v1.40.

use super::message::{Message, duration};
use crate::cluster::OutlierDetection;

/// `OutlierDetection`.
pub(super) fn outlier_detection(config: &OutlierDetection) -> Message {
    let message = consecutive(Message::new(), config);
    let message = message
        .with_some("interval", config.interval.map(duration))
        .with_some("base_ejection_time", config.base_ejection_time.map(duration))
        .with_some("max_ejection_time", config.max_ejection_time.map(duration))
        .with_some("max_ejection_time_jitter", config.max_ejection_time_jitter.map(duration))
        .with_some("max_ejection_percent", config.max_ejection_percent)
        .with_some("always_eject_one_host", config.always_eject_one_host);
    statistical(message, config).with_some(
        "successful_active_health_check_uneject_host",
        config.successful_active_health_check_uneject_host,
    )
}

fn consecutive(message: Message, config: &OutlierDetection) -> Message {
    message
        .with_some("consecutive_5xx", config.consecutive_5xx)
        .with_some("enforcing_consecutive_5xx", config.enforcing_consecutive_5xx)
        .with_some("consecutive_gateway_failure", config.consecutive_gateway_failure)
        .with_some(
            "enforcing_consecutive_gateway_failure",
            config.enforcing_consecutive_gateway_failure,
        )
        .with_flag("split_external_local_origin_errors", config.split_external_local_origin_errors)
        .with_some("consecutive_local_origin_failure", config.consecutive_local_origin_failure)
        .with_some(
            "enforcing_consecutive_local_origin_failure",
            config.enforcing_consecutive_local_origin_failure,
        )
}

fn statistical(message: Message, config: &OutlierDetection) -> Message {
    message
        .with_some("enforcing_success_rate", config.enforcing_success_rate)
        .with_some(
            "enforcing_local_origin_success_rate",
            config.enforcing_local_origin_success_rate,
        )
        .with_some("success_rate_minimum_hosts", config.success_rate_minimum_hosts)
        .with_some("success_rate_request_volume", config.success_rate_request_volume)
        .with_some("success_rate_stdev_factor", config.success_rate_stdev_factor)
        .with_some("failure_percentage_threshold", config.failure_percentage_threshold)
        .with_some("enforcing_failure_percentage", config.enforcing_failure_percentage)
        .with_some(
            "enforcing_failure_percentage_local_origin",
            config.enforcing_failure_percentage_local_origin,
        )
        .with_some("failure_percentage_minimum_hosts", config.failure_percentage_minimum_hosts)
        .with_some("failure_percentage_request_volume", config.failure_percentage_request_volume)
}
