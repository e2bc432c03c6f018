//! The bootstrap: everything but the endpoints is static, so that one file tells the whole story.
//!
//! **Source**: Envoy `config.bootstrap.v3.Bootstrap`, v1.40.

use super::cluster::cluster;
use super::endpoint::{address, locality};
use super::listener::{by_port, listener};
use super::message::Message;
use super::options::Options;
use crate::cluster::Cluster;
use crate::router::LABELS;
use crate::translate::Translation;

/// The text of the bootstrap.
pub(super) fn bootstrap(translation: &Translation, options: &Options) -> String {
    let node = Message::new()
        .with("id", options.node.id.as_str())
        .with("cluster", options.node.cluster.as_str())
        .with_some("locality", locality(&options.node.locality).non_empty());
    let resources = Message::new()
        .with_list(
            "listeners",
            by_port(&translation.listeners).iter().map(|it| listener(it, options)),
        )
        .with_list(
            "clusters",
            translation
                .clusters
                .iter()
                .map(|it| cluster(&placed_inline(it, options), &options.eds_dir)),
        );
    Message::new()
        .with("node", node)
        .with("admin", Message::new().with("address", address(&options.admin)))
        .with_some("cluster_manager", options.outlier_log.as_deref().map(outlier_log))
        .with_some("stats_config", options.filter.as_ref().map(|_| stats_tags()))
        .with("static_resources", resources)
        .to_document(&comment(options))
}

/// Endpoints that stand in the cluster are moved here; those of EDS in their files.
fn placed_inline(cluster: &Cluster, options: &Options) -> Cluster {
    let load_assignment = super::placed(&cluster.load_assignment, &options.endpoint_addresses);
    Cluster { load_assignment, ..cluster.clone() }
}

/// What Istio's bootstrap makes of `extraStatTags`: the region router's metrics carry their labels in their names.
///
/// **Source**: tools/packaging/common/envoy_bootstrap.json, Istio 1.30.
fn stats_tags() -> Message {
    let tag = |label: &&str| {
        let regex = [r"(", *label, r"=\.=(.*?);\.;)"].concat();
        Message::new().with("tag_name", *label).with("regex", regex)
    };
    Message::new().with_list("stats_tags", LABELS.iter().map(tag))
}

fn outlier_log(path: &str) -> Message {
    Message::new().with("outlier_detection", Message::new().with("event_log_path", path))
}

fn comment(options: &Options) -> Vec<String> {
    let place = if options.node.locality.is_empty() {
        String::new()
    } else {
        format!(" at {}", options.node.locality)
    };
    let mut lines = vec![format!(
        "Envoy bootstrap for `{}`{place}, as istiod would program it. Written by mesh-failover; run it with Envoy 1.40.",
        options.node.id
    )];
    if !options.made_from.is_empty() {
        lines.push(format!("Made from: {}.", options.made_from.join(", ")));
    }
    lines
}
