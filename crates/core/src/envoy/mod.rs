//! A runnable Envoy configuration from what [`crate::translate`] made, so that a failover can be seen in the very
//! proxy that will perform it, without a cluster.
//!
//! The bootstrap holds listeners, routes and clusters; each cluster's endpoints are in a file of their own
//! that Envoy watches. The text is sparse: what istiod leaves to Envoy's defaults is left to them here.
//!
//! **Source**: Envoy v1.40 configuration API; Istio 1.31 for what is set and how it is named.
//!
//! **Not modelled**: TLS on either side, filters that do not choose an upstream.
//!
//! ```
//! use mesh_failover_core::cluster::ClusterLoadAssignment;
//! use mesh_failover_core::envoy;
//!
//! let assignment = ClusterLoadAssignment {
//!     cluster_name: "outbound|80||hello.default.svc.cluster.local".to_owned(),
//!     endpoints: Vec::new(),
//! };
//! assert_eq!(
//!     envoy::eds_file_name(&assignment.cluster_name),
//!     "outbound_.80_._.hello.default.svc.cluster.local.yaml"
//! );
//! assert!(envoy::eds_file(&assignment).contains("ClusterLoadAssignment"));
//! ```

mod bootstrap;
mod cluster;
mod endpoint;
mod listener;
mod matching;
mod message;
mod options;
mod outlier;
mod plugin;
mod route;

use mesh_failover_sorted::{SortedMap, SortedSet};
pub use options::{FailurePolicy, Filter, Node, Options};
pub use plugin::plugins_for;
pub(crate) use plugin::{is_for, region_router};

use crate::cluster::{Address, ClusterLoadAssignment, DiscoveryType};
use crate::translate::Translation;

/// Texts ready to be written to files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The bootstrap, YAML.
    pub bootstrap: String,
    /// Endpoint files by file name, YAML; they belong into [`Options::eds_dir`].
    pub eds: SortedMap<String, String>,
}

/// Writes a translation down. The same input gives the same bytes.
#[must_use]
pub fn render(translation: &Translation, options: &Options) -> Rendered {
    let eds = translation
        .clusters
        .iter()
        .filter(|cluster| cluster.discovery == DiscoveryType::Eds)
        .map(|cluster| {
            let assignment = placed(&cluster.load_assignment, &options.endpoint_addresses);
            (eds_file_name(&cluster.name), eds_file(&assignment))
        })
        .collect();
    Rendered { bootstrap: bootstrap::bootstrap(translation, options), eds }
}

/// The text of a cluster's endpoint file. To change endpoints, write it beside the old file and
/// rename it over that: Envoy watches for renames.
#[must_use]
pub fn eds_file(assignment: &ClusterLoadAssignment) -> String {
    endpoint::file(assignment)
}

/// The name of a cluster's endpoint file.
#[must_use]
pub fn eds_file_name(cluster: &str) -> String {
    endpoint::file_name(cluster)
}

/// The assignment with the endpoints named in `addresses` moved there.
#[must_use]
pub fn placed(
    assignment: &ClusterLoadAssignment,
    addresses: &SortedMap<String, Address>,
) -> ClusterLoadAssignment {
    let mut placed = assignment.clone();
    for endpoint in placed.endpoints.iter_mut().flat_map(|group| &mut group.lb_endpoints) {
        if let Some(address) = addresses.get(&endpoint.name) {
            endpoint.address.clone_from(address);
        }
    }
    placed
}

/// Every endpoint on a port of its own from `first` on, by name: what a workstation can listen on
/// instead of the addresses that pods would have. `None` if the ports do not suffice.
#[must_use]
pub fn consecutive_addresses(
    translation: &Translation,
    first: &Address,
) -> Option<SortedMap<String, Address>> {
    let groups = translation.clusters.iter().flat_map(|it| &it.load_assignment.endpoints);
    let names: SortedSet<&str> = SortedSet::from_iter(
        groups.flat_map(|group| &group.lb_endpoints).map(|it| it.name.as_str()),
    );
    names
        .into_iter()
        .zip(0_u16..)
        .map(|(name, offset)| {
            let port = first.port.checked_add(offset)?;
            Some((name.to_owned(), Address { host: first.host.clone(), port }))
        })
        .collect()
}
