//! Failover played in virtual time.
mod arrivals;
mod float;
mod histogram;
mod latency;
mod outcome;
mod pods;
mod queue;
mod random;
mod recorder;
mod upstream;

pub use outcome::{Outcome, ResponseFlags};
