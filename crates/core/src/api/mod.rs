//! The one surface for everything outside of this crate: plain requests and answers, JSON-shaped, over named texts.
//!
//! The npm package, the playground, the command line and the tests ask here, so that they cannot disagree. A
//! request holds its files; nothing is kept between two calls but in a [`Simulation`]. Fields are camelCase, strict
//! (an unknown one is an error), optional unless they say otherwise; the JSON Schemas and the TypeScript types are
//! generated from the types below.
//!
//! **Errors** have one shape, [`Error`]: an answer is only refused when there can be none. What is wrong with the texts is
//! part of the answer wherever an answer is still possible.
//!
//! **Units**: times are milliseconds of the run as floats, or Go durations as text where a person writes them; shares
//! and weights percent.

mod check;
mod envoy;
mod error;
mod explain;
mod files;
mod frames;
mod parse;
mod render;
mod session;
mod simulate;
mod version;

#[cfg(feature = "schema")]
pub mod schema;

pub use check::{CheckAnswer, CheckRequest, check};
pub use envoy::{EnvoyAnswer, EnvoyRequest, envoy};
pub use error::{Error, codes};
pub use explain::{ExplainAnswer, ExplainRequest, explain};
pub use files::File;
pub use frames::{ENDPOINT_COLUMNS, FrameLayout, FrameTable, REGION_COLUMNS, TOTAL_COLUMNS};
pub use parse::{Body, ParseAnswer, ParseRequest, ParsedObject, parse};
pub use render::{RenderAnswer, RenderRequest, render};
pub use session::Simulation;
pub use simulate::{SimulateAnswer, SimulateRequest, html, simulate};
pub use version::{Version, version};

use crate::json_text;
use crate::manifest::{Read, from_json_strict};

/// Answers a request that is JSON text with JSON text.
///
/// # Errors
/// [`codes::REQUEST`] if the text is not a request of that type, else what `function` says.
///
/// ```
/// use mesh_failover_core::api;
///
/// let answer = api::answer(r#"{"files": [{"name": "a.yaml", "text": "kind: [}"}]}"#, api::parse).unwrap();
/// assert!(answer.contains("not valid YAML"));
/// let error = api::answer("{}", api::parse).unwrap_err();
/// assert!(error.message.contains("`files` is missing"));
/// ```
pub fn answer<Request, Answer>(
    request: &str,
    function: impl FnOnce(Request) -> Result<Answer, Error>,
) -> Result<String, Error>
where
    Request: Read + Default,
    Answer: serde::Serialize,
{
    to_json(&function(from_json(request)?)?)
}

/// Reads a request.
///
/// # Errors
/// [`codes::REQUEST`] if the text is not one.
pub fn from_json<T: Read + Default>(text: &str) -> Result<T, Error> {
    from_json_strict(text).map_err(|wrong| {
        let wrong = wrong.iter().map(|it| match it.path.as_str() {
            "" => it.message.clone(),
            path => format!("`{path}`: {}", it.message),
        });
        let wrong = wrong.collect::<Vec<_>>().join("; ");
        Error::new(codes::REQUEST, format!("the request is not as it should be: {wrong}"))
    })
}

/// Writes an answer.
///
/// # Errors
/// [`codes::REQUEST`] if the value has no JSON; none of this module's has such a value.
pub fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    json_text::to_string(value)
        .map_err(|error| Error::new(codes::REQUEST, format!("the answer has no JSON: {error}")))
}
