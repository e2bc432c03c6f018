//! `mesh-failover simulate`.

mod csv;
mod live;
mod text;

use std::io::IsTerminal as _;
use std::time::Duration;

use mesh_failover_core::live::Mesh;
use mesh_failover_core::manifest::{Object, Scenario};
use mesh_failover_core::report::{Record, Run, html, junit};
use mesh_failover_core::sim::{Options, Report, SimError, Simulation, each_gateway};
use mesh_failover_core::translate::Proxy;

use crate::args::{SimulateArgs, SimulateOutput};
use crate::report::Failure;
use crate::{dumps, input, output};

/// Short enough to see a merge window.
const SHORT_FRAME: Duration = Duration::from_millis(250);
/// More frames than that nobody can see.
const MOST_SHORT_FRAMES: u32 = 1_200;

/// A scenario and what came out.
struct Played<'a> {
    scenario: &'a Object<Scenario>,
    report: Report,
}

impl<'a> Played<'a> {
    fn run(&'a self) -> Run<'a> {
        Run {
            name: &self.scenario.metadata.name,
            scenario: &self.scenario.spec,
            report: &self.report,
        }
    }

    fn record(&'a self) -> Record<'a> {
        Record { scenario: &self.scenario.metadata.name, report: &self.report }
    }
}

pub(crate) fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let texts = input::read(args.path.iter().chain(&args.topology).chain(&args.scenario))?;
    let Mesh { manifests, gateways, .. } = input::read_mesh(&texts)?;
    if manifests.scenarios.is_empty() {
        return Err(Failure::unusable(
            "no scenario says what happens",
            "give a file with `kind: Scenario`, for example with --scenario",
        ));
    }
    let live = args.output == SimulateOutput::Text
        && !args.no_live
        && manifests.scenarios.len() == 1
        && std::io::stdout().is_terminal();
    let mut played = Vec::new();
    for scenario in &manifests.scenarios {
        for alone in each_gateway(&scenario.spec) {
            if let Ok(proxy) = Proxy::gateway_of(&manifests, &alone.gateway) {
                dumps::note_unless_one_is_at(&proxy.locality, &gateways);
            }
        }
        let looked_at = live || args.output == SimulateOutput::Html;
        let options = Options { gateways: gateways.clone(), ..options(args, scenario, looked_at) };
        let simulation = Simulation::new(&manifests, &scenario.spec, &options)
            .map_err(|error| unusable(scenario, &error))?;
        let name = &scenario.metadata.name;
        let report = if live { live::play(name, simulation) } else { simulation.run() };
        played.push(Played { scenario, report });
    }
    answer(args.output, &played)?;
    verdict(&played)
}

/// Who looks at the run itself sees it in short frames.
fn options(args: &SimulateArgs, scenario: &Object<Scenario>, looked_at: bool) -> Options {
    let longest = scenario.spec.duration.0 / MOST_SHORT_FRAMES;
    let resolution = looked_at.then(|| SHORT_FRAME.max(longest));
    Options {
        seed: args.seed,
        version: args.istio,
        arm: args.arm,
        resolution,
        ..Options::default()
    }
}

fn unusable(scenario: &Object<Scenario>, error: &SimError) -> Failure {
    Failure::unusable(format!("cannot play scenario `{}`: {error}", scenario.metadata.name), "")
}

fn answer(output: SimulateOutput, played: &[Played<'_>]) -> Result<(), Failure> {
    let runs = || played.iter().map(Played::run).collect::<Vec<_>>();
    let text = match output {
        SimulateOutput::Text => played.iter().map(text::summary).collect::<Vec<_>>().join("\n"),
        SimulateOutput::Csv => csv::table(played),
        SimulateOutput::Html => html(&runs()),
        SimulateOutput::Junit => junit(&runs()),
        SimulateOutput::Json => {
            return output::print_json(&played.iter().map(Played::record).collect::<Vec<_>>());
        }
    };
    output::print(&text);
    Ok(())
}

fn verdict(played: &[Played<'_>]) -> Result<(), Failure> {
    let failed: Vec<&str> =
        played.iter().filter(|it| !it.report.passed()).map(|it| it.run().name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::findings(
        format!("not as expected: `{}`", failed.join("`, `")),
        "the report above says what came instead; `-o json` has every frame and event",
    ))
}
