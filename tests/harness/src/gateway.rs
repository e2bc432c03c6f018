//! An ingress gateway as istiod would program it, with a real backend for every endpoint.
//!
//! The manifests and the topology go through the same translation and rendering that the command
//! line uses. What istiod would push later (endpoints, a plugin's new configuration) is pushed here
//! as files, replaced by an atomic rename: Envoy reads them through the same code as over a stream.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mesh_failover_core::cluster::{Address, Cluster};
use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::envoy::{self, FailurePolicy, Filter, Node, Options};
use mesh_failover_core::manifest::{self, Manifests, Source};
use mesh_failover_core::translate::{Proxy, Translation, translate};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::{Backend, Envoy, EnvoyOptions, Fault};

/// A removed pod answers for this long after it left the endpoints, as a `preStop` hook has it.
const GRACE: Duration = Duration::from_millis(500);

/// A running gateway with its backends; dropping it stops everything.
#[derive(Debug)]
pub struct Gateway {
    envoy: Envoy,
    address: SocketAddr,
    backends: BTreeMap<String, Arc<Backend>>,
    leaving: BTreeMap<String, JoinHandle<()>>,
    /// Regions that are reached through another gateway.
    behind: BTreeMap<String, SocketAddr>,
    program: Program,
    folder: TempDir,
}

/// What a gateway is programmed from.
#[derive(Debug, Clone)]
pub struct Program {
    /// The manifests, with one topology.
    pub manifests: Manifests,
    /// Where the gateway is: `REGION[/ZONE[/SUBZONE]]`.
    pub from: String,
    /// The Wasm filter before the router.
    pub filter: Option<Filter>,
    /// Further HTTP filters, as Envoy's JSON.
    pub http_filters: Vec<Value>,
    /// How long every cluster collects changes of host health before its workers hear of them; unset: Envoy's default, 1 s.
    pub update_merge_window: Option<Duration>,
}

impl Program {
    /// Reads every YAML file of a folder; what is wrong in them is an error here.
    pub fn read(folder: &Path, from: &str) -> Result<Self> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| format!("`{}`", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == "yaml") {
                files.push((path.display().to_string(), fs::read_to_string(&path)?));
            }
        }
        files.sort();
        let sources: Vec<_> = files.iter().map(|(name, text)| Source { name, text }).collect();
        let (manifests, diagnostics) = manifest::read(&sources);
        let errors = diagnostics.iter().filter(|it| it.severity == Severity::Error);
        let errors: Vec<_> = errors.map(ToString::to_string).collect();
        if !errors.is_empty() {
            bail!("{}", errors.join("\n"));
        }
        Ok(Self {
            manifests,
            from: from.to_owned(),
            filter: None,
            http_filters: Vec::new(),
            update_merge_window: None,
        })
    }

    /// Puts the manifests' WasmPlugin in place, with the module of this file.
    pub fn with_filter(mut self, module: &Path) -> Result<Self> {
        let plugin = self.manifests.wasm_plugins.first().context("there is no WasmPlugin")?;
        let spec = &plugin.spec;
        self.filter = Some(Filter {
            name: format!("{}.{}", plugin.metadata.namespace(), plugin.metadata.name),
            path: module.display().to_string(),
            configuration: spec.plugin_config.as_ref().map(Value::to_string).unwrap_or_default(),
            root_id: spec.plugin_name.clone().unwrap_or_default(),
            failure_policy: match spec.fail_strategy.as_deref() {
                Some("FAIL_OPEN") => FailurePolicy::FailOpen,
                Some("FAIL_RELOAD") => FailurePolicy::FailReload,
                _ => FailurePolicy::FailClosed,
            },
            vm_id: String::new(),
        });
        Ok(self)
    }

    /// Lets probes reach a region whose hosts Envoy has ejected: each subset's own outlier detection, the rule's, panics where most are out.
    #[must_use]
    pub fn with_panicking_subsets(mut self) -> Self {
        for rule in &mut self.manifests.destination_rules {
            let outlier = rule.spec.traffic_policy.as_ref();
            let mut outlier = outlier.and_then(|policy| policy.outlier_detection.clone());
            if let Some(outlier) = &mut outlier {
                outlier.min_health_percent = Some(50);
            }
            for subset in &mut rule.spec.subsets {
                subset
                    .traffic_policy
                    .get_or_insert_default()
                    .outlier_detection
                    .clone_from(&outlier);
            }
        }
        self
    }

    fn proxy(&self) -> Result<Proxy> {
        Ok(Proxy::gateway_at(&self.manifests, &self.from)?)
    }

    fn translation(&self) -> Result<Translation> {
        let mut translation = translate(&self.manifests, &self.proxy()?);
        if self.update_merge_window.is_some() {
            for cluster in &mut translation.clusters {
                cluster.update_merge_window = self.update_merge_window;
            }
        }
        if translation.listeners.is_empty() {
            bail!("the manifests give this gateway no listener: {:?}", translation.diagnostics);
        }
        Ok(translation)
    }
}

