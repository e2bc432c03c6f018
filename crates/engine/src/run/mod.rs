//! Requests played through Envoy's parts in virtual time.
//!
//! The owner builds the Envoys ([`UpstreamConfig`], [`Envoy`], [`RoutePlan`]), says what requests meet at each endpoint ([`Endpoints`]) and what is
//! due when ([`Engine::remind`]), then lets time pass ([`Engine::play`]). The engine comes back at each reminder, and whenever something has
//! happened that should be written down ([`News`]). It knows numbers, no names: manifests, scenarios and reports are the owner's.
//!
//! | module | one idea |
//! |---|---|
//! | `envoy`, `upstream` | one Envoy: routes, clusters, workers |
//! | `endpoints`, `latency` | what a request meets |
//! | `front` | who may choose a region before Envoy does |
//! | `arrivals`, `queue`, `random`, `exponential`, `float` | time and chance |
//! | `engine`, `requests`, `retry`, `outcome` | the life of a request |
//! | `recorder`, `histogram`, `share`, `watch`, `news` | what is counted and told |
//!
//! **Determinism.** The same input gives the same counts, bit for bit, on every target: integers and correctly rounded floating-point
//! operations, one total order of events, no threads.

mod arrivals;
mod endpoints;
mod engine;
mod envoy;
mod exponential;
mod float;
mod front;
mod histogram;
mod latency;
mod news;
mod outcome;
mod queue;
mod random;
mod recorder;
mod requests;
mod retry;
mod share;
mod upstream;
mod watch;

pub use arrivals::{ArrivalProcess, Arrivals};
pub use endpoints::{Behaviour, Endpoints, PodId, RegionId};
pub use engine::{Engine, Parts, Pause};
pub use envoy::{Envoy, RoutePlan, UpstreamConfig};
pub use front::{
    ChoiceId, Decision, Found, Front, OwnRequest, RegionNews, Response, SecondTry, TICK,
};
pub use histogram::Histogram;
pub use latency::{Latency, LatencyId};
pub use news::{News, What};
pub use outcome::{Outcome, ResponseFlags};
pub use random::{Stream, Xoshiro};
pub use recorder::{Cell, Gauges, Recorder, Span};
pub use retry::{RetryPolicy, RetryRules};
pub use upstream::{Change, Discovered, Upstream};
pub use watch::Watch;
