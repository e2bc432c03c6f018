//! A C++ compiler: libFuzzer, which drives the fuzz targets, is C++ and built from source.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::apt;
use crate::process;

/// The C++ compiler that cargo's build scripts will find.
pub fn compiler() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    apt::install("libFuzzer", &["g++"])
        .context("no C++ compiler: install g++ or clang++, or set CXX")?;
    find().context("g++ was installed but does not run")
}

fn find() -> Option<PathBuf> {
    let named = env::var_os("CXX").map(PathBuf::from);
    // The name that the `cc` crate calls by default on Linux and macOS is `c++`.
    named
        .into_iter()
        .chain([PathBuf::from("c++")])
        .find(|program| process::stdout_of(Command::new(program).arg("--version")).is_ok())
}
