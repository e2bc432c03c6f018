//! The region router: which region a request goes to before Envoy chooses a host there.
//!
//! Envoy fails over host by host: in a region of a hundred dead hosts each is found out by a request of its own. The router treats a region
//! as one host. It gives each usable region its share of the requests, takes a region out by Envoy's rules for hosts
//! (errors in a row, ejection time with back-off) or at once when Envoy has no host to use there, and brings it back
//! when its time is over and Envoy has a host again.
//!
//! ```text
//!             errors, slowness, probes        its time is over, found well
//!   Usable ──────────────────────▶ Ejected ──────────┬──────────────▶ Usable, on a ramp
//!     │                               │               ▼                    ▲
//!     │ no usable host                │ no host   Recovering ──────────────┘
//!     └─────────────────────────▶ NoUsableHost ──▶ (minimum healthy time)
//!     └── no such cluster ──────▶ NoCluster (all of the destination is left to Istio)
//! ```
//!
//! **How a request's region is found.** A *plan* says where the traffic of clients at one place goes, in which order ([`PluginConfig`]). Each region has a
//! [`Level`]: health and [`Ramp`] times drain. Both give weights; a wheel turns by them, or a user's key is hashed over them. Weights change
//! with states and on ticks, never for a request. When no region is usable, those that wait to come back serve, then those that are
//! drained, then [`AllRegionsOut`] says what happens.
//!
//! **Driving it.** No clock, no I/O: [`Router::choose`] (or [`Router::find`], [`Router::wants`], [`Router::decide`] where requests say more) for each request,
//! [`Router::on_success`] or [`Router::on_failure`] for its response, [`Router::on_tick`] a few times a second, then [`Router::poll_action`] and
//! [`Router::poll_event`] until they are empty. Workers meet in a value of bytes: [`Router::merge`] what is there, write what
//! [`Router::shared_out`] returns, call [`Router::published`] if nobody wrote in between. Calling anything early or twice does no harm.
//!
//! **Not modelled**: what workers count is their own (a threshold of n takes up to n errors a worker; windows and budgets likewise); gRPC statuses.
//!
//! **Worked example**: two regions share; one fails once and leaves its share to the other.
//!
//! ```
//! use mesh_failover_core::locality::Locality;
//! use mesh_failover_core::router::{Failure, PluginConfig, Router};
//! use mesh_failover_core::time::MonotonicTime;
//!
//! let config = PluginConfig::from_json(r#"{"destinations": [{
//!     "host": "hello.default.svc.cluster.local",
//!     "port": 80,
//!     "trafficPolicy": {
//!         "outlierDetection": {"consecutive5xxErrors": 1, "baseEjectionTime": "30s"},
//!         "loadBalancer": {"localityLbSetting": {"distribute": [{"from": "*", "to": {"a": 50, "b": 50}}]}}
//!     }
//! }]}"#).expect("well-formed");
//! let (config, notes) = config.compile(&Locality::parse("a")).expect("valid");
//! assert!(notes.is_empty());
//! let now = MonotonicTime::from_millis(10);
//! let mut router = Router::new(config, 7, now);
//!
//! let cluster = b"outbound|80||hello.default.svc.cluster.local";
//! let (choice, region) = router.choose(cluster).expect("a policy and a usable region");
//! let failed = region.to_owned();
//! router.on_failure(choice, Failure::Response(503), now);
//! for _ in 0..10 {
//!     let (_, region) = router.choose(cluster).expect("the other one");
//!     assert_ne!(region, failed);
//! }
//! ```

mod affinity;
mod clock;
mod config;
mod destination;
mod drain;
mod event;
mod level;
mod metrics;
mod outcome;
mod plan;
mod probe;
mod record;
mod region;
mod rendezvous;
mod rescue;
mod shared;
mod state;
#[cfg(test)]
mod tests;
mod wheel;
mod window;

pub use affinity::{CookieValue, UserKey};
pub use clock::Clock;
pub use config::*;
pub use drain::DrainRecord;
pub use event::{Change, Event, Quota};
pub use level::{Curve, Level, Ramp};
pub use metrics::{Form, LABELS, Metric, Sample};
pub use outcome::{Action, Check, Failure};
pub use probe::{ProbeRequest, ProbeResult};
pub use record::{Reason, RegionRecord, RegionState};
pub use rescue::{Refusal, Replay, RequestHead, Rescue, is_hop_by_hop};
pub use shared::{Lease, RegionKey, SharedState};
pub use state::{Choice, Decision, DestinationId, Facts, Route, Router, Wants};
pub use window::Counts;
