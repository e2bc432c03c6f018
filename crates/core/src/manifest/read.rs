//! Which document is which kind, and everything that is wrong around the `spec`.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::decode::decode;
use super::kinds::{KNOWN, Known, known};
use super::parse::parse;
use super::reader::{Finding, UnknownFields};
use super::{
    Document, Entry, Manifests, MeshConfig, Metadata, Node, Object, Path, Read, Schema, Segment,
    Source, Value, codes, hint, numbers,
};
use crate::diagnostic::{Diagnostic, Severity, Span};

/// Findings of one document that are reported.
const MOST_FINDINGS: usize = 100;
/// Findings of one text that are reported.
const MOST_OF_TEXT: usize = 1_000;

/// Reads every document of every source: what can be read, and everything that is wrong with the rest.
///
/// - Istio's kinds are read as istiod reads them; a field that Istio does not know is a warning.
///   In our own kinds it is an error.
/// - A `List` counts as its items. Kinds that are not read are noted once each.
/// - Of more than [`MAX_ENDPOINTS`](super::MAX_ENDPOINTS) or [`MAX_WORKERS`](super::MAX_WORKERS) nothing is kept.
/// - Of a key given twice the last value is kept.
/// - A document without `apiVersion` and `kind` that sets a field of MeshConfig is a MeshConfig, as
///   it stands in the `mesh` key of istiod's ConfigMap. With metadata it is written as
///   `apiVersion: mesh-failover.dev/v1alpha1`, `kind: MeshConfig` and the fields below `spec`.
///
/// ```
/// use mesh_failover_core::manifest::{read, Source};
///
/// let text = "\
/// apiVersion: networking.istio.io/v1
/// kind: DestinationRule
/// metadata: {name: hello-world}
/// spec:
///   host: hello-world.default.svc.cluster.local
///   trafficPolicy:
///     outlierDetection: {intervall: 1s}
/// ";
/// let (manifests, diagnostics) = read(&[Source { name: "dr.yaml", text }]);
/// assert_eq!(manifests.destination_rules.len(), 1);
/// assert_eq!(
///     diagnostics[0].to_string(),
///     "dr.yaml:7:24: warning[MF0004]: unknown field `intervall`; Istio drops it\n  \
///      field: spec.trafficPolicy.outlierDetection.intervall\n  \
///      help: did you mean `interval`?"
/// );
/// ```
#[must_use]
pub fn read(sources: &[Source<'_>]) -> (Manifests, Vec<Diagnostic>) {
    let mut reading = Reading::default();
    for source in sources {
        let (roots, findings) = parse(source.text);
        let first = reading.diagnostics.len();
        let whole = Document { file: source.name.to_owned(), root: Node::default() };
        reading.report(&whole, findings);
        for root in roots {
            reading.document(Document { file: source.name.to_owned(), root });
        }
        reading.note_skipped();
        reading.shorten(first);
        if let Some(new) = reading.diagnostics.get_mut(first..) {
            new.sort_by_key(|diagnostic| {
                diagnostic.location.as_ref().map(|place| place.span.start)
            });
        }
    }
    reading.diagnostics.extend(numbers::limit(&mut reading.manifests));
    (reading.manifests, reading.diagnostics)
}

#[derive(Default)]
struct Reading {
    manifests: Manifests,
    diagnostics: Vec<Diagnostic>,
    /// What was skipped in this source: its `apiVersion` and `kind`, and what is to be said the first time.
    skipped: Vec<((String, String), Diagnostic)>,
    /// `apiVersion` and `kind` of what was skipped in those before.
    noted: SortedSet<(String, String)>,
}

/// Finds the spec in a document and reads it, see [`decode`].
type FindSpec<'a> = dyn Fn(&Node, &mut dyn Read) -> (bool, Vec<Finding>) + 'a;

fn finding(
    severity: Severity,
    code: &'static str,
    (message, help): (String, Option<String>),
    (path, span): (Path, Span),
) -> Finding {
    Finding { severity, code, message, help, place: (path, span) }
}

fn key(name: &str) -> Path {
    Path::from(vec![Segment::Key(name.into())])
}

impl Reading {
    /// Leaves the first findings of a text, and says how many there are more.
    fn shorten(&mut self, first: usize) {
        let Some(more) = self.diagnostics.len().checked_sub(first + MOST_OF_TEXT + 1) else {
            return;
        };
        self.diagnostics.truncate(first + MOST_OF_TEXT);
        let last = self.diagnostics.last().cloned();
        self.diagnostics.extend(last.map(|last| Diagnostic {
            severity: Severity::Error,
            code: codes::TOO_MANY_ERRORS,
            message: format!("{} more findings of this file are not shown", more + 1),
            help: None,
            ..last
        }));
    }

    fn report(&mut self, document: &Document, mut findings: Vec<Finding>) {
        let all = findings.len();
        if all > MOST_FINDINGS {
            findings.truncate(MOST_FINDINGS);
            let message = format!("{} more findings are not shown", all - MOST_FINDINGS);
            let place = findings.last().map(|last| last.place.clone()).unwrap_or_default();
            findings.push(finding(Severity::Error, codes::TOO_MANY_ERRORS, (message, None), place));
        }
        let new = findings.into_iter().map(|found| found.into_diagnostic(|span| document.at(span)));
        self.diagnostics.extend(new);
    }

    fn report_one(
        &mut self,
        document: &Document,
        severity: Severity,
        code: &'static str,
        text: (String, Option<String>),
        place: (Path, Span),
    ) {
        self.report(document, vec![finding(severity, code, text, place)]);
    }

    fn document(&mut self, document: Document) {
        let root = &document.root;
        let Value::Map(_) = &root.value else {
            let message = format!("expected a Kubernetes object, found {}", root.describe());
            let help = Some("start it with `apiVersion:` and `kind:`".into());
            let place = (Path::default(), root.span);
            return self.report_one(
                &document,
                Severity::Error,
                codes::NOT_AN_OBJECT,
                (message, help),
                place,
            );
        };
        let (api_version, kind) = (text_of(root, "apiVersion"), text_of(root, "kind"));
        match (api_version, kind) {
            (None, None) if is_mesh_config(root) => self.bare_mesh_config(document),
            (Some(api_version), Some(kind)) => self.dispatch(document, api_version, kind),
            (api_version, kind) => self.headless(&document, api_version.is_none(), kind.is_none()),
        }
    }

    /// Without `apiVersion`, `kind` or both nobody can tell what it is.
    fn headless(&mut self, document: &Document, no_version: bool, no_kind: bool) {
        let names = match (no_version, no_kind) {
            (true, true) => "`apiVersion` and `kind` are",
            (true, false) => "`apiVersion` is",
            _ => "`kind` is",
        };
        let message = format!("not a Kubernetes object: {names} missing");
        let help = Some(
            "for example `apiVersion: networking.istio.io/v1` and `kind: DestinationRule`".into(),
        );
        let place = (Path::default(), first_key(&document.root));
        self.report_one(document, Severity::Error, codes::NOT_AN_OBJECT, (message, help), place);
    }

    fn dispatch(&mut self, document: Document, api_version: String, kind: String) {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
        if kind.ends_with("List")
            && matches!(document.root.get("items"), Some(Node { value: Value::Seq(_), .. }))
        {
            return self.list(document);
        }
        let mut of_kind = KNOWN.iter().filter(|known| known.kind == kind);
        // `Gateway` is a kind of two groups; who writes neither means Istio's.
        let of_kind = of_kind.clone().find(|known| known.group == group).or(of_kind.next());
        match of_kind {
            Some(known) if known.group == group && known.versions.contains(&version) => {
                self.object(known, document, api_version);
            }
            Some(known) if known.group == group || is_meant(group, known.group) => {
                let message = format!("`{kind}` does not exist in `{api_version}`");
                let help = known
                    .versions
                    .first()
                    .map(|version| format!("write `apiVersion: {}/{version}`", known.group));
                let place = place_of(&document.root, "apiVersion");
                self.report_one(
                    &document,
                    Severity::Error,
                    codes::WRONG_API_VERSION,
                    (message, help),
                    place,
                );
                self.object(known, document, api_version);
            }
            _ => self.skip(&document, api_version, kind),
        }
    }

    fn skip(&mut self, document: &Document, api_version: String, kind: String) {
        let group = api_version.split('/').next().unwrap_or_default();
        let names: Vec<&str> =
            KNOWN.iter().filter(|known| known.group == group).map(|known| known.kind).collect();
        let meant = hint::nearest(&kind, &names).map(|name| format!("did you mean `{name}`?"));
        let severity = if meant.is_some() { Severity::Error } else { Severity::Note };
        let message =
            format!("`{kind}` of `{api_version}` is not read; objects of this kind are skipped");
        let place = place_of(&document.root, "kind");
        let said = finding(severity, codes::UNKNOWN_KIND, (message, meant), place);
        let said = said.into_diagnostic(|span| document.at(span));
        self.skipped.push(((api_version, kind), said));
    }

    /// Says of each kind once that it is skipped. All at once: a text may have a million kinds.
    fn note_skipped(&mut self) {
        let mut new: SortedMap<_, _> =
            std::mem::take(&mut self.skipped).into_iter().rev().collect();
        new.retain(|kind, _| !self.noted.contains(kind));
        let (kinds, said): (Vec<_>, Vec<_>) = new.into_iter().unzip();
        self.noted.extend(kinds);
        self.diagnostics.extend(said);
    }

    /// Each item is a document of its own.
    fn list(&mut self, document: Document) {
        let Document { file, root } = document;
        let Value::Map(entries) = root.value else { return };
        let items = entries.into_iter().find(|entry| entry.key == "items");
        if let Some(Entry { value: Node { value: Value::Seq(items), .. }, .. }) = items {
            for root in items {
                self.document(Document { file: file.clone(), root });
            }
        }
    }

    fn object(&mut self, known: &'static Known, document: Document, api_version: String) {
        let mut findings = match known.schema {
            Schema::Kubernetes | Schema::KubernetesFlat => Vec::new(),
            Schema::Istio | Schema::Ours => around_spec(&document.root),
        };
        let mut metadata = Metadata::default();
        let written = document.root.entry("metadata");
        if let Some(entry) = written.filter(|entry| !entry.value.is_null()) {
            let base = key("metadata");
            let (is_read, found) = decode(&entry.value, base, UnknownFields::Warn, &mut metadata);
            findings.extend(found);
            if !is_read {
                metadata = Metadata::default();
            }
        }
        if known.named && metadata.name.is_empty() {
            let place = written.map_or_else(|| first_key(&document.root), |entry| entry.key_span);
            let text = ("`metadata.name` is missing".into(), Some("give the object a name".into()));
            let place = (key("metadata"), place);
            findings.push(finding(Severity::Error, codes::MISSING_FIELD, text, place));
        }
        let read = |root: &Node, spec: &mut dyn Read| spec_of(known, root, spec);
        self.keep(
            known,
            document,
            Object { api_version, metadata, ..Object::default() },
            findings,
            &read,
        );
    }

    fn bare_mesh_config(&mut self, document: Document) {
        let read = |root: &Node, spec: &mut dyn Read| {
            decode(root, Path::default(), UnknownFields::Warn, spec)
        };
        self.keep(&known::<MeshConfig>(), document, Object::default(), Vec::new(), &read);
    }

    /// Reads the spec and says everything that was found; keeps the object if it could be read.
    fn keep(
        &mut self,
        known: &Known,
        document: Document,
        object: Object<()>,
        mut findings: Vec<Finding>,
        read: &FindSpec<'_>,
    ) {
        let position = self.manifests.documents.len();
        let mut kept = false;
        (known.keep)(&mut self.manifests, &mut |spec| {
            let (is_read, found) = read(&document.root, spec);
            findings.extend(found);
            kept = is_read;
            is_read.then(|| Object { document: position, ..object.clone() })
        });
        self.report(&document, findings);
        if kept {
            self.manifests.documents.push(document);
        }
    }
}

/// The `spec`, or what stands in its place.
fn spec_of(known: &Known, root: &Node, value: &mut dyn Read) -> (bool, Vec<Finding>) {
    let unknown = match known.schema {
        Schema::Istio => UnknownFields::Warn,
        Schema::Ours => UnknownFields::Deny,
        Schema::Kubernetes | Schema::KubernetesFlat => UnknownFields::Ignore,
    };
    match root.get("spec") {
        _ if known.schema == Schema::KubernetesFlat => {
            decode(root, Path::default(), unknown, value)
        }
        Some(spec) if !spec.is_null() => decode(spec, key("spec"), unknown, value),
        _ => {
            let place = root.entry("spec").map_or_else(|| first_key(root), |entry| entry.key_span);
            let help = Some("the fields of the object go below `spec:`".into());
            let text = ("`spec` is missing".into(), help);
            let found = finding(Severity::Error, codes::MISSING_FIELD, text, (key("spec"), place));
            (false, vec![found])
        }
    }
}

/// Top-level keys that no object has.
fn around_spec(root: &Node) -> Vec<Finding> {
    const FIELDS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
    let Value::Map(entries) = &root.value else { return Vec::new() };
    let unknown = entries.iter().filter(|entry| !FIELDS.contains(&entry.key.as_str()));
    unknown
        .map(|entry| {
            let help = hint::nearest(&entry.key, &FIELDS)
                .map(|name| format!("did you mean `{name}`?"))
                .or_else(|| Some("the fields of the object go below `spec:`".into()));
            let message = format!("unknown field `{}`; Kubernetes drops it", entry.key);
            let place = (key(&entry.key), entry.key_span);
            finding(Severity::Warning, codes::UNKNOWN_FIELD, (message, help), place)
        })
        .collect()
}

fn text_of(root: &Node, key: &str) -> Option<String> {
    root.get(key).and_then(Node::as_text).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn place_of(root: &Node, name: &str) -> (Path, Span) {
    (key(name), root.get(name).map_or(root.span, |node| node.span))
}

fn first_key(root: &Node) -> Span {
    match &root.value {
        Value::Map(entries) => entries.first().map_or(root.span, |entry| entry.key_span),
        _ => root.span,
    }
}

/// Whether somebody who wrote `group` meant `right`: it is empty, or a slip away.
fn is_meant(group: &str, right: &str) -> bool {
    group.is_empty() || hint::nearest(group, &[right]).is_some()
}

fn is_mesh_config(root: &Node) -> bool {
    let mut config = MeshConfig::default();
    let (is_read, _) = decode(root, Path::default(), UnknownFields::Warn, &mut config);
    is_read && config != MeshConfig::default()
}
