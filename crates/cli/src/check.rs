//! `mesh-failover check`.

mod fix;
mod github;
mod json;
mod sarif;
mod text;

use std::io::Write as _;
use std::path::PathBuf;

use mesh_failover_core::check::{self, Finding, Input, Target};
use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::live::{self, Mesh};
use mesh_failover_core::manifest::Source;
use mesh_failover_core::translate::IstioVersion;

use crate::input::{self, Text};
use crate::report::Failure;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Manifests: files, folders (every .yaml, .yml and .json below), or - for standard input.
    #[arg(required = true)]
    path: Vec<PathBuf>,

    /// A file with the Topology, unless it is among the manifests; with it, findings speak of your own regions and numbers.
    #[arg(long, value_name = "FILE")]
    topology: Option<PathBuf>,

    /// A dump of a running gateway, `/config_dump?include_eds` or `/clusters?format=json`: also say where it differs from what
    /// the manifests ask for. Both files of one gateway go into a folder of their own.
    #[arg(long, value_name = "FILE")]
    live: Vec<PathBuf>,

    /// The istiod that will get the manifests.
    #[arg(long, value_name = "VERSION", default_value_t)]
    istio: IstioVersion,

    /// Who programs the gateways: open-source istiod, or managed Cloud Service Mesh.
    #[arg(long, value_name = "TARGET", value_enum, default_value_t)]
    target: TargetArg,

    /// What to print: findings with their source lines, JSON, SARIF for code scanning, or GitHub's annotations.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,

    /// The least severe finding that makes the exit status 1.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t)]
    fail_on: FailOn,

    /// Repair in the files what can be repaired, then report the rest.
    #[arg(long, conflicts_with = "diff")]
    fix: bool,

    /// Show what --fix would change, and change nothing.
    #[arg(long)]
    diff: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum TargetArg {
    #[default]
    Istio,
    CloudServiceMesh,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Sarif,
    Github,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Error,
    #[default]
    Warning,
    Note,
    Never,
}

/// What a check of some texts came to.
struct Checked {
    findings: Vec<Finding>,
    /// Whether some text could not be read as it is.
    unusable: bool,
}

pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let mut texts = input::read(args.path.iter().chain(&args.topology).chain(&args.live))?;
    for file in &args.live {
        refuse_other_than_dumps(&file.display().to_string(), &texts)?;
    }
    if args.fix || args.diff {
        let repaired = fix::repair(&texts, |texts| look(args, texts).findings);
        if args.diff {
            print(&fix::diff(&texts, &repaired));
            return Ok(());
        }
        fix::write(&texts, &repaired)?;
        texts = repaired;
    }
    let checked = look(args, &texts);
    let findings = &checked.findings;
    print(&match args.output {
        Format::Text => text::report(findings, &texts),
        Format::Json => json::report(findings)?,
        Format::Sarif => sarif::report(findings, &texts)?,
        Format::Github => github::report(findings),
    });
    verdict(args.fail_on, &checked)?;
    if args.output == Format::Text {
        print(&format!("{}\n", text::summary(findings)));
    }
    Ok(())
}

fn refuse_other_than_dumps(file: &str, texts: &[Text]) -> Result<(), Failure> {
    let text = texts.iter().find(|text| text.name == file);
    match text {
        Some(text) if !live::is_dump(&text.text) => Err(Failure::unusable(
            format!("`{file}` is no dump of a gateway"),
            "save `curl localhost:15000/config_dump?include_eds` or `curl localhost:15000/clusters?format=json` of the gateway's pod",
        )),
        _ => Ok(()),
    }
}

/// Reads the texts and looks for everything that is wrong with them.
fn look(args: &CheckArgs, texts: &[Text]) -> Checked {
    let sources: Vec<Source<'_>> = texts.iter().map(Text::source).collect();
    let Mesh { manifests, gateways, diagnostics: unreadable } = live::read(&sources, args.istio);
    let unusable = unreadable.iter().any(|it| it.severity == Severity::Error);
    let found = check::check(&Input {
        manifests: &manifests,
        sources: &sources,
        version: args.istio,
        target: match args.target {
            TargetArg::Istio => Target::Istio,
            TargetArg::CloudServiceMesh => Target::CloudServiceMesh,
        },
        live: &gateways,
    });
    Checked { findings: unreadable.into_iter().map(Finding::from).chain(found).collect(), unusable }
}

fn verdict(fail_on: FailOn, checked: &Checked) -> Result<(), Failure> {
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Note => Severity::Note,
        FailOn::Never => return Ok(()),
    };
    let summary = text::summary(&checked.findings);
    if checked.unusable {
        return Err(Failure::unusable(summary, "what cannot be read was not checked"));
    }
    if checked.findings.iter().any(|found| found.diagnostic.severity >= least) {
        return Err(Failure::findings(summary, ""));
    }
    Ok(())
}

/// A reader that has seen enough is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
