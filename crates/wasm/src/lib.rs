//! [`api`] for JavaScript: JSON text in, JSON text out. Nothing is decided here.
//!
//! Text and not objects crosses the border: JavaScript's own JSON reader is faster than building objects from here value by
//! value, the module stays small, and what a native test sees is what a page gets. What is thrown is an [`api::Error`] as
//! JSON. Frames cross as one array of numbers.

mod filter;

use std::rc::Rc;
use std::time::Duration;

use mesh_failover_core::api::{self, Error, FrameTable, SimulateRequest};
use wasm_bindgen::prelude::wasm_bindgen;

use filter::FilterHost;

/// An [`Error`] as JSON, to be thrown.
fn thrown(error: Error) -> String {
    api::to_json(&error).unwrap_or(error.message)
}

macro_rules! functions {
    ($($name:ident)*) => {$(
        #[doc = concat!("[`api::", stringify!($name), "`].")]
        ///
        /// # Errors
        /// An [`api::Error`] as JSON.
        #[wasm_bindgen]
        pub fn $name(request: &str) -> Result<String, String> {
            api::answer(request, api::$name).map_err(thrown)
        }
    )*};
}

functions! { parse check simulate html explain render envoy }

/// [`api::version`].
///
/// # Errors
/// None.
#[wasm_bindgen]
pub fn version() -> Result<String, String> {
    api::to_json(&api::version()).map_err(thrown)
}

/// [`api::Simulation`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct Simulation(api::Simulation);

#[wasm_bindgen]
impl Simulation {
    /// Takes a [`SimulateRequest`], and what runs the filter in the router's place, if anything does.
    ///
    /// # Errors
    /// An [`api::Error`] as JSON, as of all that follow.
    #[wasm_bindgen(constructor)]
    pub fn new(request: &str, host: Option<FilterHost>) -> Result<Simulation, String> {
        let request: SimulateRequest = api::from_json(request).map_err(thrown)?;
        let host = host.map(|host| Rc::new(host) as Rc<dyn mesh_failover_core::sim::FilterHost>);
        api::Simulation::with_filter(request, host).map(Self).map_err(thrown)
    }

    /// How long the scenario runs, in milliseconds.
    #[wasm_bindgen(getter, js_name = durationMs)]
    pub fn duration_ms(&self) -> f64 {
        millis(self.0.duration())
    }

    /// How far it was played, in milliseconds.
    #[wasm_bindgen(getter, js_name = nowMs)]
    pub fn now_ms(&self) -> f64 {
        millis(self.0.now())
    }

    /// Plays up to a moment in milliseconds.
    pub fn step(&mut self, until_ms: f64) {
        // What is no time at all, NaN or negative, is in the past.
        let until = Duration::try_from_secs_f64(until_ms / 1e3);
        let end = if until_ms > 0.0 { Duration::MAX } else { Duration::ZERO };
        self.0.step(until.unwrap_or(end));
    }

    /// Takes a step of a scenario and returns it as it was put in.
    ///
    /// # Errors
    /// If it cannot be.
    pub fn inject(&mut self, step: &str) -> Result<String, String> {
        let step = api::from_json(step).map_err(thrown)?;
        self.0.inject(step).and_then(|step| api::to_json(&step)).map_err(thrown)
    }

    /// The scenario with what was put in, YAML.
    ///
    /// # Errors
    /// None.
    pub fn scenario(&self) -> Result<String, String> {
        self.0.scenario().map_err(thrown)
    }

    /// The frames that are over, without the first `skip`.
    pub fn frames(&self, skip: u32) -> Frames {
        Frames(self.0.frames(skip))
    }

    /// The events so far, without the first `skip`.
    ///
    /// # Errors
    /// None.
    pub fn events(&self, skip: u32) -> Result<String, String> {
        api::to_json(&self.0.events(skip)).map_err(thrown)
    }

    /// What came of it so far.
    ///
    /// # Errors
    /// None.
    pub fn report(&self) -> Result<String, String> {
        api::to_json(&self.0.report()).map_err(thrown)
    }

    /// Plays to the end and returns what came out; the simulation is gone then.
    ///
    /// # Errors
    /// None.
    pub fn run(self) -> Result<String, String> {
        api::to_json(&self.0.run()).map_err(thrown)
    }
}

/// [`api::FrameTable`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct Frames(FrameTable);

#[wasm_bindgen]
impl Frames {
    /// How the values are arranged.
    ///
    /// # Errors
    /// None.
    pub fn layout(&self) -> Result<String, String> {
        api::to_json(&self.0.layout).map_err(thrown)
    }

    /// The values, as a `Float64Array`; the table is gone then.
    pub fn values(self) -> Vec<f64> {
        self.0.values
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
