//! istiod's part on whole manifests: binding, precedence, matching order, the seed's scenario, and laws.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected stops there"
)]

mod binding;
mod clusters;
mod destination_rules;
mod gateway_api;
mod laws;
mod places;
mod seed;
mod support;
