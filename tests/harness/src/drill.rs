//! A scenario played for real: real endpoints, the real Envoy, real time.
//!
//! What is done to which endpoint at which moment comes from [`Mesh`], as in the simulator. Everything that follows from it is
//! Envoy's own, and is read from its own logs: one line a request, one line an attempt, one line an ejection.

mod client;
mod logs;
mod program;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use mesh_failover_core::cluster::Address;
use mesh_failover_core::envoy::Filter;
use mesh_failover_core::manifest::{Latency as WrittenLatency, Manifests, Scenario};
use mesh_failover_core::sim::{Condition, Endpoint, Mesh, each_gateway};
use mesh_failover_core::sorted::SortedMap;
use mesh_failover_core::translate::{IstioVersion, Translation};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::backend::Latency;
use crate::{Backend, Envoy, EnvoyOptions, Fault};
use client::Client;
pub use logs::{Attempt, Ejection, Request};

/// Time for everybody to be ready before the first request.
const HEAD_START: Duration = Duration::from_millis(500);

/// What to play, and how.
#[derive(Debug, Clone)]
pub struct Drill {
    /// The manifests with their topology.
    pub manifests: Manifests,
    /// What happens.
    pub scenario: Scenario,
    /// The scenario's gateways, in its order.
    pub gateways: Vec<DrillGateway>,
    /// When requests come, which of them fail and over which connection they go follows from this.
    pub seed: u64,
    /// So long after the end, requests under way may still be answered.
    pub patience: Duration,
}

/// A gateway of a drill.
#[derive(Debug, Clone)]
pub struct DrillGateway {
    /// Envoys, each with ejections of its own.
    pub replicas: u32,
    /// Worker threads of each.
    pub workers: u32,
    /// The Wasm filter before the router.
    pub filter: Option<Filter>,
}

/// What came of it, in time since the start of the scenario.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recording {
    /// When each request was due; [`Request::number`] counts from 0 in this order.
    pub due: Vec<Duration>,
    /// Requests that came to an end.
    pub requests: Vec<Request>,
    /// Attempts that came to an end.
    pub attempts: Vec<Attempt>,
    /// Ejections and their ends.
    pub ejections: Vec<Ejection>,
    /// How old each Envoy's clusters were at the start: the phase of its detector's sweeps.
    pub ages: Vec<Duration>,
    /// Where endpoints were, by name; of several lives of a name the first.
    pub addresses: SortedMap<String, Address>,
    /// By how much the client was late, 99 times of 100.
    pub late: Duration,
}

impl Recording {
    /// Several gateways' as one: requests and Envoys are counted on.
    #[must_use]
    pub fn together(parts: &[Self]) -> Self {
        let mut all = Self::default();
        for part in parts {
            let (first, envoy) = (all.due.len(), all.ages.len() as u32);
            all.due.extend(&part.due);
            let moved = |it: &Request| Request { number: first + it.number, ..it.clone() };
            all.requests.extend(part.requests.iter().map(moved));
            let moved = |it: &Attempt| Attempt { number: first + it.number, ..it.clone() };
            all.attempts.extend(part.attempts.iter().map(moved));
            let moved = |it: &Ejection| Ejection { envoy: envoy + it.envoy, ..it.clone() };
            all.ejections.extend(part.ejections.iter().map(moved));
            all.ages.extend(&part.ages);
            all.addresses.extend(part.addresses.clone());
            all.late = all.late.max(part.late);
        }
        all
    }
}

/// An Envoy of the gateway.
#[derive(Debug)]
struct Instance {
    envoy: Envoy,
    folder: TempDir,
    address: SocketAddr,
}

/// A gateway as it runs, and the world as it sees it.
#[derive(Debug)]
struct Gateway {
    mesh: Mesh,
    instances: Vec<Instance>,
}

#[derive(Debug)]
struct Stage {
    seed: u64,
    /// By life of an endpoint.
    backends: BTreeMap<u32, Arc<Backend>>,
    /// Never empty; what happens to endpoints is the same to all, and read from the first.
    gateways: Vec<Gateway>,
}

impl Drill {
    /// Plays it and returns what came of it at each gateway; takes as long as the scenario runs and a little more.
    pub async fn play(&self) -> Result<Vec<Recording>> {
        let scenarios = each_gateway(&self.scenario);
        let mut stage = Stage { seed: self.seed, backends: BTreeMap::new(), gateways: Vec::new() };
        for alone in &scenarios {
            let mesh = Mesh::new(&self.manifests, alone, IstioVersion::default())?;
            stage.gateways.push(Gateway { mesh, instances: Vec::new() });
        }
        stage.follow_endpoints().await?;
        let addresses = stage.addresses()?;
        let mut clients = Vec::new();
        for (index, (gateway, alone)) in stage.gateways.iter_mut().zip(&scenarios).enumerate() {
            let settings = self.gateways.get(index).context("a gateway is not described")?;
            let translation = gateway.mesh.translate();
            for _ in 0..settings.replicas {
                let program = program::Program { traffic: &alone.traffic, settings };
                let mesh = &gateway.mesh;
                let instance = start(&program, mesh, &translation, &addresses).await?;
                gateway.instances.push(instance);
            }
            let envoys: Vec<SocketAddr> = gateway.instances.iter().map(|it| it.address).collect();
            let seed = self.seed.wrapping_add(index as u64 * 1_000_003);
            let client = Client::open(&envoys, &alone.traffic, seed).await?;
            clients.push((client, gateway.mesh.arrivals(seed)));
        }
        let (began, wall) = (Instant::now() + HEAD_START, SystemTime::now() + HEAD_START);
        let mut loads = Vec::new();
        for (mut client, due) in clients {
            let moments = due.clone();
            loads.push((due, tokio::spawn(async move { client.run(began, &moments).await })));
        }
        for (index, at) in stage.first()?.steps().into_iter().enumerate() {
            tokio::time::sleep_until(began + at).await;
            stage.do_step(index).await?;
        }
        tokio::time::sleep_until(began + stage.first()?.duration()).await;
        let mut ended = Vec::new();
        for (due, load) in loads {
            ended.push((due, client::finish(load, self.patience).await?));
        }
        // Logs are written every tenth of a second.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let gateways = stage.gateways.iter().zip(ended);
        gateways.map(|(gateway, (due, late))| stage.recording(gateway, due, wall, late)).collect()
    }
}

