//! JavaScript's side of a filter that runs: what happens goes over as JSON, the region of a request comes back.

use mesh_failover_core::api;
use mesh_failover_core::sim::{self, FilterDecision, FilterEvent, FilterStart, RunningFilter};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// What starts filters.
    #[derive(Debug)]
    pub type FilterHost;

    /// Takes a [`FilterStart`].
    #[wasm_bindgen(method)]
    fn start(this: &FilterHost, start: &str) -> Filter;

    /// A filter in one Envoy.
    #[derive(Debug)]
    pub type Filter;

    /// Takes a [`FilterEvent`]. For a request: the region that it goes to, empty if it is answered with an error; nothing if it is left alone.
    #[wasm_bindgen(method)]
    fn tell(this: &Filter, event: &str) -> Option<String>;
}

impl sim::FilterHost for FilterHost {
    fn start(&self, start: &FilterStart) -> Box<dyn RunningFilter> {
        Box::new(self.start(&api::to_json(start).unwrap_or_default()))
    }
}

impl RunningFilter for Filter {
    fn tell(&mut self, event: &FilterEvent) -> FilterDecision {
        match Self::tell(self, &api::to_json(event).unwrap_or_default()) {
            None => FilterDecision::Native,
            Some(region) if region.is_empty() => FilterDecision::Fail,
            Some(region) => FilterDecision::Region(region),
        }
    }
}
