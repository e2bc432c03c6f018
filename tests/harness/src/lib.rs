//! Real backends, a real Envoy and real load for the demo, the end-to-end tests and the benchmarks.
//!
//! Nothing here imitates Envoy or knows what is expected of it. A [`Backend`] is an HTTP server on
//! loopback that can be broken at run time; an [`Envoy`] is the released binary; a [`Gateway`] is an
//! Envoy programmed from manifests and a topology as istiod would program it; a [`Load`] keeps a
//! constant rate whatever happens and records every request; a [`drill::Drill`] plays a whole scenario.
//!
//! Dropping any of them stops it, also while a test panics.

mod backend;
mod closed_loop;
mod cpu;
pub mod drill;
mod envoy;
pub mod find;
mod gateway;
pub mod http;
mod load;
mod record;

pub use backend::{Backend, Fault};
pub use closed_loop::{ClosedLoop, Throughput};
pub use cpu::{cpu_time, on_core, resident_bytes};
pub use envoy::{Envoy, EnvoyOptions};
pub use gateway::{Gateway, Program};
pub use load::{Load, LoadOptions};
pub use record::{Outcome, Record, Shares};

/// Response header in which a backend names itself.
pub const ENDPOINT_HEADER: &str = "x-endpoint";

/// Response header in which a backend names its region.
pub const REGION_HEADER: &str = "x-region";
