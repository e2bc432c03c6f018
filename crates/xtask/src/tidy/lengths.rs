//! What is too long to be read at once: files, tests, functions, filters.

use std::collections::BTreeMap;

use super::Source;

/// The module's own documentation is not counted: explaining is never too long.
const FILE_LINES: usize = 400;
const TEST_LINES: usize = 150;
const FUNCTION_LINES: usize = 70;
/// A filter holds callbacks and host calls only; all decisions are the core's.
/// Of the lines, second tries and metrics are a third: what they keep, send and count is bytes of Envoy's.
const FILTER_CODE_LINES: usize = 780;

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut filters: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".rs")) {
        findings.extend(file(source));
        findings.extend(functions(source));
        if let Some((name, _)) = filter_of(&source.path) {
            *filters.entry(name).or_default() += code_lines(&source.text);
        }
    }
    for (name, lines) in filters.into_iter().filter(|(_, lines)| *lines > FILTER_CODE_LINES) {
        findings
            .push(format!("filters/{name}: {lines} lines of code, at most {FILTER_CODE_LINES}"));
    }
    findings
}

fn filter_of(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("filters/")?.split_once("/src/")
}

fn file(source: &Source) -> Vec<String> {
    let counted = || source.text.lines().filter(|line| !line.starts_with("//!"));
    let lines = counted().count();
    let before = counted().position(|line| line == "#[cfg(test)]").unwrap_or(lines);
    let mut findings = Vec::new();
    let mut limit = |what, lines, most| {
        if lines > most {
            findings.push(format!("{}: {lines} lines{what}, at most {most}", source.path));
        }
    };
    limit("", before, FILE_LINES);
    limit(" of inline tests", lines - before, TEST_LINES);
    findings
}

/// Functions as rustfmt lays them out: from the line with `fn` to the first `}` at its indentation. A declaration
/// over several lines ends before that, with `) … ;`, and has no body.
fn functions(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut findings = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let one_line = line.ends_with('}') || line.ends_with(';');
        let closes = format!("{})", " ".repeat(indent));
        let ends = |line: &&str| **line == end || line.starts_with(&closes) && line.ends_with(';');
        let body = lines.iter().skip(start).position(ends);
        if let Some(length) = body.filter(|length| !one_line && *length >= FUNCTION_LINES) {
            findings.push(format!(
                "{}:{}: `{name}` has {} lines, at most {FUNCTION_LINES}",
                source.path,
                start + 1,
                length + 1
            ));
        }
    }
    findings
}

/// The name in `pub(crate) const fn name<T>(…`, none on a line that declares no function.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let qualifiers = ["pub", "const", "async", "unsafe", "extern", "\"C\""];
    let declares = before
        .split_whitespace()
        .all(|word| qualifiers.contains(&word.split('(').next().unwrap_or(word)));
    let name = after.split(['(', '<']).next()?;
    let is_name = !name.is_empty() && name.chars().all(|it| it.is_alphanumeric() || it == '_');
    (declares && is_name).then_some(name)
}

fn code_lines(text: &str) -> usize {
    let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    text.lines().filter(code).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: String) -> Source {
        Source { path: path.to_owned(), text }
    }

    #[test]
    fn a_function_is_measured_from_its_name_to_its_brace() {
        let of = |lines: usize| {
            let body = "        let closed = { 1 };\n".repeat(lines - 2);
            format!(
                "impl A {{\n    pub(crate) fn long<T>(&self) {{\n{body}    }}\n\n    fn next() {{}}\n}}\n"
            )
        };
        assert_eq!(check(&[source("a.rs", of(70))]), [""; 0]);
        assert_eq!(check(&[source("a.rs", of(71))]), ["a.rs:2: `long` has 71 lines, at most 70"]);
    }

    #[test]
    fn a_declaration_is_not_a_function() {
        let more = "    fn short(a: u32);\n".repeat(80);
        let text = format!("extern {{\n    fn long(\n        a: u32,\n    ) -> u32;\n{more}}}\n");
        assert_eq!(check(&[source("a.rs", text)]), [""; 0]);
    }

    #[test]
    fn tests_are_measured_apart_from_the_code() {
        let text = "use a;\n".repeat(400) + "#[cfg(test)]\n" + &"use b;\n".repeat(149);
        assert_eq!(check(&[source("a.rs", text.clone())]), [""; 0]);
        let longer = ["use c;\n", &text, "use d;\n"].concat();
        assert_eq!(
            check(&[source("a.rs", longer)]),
            ["a.rs: 401 lines, at most 400", "a.rs: 151 lines of inline tests, at most 150"]
        );
    }

    #[test]
    fn a_filter_is_measured_over_its_files_without_comments() {
        let code = |lines| "// why\n\nuse a;\n".repeat(lines);
        let files = |lines| {
            [
                source("filters/f/src/lib.rs", code(130)),
                source("filters/f/src/a.rs", code(130)),
                source("filters/f/src/b.rs", code(130)),
                source("filters/f/src/c.rs", code(130)),
                source("filters/f/src/d.rs", code(130)),
                source("filters/f/src/host/e.rs", code(lines)),
            ]
        };
        assert_eq!(check(&files(80)), [""; 0]);
        assert_eq!(check(&files(131)), ["filters/f: 781 lines of code, at most 780"]);
    }
}
