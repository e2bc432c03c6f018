//! Documents that must keep up with the checkout: the README's commands, ARCHITECTURE.md's tables.

use std::collections::BTreeSet;

use super::Source;

const COMMANDS: [&str; 2] = ["cargo xtask demo", "cargo xtask test"];
/// Folders that ARCHITECTURE.md need not explain: settings of tools.
const UNEXPLAINED: [&str; 2] = [".cargo", ".ci"];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    [readme(sources), folders(sources), modules(sources)].concat()
}

fn text_of<'a>(sources: &'a [Source], path: &str) -> Option<&'a str> {
    sources.iter().find(|source| source.path == path).map(|source| source.text.as_str())
}

fn readme(sources: &[Source]) -> Vec<String> {
    let Some(text) = text_of(sources, "README.md") else {
        return vec!["README.md: missing".to_owned()];
    };
    let missing = COMMANDS.iter().filter(|command| !text.contains(**command));
    missing.map(|command| format!("README.md: does not name `{command}`")).collect()
}

/// Every folder in the tree's table exists, and every folder of the root is in it or has one that is.
fn folders(sources: &[Source]) -> Vec<String> {
    let Some(text) = text_of(sources, "ARCHITECTURE.md") else {
        return vec!["ARCHITECTURE.md: missing".to_owned()];
    };
    let named = first_column(text, "| folder |");
    let exists = |folder: &&String| {
        let start = format!("{folder}/");
        sources.iter().any(|source| source.path.starts_with(&start))
    };
    let mut findings: Vec<String> = named
        .iter()
        .filter(|folder| !exists(folder))
        .map(|folder| format!("ARCHITECTURE.md: `{folder}` is not there"))
        .collect();
    let tops: BTreeSet<&str> = sources
        .iter()
        .filter_map(|source| source.path.split_once('/'))
        .map(|(top, _)| top)
        .collect();
    for top in tops.into_iter().filter(|top| !UNEXPLAINED.contains(top)) {
        if !named.iter().any(|folder| folder.split('/').next() == Some(top)) {
            findings.push(format!("ARCHITECTURE.md: does not explain the folder `{top}`"));
        }
    }
    findings
}

/// The modules of the core and of the engine are those in their tables.
fn modules(sources: &[Source]) -> Vec<String> {
    let Some(text) = text_of(sources, "ARCHITECTURE.md") else { return Vec::new() };
    let tables = [("core", "| module |"), ("engine", "| module of the engine |")];
    let findings =
        tables.iter().flat_map(|(name, heading)| modules_of(sources, name, text, heading));
    findings.collect()
}

fn modules_of(sources: &[Source], name: &str, text: &str, heading: &str) -> Vec<String> {
    let named = first_column(text, heading);
    let folder = format!("crates/{name}/src/");
    let found: BTreeSet<String> = sources
        .iter()
        .filter_map(|source| source.path.strip_prefix(&folder))
        .filter_map(|path| path.split('/').next())
        .map(|module| module.trim_end_matches(".rs").to_owned())
        .filter(|module| module != "lib")
        .collect();
    let absent = named
        .difference(&found)
        .map(|module| format!("ARCHITECTURE.md: the {name} has no module `{module}`"));
    let unexplained = found
        .difference(&named)
        .map(|module| format!("ARCHITECTURE.md: does not explain the {name}'s module `{module}`"));
    absent.chain(unexplained).collect()
}

/// The names in backticks in the first column of the table with that heading.
fn first_column(text: &str, heading: &str) -> BTreeSet<String> {
    let rows = text.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(|name| name.trim_end_matches('/').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_lag_behind_are_found() {
        let source =
            |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let table = "\
| folder | what |
|---|---|
| `crates/core` | the truth |
| `gone` | no more |

| module | one idea |
|---|---|
| `time`, `units` | the vocabulary |
";
        let found = check(&[
            source("README.md", "`cargo xtask demo`"),
            source("ARCHITECTURE.md", table),
            source("crates/core/src/lib.rs", ""),
            source("crates/core/src/time.rs", ""),
            source("crates/core/src/lb/edf.rs", ""),
            source("new/file", ""),
        ]);
        assert_eq!(
            found,
            [
                "README.md: does not name `cargo xtask test`",
                "ARCHITECTURE.md: `gone` is not there",
                "ARCHITECTURE.md: does not explain the folder `new`",
                "ARCHITECTURE.md: the core has no module `units`",
                "ARCHITECTURE.md: does not explain the core's module `lb`",
            ]
        );
    }
}
