//! Endpoints as Envoy's file-based EDS reads them.
//!
//! One file a cluster holds one `DiscoveryResponse`. Envoy reads it again whenever it is replaced by a rename, which is
//! how a region is scaled without istiod.
//!
//! **Source**: Envoy `config.endpoint.v3`, v1.40; what istiod leaves unset (`policy` above all) stays unset.

use super::message::Message;
use crate::cluster::{
    Address, ClusterLoadAssignment, HealthStatus, LbEndpoint, LocalityLbEndpoints,
};
use crate::locality::Locality;

/// Namespace of endpoint metadata that is ours: which endpoint of the topology a host is. Access
/// logs read it with `%UPSTREAM_METADATA(["mesh-failover","endpoint"])%`.
pub(super) const METADATA_NAMESPACE: &str = "mesh-failover";

/// A file's name from a cluster's, in the spelling of istiod's SNI names:
/// `outbound_.80_._.hello-world.default.svc.cluster.local.yaml`.
///
/// Everything that could mean something to a path or a shell is escaped.
pub(super) fn file_name(cluster: &str) -> String {
    let mut name = String::with_capacity(cluster.len());
    for character in cluster.chars() {
        match character {
            '|' => name.push_str("_."),
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => name.push(character),
            other => name.push_str(&format!("%{:02X}", u32::from(other))),
        }
    }
    name + ".yaml"
}

/// The text of a cluster's endpoint file.
pub(super) fn file(assignment: &ClusterLoadAssignment) -> String {
    let comment = [
        format!("Endpoints of `{}`.", assignment.cluster_name),
        "To change them, write a new file beside this one and rename it over it: Envoy watches for renames."
            .to_owned(),
    ];
    let resource =
        load_assignment(Message::any("config.endpoint.v3.ClusterLoadAssignment"), assignment);
    Message::new().with_list("resources", [resource]).to_document(&comment)
}

/// `ClusterLoadAssignment`, into a message that may already have its type.
pub(super) fn load_assignment(message: Message, assignment: &ClusterLoadAssignment) -> Message {
    message
        .with("cluster_name", assignment.cluster_name.as_str())
        .with_list("endpoints", assignment.endpoints.iter().map(locality_lb_endpoints))
}

fn locality_lb_endpoints(group: &LocalityLbEndpoints) -> Message {
    Message::new()
        .with_some("locality", group.locality.as_ref().map(locality))
        .with_some("priority", Some(group.priority.0).filter(|priority| *priority > 0))
        .with_some("load_balancing_weight", group.load_balancing_weight)
        .with_list("lb_endpoints", group.lb_endpoints.iter().map(lb_endpoint))
}

fn lb_endpoint(endpoint: &LbEndpoint) -> Message {
    let metadata = Message::new().with(
        "filter_metadata",
        Message::new()
            .with(METADATA_NAMESPACE, Message::new().with("endpoint", endpoint.name.as_str())),
    );
    Message::new()
        .with("endpoint", Message::new().with("address", address(&endpoint.address)))
        .with_some("health_status", health_status(endpoint.health_status))
        .with_some("metadata", Some(metadata).filter(|_| !endpoint.name.is_empty()))
        .with("load_balancing_weight", endpoint.load_balancing_weight.max(1))
}

/// istiod leaves the status of a usable endpoint unset.
fn health_status(status: HealthStatus) -> Option<&'static str> {
    match status {
        HealthStatus::Healthy => None,
        HealthStatus::Unhealthy => Some("UNHEALTHY"),
        HealthStatus::Draining => Some("DRAINING"),
        HealthStatus::Degraded => Some("DEGRADED"),
    }
}

/// `core.v3.Address`.
pub(super) fn address(address: &Address) -> Message {
    let socket =
        Message::new().with("address", address.host.as_str()).with("port_value", address.port);
    Message::new().with("socket_address", socket)
}

/// `core.v3.Locality`.
pub(super) fn locality(locality: &Locality) -> Message {
    Message::new()
        .with_text("region", &locality.region)
        .with_text("zone", &locality.zone)
        .with_text("sub_zone", &locality.sub_zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_files_so_that_no_host_leaves_the_folder() {
        for (cluster, file) in [
            (
                "outbound|80||hello-world.default.svc.cluster.local",
                "outbound_.80_._.hello-world.default.svc.cluster.local.yaml",
            ),
            ("outbound|443|v1|*.example.com", "outbound_.443_.v1_.%2A.example.com.yaml"),
            ("outbound|80||../../etc/passwd", "outbound_.80_._...%2F..%2Fetc%2Fpasswd.yaml"),
        ] {
            assert_eq!(file_name(cluster), file);
        }
    }
}
