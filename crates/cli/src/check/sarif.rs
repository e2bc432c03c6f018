//! Findings as SARIF 2.1.0, for code scanning.
//!
//! **Source**: OASIS, Static Analysis Results Interchange Format 2.1.0.

use mesh_failover_core::check::{Finding, Fix, Rule, TextEdit, rules};
use mesh_failover_core::diagnostic::{Location, Severity};
use serde_json::{Value, json};

use crate::input::Text;
use crate::report::Failure;

pub(super) fn report(findings: &[Finding], texts: &[Text]) -> Result<String, Failure> {
    let rules = rules();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| described(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(|found| result(found, &rules, texts)).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_string_pretty(&log)
        .map(|text| text + "\n")
        .map_err(|error| Failure::unusable(format!("cannot write SARIF: {error}"), ""))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn described(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.why, "markdown": rule.why},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

fn result(finding: &Finding, rules: &[&Rule], texts: &[Text]) -> Value {
    let diagnostic = &finding.diagnostic;
    let help = diagnostic.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    let location = diagnostic.location.as_ref();
    let location = location.map(|at| place(at, &finding.object, &diagnostic.path));
    let members = [
        ("ruleId", Some(json!(diagnostic.code))),
        ("ruleIndex", rules.iter().position(|rule| rule.code == diagnostic.code).map(Value::from)),
        ("level", Some(json!(level(diagnostic.severity)))),
        ("message", Some(json!({"text": format!("{}{help}", diagnostic.message)}))),
        ("locations", location.map(|location| json!([location]))),
        ("fixes", finding.fix.as_ref().map(|fix| json!([changes(fix, texts)]))),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn place(at: &Location, object: &str, path: &str) -> Value {
    let span = at.span;
    json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(&at.file)},
            "region": {
                "startLine": span.line,
                "startColumn": span.column,
                "endLine": span.end_line,
                "endColumn": span.end_column,
            },
        },
        "logicalLocations": [{"fullyQualifiedName": format!("{object}: {path}")}],
    })
}

fn changes(fix: &Fix, texts: &[Text]) -> Value {
    let changes: Vec<Value> = fix
        .edits
        .iter()
        .filter_map(|edit| {
            let text = texts.iter().find(|text| text.name == edit.file)?;
            Some(json!({
                "artifactLocation": {"uri": uri(&edit.file)},
                "replacements": [{
                    "deletedRegion": region(edit, &text.text),
                    "insertedContent": {"text": edit.text},
                }],
            }))
        })
        .collect();
    json!({"description": {"text": fix.title}, "artifactChanges": changes})
}

fn region(edit: &TextEdit, text: &str) -> Value {
    let (start_line, start_column) = line_and_column(text, edit.start);
    let (end_line, end_column) = line_and_column(text, edit.end);
    json!({
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
    })
}

/// Both from 1, the column in characters.
fn line_and_column(text: &str, offset: u32) -> (usize, usize) {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// A path as a URI reference: what a URI may not contain is percent-encoded.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut uri = String::with_capacity(path.len());
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:@!$&'()*+,;=".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