impl Gateway {
    /// Starts a backend for every endpoint, then Envoy, and waits until it serves.
    pub async fn start(program: Program, options: &EnvoyOptions) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("mesh-failover-").tempdir()?;
        let translation = program.translation()?;
        let mut backends = BTreeMap::new();
        start_backends(&mut backends, &translation).await?;
        let files = Files { folder: folder.path(), behind: &BTreeMap::new() };
        let bootstrap = files.write_all(&translation, &program, &backends)?;
        let envoy = Envoy::start(&bootstrap, folder.path(), options).await?;
        let address = envoy.listener().await?;
        let (leaving, behind) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { envoy, address, backends, leaving, behind, program, folder })
    }

    /// From now on a region's endpoints are reached through another gateway, as in a mesh of several networks.
    pub fn reach_through(&mut self, region: &str, gateway: SocketAddr) -> Result<()> {
        self.behind.insert(region.to_owned(), gateway);
        self.files().write_endpoints(&self.program.translation()?, &self.backends)
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it is programmed from now.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The Envoy inside.
    #[must_use]
    pub fn envoy(&self) -> &Envoy {
        &self.envoy
    }

    /// The backends of a region, also those that were scaled away.
    pub fn backends_in(&self, region: &str) -> impl Iterator<Item = &Backend> {
        self.backends.values().map(AsRef::as_ref).filter(move |it| it.region() == region)
    }

    /// Breaks or mends every backend of a region.
    pub async fn set(&self, region: &str, fault: Fault) -> Result<()> {
        for backend in self.backends_in(region) {
            backend.set(fault).await?;
        }
        Ok(())
    }

    /// Gives every workload of a service in a cluster this many endpoints.
    ///
    /// New pods are up before they are announced; old ones are first taken out and answer what they
    /// have for a moment longer.
    pub async fn scale(&mut self, cluster: &str, service: &str, replicas: u32) -> Result<()> {
        let clusters =
            self.program.manifests.topologies.iter_mut().flat_map(|it| &mut it.spec.clusters);
        let mut workloads = clusters
            .filter(|it| it.name == cluster)
            .flat_map(|it| &mut it.workloads)
            .filter(|it| it.service == service)
            .peekable();
        if workloads.peek().is_none() {
            bail!("no workload of `{service}` in cluster `{cluster}`");
        }
        workloads.for_each(|it| it.replicas = replicas);
        let translation = self.program.translation()?;
        for name in start_backends(&mut self.backends, &translation).await? {
            if let Some(task) = self.leaving.remove(&name) {
                task.abort();
            }
        }
        self.files().write_endpoints(&translation, &self.backends)?;
        self.send_away_all_but(&translation);
        Ok(())
    }

    /// Hands the filter another configuration, as istiod does when a WasmPlugin changes.
    ///
    /// Envoy keeps connections that are open on the old configuration; new ones get the new one.
    pub fn configure_filter(&mut self, configuration: &str) -> Result<()> {
        let filter = self.program.filter.as_mut().context("this gateway has no filter")?;
        configuration.clone_into(&mut filter.configuration);
        self.files().write_listeners(&self.program.translation()?, &self.program)
    }

    fn files(&self) -> Files<'_> {
        Files { folder: self.folder.path(), behind: &self.behind }
    }

    fn send_away_all_but(&mut self, translation: &Translation) {
        for (name, backend) in &self.backends {
            let stays = endpoints(translation).any(|(endpoint, _)| endpoint == name);
            if stays || self.leaving.contains_key(name) {
                continue;
            }
            let backend = backend.clone();
            let task = tokio::spawn(async move {
                tokio::time::sleep(GRACE).await;
                // Only fails when the backend is gone altogether.
                let _ = backend.set(Fault::Gone).await;
            });
            self.leaving.insert(name.clone(), task);
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.leaving.values().for_each(JoinHandle::abort);
    }
}

/// Endpoints with their region; several clusters name the same one.
fn endpoints(translation: &Translation) -> impl Iterator<Item = (&str, &str)> {
    let groups = translation.clusters.iter().flat_map(|it| &it.load_assignment.endpoints);
    groups.flat_map(|group| {
        let region = group.locality.as_ref().map_or("", |it| it.region.as_str());
        group.lb_endpoints.iter().map(move |endpoint| (endpoint.name.as_str(), region))
    })
}

