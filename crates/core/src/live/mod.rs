//! From a running mesh: what `kubectl get -o yaml` and Envoy's admin interface print becomes the topology, and the state of a
//! gateway that [`crate::check`] compares with what the manifests ask for, and from which [`crate::sim`] and [`crate::explain`] start.

mod dump;
mod ejections;
mod gateway;
mod topology;

pub use dump::{DumpError, GatewayState, LiveCluster, LiveHost, MAX_DUMP, is_dump, read_dumps};
pub use ejections::{Ejections, ejections_at};
pub use gateway::topology_of;
use mesh_failover_sorted::SortedMap;
pub use topology::complete;

use crate::diagnostic::{Diagnostic, Location, Severity, Span};
use crate::manifest::{self, Manifests, Metadata, Object, Source, codes};
use crate::translate::IstioVersion;

/// What was read of a mesh.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mesh {
    /// Manifests, with a topology if they or the dumps tell one.
    pub manifests: Manifests,
    /// Gateways whose dumps were among the texts.
    pub gateways: Vec<GatewayState>,
    /// What is wrong with the texts.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads texts of all kinds: manifests, `kubectl`'s lists, dumps of gateways (those of one folder are one gateway's).
///
/// A Topology that is written goes first, then what Kubernetes says, then what the first gateway knows.
#[must_use]
pub fn read(sources: &[Source<'_>], version: IstioVersion) -> Mesh {
    let (dumps, texts): (Vec<Source<'_>>, Vec<Source<'_>>) =
        sources.iter().copied().partition(|source| is_dump(source.text));
    let (mut manifests, mut diagnostics) = manifest::read(&texts);
    let mut by_folder: SortedMap<&str, Vec<Source<'_>>> = SortedMap::new();
    for dump in dumps {
        let folder = dump.name.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder);
        by_folder.entry(folder).or_default().push(dump);
    }
    let mut gateways = Vec::new();
    for dumps in by_folder.values() {
        match read_dumps(dumps) {
            Ok(state) => gateways.push(state),
            Err((error, index)) => diagnostics.push(unreadable(error, dumps.get(index))),
        }
    }
    complete(&mut manifests, version);
    if let (true, Some(first)) = (manifests.topologies.is_empty(), gateways.first()) {
        manifests.topologies.push(Object {
            api_version: "mesh-failover.dev/v1alpha1".to_owned(),
            metadata: Metadata { name: "from-gateway".to_owned(), ..Metadata::default() },
            spec: topology_of(first),
            document: usize::MAX,
        });
    }
    Mesh { manifests, gateways, diagnostics }
}

fn unreadable(error: DumpError, source: Option<&Source<'_>>) -> Diagnostic {
    let location = error.place.zip(source).map(|((line, column), source)| Location {
        file: source.name.to_owned(),
        span: Span { line, column, end_line: line, end_column: column, ..Span::default() },
    });
    let name = source.map(|it| it.name).unwrap_or_default();
    let message = match location {
        Some(_) => error.message,
        None => format!("`{name}`: {}", error.message),
    };
    Diagnostic {
        severity: Severity::Error,
        code: codes::DUMP,
        message,
        help: Some(
            "save it again: `curl localhost:15000/config_dump?include_eds`, `curl localhost:15000/clusters?format=json`"
                .to_owned(),
        ),
        location,
        path: String::new(),
    }
}
