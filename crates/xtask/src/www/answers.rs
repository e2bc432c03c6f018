//! What the core says natively to every scenario of the corpus, for the module to be held to.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use mesh_failover_core::api;
use serde_json::json;

use crate::workspace;

/// Plays the corpus and writes a line `{"request": …, "answer": …}` for each scenario; returns the file.
pub(super) fn write() -> Result<PathBuf> {
    let mut rows = Vec::new();
    for entry in fs::read_dir(workspace::root().join("tests/scenarios"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        let request = json!({"files": [{"name": name, "text": text}]}).to_string();
        let answer =
            api::answer(&request, api::simulate).map_err(|error| anyhow!("{name}: {error}"))?;
        rows.push(format!("{{\"request\":{request},\"answer\":{answer}}}\n"));
    }
    rows.sort();
    let path = workspace::target().join("npm/answers.jsonl");
    fs::write(&path, rows.concat())?;
    Ok(path)
}
