//! The region router as a Proxy-Wasm filter: callbacks and host calls; all decisions are the core's.
//!
//! On the way in it reads the cluster that Envoy has matched so far and sets [`REGION_HEADER`]; Envoy then selects the route anew, and the
//! VirtualService's route for that header leads to the region's subset. On the way out it reads the status, and for an error whose it
//! is. Two host calls in and one out, as long as nothing is wrong.
//!
//! A request that the router has no word for is left alone, except that a client's own [`REGION_HEADER`] is removed: it never steers.

#![allow(missing_docs, unsafe_code, reason = "the SDK's entry macro writes an undocumented export")]

mod configuration;
mod host;
mod worker;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use mesh_failover_core::router::Choice;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel, MapType};

use worker::Worker;

/// The header that carries the region to the VirtualService.
const REGION_HEADER: &str = "x-mesh-region";

/// How often a worker hears what the others know, and regions that are out are looked at.
const TICK: Duration = Duration::from_millis(100);

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|context| {
        Box::new(Root { worker: Rc::new(RefCell::new(Worker::new(context))) })
    });
}}

/// The plugin in one worker.
struct Root {
    worker: Rc<RefCell<Worker>>,
}

/// One request.
struct Stream {
    worker: Rc<RefCell<Worker>>,
    choice: Option<Choice>,
}

impl Context for Root {}

impl RootContext for Root {
    /// `false` makes Envoy refuse the configuration, and go on with the one before.
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        match configuration::read() {
            Ok(config) => {
                self.worker.borrow_mut().configure(config, &configuration::plugin_name());
                host::set_tick_period(TICK)
            }
            Err(line) => {
                host::log(LogLevel::Error, &line);
                false
            }
        }
    }

    fn on_tick(&mut self) {
        self.worker.borrow_mut().on_tick();
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream { worker: Rc::clone(&self.worker), choice: None }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let cluster = host::property(b"xds\0cluster_name").unwrap_or_default();
        if let Some((choice, region)) = self.worker.borrow_mut().choose(&cluster) {
            if host::replace_request_header(REGION_HEADER, region) {
                self.choice = Some(choice);
            }
        } else if host::header(MapType::HttpRequestHeaders, REGION_HEADER).is_some() {
            host::remove_request_header(REGION_HEADER);
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if let Some(choice) = self.choice.take()
            && let Some(status) = host::header(MapType::HttpResponseHeaders, ":status")
            && let Some(status) = std::str::from_utf8(&status).ok().and_then(|s| s.parse().ok())
        {
            let details = || host::property(b"response\0code_details");
            self.worker.borrow_mut().on_response(choice, status, details);
        }
        Action::Continue
    }
}
