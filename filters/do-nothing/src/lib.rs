//! A filter with the region router's callbacks and nothing in them.
//!
//! Entering a VM costs something whatever happens inside. This module is built as the router is,
//! so that `cargo xtask bench gateway` can tell the router's own cost from the price of being a filter.

#![allow(unsafe_code, reason = "an export is unsafe by name")]

use mesh_failover_abi::{Filter, export};

/// Answers every callback with "go on".
#[derive(Debug, Default)]
struct DoNothing;

impl Filter for DoNothing {}

export!(DoNothing: on_configure, on_tick, on_request_headers, on_request_body, on_response_headers);
