//! A Rust toolchain that can build for wasm32-unknown-unknown, by whichever of three routes is open.
//!
//! 1. The standard library for wasm32 is there already.
//! 2. rustup adds it: most people's machines.
//! 3. Where rustup cannot download (many companies, some CI): Debian's packages of a newer rustc with
//!    the standard library's source. rustup's cargo then builds that source, about a minute once per
//!    target folder. This needs cargo's unstable `-Zbuild-std`, hence `RUSTC_BOOTSTRAP`, and a target
//!    folder of its own, because the native builds use another rustc.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::{process, workspace};

pub(super) const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's rustc; never the first on `PATH` when rustup is there.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust";
/// What rustup adds is 20 to 30 MB; where it hangs, it would do so for many minutes.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);

/// How wasm32 is built here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WasmToolchain {
    /// The usual toolchain has the target.
    Installed,
    /// Debian's rustc, which builds the standard library from source.
    DebianSource,
}

impl WasmToolchain {
    /// A cargo command for wasm32 with everything set but the package and the profile.
    pub fn cargo(self, subcommand: &str) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(workspace::root()).args([subcommand, "--target", TARGET]);
        command.arg("--target-dir").arg(self.target_folder());
        if self == WasmToolchain::DebianSource {
            command.env("RUSTC", self.rustc()).env("RUSTC_BOOTSTRAP", "1");
            command.arg("-Zbuild-std=std,panic_abort");
        }
        command
    }

    /// Where that command puts the module of a profile.
    pub fn output_folder(self, profile: &str) -> PathBuf {
        self.target_folder().join(TARGET).join(profile)
    }

    /// The folder of the standard library's source if it is there, whose path must not end up in a module. Also of the installed library:
    /// rustc writes this folder for the path that it was built under as soon as the folder exists.
    pub fn library_source(self) -> Option<PathBuf> {
        let source = match self {
            WasmToolchain::Installed => {
                let sysroot =
                    process::stdout_of(Command::new("rustc").args(["--print", "sysroot"])).ok()?;
                Path::new(&sysroot).join("lib/rustlib/src/rust")
            }
            WasmToolchain::DebianSource => PathBuf::from(DEBIAN_SOURCE),
        };
        source.join("library/Cargo.toml").is_file().then_some(source)
    }

    /// What stands for that folder in a module: on every machine the same.
    pub fn library_name(self) -> Result<String> {
        let version = process::stdout_of(Command::new(self.rustc()).arg("-vV"))?;
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
        Ok(format!("/rustc/{}", commit.unwrap_or("unknown")))
    }

    /// Its compiler.
    pub(super) fn rustc(self) -> &'static str {
        match self {
            WasmToolchain::Installed => "rustc",
            WasmToolchain::DebianSource => DEBIAN_RUSTC,
        }
    }

    fn target_folder(self) -> PathBuf {
        match self {
            WasmToolchain::Installed => workspace::target().join("wasm"),
            WasmToolchain::DebianSource => workspace::target().join("wasm-debian"),
        }
    }
}

impl fmt::Display for WasmToolchain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WasmToolchain::Installed => write!(formatter, "{TARGET} of the usual toolchain"),
            WasmToolchain::DebianSource => {
                write!(formatter, "{TARGET} built from source by Debian's {DEBIAN_RUSTC}")
            }
        }
    }
}

/// The first route that is open. Routes that change nothing come before those that install.
pub fn wasm_toolchain() -> Result<WasmToolchain> {
    if is_installed() {
        return Ok(WasmToolchain::Installed);
    }
    if has_debian_source() {
        return Ok(WasmToolchain::DebianSource);
    }
    let rustup = rustup_adds(&["target", "add", TARGET]);
    if rustup.is_ok() && is_installed() {
        return Ok(WasmToolchain::Installed);
    }
    let refused = rustup.err().map(|error| format!("{error:#}")).unwrap_or_default();
    install_debian_source().with_context(|| {
        format!("cannot build for {TARGET}; run `rustup target add {TARGET}` where it can download ({refused})")
    })?;
    if !has_debian_source() {
        bail!(
            "Debian's packages were installed, but `{DEBIAN_RUSTC}` still cannot build for {TARGET}"
        );
    }
    Ok(WasmToolchain::DebianSource)
}

fn is_installed() -> bool {
    let arguments = ["--print", "target-libdir", "--target", TARGET];
    let Ok(folder) = process::stdout_of(Command::new("rustc").args(arguments)) else {
        return false;
    };
    let Ok(files) = Path::new(&folder).read_dir() else { return false };
    files.flatten().any(|file| {
        let name = file.file_name().to_string_lossy().into_owned();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

/// Whether Debian's rustc is new enough, has the standard library's source and its linker.
fn has_debian_source() -> bool {
    let answers = |program: &str| process::stdout_of(Command::new(program).arg("--version"));
    // As `rust-lld` the linker wants to be told its flavour, its version answers under this one.
    let linker = process::stdout_of(Command::new("/usr/bin/rust-lld").args([
        "-flavor",
        "wasm",
        "--version",
    ]));
    Path::new(DEBIAN_SOURCE).join("library/Cargo.toml").is_file()
        && linker.is_ok()
        && answers(DEBIAN_RUSTC)
            .is_ok_and(|version| minor(&version) >= minor(workspace::rust_version()))
}

/// The second number of a Rust version: 96 of `rustc 1.96.0 (…)`, 90 of `1.90`.
fn minor(version: &str) -> Option<u32> {
    version.split_once("1.")?.1.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}

/// Runs rustup to download something.
pub(super) fn rustup_adds(arguments: &[&str]) -> Result<()> {
    process::stdout_of(Command::new("rustup").arg("--version"))?;
    let mut rustup = Command::new("rustup");
    rustup.args(arguments).env("RUSTUP_MAX_RETRIES", "0").env("RUST_BACKTRACE", "0");
    let label = format!("rustup {}", arguments.join(" "));
    let finished = process::with_progress(&label, &mut rustup, Some(RUSTUP_LIMIT))?;
    if !finished.success {
        let reason = finished.output.lines().find_map(|line| line.strip_prefix("error: "));
        bail!("rustup: {}", reason.unwrap_or("no reason given").trim());
    }
    Ok(())
}

fn install_debian_source() -> Result<()> {
    // rust-lld is a link to the lld of the LLVM that Debian built this rustc with.
    let llvm = apt::dependency("rust-web-llvm", "llvm-")?;
    let lld = llvm.replace("llvm-", "lld-");
    apt::install(
        &format!("{TARGET} (120 MB)"),
        &["rustc-web", "rust-web-src", "rust-web-llvm", &lld],
    )
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn versions_compare_by_their_second_number() {
        assert_eq!(
            minor("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"),
            Some(96)
        );
        assert!(minor("rustc 1.85.0 (4d91de4e4 2025-02-17)") < minor("1.90"));
    }
}
