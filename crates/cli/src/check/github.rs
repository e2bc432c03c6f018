//! Findings as GitHub's workflow commands: each becomes an annotation at its line of the pull request.
//!
//! **Source**: GitHub Docs, "Workflow commands for GitHub Actions".

use std::fmt::Write as _;

use mesh_failover_core::check::Finding;
use mesh_failover_core::diagnostic::Severity;

pub(super) fn report(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { diagnostic, .. } in findings {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let _ = write!(text, "::{command} title={}", property(diagnostic.code));
        if let Some(at) = &diagnostic.location {
            let span = at.span;
            let _ =
                write!(text, ",file={},line={},col={}", property(&at.file), span.line, span.column);
        }
        let help = diagnostic.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        let _ = writeln!(text, "::{}", data(&format!("{}{help}", diagnostic.message)));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
