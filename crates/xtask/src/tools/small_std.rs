//! The standard library built for size, for the module that a reader of the page waits for: 8 % less than with the one that is installed.
//!
//! It needs the library's source, which rustup adds and Debian's route has anyway, and cargo's unstable `-Zbuild-std`, hence
//! `RUSTC_BOOTSTRAP`. Where the source cannot be had, the installed library does, and the module is larger.

use std::fmt;
use std::process::Command;

use anyhow::Result;

use super::WasmToolchain;
use super::wasm_toolchain::{TARGET, rustup_adds, wasm_toolchain};
use crate::process;

/// A panic is a trap at once: its message would go nowhere. `shallow` leaves texts their quotes in messages.
const FLAGS: [&str; 4] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=shallow",
];
/// Which standard library the page's module is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStd {
    /// From source, for size.
    Small,
    /// As it comes with the toolchain.
    Installed,
}

impl PageStd {
    /// The one that can be had here; asks rustup for the source if it is missing.
    pub fn find() -> Result<(WasmToolchain, Self)> {
        let toolchain = wasm_toolchain()?;
        let has_source = toolchain.library_source().is_some()
            || rustup_adds(&["component", "add", "rust-src"]).is_ok();
        let std = if has_source && knows_flags(toolchain) { Self::Small } else { Self::Installed };
        Ok((toolchain, std))
    }

    /// Adds what makes cargo build it; returns the compiler's flags that go with it.
    pub fn shape(self, cargo: &mut Command) -> &'static [&'static str] {
        if self == Self::Installed {
            return &[];
        }
        cargo.env("RUSTC_BOOTSTRAP", "1");
        cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
        &FLAGS
    }
}

impl fmt::Display for PageStd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Small => "standard library built for size",
            Self::Installed => "standard library as installed",
        })
    }
}

/// Unstable flags come and go with the compiler's versions.
fn knows_flags(toolchain: WasmToolchain) -> bool {
    let mut rustc = Command::new(toolchain.rustc());
    rustc.env("RUSTC_BOOTSTRAP", "1").args(FLAGS);
    process::stdout_of(rustc.args(["--target", TARGET, "--print", "cfg"])).is_ok()
}
