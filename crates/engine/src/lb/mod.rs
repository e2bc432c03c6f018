//! Envoy's load balancing: which priority, which locality, which host.
//!
//! One [`load_balancer::LoadBalancer`] is what one Envoy worker has for one cluster. It picks in stages:
//!
//! 1. [`priority`]: a failover level, by availability, and whether it panics;
//! 2. [`locality_wrr`] or [`zone_aware`]: a place, by weight or by nearness;
//! 3. [`round_robin`], [`least_request`] or [`random`]: a host of the list that is left, over
//!    [`edf`] if weights differ or a host is in [`slow_start`].
//!
//! [`consistent_hash`] takes the place of 2 and 3.
//!
//! The main thread's side is [`priority_set`] (hosts with their flags, as values made for workers) and
//! [`merge_window`] (when the workers get them). [`previous_priorities`] moves retries to other priorities.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/{common,round_robin,least_request,random}, v1.40.
//!
//! **Not modelled**: subsets, preconnecting (which stashes random numbers), `fail_traffic_on_panic`,
//! `force_local_zone`, `locality_basis`, least request's full scan and an `active_request_bias` other than 1.

pub mod config;
pub mod consistent_hash;
pub mod edf;
mod edf_lanes;
pub mod host_set;
mod hosts_source;
pub mod least_request;
pub mod load_balancer;
pub mod locality_wrr;
pub mod merge_window;
pub mod previous_priorities;
pub mod priority;
pub mod priority_set;
pub mod random;
pub mod round_robin;
pub mod share;
pub mod slow_start;
mod weigher;
pub mod zone_aware;
