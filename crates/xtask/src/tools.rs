//! `cargo xtask setup`: finds or provides what the other commands need.

use std::path::PathBuf;

use anyhow::{Result, bail};

/// Arguments of `cargo xtask setup`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args) -> Result<()> {
    bail!("`cargo xtask setup` is not there yet")
}

/// The path of an Envoy of the version the project is written against, fetched when missing.
pub fn envoy() -> Result<PathBuf> {
    let envoy = cache_folder()?.join("envoy-1.40.0/envoy");
    if envoy.is_file() { Ok(envoy) } else { bail!("no Envoy at `{}`", envoy.display()) }
}

/// The per-user folder for fetched tools, shared by all checkouts.
pub fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("MESH_FAILOVER_TOOLS") {
        return Ok(folder.into());
    }
    let cache = match (std::env::var_os("XDG_CACHE_HOME"), std::env::home_dir()) {
        (Some(cache), _) => cache.into(),
        (None, Some(home)) => home.join(".cache"),
        (None, None) => bail!("no home folder: set MESH_FAILOVER_TOOLS to a folder for tools"),
    };
    Ok(cache.join("mesh-failover"))
}
