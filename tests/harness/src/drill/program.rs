//! What the Envoys of a drill are programmed with: what `mesh-failover envoy` writes, with logs that a program can read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mesh_failover_core::cluster::Address;
use mesh_failover_core::envoy::{self, Node, Options};
use mesh_failover_core::manifest::Traffic;
use mesh_failover_core::sim::Mesh;
use mesh_failover_core::sorted::SortedMap;
use mesh_failover_core::translate::Translation;
use serde_json::{Value, json};

use super::DrillGateway;
use crate::ENDPOINT_HEADER;
use crate::gateway::replace;

pub(super) const REQUEST_LOG: &str = "requests.log";
pub(super) const ATTEMPT_LOG: &str = "attempts.log";
pub(super) const EJECTION_LOG: &str = "ejections.log";

/// The header that numbers requests.
pub(super) const NUMBER_HEADER: &str = "x-drill-number";

/// What is programmed.
pub(super) struct Program<'a> {
    pub(super) traffic: &'a Traffic,
    pub(super) settings: &'a DrillGateway,
}

impl Program<'_> {
    /// Writes everything below `folder` and returns the bootstrap's path.
    pub(super) fn write(
        &self,
        folder: &Path,
        translation: &Translation,
        addresses: &SortedMap<String, Address>,
        mesh: &Mesh,
    ) -> Result<PathBuf> {
        let any_port = Address { host: Options::DEFAULT_HOST.to_owned(), port: 0 };
        let traffic_port = self.traffic.port;
        let mut translation = translation.clone();
        // One listener is enough, and the harness asks for the only one there is.
        translation.listeners.retain(|it| traffic_port.is_none_or(|port| port == it.port));
        translation.listeners.truncate(1);
        let rendered = envoy::render(
            &translation,
            &Options {
                node: Node { locality: mesh.proxy().locality.clone(), ..Node::default() },
                listen: translation
                    .listeners
                    .iter()
                    .map(|it| (it.port, any_port.clone()))
                    .collect(),
                admin: any_port,
                eds_dir: endpoint_folder(folder).display().to_string(),
                filter: self.settings.filter.clone(),
                access_log: Some(folder.join(REQUEST_LOG).display().to_string()),
                outlier_log: Some(folder.join(EJECTION_LOG).display().to_string()),
                ..Options::default()
            },
        );
        fs::create_dir_all(endpoint_folder(folder))?;
        write_endpoints(folder, &translation, addresses)?;
        let mut bootstrap: Value = serde_yaml::from_str(&rendered.bootstrap)?;
        log_for_programs(&mut bootstrap, folder)?;
        let path = folder.join("bootstrap.json");
        fs::write(&path, serde_json::to_string_pretty(&bootstrap)?)?;
        Ok(path)
    }
}

/// Writes the endpoint files that changed.
pub(super) fn write_endpoints(
    folder: &Path,
    translation: &Translation,
    addresses: &SortedMap<String, Address>,
) -> Result<()> {
    for cluster in &translation.clusters {
        let text = envoy::eds_file(&envoy::placed(&cluster.load_assignment, addresses));
        let path = endpoint_folder(folder).join(envoy::eds_file_name(&cluster.name));
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            replace(&path, &text)?;
        }
    }
    Ok(())
}

fn endpoint_folder(folder: &Path) -> PathBuf {
    folder.join("eds")
}

/// Columns instead of sentences, and a line for each attempt too.
fn log_for_programs(bootstrap: &mut Value, folder: &Path) -> Result<()> {
    let manager = bootstrap
        .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
        .context("the rendered bootstrap has no connection manager")?;
    manager["access_log"] = json!([file_log(&folder.join(REQUEST_LOG))]);
    let filters = manager["http_filters"].as_array_mut().context("there are no HTTP filters")?;
    let router = filters.last_mut().context("there is no router")?;
    router["typed_config"]["upstream_log"] = json!([file_log(&folder.join(ATTEMPT_LOG))]);
    Ok(())
}

fn file_log(path: &Path) -> Value {
    let line = format!(
        "%REQ({NUMBER_HEADER})%\t%RESPONSE_CODE%\t%RESPONSE_FLAGS%\t%UPSTREAM_HOST%\t%RESPONSE_CODE_DETAILS%\t%RESP({ENDPOINT_HEADER})%\n"
    );
    json!({
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": {"text_format_source": {"inline_string": line}},
        },
    })
}
