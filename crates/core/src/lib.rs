//! Regional failover of an Istio mesh, as values: what the manifests say, what istiod makes of
//! them, what Envoy does with the result, and what the region router decides.
//!
//! The crate is pure. Time ([`time::MonotonicTime`]), randomness (a hash or a seed) and outcomes come in as
//! arguments; choices and events go out as values. The same input gives bit-identical output on
//! native targets and on wasm32.
//!
//! Data flows one way: [`manifest`] (as written, with diagnostics) → [`translate`] (istiod's part,
//! for one proxy) → [`cluster`] and [`route`] (Envoy's configuration) → [`lb`] and [`outlier`] (Envoy's runtime).
//! [`api`] is what everything outside of this crate asks.
//! [`router`] is our own part: it chooses a region before Envoy chooses a host.

pub mod api;
pub mod check;
pub mod diagnostic;
pub mod envoy;
pub mod explain;
mod json_text;
pub mod live;
pub mod manifest;
pub mod render;
pub mod report;
pub mod route;
pub mod router;
pub mod sim;
pub mod translate;

// Envoy's runtime has a crate of its own, compiled for speed; these are its modules.
pub use mesh_failover_engine::{cluster, host, lb, locality, outlier, random, time, units};
// Maps of what is written and answered.
pub use mesh_failover_sorted as sorted;
