//! `cargo xtask fuzz`: libFuzzer targets on the stable toolchain.
//!
//! cargo-fuzz wants nightly for flags that stable has under other names: the coverage pass and its options
//! are LLVM's. `--target` keeps build scripts and macros, which run on the host, uninstrumented.

mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::{process, tools, workspace};

/// Edges counted in inline counters; `fuzzing` is what libfuzzer-sys looks for. Compared values are not traced: it takes half of
/// the time on text, and the words that are compared with are known ([`words`]).
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// What finds most in the same time: short inputs (nearly all seeds fit), and no statistics of how rare a feature is, which cost
/// more than the readers themselves.
const OPTIONS: [&str; 5] =
    ["-max_len=1024", "-entropic=0", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"];

/// The folder of the targets' sources.
pub const SOURCES: &str = "tests/fuzz/src/bin";

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
#[command(after_help = "\
Seeds are read from tests/fuzz/corpus/TARGET; what a run learns is kept in target/fuzz/corpus/TARGET.
Words that the readers know are taken from there, from tests/lints and from schemas.
A crash is written to target/fuzz/crashes/TARGET, with a line that says how to run it again.")]
pub struct Args {
    /// Only this target [default: all, one after the other]
    target: Option<String>,
    /// How long to run each target
    #[arg(long, default_value_t = 60, conflicts_with = "input")]
    seconds: u32,
    /// Run each target so many times, however long that takes
    #[arg(long, conflicts_with_all = ["input", "seconds"])]
    runs: Option<u64>,
    /// Run the target once, on this file
    #[arg(long, requires = "target")]
    input: Option<PathBuf>,
}

/// Builds and runs the fuzz targets, all of them even when one crashes.
pub fn run(args: Args) -> Result<()> {
    let known = targets()?;
    let targets = match args.target {
        Some(target) if known.contains(&target) => vec![target],
        Some(target) => {
            bail!("there is no fuzz target `{target}`; there are: {}", known.join(", "))
        }
        None if known.is_empty() => bail!("there are no fuzz targets in {SOURCES}"),
        None => known,
    };
    tools::cpp_compiler()?;
    let host = process::stdout_of(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let limit = match args.runs {
        Some(runs) => Limit::Runs(runs),
        None => Limit::Seconds(args.seconds),
    };
    let run_one = |target: &String| {
        let program = compile(target, &host)?;
        match &args.input {
            Some(input) => reproduce(&program, target, input),
            None => explore(&program, target, &limit),
        }
    };
    let crashes: Vec<String> =
        targets.iter().filter_map(|target| Some(format!("{:#}", run_one(target).err()?))).collect();
    if crashes.is_empty() { Ok(()) } else { bail!("{}", crashes.join("\n\n")) }
}

/// The targets: a file each where cargo finds programs.
pub fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(workspace::root().join(SOURCES)).into_iter().flatten() {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

fn compile(target: &str, host: &str) -> Result<PathBuf> {
    let folder = output("build");
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--quiet", "--release", "--target", host, "--bin", target])
        .arg("--manifest-path")
        .arg(workspace::root().join("tests/fuzz/Cargo.toml"))
        .arg("--target-dir")
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    let built =
        process::with_progress(&format!("building fuzz target {target}"), &mut cargo, None)?;
    if !built.success {
        bail!("fuzz target `{target}` does not build:\n{}", built.output.trim());
    }
    Ok(folder.join(host).join("release").join(target))
}

/// When a target has run enough.
enum Limit {
    Seconds(u32),
    Runs(u64),
}

fn explore(program: &Path, target: &str, limit: &Limit) -> Result<()> {
    let learnt = output("corpus").join(target);
    let crashes = output("crashes").join(target);
    fs::create_dir_all(&learnt)?;
    fs::create_dir_all(&crashes)?;
    let words = words::file(&output("words.dict"))?;
    let mut command = Command::new(program);
    let (label, patience) = match *limit {
        Limit::Seconds(seconds) => {
            command.arg(format!("-max_total_time={seconds}"));
            let patience = Duration::from_secs(u64::from(seconds) + 60);
            (format!("fuzzing {target} for {seconds} s"), Some(patience))
        }
        Limit::Runs(runs) => {
            command.arg(format!("-runs={runs}"));
            (format!("fuzzing {target} {runs} times"), None)
        }
    };
    command
        .args(OPTIONS)
        .arg(format!("-dict={}", words.display()))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg(&learnt)
        .args(seeds(target));
    let finished = process::with_progress(&label, &mut command, patience)?;
    if finished.success {
        println!("{target}: {}", summary(&finished.output));
        return Ok(());
    }
    let input = finished.output.lines().find_map(|line| {
        line.split_once("Test unit written to ").map(|(_, path)| path.trim().to_owned())
    });
    let again = match input {
        Some(path) => format!("run it again: cargo xtask fuzz {target} --input {path}"),
        None => "no input was written".to_owned(),
    };
    bail!("fuzz target `{target}` crashed\n{}\n{again}", story(&finished.output))
}

/// Folders with inputs to start from; what lints are shown on is what all readers of manifests are used for.
fn seeds(target: &str) -> Vec<PathBuf> {
    let own = workspace::root().join("tests/fuzz/corpus").join(target);
    let examples = workspace::root().join("tests/lints");
    let reads_manifests = matches!(target, "check" | "manifest");
    [own.is_dir().then_some(own), reads_manifests.then_some(examples)]
        .into_iter()
        .flatten()
        .collect()
}

fn reproduce(program: &Path, target: &str, input: &Path) -> Result<()> {
    if !input.is_file() {
        bail!("there is no file `{}`", input.display());
    }
    let finished = process::capture(Command::new(program).arg(input), None, || {})?;
    println!("{}", finished.output.trim());
    if finished.success {
        println!("{target}: no crash with `{}`", input.display());
        return Ok(());
    }
    bail!("fuzz target `{target}` crashes with `{}`", input.display())
}

/// libFuzzer's output without its running commentary: what a person needs to see a crash.
fn story(output: &str) -> String {
    let told =
        |line: &&str| !["#", "INFO:", "WARNING:", "NOTE:"].iter().any(|it| line.starts_with(it));
    output.trim().lines().filter(told).collect::<Vec<_>>().join("\n")
}

/// What libFuzzer says at the end: inputs run, how fast, and edges covered.
fn summary(output: &str) -> String {
    let stat = |name: &str| {
        let told = output.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
        told.map_or("?", |it| it.trim_start_matches(':').trim())
    };
    let covered = output.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once(" cov: ")?;
        rest.split_whitespace().next()
    });
    let (runs, speed) = (stat("number_of_executed_units"), stat("average_exec_per_sec"));
    format!("{runs} runs, {speed} a second, {} edges covered", covered.unwrap_or("?"))
}

fn output(kind: &str) -> PathBuf {
    workspace::target().join("fuzz").join(kind)
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn the_summary_quotes_libfuzzer() {
        let output = "#8\tINITED cov: 3 ft: 4\n#99\tDONE   cov: 17 ft: 20 corp: 5/9b\n\
                      stat::number_of_executed_units: 1234\nstat::average_exec_per_sec:     99\n";
        assert_eq!(summary(output), "1234 runs, 99 a second, 17 edges covered");
    }
}
