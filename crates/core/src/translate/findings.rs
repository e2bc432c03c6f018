//! Diagnostics of one translation, each said once however many clusters it concerns.

use mesh_failover_sorted::SortedSet;

use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::{Document, Object, Place};

/// Collects diagnostics, and finds the lines that they are about.
#[derive(Debug, Default)]
pub(super) struct Findings<'a> {
    documents: &'a [Document],
    diagnostics: Vec<Diagnostic>,
    /// What has been said where.
    said: SortedSet<String>,
}

/// What to say.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: &'static str,
    /// `None`: it is about what is not written anywhere.
    pub(super) place: Option<Place>,
}

impl<'a> Findings<'a> {
    pub(super) const fn new(documents: &'a [Document]) -> Self {
        Self { documents, diagnostics: Vec::new(), said: SortedSet::new() }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        let Finding { severity, code, message, help, place } = finding;
        let help = (!help.is_empty()).then(|| help.to_owned());
        let Place { document, path } = place.unwrap_or_default();
        let written = self.documents.get(document).filter(|_| !path.is_empty());
        let of = if written.is_some() { document } else { usize::MAX };
        if !self.said.insert(format!("{of} {path} {code} {message}")) {
            return;
        }
        let location = written.and_then(|document| document.locate(&path));
        self.diagnostics.push(Diagnostic { severity, code, message, help, location, path });
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}

/// `namespace/name`, as a user would look for it.
pub(super) fn title<T>(object: &Object<T>) -> String {
    format!("{}/{}", object.metadata.namespace(), object.metadata.name)
}

/// Oldest first; objects of the same age, or of unknown age, by name and namespace, as istiod does.
/// So the order of files never matters.
///
/// **Source**: Istio pilot/pkg/model/push_context.go `sortConfigByCreationTime`, 1.31.
pub(super) fn by_age<'a, T: 'a>(
    objects: impl IntoIterator<Item = &'a Object<T>>,
) -> Vec<&'a Object<T>> {
    let mut sorted: Vec<_> = objects.into_iter().collect();
    mesh_failover_sorted::sort_by_key(&mut sorted, |object| {
        let metadata = &object.metadata;
        (metadata.creation_timestamp.as_deref(), metadata.name.as_str(), metadata.namespace())
    });
    sorted
}
