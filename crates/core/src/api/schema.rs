//! JSON Schemas of the requests, the answers and the documents, from the types themselves.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::{
    CheckAnswer, CheckRequest, EnvoyAnswer, EnvoyRequest, Error, ExplainAnswer, ExplainRequest,
    FrameLayout, ParseAnswer, ParseRequest, RenderAnswer, RenderRequest, SimulateAnswer,
    SimulateRequest, Version,
};
use crate::explain::Explanation;
use crate::manifest::{Intent, Kind, Metadata, Scenario, Step, Topology};
use crate::report::Record;
use crate::router::PluginConfig;
use crate::sim::{Event, FilterEvent, FilterStart};

/// Every type that crosses into JavaScript, as one schema whose `$defs` holds them by name.
#[must_use]
pub fn api() -> Value {
    let mut reads = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    reads.subschema_for::<ParseRequest>();
    reads.subschema_for::<CheckRequest>();
    reads.subschema_for::<SimulateRequest>();
    reads.subschema_for::<EnvoyRequest>();
    reads.subschema_for::<ExplainRequest>();
    reads.subschema_for::<RenderRequest>();
    reads.subschema_for::<Step>();
    let mut writes = SchemaSettings::draft2020_12().for_serialize().into_generator();
    writes.subschema_for::<ParseAnswer>();
    writes.subschema_for::<CheckAnswer>();
    writes.subschema_for::<SimulateAnswer>();
    writes.subschema_for::<EnvoyAnswer>();
    writes.subschema_for::<ExplainAnswer>();
    writes.subschema_for::<RenderAnswer>();
    writes.subschema_for::<Version>();
    writes.subschema_for::<Error>();
    writes.subschema_for::<FrameLayout>();
    writes.subschema_for::<Event>();
    writes.subschema_for::<FilterStart>();
    writes.subschema_for::<FilterEvent>();
    let mut definitions = writes.take_definitions(true);
    as_written(&mut definitions);
    definitions.values_mut().for_each(leave_out_null);
    definitions.extend(reads.take_definitions(true));
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Api",
        "$defs": definitions,
    })
}

/// An Intent keeps the router's words as they were written, with nothing filled in.
fn as_written(definitions: &mut Map<String, Value>) {
    let mut reads = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    reads.subschema_for::<PluginConfig>();
    let words = reads.definitions().keys().filter(|name| name.ends_with("Config"));
    for name in words.map(String::as_str).chain(["IntentRouter"]) {
        if let Some(Value::Object(definition)) = definitions.get_mut(name) {
            definition.remove("required");
        }
    }
}

/// What an answer may leave out it leaves out: it never says `null` in its place.
fn leave_out_null(schema: &mut Value) {
    if let Value::Array(parts) = schema {
        parts.iter_mut().for_each(leave_out_null);
    }
    let Value::Object(fields) = schema else { return };
    let required = fields.get("required").cloned().unwrap_or_default();
    let required: Vec<&str> =
        required.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        let optional = properties.iter_mut().filter(|(name, _)| !required.contains(&name.as_str()));
        optional.for_each(|(_, property)| without_null(property));
    }
    fields.values_mut().for_each(leave_out_null);
}

fn without_null(property: &mut Value) {
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|it| it != "null");
    }
    if let Some(Value::Array(choices)) = property.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|it| it != "null"));
    }
}

/// The schemas that are published: by name, our own kinds of documents and what the commands print as JSON.
#[must_use]
pub fn documents() -> Vec<(&'static str, Value)> {
    vec![
        ("topology", document::<Topology>()),
        ("scenario", document::<Scenario>()),
        ("intent", document::<Intent>()),
        ("plugin-config", plugin_config()),
        ("report", printed::<Vec<Record<'static>>>("Report")),
        ("explanation", printed::<Explanation>("Explanation")),
    ]
}

/// A kind as it stands in a file. Our own kinds are strict: what no type knows is an error.
fn document<T: Kind + JsonSchema>() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let (metadata, spec) = (generator.subschema_for::<Metadata>(), generator.subschema_for::<T>());
    let mut definitions = generator.take_definitions(true);
    let strict = definitions.iter_mut().filter(|(name, _)| *name != "Metadata");
    strict.for_each(|(_, definition)| close(definition));
    require(&mut definitions);
    let versions: Vec<String> =
        T::VERSIONS.iter().map(|version| format!("{}/{version}", T::GROUP)).collect();
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": T::KIND,
        "type": "object",
        "properties": {
            "apiVersion": {"enum": versions},
            "kind": {"const": T::KIND},
            "metadata": metadata,
            "spec": spec,
        },
        "required": ["apiVersion", "kind", "spec"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

/// Forbids fields that an object does not list.
fn close(definition: &mut Value) {
    let Some(fields) = definition.as_object_mut() else { return };
    if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
        fields.insert("additionalProperties".to_owned(), false.into());
    }
}

/// What the router's reader misses if it is not there.
fn require(definitions: &mut Map<String, Value>) {
    for (name, required) in [
        ("DestinationConfig", &["host", "trafficPolicy"][..]),
        ("ClientRegionConfig", &["header"]),
        ("CookieConfig", &["name"]),
        ("LatencyConfig", &["threshold"]),
        ("RampConfig", &["duration"]),
        ("SuccessRateConfig", &["minimumPercent"]),
    ] {
        if let Some(definition) = definitions.get_mut(name).and_then(Value::as_object_mut) {
            definition.insert("required".to_owned(), required.into());
        }
    }
}

/// The region router's `pluginConfig`: strict in all its parts, Istio's own included.
fn plugin_config() -> Value {
    let generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let mut schema = generator.into_root_schema_for::<PluginConfig>().to_value();
    close(&mut schema);
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        definitions.values_mut().for_each(close);
        require(definitions);
    }
    // The DestinationRule's own words speak of hosts and of Istio's default.
    let cap = "/$defs/OutlierDetection/properties/maxEjectionPercent/description";
    if let Some(text) = schema.pointer_mut(cap) {
        *text = "Share of the regions that may be out at once; 0 or unset: 100.".into();
    }
    schema
}

fn printed<T: JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}
