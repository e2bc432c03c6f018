//! Source to module: cargo, trim, wasm-opt. Reproducible: no path of this machine ends up inside.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::sweep::sweep;
use super::trim::trim;
use super::{check_name, hex};
use crate::tools::{self, WasmToolchain};
use crate::{process, workspace};

const PROFILE: &str = "filter";
/// What the compiler uses by default on this target and no more: stripping has removed the section that
/// says so, and V8 has had all of them for years.
pub(crate) const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];
/// What `mesh-failover-abi` puts before the names that Envoy looks for: the SDK exports the same names.
const EXPORT_PREFIX: &str = "filter_";
pub(crate) const OPTIMISE: &str = "-O3";

/// Builds the filter of that folder under `filters/` (when its inputs changed) and returns the
/// path of the optimised module, for example `target/filter/region_router.wasm`.
pub fn build(name: &str) -> Result<PathBuf> {
    check_name(name)?;
    let toolchain = tools::wasm_toolchain()?;
    let output = workspace::target().join("filter");
    fs::create_dir_all(&output)?;
    // Tests and people ask at the same time; the first one builds, the others find it done.
    let lock = File::create(output.join(".lock"))?;
    lock.lock()?;
    let raw = compile(name, toolchain)?;
    let trimmed = trim(&fs::read(&raw)?, |export| match export {
        "memory" => Some(export),
        _ => export.strip_prefix(EXPORT_PREFIX),
    })?;
    let trimmed = sweep(&trimmed)?;

    let stem = name.replace('-', "_");
    let module = output.join(format!("{stem}.wasm"));
    let inputs = inputs_of(&trimmed);
    let record = output.join(format!("{stem}.inputs"));
    if module.is_file() && fs::read_to_string(&record).is_ok_and(|known| known == inputs) {
        return Ok(module);
    }
    let unoptimised = output.join(format!("{stem}.trimmed.wasm"));
    let optimised = output.join(format!("{stem}.optimised.wasm"));
    fs::write(&unoptimised, &trimmed)?;
    optimise(&unoptimised, &optimised, &[])?;
    fs::remove_file(&unoptimised)?;
    // By renaming, so that an Envoy that reads the module never sees half of it.
    fs::rename(&optimised, &module)?;
    fs::write(&record, inputs)?;
    Ok(module)
}

/// What decides about the optimised module once cargo has done its part.
fn inputs_of(trimmed: &[u8]) -> String {
    let digest = hex(&Sha256::digest(trimmed));
    let features = WASM_FEATURES.join(" ");
    format!("{digest}\nwasm-opt {} {OPTIMISE} {features}\n", tools::WASM_OPT_VERSION)
}

/// What the compiler made of the filter, before anything was removed.
pub(super) fn compiled(name: &str) -> Result<PathBuf> {
    compile(name, tools::wasm_toolchain()?)
}

/// Runs cargo and returns the path of what it linked.
fn compile(name: &str, toolchain: WasmToolchain) -> Result<PathBuf> {
    let mut cargo = toolchain.cargo("build");
    cargo.args(["--quiet", "--locked", "--package", name, "--lib", "--profile", PROFILE]);
    // This form of RUSTFLAGS replaces all others, so nobody's own flags shape the module.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", remaps(toolchain)?.join("\x1f"));
    let finished = process::with_progress(&format!("building filter {name}"), &mut cargo, None)?;
    if !finished.success {
        bail!("filter `{name}` does not build:\n{}", finished.output.trim());
    }
    let linked = format!("{}.wasm", name.replace('-', "_"));
    Ok(toolchain.output_folder(PROFILE).join(linked))
}

/// Compiler flags that give every machine's folders the same names in panic messages.
pub(crate) fn remaps(toolchain: WasmToolchain) -> Result<Vec<String>> {
    let mut folders = vec![(workspace::root().to_path_buf(), "/mesh-failover".to_owned())];
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo"))).context("no CARGO_HOME")?;
    for registry in fs::read_dir(home.join("registry/src")).into_iter().flatten() {
        folders.push((registry?.path(), "/crates".to_owned()));
    }
    if let Some(source) = toolchain.library_source() {
        folders.push((source, toolchain.library_name()?));
    }
    let flag = |(folder, name): (PathBuf, String)| {
        format!("--remap-path-prefix={}={name}", folder.display())
    };
    Ok(folders.into_iter().map(flag).collect())
}

/// Runs wasm-opt; `more` are flags beside the filters' own.
pub(crate) fn optimise(from: &Path, to: &Path, more: &[&str]) -> Result<()> {
    let mut wasm_opt = Command::new(tools::wasm_opt()?);
    wasm_opt.arg(OPTIMISE).args(more).args(WASM_FEATURES).arg(from).arg("-o").arg(to);
    let finished = process::capture(&mut wasm_opt, None, || {})?;
    if !finished.success {
        let start: Vec<&str> = finished.output.lines().take(20).collect();
        bail!("wasm-opt failed on `{}`:\n{}", from.display(), start.join("\n"));
    }
    Ok(())
}
