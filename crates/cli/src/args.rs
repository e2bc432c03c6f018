//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use mesh_failover_core::cluster::Address;
use mesh_failover_core::envoy::Options;
use mesh_failover_core::live::Mesh;
use mesh_failover_core::sim::Arm;
use mesh_failover_core::translate::{IstioVersion, Proxy};

use crate::input::{self, Text};
use crate::report::Failure;

/// Regional failover for Istio that you can see before you ship it.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find what is wrong with the manifests, or does not do what it seems to, before anybody applies them; exit with 1 if
    /// something is found.
    Check(crate::check::CheckArgs),
    /// Write the Envoy configuration that istiod would give one ingress gateway, ready to run.
    Envoy(EnvoyArgs),
    /// Play failover scenarios against the gateway that the manifests make, in virtual time; exit with 1 if something does not
    /// come as the scenario expects.
    Simulate(SimulateArgs),
    /// Say what one ingress gateway was given, and which manifest line is to blame for it.
    Explain(ExplainArgs),
    /// Write the manifests that let a service fail over between regions, and the commands that apply them.
    Render(crate::render::RenderArgs),
    /// Print a script that completes commands and flags in a shell.
    Completions(crate::reference::CompletionsArgs),
    /// Print a man page.
    Man(crate::reference::ManArgs),
    /// Print docs/cli.md.
    #[command(hide = true)]
    Reference,
}

/// One gateway, of which a command tells.
#[derive(Debug, clap::Args)]
pub(crate) struct GatewayArgs {
    /// Manifests: files, folders (every .yaml, .yml and .json below), or - for standard input.
    #[arg(required_unless_present = "topology")]
    pub(crate) path: Vec<PathBuf>,

    /// A file with the Topology, unless it is among the manifests.
    #[arg(long, value_name = "FILE")]
    pub(crate) topology: Option<PathBuf>,

    /// Where the gateway is; the first gateway of the topology that fits.
    #[arg(long, value_name = "REGION[/ZONE[/SUBZONE]]")]
    pub(crate) from: String,

    /// The istiod to imitate.
    #[arg(long, value_name = "VERSION", default_value_t)]
    pub(crate) istio: IstioVersion,
}

impl GatewayArgs {
    /// The texts, what is in them, and the gateway among it.
    pub(crate) fn read(&self) -> Result<(Vec<Text>, Mesh, Proxy), Failure> {
        let texts = input::read(self.path.iter().chain(&self.topology))?;
        let mesh = input::read_mesh(&texts)?;
        let proxy = Proxy::gateway_at(&mesh.manifests, &self.from)
            .map_err(|error| Failure::unusable(error.to_string(), "change --from or the topology"))?
            .with_version(self.istio);
        Ok((texts, mesh, proxy))
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) gateway: GatewayArgs,

    /// Also explain clusters that no route of the gateway leads to.
    #[arg(long)]
    pub(crate) all: bool,

    /// What to print.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) output: ExplainOutput,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ExplainOutput {
    /// For a person.
    #[default]
    Text,
    /// For a program.
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SimulateArgs {
    /// Manifests: files, folders (every .yaml, .yml and .json below), or - for standard input.
    #[arg(required_unless_present = "scenario")]
    pub(crate) path: Vec<PathBuf>,

    /// A file with the Topology, unless it is among the manifests.
    #[arg(long, value_name = "FILE")]
    pub(crate) topology: Option<PathBuf>,

    /// A file with Scenarios, unless they are among the manifests.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,

    /// What everything random follows from; goes before the scenario's own.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Who decides about regions: Istio alone (native), the region router (router), or the router if a WasmPlugin puts it
    /// into the gateway (auto).
    #[arg(long, value_name = "ARM", default_value_t)]
    pub(crate) arm: Arm,

    /// The istiod to imitate.
    #[arg(long, value_name = "VERSION", default_value_t)]
    pub(crate) istio: IstioVersion,

    /// What to print.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) output: SimulateOutput,

    /// On a terminal, print only the summary instead of playing the run in time lapse before it.
    #[arg(long)]
    pub(crate) no_live: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SimulateOutput {
    /// A summary for a person.
    #[default]
    Text,
    /// Everything: frames, events, expectations.
    Json,
    /// One line for each frame and region or endpoint.
    Csv,
    /// One page with charts that opens without a network.
    Html,
    /// A test case for each thing expected.
    Junit,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EnvoyArgs {
    #[command(flatten)]
    pub(crate) gateway: GatewayArgs,

    /// Put this module before the router, configured by the WasmPlugin among the manifests.
    #[arg(long, value_name = "FILTER.wasm")]
    pub(crate) router: Option<PathBuf>,

    /// Where to listen: one address and port for each port of the gateway, in order.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, value_delimiter = ',')]
    pub(crate) listen: Vec<Address>,

    /// Where Envoy's admin interface listens.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, default_value = DEFAULT_ADMIN)]
    pub(crate) admin: Address,

    /// Move all endpoints to consecutive ports from here on.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub(crate) endpoints_on: Option<Address>,

    /// Write one line a request to this file, for example /dev/stdout.
    #[arg(long, value_name = "FILE")]
    pub(crate) access_log: Option<String>,

    /// The folder to write: envoy.yaml, eds/ and the filter.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

const DEFAULT_ADMIN: &str = "127.0.0.1:15000";
const _: () = assert!(Options::DEFAULT_ADMIN_PORT == 15_000, "DEFAULT_ADMIN must name it");

/// `127.0.0.1:8080`, `[::1]:8080`.
fn address(text: &str) -> Result<Address, String> {
    text.parse::<std::net::SocketAddr>()
        .map(|address| Address { host: address.ip().to_string(), port: address.port() })
        .map_err(|_| "write an IP address and a port, for example `127.0.0.1:8080`".to_owned())
}
