//! Failover played in virtual time: a scenario against the gateway that the manifests make.
//!
//! A team that is told "50/50 until a region fails" wants to see it before an outage shows it. An average would not do: what a
//! user meets is made of sweeps, merge windows, back-offs and the place of each worker in its own sequence. So the
//! simulator plays every request through the parts that Envoy has: [`crate::lb`] chooses, [`crate::outlier`] ejects, and what they
//! need of the world around them is here.
//!
//! | module | one idea |
//! |---|---|
//! | `timeline`, `mesh` | the scenario, checked and in order; the same for a real Envoy |
//! | `world`, `pods` | endpoints, what is wrong with them, and their translation |
//! | `simulation`, `gateway_run` | the gateways side by side, and one of them |
//! | `stage`, `routing`, `gateway`, `upstream` | one Envoy: routes, clusters, workers |
//! | `arm`, `front` | the region router before them |
//! | `arrivals`, `latency`, `queue`, `random`, `exponential`, `float` | time and chance |
//! | `engine`, `requests`, `retry`, `outcome` | the life of a request |
//! | `recorder`, `histogram`, `sum`, `share`, `watch`, `log`, `event` | what is counted and written down |
//! | `expect`, `lanes`, `report` | what came out |
//!
//! **Determinism.** The same manifests, scenario and seed give the same report, byte for byte, on every target: one seed, integers
//! and correctly rounded floating-point operations, one total order of events, no threads.
//!
//! **Not modelled**, beyond what the modules say: gateways between
//! networks as anything but endpoints; the time that istiod takes.

mod arm;
mod arrivals;
mod engine;
mod error;
mod event;
mod expect;
mod exponential;
mod float;
mod front;
mod gateway;
mod gateway_run;
mod histogram;
mod lanes;
mod latency;
mod log;
mod mesh;
mod options;
mod outcome;
mod pods;
mod queue;
mod random;
mod recorder;
mod report;
mod requests;
mod retry;
mod routing;
mod share;
mod simulation;
mod stage;
mod sum;
mod timeline;
mod upstream;
mod watch;
mod world;

pub use arm::Arm;
pub use error::SimError;
pub use event::{Event, EventKind};
pub use expect::{Check, Verdict};
pub use lanes::{EndpointLane, EndpointSpan, EndpointState};
pub use mesh::{Condition, Endpoint, Mesh};
pub use options::Options;
pub use outcome::{Outcome, ResponseFlags};
pub use report::{
    Counts, EndpointFrame, Frame, GatewayPhase, NONE, Phase, RegionFrame, RegionPhase, Report,
};
pub use simulation::{Simulation, each_gateway};

/// A duration in nanoseconds; the longest there is, if it is longer.
fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds in milliseconds.
fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}
