//! Diagnostics of one translation, each said once however many clusters it concerns.

use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::Object;

/// Collects diagnostics.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Diagnostic>);

/// What to say.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: &'static str,
    pub(super) path: String,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        let Finding { severity, code, message, help, path } = finding;
        let help = (!help.is_empty()).then(|| help.to_owned());
        let diagnostic = Diagnostic { severity, code, message, help, location: None, path };
        if !self.0.contains(&diagnostic) {
            self.0.push(diagnostic);
        }
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.0
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
pub(super) fn by_age<T>(objects: &[Object<T>]) -> Vec<&Object<T>> {
    let mut sorted: Vec<_> = objects.iter().collect();
    crate::compact::sort_by_key(&mut sorted, |object| {
        let metadata = &object.metadata;
        (metadata.creation_timestamp.as_deref(), metadata.name.as_str(), metadata.namespace())
    });
    sorted
}
