//! Where things are in this checkout.

use std::path::{Path, PathBuf};

/// The root folder of the workspace.
pub fn root() -> &'static Path {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.ancestors().nth(2).unwrap_or(folder)
}

/// The folder for everything that is built.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty()) {
        // As cargo does, from the current folder, wherever the path is used later.
        Some(folder) => std::path::absolute(&folder).unwrap_or_else(|_| folder.into()),
        None => root().join("target"),
    }
}

/// The oldest Rust that the workspace promises to build with.
pub fn rust_version() -> &'static str {
    env!("CARGO_PKG_RUST_VERSION")
}
