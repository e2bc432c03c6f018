//! Envoy's runtime as values, and what it does with requests: the part of the core that runs once for every request, in a crate of its own so
//! that it alone is compiled for speed where everything else is compiled for size.
//!
//! [`cluster`] is what Envoy is configured with, [`lb`] chooses hosts and [`outlier`] ejects them; [`run`] plays requests through both in
//! virtual time. The crate is pure: time ([`time::MonotonicTime`]), randomness and outcomes come in as arguments; choices and events go
//! out as values. Users see it through `mesh_failover_core`, which has these modules under the same names.

pub mod cluster;
pub mod host;
pub mod lb;
pub mod locality;
pub mod outlier;
pub mod random;
pub mod run;
pub mod time;
pub mod units;