async fn start(
    program: &program::Program<'_>,
    mesh: &Mesh,
    translation: &Translation,
    addresses: &SortedMap<String, Address>,
) -> Result<Instance> {
    let folder = tempfile::Builder::new().prefix("mesh-failover-drill-").tempdir()?;
    let bootstrap = program.write(folder.path(), translation, addresses, mesh)?;
    let workers = program.settings.workers;
    let options = EnvoyOptions { concurrency: workers, ..EnvoyOptions::default() };
    let envoy = Envoy::start(&bootstrap, folder.path(), &options).await?;
    let address = envoy.listener().await?;
    Ok(Instance { envoy, folder, address })
}

impl Stage {
    fn first(&self) -> Result<&Mesh> {
        Ok(&self.gateways.first().context("there is no gateway")?.mesh)
    }

    async fn do_step(&mut self, index: usize) -> Result<()> {
        let mut translations = Vec::new();
        for gateway in &mut self.gateways {
            gateway.mesh.do_step(index);
            translations.push(gateway.mesh.translate());
        }
        self.follow_endpoints().await?;
        let addresses = self.addresses()?;
        for (gateway, translation) in self.gateways.iter().zip(&translations) {
            for instance in &gateway.instances {
                program::write_endpoints(instance.folder.path(), translation, &addresses)?;
            }
        }
        Ok(())
    }

    /// Starts what is new and makes everything as broken as it should be. A pod that left goes on answering what it gets.
    async fn follow_endpoints(&mut self) -> Result<()> {
        for endpoint in self.first()?.endpoints() {
            let backend = match self.backends.get(&endpoint.id) {
                Some(backend) => backend.clone(),
                None => {
                    let seed = self.seed.wrapping_add(u64::from(endpoint.id));
                    let backend =
                        Backend::start_seeded(&endpoint.name, &endpoint.region, seed).await?;
                    let backend = Arc::new(backend);
                    self.backends.insert(endpoint.id, backend.clone());
                    backend
                }
            };
            let fault = condition(&backend, &endpoint);
            if backend.fault() != fault {
                backend.set(fault).await?;
            }
        }
        Ok(())
    }

    /// Where the endpoints that exist listen, by name.
    fn addresses(&self) -> Result<SortedMap<String, Address>> {
        let mut addresses = SortedMap::new();
        for endpoint in self.first()?.endpoints().into_iter().filter(|endpoint| endpoint.exists) {
            let Some(backend) = self.backends.get(&endpoint.id) else { continue };
            let (host, port) = (backend.address().ip().to_string(), backend.address().port());
            if addresses.insert(endpoint.name.clone(), Address { host, port }).is_some() {
                bail!("two endpoints are called `{}`", endpoint.name);
            }
        }
        Ok(addresses)
    }

    fn recording(
        &self,
        gateway: &Gateway,
        due: Vec<Duration>,
        wall: SystemTime,
        late: Duration,
    ) -> Result<Recording> {
        let names = self.backends.values();
        let names: BTreeMap<String, String> =
            names.map(|it| (it.address().to_string(), it.name().to_owned())).collect();
        let mut recording = Recording { due, late, ..Recording::default() };
        for backend in self.backends.values() {
            let known = recording.addresses.entry(backend.name().to_owned());
            let address = backend.address();
            known.or_insert(Address { host: address.ip().to_string(), port: address.port() });
        }
        for (envoy, instance) in (0..).zip(&gateway.instances) {
            let read = |name: &str| -> Result<String> {
                let path: PathBuf = instance.folder.path().join(name);
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
            };
            recording.ages.push(logs::cluster_age(&instance.envoy.log()?, wall)?);
            let requests = read(program::REQUEST_LOG)?;
            recording.requests.extend(logs::requests(&requests, &names)?);
            recording.attempts.extend(logs::rescues(&requests, &names)?);
            recording.attempts.extend(logs::attempts(&read(program::ATTEMPT_LOG)?, &names)?);
            let events = read(program::EJECTION_LOG).unwrap_or_default();
            recording.ejections.extend(logs::ejections(&events, envoy, &names, wall)?);
        }
        Ok(recording)
    }
}

/// Sets the latency and tells the fault.
fn condition(backend: &Backend, endpoint: &Endpoint) -> Fault {
    match endpoint.condition {
        Condition::Answers { latency, fail } => {
            backend.set_latency(match latency {
                WrittenLatency::Constant(latency) => Latency::Constant(latency.0),
                WrittenLatency::Spread { p50, p99 } => Latency::Spread { p50: p50.0, p99: p99.0 },
            });
            fail.map_or(Fault::None, |(code, ratio)| Fault::Status { code, ratio })
        }
        Condition::Refuses => Fault::Refuse,
        Condition::Silent => Fault::Blackhole,
        Condition::Unreachable => Fault::Unreachable,
    }
}