/// Starts the endpoints that have no backend, restarts those that left; returns all names.
async fn start_backends(
    backends: &mut BTreeMap<String, Arc<Backend>>,
    translation: &Translation,
) -> Result<Vec<String>> {
    let regions: BTreeMap<_, _> = endpoints(translation).collect();
    for (&name, &region) in &regions {
        match backends.get(name) {
            Some(backend) if backend.fault() == Fault::Gone => backend.set(Fault::None).await?,
            Some(_) => {}
            None => {
                let backend = Backend::start(name, region).await?;
                backends.insert(name.to_owned(), Arc::new(backend));
            }
        }
    }
    Ok(regions.into_keys().map(str::to_owned).collect())
}

/// The files Envoy reads.
struct Files<'a> {
    folder: &'a Path,
    behind: &'a BTreeMap<String, SocketAddr>,
}

impl Files<'_> {
    fn endpoint_folder(&self) -> PathBuf {
        self.folder.join("eds")
    }

    fn listener_file(&self) -> PathBuf {
        self.folder.join("listeners.json")
    }

    /// Writes everything and returns the bootstrap's path.
    fn write_all(
        &self,
        translation: &Translation,
        program: &Program,
        backends: &BTreeMap<String, Arc<Backend>>,
    ) -> Result<PathBuf> {
        fs::create_dir_all(self.endpoint_folder())?;
        self.write_endpoints(translation, backends)?;
        let (bootstrap, listeners) = self.split(translation, program)?;
        replace(&self.listener_file(), &listeners.to_string())?;
        let path = self.folder.join("bootstrap.json");
        fs::write(&path, serde_json::to_string_pretty(&bootstrap)?)?;
        Ok(path)
    }

    fn write_listeners(&self, translation: &Translation, program: &Program) -> Result<()> {
        let (_, listeners) = self.split(translation, program)?;
        replace(&self.listener_file(), &listeners.to_string())
    }

    /// Writes the endpoint files that changed.
    fn write_endpoints(
        &self,
        translation: &Translation,
        backends: &BTreeMap<String, Arc<Backend>>,
    ) -> Result<()> {
        let address = |backend: &Arc<Backend>| {
            let at = self.behind.get(backend.region()).copied().unwrap_or(backend.address());
            Address { host: at.ip().to_string(), port: at.port() }
        };
        let addresses =
            backends.iter().map(|(name, backend)| (name.clone(), address(backend))).collect();
        for Cluster { name, load_assignment, .. } in &translation.clusters {
            let text = envoy::eds_file(&envoy::placed(load_assignment, &addresses));
            let path = self.endpoint_folder().join(envoy::eds_file_name(name));
            if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
                replace(&path, &text)?;
            }
        }
        Ok(())
    }

    /// The bootstrap without listeners, and the listeners as an LDS response: a listener of the
    /// bootstrap could never be changed.
    fn split(&self, translation: &Translation, program: &Program) -> Result<(Value, Value)> {
        let any_port = Address { host: Options::DEFAULT_HOST.to_owned(), port: 0 };
        let listen = translation.listeners.iter().map(|it| (it.port, any_port.clone())).collect();
        let rendered = envoy::render(
            translation,
            &Options {
                node: Node { locality: program.proxy()?.locality, ..Node::default() },
                listen,
                admin: any_port,
                eds_dir: self.endpoint_folder().display().to_string(),
                filter: program.filter.clone(),
                http_filters: program.http_filters.clone(),
                ..Options::default()
            },
        );
        let mut bootstrap: Value = serde_yaml::from_str(&rendered.bootstrap)?;
        let listeners = bootstrap
            .pointer_mut("/static_resources/listeners")
            .map(Value::take)
            .context("the rendered bootstrap has no listeners")?;
        let mut resources = match listeners {
            Value::Array(listeners) => listeners,
            other => bail!("the rendered bootstrap's listeners are not a list: {other}"),
        };
        for listener in &mut resources {
            listener["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
        }
        bootstrap["static_resources"]["listeners"] = json!([]);
        bootstrap["dynamic_resources"] = json!({"lds_config": {
            "resource_api_version": "V3",
            "path_config_source": {"path": self.listener_file()},
        }});
        Ok((bootstrap, json!({ "resources": resources })))
    }
}

/// Puts a file in place in one step: Envoy watches for renames and must never read half of it.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path).with_context(|| format!("cannot replace `{}`", path.display()))
}
