//! `cargo xtask setup`: finds or provides what the other commands need.
//!
//! Every command that needs a tool asks here, so `setup` is a convenience, never a precondition. A tool
//! is looked for where a person would have put it (an environment variable, `PATH`), then in a folder
//! for all checkouts of this user, and only then fetched; what was fetched must say the right version
//! before it is kept.

mod apt;
mod cache;
mod cargo_deny;
mod chromium;
mod cpp;
mod envoy;
mod node;
mod pypi;
mod small_std;
mod wasm_opt;
mod wasm_toolchain;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{process, www};

pub use cache::folder as cache_folder;
pub use cargo_deny::cargo_deny;
pub use chromium::chromium;
pub use cpp::compiler as cpp_compiler;
pub use envoy::envoy;
pub use node::node_modules;
pub use small_std::PageStd;
pub use wasm_opt::{WASM_OPT_VERSION, wasm_opt};
pub use wasm_toolchain::{WasmToolchain, wasm_toolchain};

/// Arguments of `cargo xtask setup`.
#[derive(clap::Args)]
#[command(after_help = "\
Fetched tools are kept in $MESH_FAILOVER_TOOLS, else in mesh-failover/ under $XDG_CACHE_HOME or ~/.cache.
ENVOY=path, CHROMIUM=path and a tool of the right version on PATH are used as they are.
Nothing is installed system-wide without a line that says so first.")]
pub struct Args {
    /// Only these tools (repeat or separate by commas)
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Tool>,
    /// Say where each tool is
    #[arg(long, short)]
    verbose: bool,
}

/// What the other commands need.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// The wasm32-unknown-unknown standard library (filter, www)
    Wasm,
    /// wasm-opt of Binaryen (filter, www)
    WasmOpt,
    /// A real Envoy (demo, bench, test)
    Envoy,
    /// cargo-deny: licences, sources, advisories (test)
    CargoDeny,
    /// A C++ compiler for libFuzzer (fuzz, test)
    Cpp,
    /// The packages of the npm workspace (www, npm, demo, test)
    Node,
    /// A Chromium (npm, test)
    Chromium,
}

impl Tool {
    fn provide(self) -> Result<String> {
        let shown = |path: PathBuf| path.display().to_string();
        match self {
            Tool::Wasm => {
                PageStd::find().map(|(toolchain, std)| format!("{toolchain}; the page's {std}"))
            }
            Tool::WasmOpt => wasm_opt().map(shown),
            Tool::Envoy => envoy().map(shown),
            Tool::CargoDeny => cargo_deny().map(shown),
            Tool::Cpp => cpp_compiler().map(shown),
            Tool::Node => node_modules().map(|()| shown(www::folder().join("node_modules"))),
            Tool::Chromium => chromium().map(shown),
        }
    }
}

/// Provides the asked tools, all of them by default; goes on after a failure so that one run shows
/// everything that is missing.
pub fn run(args: Args) -> Result<()> {
    let mut failures = Vec::new();
    for &tool in Tool::value_variants() {
        if !args.only.is_empty() && !args.only.contains(&tool) {
            continue;
        }
        let name = tool.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default();
        match tool.provide() {
            Ok(place) if args.verbose => println!("{name:<10} {place}"),
            Ok(_) => {}
            Err(error) => failures.push(format!("{name}: {error:#}")),
        }
    }
    if failures.is_empty() { Ok(()) } else { bail!("{}", failures.join("\n")) }
}

/// Fails unless the program answers `--version` with that version as a word of its first line.
fn check_version(program: &Path, name: &str, version: &str) -> Result<()> {
    let answer = process::stdout_of(Command::new(program).arg("--version"))?;
    let line = answer.lines().next().unwrap_or_default();
    if line.split([' ', '/']).any(|word| word == version) {
        return Ok(());
    }
    bail!("`{}` is not {name} {version}, it says `{line}`", program.display())
}
