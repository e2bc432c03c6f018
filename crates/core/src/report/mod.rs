//! What came out of a run, for people and for CI: sentences, a page, JUnit.
//!
//! [`html`] makes one self-contained page: no network, no fonts to fetch, readable without JavaScript; it follows the reader's
//! light or dark setting. [`junit`] is what CI systems read. [`told`] says an event in a sentence.

mod events;
mod html;
mod junit;
mod markup;

pub use events::told;
pub use html::html;
pub use junit::junit;

use serde::Serialize;

use crate::manifest::Scenario;
use crate::sim::Report;

/// A scenario and what came out of it.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The scenario's name.
    pub name: &'a str,
    /// What was asked for.
    pub scenario: &'a Scenario,
    /// What came out.
    pub report: &'a Report,
}

/// A run as the command line prints it in JSON.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// What came out.
    #[serde(flatten)]
    pub report: &'a Report,
}

/// Milliseconds in seconds, without needless zeros.
#[must_use]
pub fn seconds(millis: f64) -> String {
    (millis / 1e3).to_string()
}
