//! `mesh-failover render`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::manifest::{
    self, Failover, Intent, IntentGateway, IntentRegion, IntentRouter, Manifests, Metadata, Object,
    RouteApi, RouterExtension, Source,
};
use mesh_failover_core::render::{Rendered, render};
use mesh_failover_core::sorted::SortedMap;

use crate::input::{self, Text};
use crate::output::{self, Mark};
use crate::report::{self, Failure};

/// An intent from a file, or said with flags.
#[derive(Debug, clap::Args)]
pub(crate) struct RenderArgs {
    /// A file with the Intent, or - for standard input; everything else can then be said there.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["service", "region"])]
    intent: Option<PathBuf>,

    /// The service's full name, for example hello-world.default.svc.cluster.local.
    #[arg(long, value_name = "HOST", required_unless_present = "intent")]
    service: Option<String>,

    /// The service's port.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// Where it runs, and its percentage of the traffic; once for each region. Without percentages each gateway sends to the
    /// nearest region.
    #[arg(long, value_name = "REGION[/ZONE][=PERCENT]", required_unless_present = "intent")]
    region: Vec<String>,

    /// Where a region's traffic goes when it fails, instead of percentages; with --router also beside them.
    #[arg(long, value_name = "REGION=REGION")]
    failover: Vec<String>,

    /// A label that orders the regions, as in a DestinationRule; once for each.
    #[arg(long, value_name = "LABEL", conflicts_with = "intent")]
    failover_priority: Vec<String>,

    /// Put the region router before Istio's own failover. What else it knows (probes, second tries, ramps, drains, ...) is said in
    /// an Intent, see docs/region-router.md.
    #[arg(long, conflicts_with = "intent")]
    router: bool,

    /// Load the router with a TrafficExtension (Istio 1.30) instead of a WasmPlugin.
    #[arg(long, requires = "router")]
    traffic_extension: bool,

    /// Write an HTTPRoute of the Kubernetes Gateway API instead of a VirtualService.
    #[arg(long, conflicts_with = "intent")]
    gateway_api: bool,

    /// The folder to write; unset: print all manifests.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What makes a folder one of this command's.
const MARK: Mark = Mark { file: "gateway.yaml", begins: "# Made by `mesh-failover render`" };
/// The kubectl commands, beside the manifests.
const COMMANDS: &str = "commands.txt";

pub(crate) fn run(args: &RenderArgs) -> Result<(), Failure> {
    let texts = input::read(args.intent.iter())?;
    let manifests = if args.intent.is_some() { written(&texts)? } else { from_flags(args)? };
    for intent in &manifests.intents {
        let rendered = render(&manifests, intent).map_err(|diagnostics| {
            report::print(&diagnostics, &texts);
            Failure::unusable(format!("cannot render the intent `{}`", intent.metadata.name), "")
        })?;
        match &args.out {
            Some(folder) => write(folder.clone(), &rendered)?,
            None => output::print(&stream(&rendered)),
        }
    }
    Ok(())
}

fn written(texts: &[Text]) -> Result<Manifests, Failure> {
    let sources: Vec<Source<'_>> = texts.iter().map(Text::source).collect();
    let (manifests, diagnostics) = manifest::read(&sources);
    report::print(&diagnostics, texts);
    if diagnostics.iter().any(|it| it.severity == Severity::Error) {
        return Err(Failure::unusable("the intent cannot be read", ""));
    }
    match manifests.intents.len() {
        1 => Ok(manifests),
        0 => Err(Failure::unusable(
            "no intent says what to render",
            "give a file with `kind: Intent`, or say it with --service, --region and their friends",
        )),
        several => Err(Failure::unusable(
            format!("there are {several} intents"),
            "give one at a time: each has files of the same names",
        )),
    }
}

/// The intent that the flags say.
fn from_flags(args: &RenderArgs) -> Result<Manifests, Failure> {
    let mut regions = Vec::new();
    let mut distribute = SortedMap::new();
    for region in &args.region {
        let (place, percent) = match region.split_once('=') {
            Some((place, percent)) => (place, Some(percent)),
            None => (region.as_str(), None),
        };
        let (name, zone) = match place.split_once('/') {
            Some((name, zone)) => (name, Some(zone.to_owned())),
            None => (place, None),
        };
        if let Some(percent) = percent {
            let share = percent.trim_end_matches('%').parse().map_err(|_| {
                Failure::unusable(
                    format!("`{percent}` in `--region {region}` is not a percentage"),
                    "write for example `--region europe-west1=50`",
                )
            })?;
            distribute.insert(name.to_owned(), share);
        }
        regions.push(IntentRegion { name: name.to_owned(), zone, ..IntentRegion::default() });
    }
    let host = args.service.clone().unwrap_or_default();
    let name = host.split('.').next().unwrap_or_default().to_owned();
    let extension = if args.traffic_extension {
        RouterExtension::TrafficExtension
    } else {
        RouterExtension::WasmPlugin
    };
    let intent = Intent {
        host,
        port: args.port,
        regions,
        distribute,
        failover_priority: args.failover_priority.clone(),
        failover: args.failover.iter().map(|it| failover(it)).collect::<Result<_, _>>()?,
        gateway: IntentGateway {
            api: if args.gateway_api { RouteApi::GatewayApi } else { RouteApi::Istio },
            ..IntentGateway::default()
        },
        router: args.router.then(|| IntentRouter { extension, ..IntentRouter::default() }),
        ..Intent::default()
    };
    let metadata = Metadata { name, ..Metadata::default() };
    let object = Object { metadata, spec: intent, ..Object::default() };
    Ok(Manifests { intents: vec![object], ..Manifests::default() })
}

fn failover(text: &str) -> Result<Failover, Failure> {
    let parts = text.split_once('=');
    let (from, to) = parts.ok_or_else(|| {
        Failure::unusable(
            format!("`--failover {text}` does not say where to"),
            "write for example `--failover europe-west1=us-central1`",
        )
    })?;
    Ok(Failover { from: from.to_owned(), to: to.to_owned() })
}

fn write(folder: PathBuf, rendered: &Rendered) -> Result<(), Failure> {
    let mut files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for file in &rendered.files {
        files.insert(PathBuf::from(&file.name), file.text.clone().into_bytes());
    }
    files.insert(PathBuf::from(COMMANDS), rendered.commands.clone().into_bytes());
    output::write(&folder, &files, &MARK)?;
    let names: Vec<&str> = rendered.files.iter().map(|file| file.name.as_str()).collect();
    output::print(&format!(
        "wrote {}: {}\n\n{}",
        folder.display(),
        names.join(", "),
        rendered.commands
    ));
    Ok(())
}

/// All files as one stream of documents.
fn stream(rendered: &Rendered) -> String {
    let texts: Vec<&str> = rendered.files.iter().map(|file| file.text.as_str()).collect();
    texts.join("---\n")
}
