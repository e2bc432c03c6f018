//! The region router as a Proxy-Wasm filter: callbacks and host calls; all decisions are the core's.
//!
//! On the way in it reads the cluster that Envoy has matched so far and sets [`REGION_HEADER`]; Envoy then selects the route anew, and the
//! VirtualService's route for that header leads to the region's subset. On the way out it reads the status, and for an error whose it
//! is. Two host calls in and one out, as long as nothing is wrong.
//!
//! A request that the router has no word for is left alone, except that a client's own [`REGION_HEADER`] is removed: it never steers.

#![allow(unsafe_code, reason = "an export is unsafe by name")]

mod configuration;
mod generations;
mod metrics;
mod request;
mod rescue;
mod streams;
mod worker;

use std::time::Duration;

use mesh_failover_abi::{Action, Filter, LogLevel, MapType, Returned, export, host};

use mesh_failover_core::router::{Choice, ProbeResult};
use request::{Extra, Routed};
use rescue::Rescues;
use streams::Streams;
use worker::Worker;

/// The header that carries the region to the VirtualService.
const REGION_HEADER: &str = "x-mesh-region";

/// How often a worker hears what the others know, and regions that are out are looked at.
const TICK: Duration = Duration::from_millis(100);

const DOCUMENTED: &[u8] = b"xds\0cluster_name";
const FLAT: &[u8] = b"cluster_name";

/// The cluster that Envoy has matched, on the way in. The flat name is for an Envoy that does not know the documented one; in 1.40
/// it means the host's cluster, and there is no host yet.
fn matched_cluster() -> Option<Returned> {
    host::property(DOCUMENTED).or_else(|| host::property(FLAT))
}

/// The cluster that has served, on the way out. Envoy finds the flat name sooner; the documented one is for an Envoy that has dropped it.
fn served_cluster() -> Option<Returned> {
    host::property(FLAT).or_else(|| host::property(DOCUMENTED))
}

/// All plugins of one virtual machine, and their requests under way.
#[derive(Debug, Default)]
struct RegionRouter {
    /// One for each plugin name. Nearly always that is one: Istio gives each WasmPlugin a name of its own.
    workers: Vec<Worker>,
    streams: Streams<Choice>,
    extras: Streams<Extra>,
    rescues: Rescues,
}

export!(
    RegionRouter: on_configure,
    on_tick,
    on_request_headers,
    on_request_body,
    on_response_headers,
    on_http_call_response,
);

impl Filter for RegionRouter {
    /// `false` makes Envoy refuse the configuration, and go on with the one before.
    fn on_configure(&mut self, root: u32) -> bool {
        match configuration::read() {
            Ok(config) => {
                let plugin = configuration::plugin_name();
                if !self.workers.iter().any(|known| known.plugin() == plugin) {
                    self.workers.push(Worker::new(root, plugin.clone()));
                }
                let mut all = self.workers.iter_mut();
                if let Some(worker) = all.find(|known| known.plugin() == plugin) {
                    worker.begin(root, config);
                }
                metrics::configured(true);
                self.forget();
                host::set_tick_period(TICK)
            }
            Err(line) => {
                metrics::configured(false);
                host::log(LogLevel::Error, &line);
                false
            }
        }
    }

    fn on_tick(&mut self, root: u32) {
        let changed = of_this_plugin(&mut self.workers).is_some_and(|it| it.take_over(root));
        if changed {
            self.forget();
        }
        if let Some(worker) = of_this_plugin(&mut self.workers) {
            worker.on_tick();
        }
    }

    fn on_request_headers(&mut self, stream: u32, end_of_stream: bool) -> Action {
        let Some(worker) = of_this_plugin(&mut self.workers) else { return Action::Continue };
        let found = matched_cluster().and_then(|name| worker.find(&name));
        let routed = match found.map_or(Routed::Native, |id| request::route(worker, id)) {
            Routed::Answered => {
                self.streams.insert(stream, None);
                return Action::Pause;
            }
            Routed::To { choice, extra, hopped } => {
                if !hopped && worker.router().may_rescue(choice) {
                    self.rescues.keep(worker, (stream, choice), end_of_stream);
                }
                if extra.is_some() {
                    self.extras.insert(stream, extra);
                }
                Some(choice)
            }
            Routed::Native => {
                if host::header(MapType::HttpRequestHeaders, REGION_HEADER).is_some() {
                    host::remove_request_header(REGION_HEADER);
                }
                None
            }
        };
        self.streams.insert(stream, routed);
        Action::Continue
    }

    fn on_request_body(&mut self, stream: u32, size: usize, end_of_stream: bool) {
        self.rescues.on_body(stream, size, end_of_stream);
    }

    fn on_response_headers(&mut self, stream: u32, _end_of_stream: bool) -> Action {
        let Some(worker) = of_this_plugin(&mut self.workers) else { return Action::Continue };
        let choice = self.streams.get(stream).unwrap_or_else(|| {
            // Long ago, or under another configuration.
            served_cluster().and_then(|name| worker.choice_of(&name))
        });
        if let Some(choice) = choice
            && let Some(text) = host::header(MapType::HttpResponseHeaders, ":status")
            && let Some(status) = configuration::number(&text)
        {
            drop(text);
            let extra = self.extras.get(stream).flatten().unwrap_or_default();
            if let Some(value) = &extra.cookie {
                request::set_cookie(worker, choice, value);
            }
            let took = extra.came.map(|came| worker.now() - came);
            worker.on_answer(choice, took);
            let failed = worker.on_response(choice, status);
            if let Some(kept) = self.rescues.take(stream)
                && let Some(unreached) = failed.filter(|_| status >= 500)
                && self.rescues.begin(worker, kept, choice, unreached)
            {
                return Action::Pause;
            }
        }
        worker.debug(choice);
        Action::Continue
    }

    fn on_http_call_response(&mut self, _root: u32, token: u32, (headers, body): (usize, usize)) {
        let Some(worker) = of_this_plugin(&mut self.workers) else { return };
        let status = host::header(MapType::HttpCallResponseHeaders, ":status");
        let status = status.filter(|_| headers > 0).and_then(|text| configuration::number(&text));
        if !self.rescues.end(worker, token, status, body) {
            worker.on_probe(token, status.map_or(ProbeResult::NoAnswer, ProbeResult::Status));
        }
    }
}

impl RegionRouter {
    /// What was noted of requests means nothing under another configuration.
    fn forget(&mut self) {
        self.streams.clear();
        self.extras.clear();
        self.rescues.clear();
    }
}

/// The worker of the plugin that Envoy calls for. Only where several share the machine must Envoy be asked which it is.
fn of_this_plugin(workers: &mut [Worker]) -> Option<&mut Worker> {
    match workers {
        [] => None,
        [only] => Some(only),
        several => {
            let name = configuration::plugin_name();
            several.iter_mut().find(|worker| worker.plugin() == name)
        }
    }
}
