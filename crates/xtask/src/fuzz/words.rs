//! The words that libFuzzer puts together: a reader compares a key with the names of fields, which no mutation of bytes finds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::workspace;

/// Where they stand.
const SOURCES: [&str; 3] = ["schemas", "tests/lints", "tests/fuzz/corpus"];
/// libFuzzer's longest.
const LONGEST: usize = 64;

/// Writes a dictionary.
pub(super) fn file(path: &Path) -> Result<PathBuf> {
    let mut words = BTreeSet::new();
    for source in SOURCES {
        collect(&workspace::root().join(source), &mut words)?;
    }
    let lines: String = words.iter().map(|word| format!("\"{word}\"\n")).collect();
    fs::write(path, lines).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path.to_owned())
}

fn collect(folder: &Path, words: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, words)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            words.extend(of(&path, &text));
        }
    }
    Ok(())
}

/// Of a schema the names in quotes, since the rest is prose; of a manifest every word.
fn of(path: &Path, text: &str) -> Vec<String> {
    let is_schema = path.to_string_lossy().ends_with(".schema.json");
    let is_part = |c: char| c.is_ascii_alphanumeric() || "./_-".contains(c);
    let tokens: Vec<&str> = if is_schema {
        text.split('"').filter(|it| it.chars().all(is_part)).collect()
    } else {
        let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        code.flat_map(|line| line.split(|c| !is_part(c))).collect()
    };
    tokens.into_iter().filter(|it| (2..=LONGEST).contains(&it.len())).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_schemas_and_words_of_manifests() {
        let schema = r#"{"maxEjectionPercent": {"description": "Most of them."}}"#;
        assert_eq!(of(Path::new("a.schema.json"), schema), ["maxEjectionPercent", "description"]);
        let manifest = "# a comment\nhost: hello.svc # x\n";
        assert_eq!(of(Path::new("a.yaml"), manifest), ["host", "hello.svc"]);
    }
}
