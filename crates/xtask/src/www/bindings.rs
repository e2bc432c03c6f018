//! From `crates/wasm` to the module and its JavaScript side: cargo, wasm-bindgen, wasm-opt, and functions in an order that compresses well.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use mesh_failover_core::api;
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::filter::build::{OPTIMISE, WASM_FEATURES, optimise, remaps};
use crate::filter::hex;
use crate::tools::PageStd;
use crate::www::order::by_likeness;
use crate::{process, tools};

const PROFILE: &str = "page";
const NAME: &str = "bindings";
/// The first kilobyte is the far end of the stack, so an address that is computed is never so low, and adding to it can be left to the load.
const LOW_MEMORY: &str = "--low-memory-unused";

/// Writes `bindings.js`, its types, `mesh-failover.wasm` and `api.schema.json` into `www/sdk/src/generated`; does nothing when they
/// are up to date.
pub(super) fn build() -> Result<()> {
    let output = output();
    fs::create_dir_all(&output)?;
    let lock = fs::File::create(output.join(".lock"))?;
    lock.lock()?;
    let (linked, std) = compile()?;
    write_schema()?;
    let record = record();
    let inputs = format!(
        "{std}\n{}\nwasm-opt {} {OPTIMISE} {LOW_MEMORY} {}, by likeness\n",
        hex(&Sha256::digest(fs::read(&linked)?)),
        tools::WASM_OPT_VERSION,
        WASM_FEATURES.join(" ")
    );
    let module = output.join("mesh-failover.wasm");
    if module.is_file() && fs::read_to_string(&record).is_ok_and(|known| known == inputs) {
        return Ok(());
    }
    Bindgen::new()
        .input_path(&linked)
        .out_name(NAME)
        .web(true)?
        .typescript(true)
        // The package's entries say where the module is: bundlers, browsers and Node find it in different ways.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&output)
        .context("wasm-bindgen")?;
    let raw = output.join(format!("{NAME}_bg.wasm"));
    optimise(&raw, &module, &[LOW_MEMORY])?;
    fs::write(&module, by_likeness(&fs::read(&module)?)?)?;
    fs::remove_file(raw)?;
    fs::remove_file(output.join(format!("{NAME}_bg.wasm.d.ts")))?;
    fs::write(record, inputs)?;
    Ok(())
}

/// The schema from which the TypeScript types are made.
pub(super) fn write_schema() -> Result<()> {
    let output = output();
    fs::create_dir_all(&output)?;
    let text = serde_json::to_string_pretty(&api::schema::api())?;
    Ok(fs::write(output.join("api.schema.json"), text + "\n")?)
}

fn output() -> PathBuf {
    super::folder().join("sdk/src/generated")
}

/// What the module was built from, the standard library first.
fn record() -> PathBuf {
    output().join(".inputs")
}

/// Whether the module that was built last has the standard library for size.
pub(super) fn has_small_std() -> bool {
    let small = PageStd::Small.to_string();
    fs::read_to_string(record()).is_ok_and(|inputs| inputs.starts_with(&small))
}

fn compile() -> Result<(PathBuf, PageStd)> {
    let (toolchain, std) = PageStd::find()?;
    let mut cargo = toolchain.cargo("build");
    cargo.args(["--quiet", "--locked", "--package", "mesh-failover-wasm", "--profile", PROFILE]);
    let mut flags = remaps(toolchain)?;
    flags.extend(std.shape(&mut cargo).iter().map(|flag| (*flag).to_owned()));
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    let label = "building the core for WebAssembly";
    let finished = process::with_progress(label, &mut cargo, None)?;
    if !finished.success {
        bail!("the core does not build for WebAssembly:\n{}", finished.output.trim());
    }
    Ok((toolchain.output_folder(PROFILE).join("mesh_failover_wasm.wasm"), std))
}
