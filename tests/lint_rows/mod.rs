//! Examples of lints: an example's own documents, completed by the base.

pub mod istio_docs;
pub mod page;
pub mod pitfalls;
mod play;

use std::path::{Path, PathBuf};

use mesh_failover_core::check::{Finding, Input, Target, check};
use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::live::{GatewayState, read_dumps};
use mesh_failover_core::manifest::{Manifests, Source, read};
use mesh_failover_core::translate::IstioVersion;

/// The name of the base in findings.
const BASE: &str = "base.yaml";

/// An example, ready to be checked and played.
pub struct Example {
    /// Its own documents and what it takes from the base, by name of the file.
    texts: Vec<(String, String)>,
    version: IstioVersion,
    target: Target,
    /// What a gateway printed.
    live: Vec<GatewayState>,
    /// What happens where it is not the traffic that is harmed: `happens.md` beside it.
    happens: Option<String>,
    /// What is played instead of it, each with the words that say why.
    plays: Vec<(String, Example)>,
}

/// Reads an example. Comments may say how it is checked, `# check: --istio 1.29`, and what is played instead of it,
/// `# played as: stored.yaml: what becomes of it`, or which file goes before the base, `# beside: router.yaml`. Such lines are at the
/// end, so that places are those of what is shown.
pub fn example(file: &Path) -> Result<Example, String> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let own = read(file)?;
    let folder = file.ancestors().nth(2).ok_or("an example is in a folder of its own")?;
    let beside = own.lines().find_map(|line| line.strip_prefix("# beside: "));
    let below: Vec<&str> = beside.into_iter().chain([BASE]).collect();
    let mut texts = vec![("example.yaml".to_owned(), own.clone())];
    for name in below {
        let missing = missing(&texts, &read(&folder.join(name))?);
        texts.push((name.to_owned(), missing));
    }
    let options: Vec<String> = own
        .lines()
        .filter_map(|line| line.strip_prefix("# check: "))
        .flat_map(|line| line.split(' ').map(str::to_owned))
        .collect();
    let mut example = Example::of(texts);
    for option in options.chunks(2) {
        match option {
            [name, value] if name == "--istio" => {
                example.version = value.parse().map_err(|error| format!("{error}"))?;
            }
            [name, value] if name == "--target" && value == "cloud-service-mesh" => {
                example.target = Target::CloudServiceMesh;
            }
            other => return Err(format!("{other:?} is no option of an example")),
        }
    }
    if let Some(name) = example.live_file() {
        let text = read(&file.with_file_name(name))?;
        let dump = [Source { name, text: &text }];
        example.live = vec![read_dumps(&dump).map_err(|(error, _)| error.message)?];
    }
    example.happens = std::fs::read_to_string(file.with_file_name("happens.md")).ok();
    let plays: Vec<_> = example.played_as().collect();
    example.plays = plays
        .into_iter()
        .map(|(name, why)| Ok((why, self::example(&file.with_file_name(name))?)))
        .collect::<Result<_, String>>()?;
    Ok(example)
}

/// The documents of `text` whose kinds no other text has; an HTTPRoute stands for a VirtualService.
fn missing(texts: &[(String, String)], text: &str) -> String {
    let kind = |document: &str| {
        document.lines().find_map(|line| line.strip_prefix("kind: ")).map(str::to_owned)
    };
    let mut kinds: Vec<_> =
        texts.iter().flat_map(|(_, text)| text.split("---\n")).filter_map(kind).collect();
    if kinds.iter().any(|kind| kind == "HTTPRoute") {
        kinds.push("VirtualService".to_owned());
    }
    let documents = text.split("---\n");
    let missing = documents.filter(|it| kind(it).is_some_and(|it| !kinds.contains(&it)));
    missing.collect::<Vec<_>>().join("---\n")
}

/// All manifests of a folder as one example.
pub fn folder(folder: &Path) -> Result<Example, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "yaml"));
    files.sort();
    let text = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        Ok((file.display().to_string(), text))
    };
    files.iter().map(text).collect::<Result<_, String>>().map(Example::of)
}

impl Example {
    fn of(texts: Vec<(String, String)>) -> Self {
        Self {
            texts,
            version: IstioVersion::NEWEST,
            target: Target::default(),
            live: Vec::new(),
            happens: None,
            plays: Vec::new(),
        }
    }

    /// The file beside it that holds what a gateway printed.
    pub fn live_file(&self) -> Option<&str> {
        self.text().lines().find_map(|line| line.strip_prefix("# live: "))
    }

    /// Files that are played instead of it, and why.
    fn played_as(&self) -> impl Iterator<Item = (String, String)> {
        let lines = self.text().lines().filter_map(|line| line.strip_prefix("# played as: "));
        lines.filter_map(|line| {
            line.split_once(": ").map(|(name, why)| (name.to_owned(), why.to_owned()))
        })
    }

    /// Its own documents.
    pub fn text(&self) -> &str {
        self.texts.first().map(|(_, text)| text.as_str()).unwrap_or_default()
    }

    fn sources(&self) -> Vec<Source<'_>> {
        self.texts.iter().map(|(name, text)| Source { name, text }).collect()
    }

    /// What was read; everything must be readable.
    pub fn manifests(&self) -> Result<Manifests, String> {
        let (manifests, diagnostics) = read(&self.sources());
        match diagnostics.iter().find(|it| it.severity != Severity::Note) {
            Some(diagnostic) => Err(diagnostic.to_string()),
            None => Ok(manifests),
        }
    }

    pub fn check(&self) -> Vec<Finding> {
        let manifests = self.manifests().expect("examples can be read");
        let sources = self.sources();
        check(&Input {
            manifests: &manifests,
            sources: &sources,
            version: self.version,
            target: self.target,
            live: &self.live,
        })
    }

    /// With its texts changed, by name.
    pub fn changed(&self, change: impl Fn(&str, &str) -> String) -> Self {
        let texts = self.texts.iter();
        let texts = texts.map(|(name, text)| (name.clone(), change(name, text))).collect();
        Self {
            version: self.version,
            target: self.target,
            live: self.live.clone(),
            ..Self::of(texts)
        }
    }
}
