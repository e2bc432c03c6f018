//! What is wrong with a configuration, or does not do what it seems to.

pub mod istio;
