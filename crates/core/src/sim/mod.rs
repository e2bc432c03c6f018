//! Failover played in virtual time: a scenario against the gateway that the manifests make.
//!
//! A team that is told "50/50 until a region fails" wants to see it before an outage shows it. An average would not do: what a
//! user meets is made of sweeps, merge windows, back-offs and the place of each worker in its own sequence. So the
//! simulator plays every request through the parts that Envoy has: [`crate::lb`] chooses, [`crate::outlier`] ejects, and the
//! world around them is here: manifests, steps, expectations, names.
//!
//! | module | one idea |
//! |---|---|
//! | `timeline`, `mesh` | the scenario, checked and in order; the same for a real Envoy |
//! | `world`, `pods` | endpoints, what is wrong with them, and their translation |
//! | `simulation`, `gateway_run` | the gateways side by side, and one of them |
//! | `stage`, `routes`, `routing` | its Envoys as they are when a run starts, and where its requests go |
//! | `arm`, `machines`, `front`, `filter` | the region router before them, or the filter that ships |
//! | `log`, `event` | what is written down |
//! | `sum`, `expect`, `lanes`, `report` | what came out |
//!
//! What happens to a request is [`mesh_failover_engine::run`]'s.
//!
//! **Determinism.** The same manifests, scenario and seed give the same report, byte for byte, on every target: one seed, integers
//! and correctly rounded floating-point operations, one total order of events, no threads.
//!
//! **Not modelled**, beyond what the modules say: gateways between
//! networks as anything but endpoints; the time that istiod takes.

mod arm;
mod error;
mod event;
mod expect;
mod filter;
mod front;
mod gateway_run;
mod lanes;
mod log;
mod machines;
mod mesh;
mod options;
mod pods;
mod report;
mod routes;
mod routing;
mod simulation;
mod stage;
mod sum;
mod timeline;
mod world;

pub use arm::Arm;
pub use error::SimError;
pub use event::{Event, EventKind};
pub use expect::{Check, Verdict};
pub use filter::{
    FilterDecision, FilterEvent, FilterHost, FilterNews, FilterSend, FilterStart, Refusal,
    RunningFilter,
};
pub use lanes::{EndpointLane, EndpointSpan, EndpointState};
pub use mesh::{Condition, Endpoint, Mesh};
pub use mesh_failover_engine::run::{Outcome, ResponseFlags};
pub use options::Options;
pub use report::{
    Counts, EndpointFrame, Frame, GatewayPhase, NONE, Phase, RegionFrame, RegionPhase, Report,
};
pub use simulation::{Simulation, each_gateway};

/// Nanoseconds in milliseconds.
fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}
