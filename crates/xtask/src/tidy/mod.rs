//! `cargo xtask tidy`: the house rules that no compiler knows.
//!
//! Each rule is a function from the checkout to findings, `file:line: what is wrong`. The rules are few and
//! literal: a rule that needs exceptions is not worth having.

mod documents;
mod lengths;
mod text;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

/// Arguments of `cargo xtask tidy`.
#[derive(clap::Args)]
#[command(after_help = "\
Files have at most 400 lines before their tests and 150 of tests, functions 70 lines, filters 500 lines
of code. No file names a folder of somebody's machine or leaves work for later. The README names the
commands, and ARCHITECTURE.md the folders and modules, that there are.")]
pub struct Args {}

/// A text file of the checkout, by its path from the root.
struct Source {
    path: String,
    text: String,
}

/// Prints every finding and fails if there is one.
pub fn run(_args: Args) -> Result<()> {
    let findings = findings()?;
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() { Ok(()) } else { bail!("{} findings", findings.len()) }
}

/// What the checkout has that the house rules forbid.
pub fn findings() -> Result<Vec<String>> {
    let sources = sources()?;
    let rules = [lengths::check, text::check, documents::check];
    Ok(rules.iter().flat_map(|rule| rule(&sources)).collect())
}

/// The text files that git knows or would add.
fn sources() -> Result<Vec<Source>> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root());
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let listed = process::stdout_of(&mut git).context("tidy asks git which files there are")?;
    let mut sources = Vec::new();
    for path in listed.lines() {
        let file: PathBuf = workspace::root().join(path);
        // A deleted file is listed until it is staged, and a binary has no lines to look at.
        if let Ok(text) = fs::read_to_string(file) {
            sources.push(Source { path: path.to_owned(), text });
        }
    }
    Ok(sources)
}
