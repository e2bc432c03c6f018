//! Where the real Envoy and the real filter are.
//!
//! The harness builds and downloads nothing: that is `cargo xtask`'s business, and its messages
//! are better than a test's.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The Envoy release everything here is measured against.
pub const ENVOY_VERSION: &str = "1.40.0";

/// Envoy's binary: `MESH_FAILOVER_ENVOY`, else `ENVOY`, else where `cargo xtask setup` puts it.
pub fn envoy() -> Result<PathBuf> {
    let named = ["MESH_FAILOVER_ENVOY", "ENVOY"].into_iter().find_map(path_variable);
    let places = named.map_or_else(
        || tools_folder().map(|it| it.join(format!("envoy-{ENVOY_VERSION}/envoy"))),
        Some,
    );
    match places {
        Some(path) if path.is_file() => Ok(path),
        Some(path) => bail!("there is no Envoy at `{}`: run `cargo xtask setup`", path.display()),
        None => {
            bail!("no Envoy: run `cargo xtask setup`, or set `MESH_FAILOVER_ENVOY` to its path")
        }
    }
}

/// The region router's module: `MESH_FAILOVER_FILTER`, else where `cargo xtask filter` puts it.
pub fn filter() -> Result<PathBuf> {
    let path = path_variable("MESH_FAILOVER_FILTER")
        .unwrap_or_else(|| target_folder().join("filter/region_router.wasm"));
    if path.is_file() {
        return Ok(path.canonicalize()?);
    }
    bail!("there is no filter at `{}`: run `cargo xtask filter`", path.display())
}

/// The checkout's root.
#[must_use]
pub fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

fn target_folder() -> PathBuf {
    path_variable("CARGO_TARGET_DIR").unwrap_or_else(|| workspace().join("target"))
}

fn tools_folder() -> Option<PathBuf> {
    path_variable("MESH_FAILOVER_TOOLS").or_else(|| {
        let cache = path_variable("XDG_CACHE_HOME")
            .or_else(|| path_variable("HOME").map(|home| home.join(".cache")))?;
        Some(cache.join("mesh-failover"))
    })
}

fn path_variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
