//! The published schemas in schemas/ follow the types.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::fs;
use std::path::Path;

use mesh_failover_core::api::schema;
use mesh_failover_core::router::{Metric, PluginConfig};
use serde_json::Value;

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    for (name, schema) in schema::documents() {
        let file = folder.join(format!("{name}.schema.json"));
        let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if update {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&file, &current).unwrap();
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        assert!(written == current, "{name} has drifted: run this test with UPDATE_DOCS=1");
    }
    let published = fs::read_dir(&folder).unwrap().count();
    assert_eq!(published, schema::documents().len(), "a schema that no type has");
}

/// Paths, types and meanings of every field below a definition, in the order of the schema.
fn fields(
    schema: &Value,
    definition: &Value,
    path: &str,
    rows: &mut Vec<(String, String, String)>,
) {
    let Some(properties) = definition["properties"].as_object() else { return };
    for (name, field) in properties {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let many = field.get("items").is_some();
        let inner = target(schema, if many { &field["items"] } else { field });
        let path =
            if many && inner.get("properties").is_some() { format!("{path}[]") } else { path };
        let text = |it: &Value| it["description"].as_str().unwrap_or_default().replace('\n', " ");
        let meaning = if text(field).is_empty() { text(inner) } else { text(field) };
        if meaning != "A block that the router does not look into." {
            rows.push((path.clone(), kind(field, inner, many), meaning));
            fields(schema, inner, &path, rows);
        }
    }
}

/// What a field's schema leads to.
fn target<'a>(schema: &'a Value, field: &'a Value) -> &'a Value {
    let options = field["anyOf"].as_array().or_else(|| field["allOf"].as_array());
    let field = options.and_then(|all| all.first()).unwrap_or(field);
    let name = field["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"));
    name.map_or(field, |name| &schema["$defs"][name])
}

fn kind(field: &Value, inner: &Value, many: bool) -> String {
    let words = inner["oneOf"].as_array().map(|all| {
        let word = |it: &Value| format!("`{}`", it["const"].as_str().unwrap_or_default());
        all.iter().map(word).collect::<Vec<_>>().join(", ")
    });
    let name = |it: &Value| match &it["type"] {
        Value::Array(all) => all.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
        it => it.as_str().unwrap_or("any").to_owned(),
    };
    let is_duration = field.to_string().contains("GoDuration");
    match (words, many) {
        (Some(words), _) => words,
        (None, true) => format!("list of {}", name(inner)),
        (None, false) if is_duration => "duration".to_owned(),
        (None, false) => match (name(inner), &inner["enum"]) {
            (_, Value::Array(words)) => {
                let word = |it: &Value| format!("`{}`", it.as_str().unwrap_or_default());
                words.iter().map(word).collect::<Vec<_>>().join(", ")
            }
            (name, _) => name,
        },
    }
}

/// The part of docs/region-router.md between two marks is made here.
fn holds(mark: &str, table: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/region-router.md");
    let page = fs::read_to_string(&file).unwrap();
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->\n"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    let current = [before, &begin, table, &end, after].concat();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &current).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap();
    assert!(written == current, "the {mark} have drifted: run this test with UPDATE_DOCS=1");
}

fn plugin_config() -> Value {
    let all = schema::documents().into_iter();
    all.filter(|(name, _)| *name == "plugin-config").map(|(_, schema)| schema).next().unwrap()
}

#[test]
fn the_reference_of_the_router_lists_its_fields_and_metrics() {
    let schema = plugin_config();
    let mut rows = Vec::new();
    fields(&schema, &schema, "", &mut rows);
    let mut table = "| field | type | meaning, default and range |\n|---|---|---|\n".to_owned();
    for (path, kind, meaning) in &rows {
        assert!(!meaning.is_empty(), "`{path}` says nothing about itself");
        table += &format!("| `{path}` | {kind} | {meaning} |\n");
    }
    holds("fields", &table);
    let mut table = "| metric | `mesh_kind` | form | meaning |\n|---|---|---|---|\n".to_owned();
    for metric in Metric::ALL {
        let kind =
            if metric.kind().is_empty() { String::new() } else { format!("`{}`", metric.kind()) };
        let form = format!("{:?}", metric.form()).to_lowercase();
        table +=
            &format!("| `{}` | {kind} | {form} | {} |\n", metric.name(), metric.meaning().trim());
    }
    holds("metrics", &table);
}

/// Every field of the schema is one that the filter's reader knows by this name.
#[test]
fn the_schema_of_the_router_is_what_it_reads() {
    let schema = plugin_config();
    let mut rows = Vec::new();
    fields(&schema, &schema, "", &mut rows);
    for (path, _, _) in rows {
        let mut text = "\"?\"".to_owned();
        for part in path.rsplit('.') {
            let list = part.strip_suffix("[]");
            text = match list {
                Some(name) => format!("{{\"{name}\": [{text}]}}"),
                None => format!("{{\"{part}\": {text}}}"),
            };
        }
        if let Err(found) = PluginConfig::from_json(&text) {
            let unknown = found.iter().find(|it| it.message.contains("unknown field"));
            assert!(unknown.is_none(), "{path}: {unknown:?}");
        }
    }
}

/// What a `pluginConfig` can say an Intent can say, so that whoever renders it needs nothing else.
#[test]
fn an_intent_says_what_the_router_reads() {
    let schemas: std::collections::BTreeMap<_, _> = schema::documents().into_iter().collect();
    let (plugin, intent) = (&schemas["plugin-config"], &schemas["intent"]["$defs"]);
    let names = |it: &Value| -> Vec<String> {
        it["properties"].as_object().unwrap().keys().cloned().collect()
    };
    // The intent has words of its own for these.
    let own = ["destinations", "host", "hosts", "port", "regions", "subsets", "trafficPolicy"];
    let lb = &plugin["$defs"]["LocalityLbSettingConfig"];
    let by_itself = names(&intent["Intent"]);
    assert!(names(lb).iter().all(|name| name == "enabled" || by_itself.contains(name)));
    let router = names(&intent["IntentRouter"]);
    for name in names(plugin).into_iter().chain(names(&plugin["$defs"]["DestinationConfig"])) {
        assert!(own.contains(&name.as_str()) || router.contains(&name), "{name} cannot be said");
    }
    for (name, definition) in plugin["$defs"].as_object().unwrap() {
        let same = intent.get(name).is_none_or(|it| it == definition);
        assert!(same || name == "OutlierDetection", "{name} is another in an Intent");
    }
}
