//! A region router without a router: the host calls of each request, and regions by turns.
//!
//! Whoever routes by region in Wasm must read which cluster a request is for, set the header, and read the status of the answer. With
//! this module `cargo xtask bench gateway` tells the price of that from what the region router adds.

#![allow(unsafe_code, reason = "an export is unsafe by name")]

use mesh_failover_abi::{Action, Filter, MapType, export, host};

/// The regions of the benchmark's destination.
const REGIONS: [&str; 2] = ["europe-west1", "us-central1"];

/// Whose turn it is, and what was read.
#[derive(Debug, Default)]
struct LeastRouter {
    turn: usize,
    errors: u64,
}

impl Filter for LeastRouter {
    fn on_request_headers(&mut self, _stream: u32, _end_of_stream: bool) -> Action {
        let cluster = host::property(b"xds\0cluster_name");
        if cluster.is_some_and(|name| name.starts_with(b"outbound|"))
            && let Some(region) = REGIONS.get(self.turn)
        {
            self.turn = (self.turn + 1) % REGIONS.len();
            let _ = host::replace_request_header("x-mesh-region", region);
        }
        Action::Continue
    }

    fn on_response_headers(&mut self, _stream: u32, _end_of_stream: bool) -> Action {
        let status = host::header(MapType::HttpResponseHeaders, ":status");
        if status.is_some_and(|text| text.starts_with(b"5")) {
            self.errors += 1;
        }
        Action::Continue
    }
}

export!(LeastRouter: on_configure, on_tick, on_request_headers, on_response_headers);
