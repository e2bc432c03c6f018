//! A runnable Envoy configuration: bootstrap and endpoint files from what [`crate::translate`] made.

mod options;

use std::collections::BTreeMap;

pub use options::{FailurePolicy, Filter, Node, Options};

use crate::cluster::{Address, ClusterLoadAssignment};
use crate::translate::Translation;

/// Texts ready to be written to files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The bootstrap, YAML.
    pub bootstrap: String,
    /// Endpoint files by file name, YAML; they belong into [`Options::eds_dir`].
    pub eds: BTreeMap<String, String>,
}

/// Writes a translation down.
#[must_use]
pub fn render(translation: &Translation, options: &Options) -> Rendered {
    let _ = (translation, options);
    Rendered::default()
}

/// The text of a cluster's endpoint file. To change endpoints, write it beside the old file and
/// rename it over that: Envoy watches for renames.
#[must_use]
pub fn eds_file(assignment: &ClusterLoadAssignment) -> String {
    let _ = assignment;
    String::new()
}

/// The name of a cluster's endpoint file.
#[must_use]
pub fn eds_file_name(cluster: &str) -> String {
    format!("{cluster}.yaml")
}

/// The assignment with the endpoints named in `addresses` moved there.
#[must_use]
pub fn placed(
    assignment: &ClusterLoadAssignment,
    addresses: &BTreeMap<String, Address>,
) -> ClusterLoadAssignment {
    let mut placed = assignment.clone();
    for endpoint in placed.endpoints.iter_mut().flat_map(|group| &mut group.lb_endpoints) {
        if let Some(address) = addresses.get(&endpoint.name) {
            endpoint.address.clone_from(address);
        }
    }
    placed
}
