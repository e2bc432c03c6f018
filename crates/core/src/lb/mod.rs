//! Envoy's load balancing: which priority, which locality, which host.

pub mod edf;
