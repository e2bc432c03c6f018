//! From paths to texts, and to manifests.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::live::{self, Mesh};
use mesh_failover_core::manifest::{Source, to_json};
use mesh_failover_core::translate::IstioVersion;

use crate::report::{self, Failure};

/// A text and its name as the user gave it.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Text {
    pub(crate) fn source(&self) -> Source<'_> {
        Source { name: &self.name, text: &self.text }
    }
}

/// Reads files, folders and `-`, each file once, folders in the order of their names.
pub(crate) fn read<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Result<Vec<Text>, Failure> {
    let mut texts: Vec<Text> = Vec::new();
    for path in paths {
        for (name, text) in one(path)? {
            if texts.iter().all(|known| known.name != name) {
                texts.push(Text { name, text });
            }
        }
    }
    Ok(texts)
}

/// Reads manifests that name endpoints, and dumps of gateways; prints what is wrong with them.
pub(crate) fn read_mesh(texts: &[Text]) -> Result<Mesh, Failure> {
    let sources: Vec<Source<'_>> = texts.iter().map(Text::source).collect();
    let mesh = live::read(&sources, IstioVersion::NEWEST);
    let Mesh { manifests, diagnostics, .. } = &mesh;
    report::print(diagnostics, texts);
    let errors = diagnostics.iter().filter(|it| it.severity == Severity::Error).count();
    if errors > 0 {
        let word = if errors == 1 { "error" } else { "errors" };
        return Err(Failure::unusable(format!("{errors} {word} in the manifests"), ""));
    }
    if manifests.topologies.is_empty() {
        return Err(Failure::unusable(
            "no topology says where the endpoints are",
            "give a file with `kind: Topology`, for example with --topology; or what `kubectl get \
             endpointslice,service,node,pod -A -o yaml` prints, or a gateway's `/config_dump?include_eds`",
        ));
    }
    Ok(mesh)
}

fn one(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| cannot_read(path, &error))?;
        return Ok(vec![("-".to_owned(), dump_as_json("-", text_of("-", bytes)?)?)]);
    }
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, &mut files)?;
        if files.is_empty() {
            return Err(Failure::unusable(
                format!("there is no manifest in `{}`", path.display()),
                "manifests end in .yaml, .yml or .json",
            ));
        }
    } else {
        files.push(path.to_owned());
    }
    files
        .into_iter()
        .map(|file| {
            let bytes = fs::read(&file).map_err(|error| cannot_read(&file, &error))?;
            let name = file.display().to_string();
            let text = dump_as_json(&name, text_of(&name, bytes)?)?;
            Ok((name, text))
        })
        .collect()
}

/// What `istioctl proxy-config all -o yaml` prints becomes the JSON that it stands for; every other text stays.
fn dump_as_json(name: &str, text: String) -> Result<String, Failure> {
    let is_code = |line: &&str| !line.starts_with(['#', '-']) && !line.trim().is_empty();
    let first = text.trim_start_matches('\u{feff}').lines().find(is_code).unwrap_or_default();
    if !matches!(first.trim_end(), "configs:" | "cluster_statuses:") {
        return Ok(text);
    }
    to_json(&text).map_err(|error| {
        Failure::unusable(
            format!("`{name}` is not a dump of Envoy: {error}"),
            "save it again: `istioctl proxy-config all POD -o yaml`, or with `-o json`",
        )
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(|error| cannot_read(folder, &error))?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        let extension = path.extension().and_then(|it| it.to_str());
        if path.is_dir() {
            collect(&path, files)?;
        } else if matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(path);
        }
    }
    Ok(())
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = good.split(|byte| *byte == b'\n').count();
        let last = good.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let column = String::from_utf8_lossy(last).chars().count() + 1;
        Failure::unusable(
            format!("{name}:{line}:{column}: the text is not UTF-8 here"),
            "save the file as UTF-8; some editors write UTF-16 or an older code page",
        )
    })
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unusable(
        format!("cannot read `{}`: {}", path.display(), error.kind()),
        "give files, folders, or `-` for standard input",
    )
}
