//! JSON Schemas of the requests, the answers and the documents, from the types themselves.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{
    CheckAnswer, CheckRequest, EnvoyAnswer, EnvoyRequest, Error, ExplainAnswer, ExplainRequest,
    FrameLayout, ParseAnswer, ParseRequest, SimulateAnswer, SimulateRequest, Version,
};
use crate::manifest::Step;
use crate::sim::Event;

/// Every type that crosses into JavaScript, as one schema whose `$defs` holds them by name.
#[must_use]
pub fn api() -> Value {
    let mut reads = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    reads.subschema_for::<ParseRequest>();
    reads.subschema_for::<CheckRequest>();
    reads.subschema_for::<SimulateRequest>();
    reads.subschema_for::<EnvoyRequest>();
    reads.subschema_for::<ExplainRequest>();
    reads.subschema_for::<Step>();
    let mut writes = SchemaSettings::draft2020_12().for_serialize().into_generator();
    writes.subschema_for::<ParseAnswer>();
    writes.subschema_for::<CheckAnswer>();
    writes.subschema_for::<SimulateAnswer>();
    writes.subschema_for::<EnvoyAnswer>();
    writes.subschema_for::<ExplainAnswer>();
    writes.subschema_for::<Version>();
    writes.subschema_for::<Error>();
    writes.subschema_for::<FrameLayout>();
    writes.subschema_for::<Event>();
    let mut definitions = writes.take_definitions(true);
    definitions.extend(reads.take_definitions(true));
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Api",
        "$defs": definitions,
    })
}
