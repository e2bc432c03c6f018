//! Every scenario below `tests/scenarios` and `examples`, played by the simulator: one named test a file.
//!
//! A file below `tests/scenarios` is whole in itself: manifests, Topology and Scenario. What is expected of it must come true with every
//! seed, since a gateway that starts at another moment is no less right; so each is played with several. `SEED=n` plays only that one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use mesh_failover_core::diagnostic::Severity;
use mesh_failover_core::manifest::{Manifests, Scenario, Source, read};
use mesh_failover_core::sim::{Options, Report, Simulation};

/// Kinds of steps that happen to endpoints.
const STEPS: [&str; 10] = [
    "scale",
    "fail",
    "slow",
    "refuse",
    "blackhole",
    "unready",
    "drain",
    "partition",
    "replace",
    "restore",
];
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trials = Vec::new();
    for file in yaml_files(&root.join("scenarios")) {
        trials.push(trial(&name(&file), vec![file]));
    }
    trials.push(Trial::test("every_step_at_every_kind_of_target", every_step_is_played));
    for folder in folders(&root.join("../examples")) {
        let files = yaml_files(&folder);
        trials.push(trial(&format!("examples/{}", name(&folder)), files));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str, files: Vec<PathBuf>) -> Trial {
    Trial::test(name, move || {
        let manifests = manifests(&files)?;
        for scenario in &manifests.scenarios {
            for seed in seeds() {
                come_true(&manifests, &scenario.spec, seed)?;
            }
            repeats(&manifests, &scenario.spec)?;
        }
        Ok(())
    })
}

/// What can be done to endpoints, and how they can be named: all of it is in the corpus that a real Envoy plays.
fn every_step_is_played() -> Result<(), Failed> {
    let mut played = BTreeSet::new();
    for file in yaml_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")) {
        for scenario in &manifests(&[file])?.scenarios {
            for step in &scenario.spec.steps {
                let step = serde_json::to_value(step).map_err(|error| error.to_string())?;
                for (kind, target) in step.as_object().into_iter().flatten() {
                    let fields = target.as_object().into_iter().flat_map(|it| it.keys());
                    played.extend(fields.map(|field| (kind.clone(), field.clone())));
                }
            }
        }
    }
    let targets = ["cluster", "region", "zone", "workload", "endpoints"];
    let pairs = STEPS.iter().flat_map(|kind| targets.map(|target| (*kind, target)));
    // Which endpoints go is not the scenario's to say when a workload is scaled.
    let wanted = pairs.filter(|pair| *pair != ("scale", "endpoints"));
    let missing: Vec<String> = wanted
        .filter(|(kind, target)| !played.contains(&((*kind).to_owned(), (*target).to_owned())))
        .map(|(kind, target)| format!("{kind} at {target}"))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("never played: {}", missing.join(", ")).into())
    }
}

fn seeds() -> Vec<u64> {
    let one = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    one.map_or(SEEDS.to_vec(), |seed| vec![seed])
}

/// All expectations, and that no request is lost or counted twice.
fn come_true(manifests: &Manifests, scenario: &Scenario, seed: u64) -> Result<(), Failed> {
    let report = play(manifests, scenario, seed)?.run();
    let failed = report.expectations.iter().filter(|verdict| !verdict.passed);
    let failed: Vec<String> = failed
        .flat_map(|verdict| {
            let span = format!("{} to {} ms", verdict.from_ms, verdict.to_ms);
            verdict.checks.iter().filter(|check| !check.passed).map(move |check| {
                format!("{span}: {}: expected {}, got {}", check.what, check.expected, check.got)
            })
        })
        .collect();
    if !failed.is_empty() {
        return Err(format!("seed {seed}:\n{}", failed.join("\n")).into());
    }
    if report.started != report.total.requests + report.unfinished {
        let (started, ended) = (report.started, report.total.requests);
        return Err(format!(
            "{started} requests came, {ended} ended, {} did not",
            report.unfinished
        )
        .into());
    }
    let sum = |requests: &mut dyn Iterator<Item = u64>| requests.sum::<u64>();
    let by_phase = sum(&mut report.phases.iter().map(|phase| phase.total.requests));
    let by_frame = sum(&mut report.frames.iter().map(|frame| frame.total.requests));
    if by_phase != report.total.requests || by_frame != report.total.requests {
        return Err(format!(
            "{} requests, {by_phase} by phase, {by_frame} by frame",
            report.total.requests
        )
        .into());
    }
    Ok(())
}

/// The same seed gives the same report, in one piece or step by step.
fn repeats(manifests: &Manifests, scenario: &Scenario) -> Result<(), Failed> {
    let whole = play(manifests, scenario, 1)?;
    let mut pieces = play(manifests, scenario, 1)?;
    let mut until = Duration::ZERO;
    while until < pieces.duration() {
        until += Duration::from_micros(1_234_567);
        pieces.step(until);
    }
    let json = |report: &Report| serde_json::to_string(report).map_err(|error| error.to_string());
    if json(&whole.run())? == json(&pieces.run())? {
        Ok(())
    } else {
        Err("played step by step, another report comes out".into())
    }
}

fn play(manifests: &Manifests, scenario: &Scenario, seed: u64) -> Result<Simulation, Failed> {
    let options = Options { seed: Some(seed), ..Options::default() };
    Simulation::new(manifests, scenario, &options).map_err(|error| error.to_string().into())
}

fn manifests(files: &[PathBuf]) -> Result<Manifests, Failed> {
    let texts: Result<Vec<(String, String)>, std::io::Error> = files
        .iter()
        .map(|file| Ok((file.display().to_string(), std::fs::read_to_string(file)?)))
        .collect();
    let texts = texts.map_err(|error| error.to_string())?;
    let sources: Vec<Source<'_>> = texts.iter().map(|(name, text)| Source { name, text }).collect();
    let (manifests, diagnostics) = read(&sources);
    match diagnostics.iter().find(|diagnostic| diagnostic.severity != Severity::Note) {
        Some(diagnostic) => Err(diagnostic.to_string().into()),
        None => Ok(manifests),
    }
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    entries(folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .collect()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is part of the project");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
