//! istiod's part on whole manifests: binding, precedence, matching order, the seed's scenario, and laws.

mod binding;
mod clusters;
mod destination_rules;
mod laws;
mod seed;
mod support;
