//! Findings as a good compiler prints them: the line, what is wrong with it, what to write.

use std::io::{IsTerminal as _, Write as _};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use mesh_failover_core::diagnostic::{Diagnostic, Severity};

use crate::input::Text;

/// Why a command ends without what was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The manifests cannot give it.
    Findings(String),
    /// The manifests or arguments cannot be used.
    Unusable(String),
}

impl Failure {
    pub(crate) fn findings(message: impl AsRef<str>, help: impl AsRef<str>) -> Self {
        Self::Findings(plain(message.as_ref(), help.as_ref()))
    }

    pub(crate) fn unusable(message: impl AsRef<str>, help: impl AsRef<str>) -> Self {
        Self::Unusable(plain(message.as_ref(), help.as_ref()))
    }

    pub(crate) fn print(&self) {
        let (Self::Findings(text) | Self::Unusable(text)) = self;
        print_line(text);
    }
}

fn plain(message: &str, help: &str) -> String {
    let mut group = Group::with_title(Level::ERROR.primary_title(message));
    if !help.is_empty() {
        group = group.element(Level::HELP.message(help));
    }
    for_errors().render(&[group])
}

/// Prints to standard error what is no fault and should be known.
pub(crate) fn note(message: &str, help: &str) {
    let group = Group::with_title(Level::WARNING.primary_title(message));
    print_line(&for_errors().render(&[group.element(Level::HELP.message(help))]));
}

/// Prints findings to standard error.
pub(crate) fn print(diagnostics: &[Diagnostic], texts: &[Text]) {
    for diagnostic in diagnostics {
        print_line(&rendered(diagnostic, texts, &[], &for_errors()));
    }
}

/// A finding with its source line, its help, and `notes` below.
pub(crate) fn rendered(
    diagnostic: &Diagnostic,
    texts: &[Text],
    notes: &[String],
    renderer: &Renderer,
) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(&diagnostic.message).id(diagnostic.code));
    let location = diagnostic.location.as_ref();
    let text = location.and_then(|at| texts.iter().find(|text| text.name == at.file));
    if let (Some(at), Some(text)) = (location, text) {
        let text = &text.text;
        let start = usize::try_from(at.span.start).unwrap_or(usize::MAX).min(text.len());
        let end = usize::try_from(at.span.end).unwrap_or(usize::MAX).clamp(start, text.len());
        // Its own lines only: a large file is not to be gone through for each of its findings.
        let first = text.get(..start).and_then(|it| it.rfind('\n')).map_or(0, |at| at + 1);
        let last = text.get(end..).and_then(|it| it.find('\n')).map_or(text.len(), |at| end + at);
        let lines = text.get(first..last).unwrap_or_default();
        let mark = AnnotationKind::Primary.span(start - first..end - first).label(&diagnostic.path);
        let line = usize::try_from(at.span.line).unwrap_or(1);
        let snippet = Snippet::source(lines).line_start(line).path(&at.file).annotation(mark);
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    for note in notes {
        group = group.element(Level::NOTE.message(note));
    }
    renderer.render(&[group])
}

/// With colours on a terminal only.
pub(crate) fn renderer(is_terminal: bool) -> Renderer {
    if is_terminal { Renderer::styled() } else { Renderer::plain() }
}

fn for_errors() -> Renderer {
    renderer(std::io::stderr().is_terminal())
}

/// A closed pipe is no reason to fail while telling about another failure.
fn print_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
