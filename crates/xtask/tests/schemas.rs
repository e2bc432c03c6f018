//! The published schemas in schemas/ follow the types.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail as the test does")]

use std::fs;
use std::path::Path;

use mesh_failover_core::api::schema;

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
