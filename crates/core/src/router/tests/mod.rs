//! The router's laws and time lines.

mod configuration;
mod counting;
mod draining;
mod failback;
mod health;
mod laws;
mod policies;
mod rescues;
mod support;
mod timelines;
mod users;

use super::{PluginConfig, Router, RouterConfig};
use crate::locality::Locality;
use crate::time::MonotonicTime;

pub(super) const CLUSTER: &[u8] = b"outbound|80||hello.default.svc.cluster.local";

/// A policy for `hello` on port 80 with these shares; two errors in a row eject for a second.
pub(super) fn config(shares: &[(&str, u32)]) -> RouterConfig {
    let to: serde_json::Map<String, serde_json::Value> =
        shares.iter().map(|(region, share)| ((*region).to_owned(), (*share).into())).collect();
    let json = serde_json::json!({"destinations": [{
        "host": "hello.default.svc.cluster.local",
        "port": 80,
        "trafficPolicy": {
            "outlierDetection": {
                "consecutive5xxErrors": 2, "interval": "1s", "baseEjectionTime": "1s"
            },
            "loadBalancer": {"localityLbSetting": {"distribute": [{"from": "*", "to": to}]}}
        }
    }]});
    let written = PluginConfig::from_json(&json.to_string()).expect("well-formed");
    written.compile(&Locality::parse("here")).expect("valid").0
}

pub(super) fn router(shares: &[(&str, u32)], seed: u64) -> Router {
    Router::new(config(shares), seed, at(0))
}

/// A round of exchange through one shared value, as a tick makes it.
pub(super) fn exchange(router: &mut Router, shared: &mut Option<Vec<u8>>, now: MonotonicTime) {
    router.merge(shared.as_deref(), now);
    if let Some(bytes) = router.shared_out(now) {
        *shared = Some(bytes);
        router.published();
    }
}

pub(super) fn at(millis: u64) -> MonotonicTime {
    MonotonicTime::from_millis(1_000_000 + millis)
}
