//! Findings as a good compiler prints them.

use std::io::IsTerminal as _;

use mesh_failover_core::check::{Finding, rules};
use mesh_failover_core::diagnostic::Severity;

use crate::input::Text;
use crate::report;

pub(super) fn report(findings: &[Finding], texts: &[Text]) -> String {
    let renderer = report::renderer(std::io::stdout().is_terminal());
    let mut text = String::new();
    for finding in findings {
        text.push_str(&report::rendered(&finding.diagnostic, texts, &notes(finding), &renderer));
        text.push_str("\n\n");
    }
    text
}

/// What stands below the help.
fn notes(finding: &Finding) -> Vec<String> {
    let istiod = finding.istiod.iter().map(|message| {
        if *message == finding.diagnostic.message {
            "this is istiod's own message".to_owned()
        } else {
            format!("istiod says: {message}")
        }
    });
    let fix = finding.fix.iter().map(|fix| format!("--fix would {}", fix.title));
    let is_lint = rules().iter().any(|rule| rule.code == finding.diagnostic.code);
    let why = is_lint.then(|| format!("why: docs/lints/{}.md", finding.diagnostic.code));
    istiod.chain(fix).chain(why).collect()
}

/// `2 errors, 1 warning; 1 can be repaired with --fix`.
pub(super) fn summary(findings: &[Finding]) -> String {
    let count = |severity: Severity, noun: &str| {
        let number = findings.iter().filter(|it| it.diagnostic.severity == severity).count();
        (number > 0).then(|| format!("{number} {noun}{}", if number == 1 { "" } else { "s" }))
    };
    let counts = [
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Note, "note"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if counts.is_empty() {
        return "no findings".to_owned();
    }
    let fixes = findings.iter().filter(|finding| finding.fix.is_some()).count();
    let fixes =
        if fixes > 0 { format!("; {fixes} can be repaired with --fix") } else { String::new() };
    counts.join(", ") + &fixes
}
