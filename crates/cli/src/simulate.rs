//! `mesh-failover simulate`.

mod csv;
mod text;

use std::io::Write as _;

use mesh_failover_core::manifest::{Object, Scenario};
use mesh_failover_core::sim::{Options, Report, SimError, Simulation};
use serde::Serialize;

use crate::args::{SimulateArgs, SimulateOutput};
use crate::input;
use crate::report::Failure;

/// A scenario's name and what came out.
#[derive(Debug, Serialize)]
struct Played<'a> {
    scenario: &'a str,
    #[serde(flatten)]
    report: Report,
}

pub(crate) fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let texts = input::read(args.path.iter().chain(&args.topology).chain(&args.scenario))?;
    let manifests = input::read_manifests(&texts)?;
    if manifests.scenarios.is_empty() {
        return Err(Failure::unusable(
            "no scenario says what happens",
            "give a file with `kind: Scenario`, for example with --scenario",
        ));
    }
    let options =
        Options { seed: args.seed, version: args.istio, arm: args.arm, ..Options::default() };
    let mut played = Vec::new();
    for scenario in &manifests.scenarios {
        let simulation = Simulation::new(&manifests, &scenario.spec, &options)
            .map_err(|error| unusable(scenario, &error))?;
        played.push(Played { scenario: &scenario.metadata.name, report: simulation.run() });
    }
    print(&answer(args.output, &played)?);
    verdict(&played)
}

fn unusable(scenario: &Object<Scenario>, error: &SimError) -> Failure {
    Failure::unusable(format!("cannot play scenario `{}`: {error}", scenario.metadata.name), "")
}

fn answer(output: SimulateOutput, played: &[Played<'_>]) -> Result<String, Failure> {
    match output {
        SimulateOutput::Text => Ok(played.iter().map(text::summary).collect::<Vec<_>>().join("\n")),
        SimulateOutput::Csv => Ok(csv::table(played)),
        SimulateOutput::Json => serde_json::to_string_pretty(played)
            .map(|json| json + "\n")
            .map_err(|error| Failure::unusable(format!("cannot write JSON: {error}"), "")),
    }
}

fn verdict(played: &[Played<'_>]) -> Result<(), Failure> {
    let failed: Vec<&str> =
        played.iter().filter(|it| !it.report.passed()).map(|it| it.scenario).collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::findings(
        format!("not as expected: `{}`", failed.join("`, `")),
        "the report above says what came instead; `-o json` has every frame and event",
    ))
}

/// A reader that has seen enough is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
