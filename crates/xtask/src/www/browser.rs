//! `cargo xtask browser`: the built playground in a real browser.

use anyhow::Result;

use super::{build, node_tests, run_tests};
use crate::workspace;

/// Arguments of `cargo xtask browser`.
#[derive(clap::Args)]
#[command(after_help = "\
CHROMIUM=path is the browser, else the one on PATH. Screenshots are written to target/screenshots.")]
pub struct BrowserArgs {
    /// Only tests whose names match this
    #[arg(long)]
    only: Option<String>,
}

/// Builds the playground and runs its tests.
pub fn run_browser(args: BrowserArgs) -> Result<()> {
    let site = build()?;
    let tests = workspace::root().join("tests/browser");
    let mut node = node_tests(&tests, ".test.mjs", args.only.as_deref())?;
    run_tests("the playground", node.env("MESH_FAILOVER_SITE", site))
}
