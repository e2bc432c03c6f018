//! What the twin plays with an example, as lines of characters.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use mesh_failover_core::manifest::{Object, Scenario};
use mesh_failover_core::sim::{Frame, NONE, Options, Report, Simulation};

use super::Example;

/// Characters of a timeline.
const WIDTH: usize = 60;

/// One run.
pub struct Played {
    /// Which manifests.
    pub title: String,
    /// What came out.
    pub outcome: String,
}

/// Everything that an example says is to be played: itself, or what becomes of it.
pub fn all(title: &str, example: &Example) -> Result<Vec<Played>, String> {
    if example.plays.is_empty() {
        return Ok(vec![Played { title: title.to_owned(), outcome: played(example)? }]);
    }
    let each = example.plays.iter().map(|(why, other)| {
        Ok(Played { title: format!("{title}, {why}"), outcome: played(other)? })
    });
    each.collect()
}

fn played(example: &Example) -> Result<String, String> {
    let manifests = example.manifests()?;
    let scenario = manifests.scenarios.first().ok_or("no scenario")?;
    let options =
        Options { version: example.version, gateways: example.live.clone(), ..Options::default() };
    let simulation = Simulation::new(&manifests, &scenario.spec, &options);
    let (report, started) = run(simulation.map_err(|error| error.to_string())?);
    let mut text = format!("{}:\n\n```text\n", described(scenario, &report));
    for phase in &report.phases {
        for step in &phase.steps {
            let _ = writeln!(text, "{:>5} s  {step}", phase.from_ms / 1000.0);
        }
    }
    if !scenario.spec.steps.is_empty() {
        text.push('\n');
    }
    let pieces = pieces(&report, &started);
    for (name, line) in lines(&report, &pieces) {
        let _ = writeln!(text, "{name:<13} {line}");
    }
    let total = &report.total;
    let _ = write!(text, "\n{} of {} requests failed", total.errors, report.started);
    if report.unfinished > 0 {
        let _ = write!(text, ", and {} were never answered", report.unfinished);
    }
    Ok(text + "\n```\n")
}

fn described(scenario: &Object<Scenario>, report: &Report) -> String {
    format!(
        "`{}` at the gateway of `{}` ({} s from left to right, a full block is 100 % of the requests)",
        scenario.metadata.name,
        scenario.spec.gateway,
        report.duration_ms / 1000.0
    )
}

/// Plays to the end, and counts the requests that came in each piece: the report's frames have only those that were answered.
fn run(mut simulation: Simulation) -> (Report, Vec<u64>) {
    let piece = simulation.duration() / WIDTH as u32;
    let mut before = 0;
    let mut started = Vec::new();
    for index in 1..=WIDTH as u32 {
        simulation.step(piece * index);
        let all = simulation.report().started;
        started.push(all - before);
        before = all;
    }
    (simulation.run(), started)
}

/// An equal piece of the run's time.
struct Piece<'a> {
    frames: Vec<&'a Frame>,
    /// Requests that came in it.
    started: u64,
}

fn pieces<'a>(report: &'a Report, started: &[u64]) -> Vec<Piece<'a>> {
    let length = report.duration_ms / WIDTH as f64;
    let piece = |(index, started): (usize, &u64)| {
        let (from, to) = (length * index as f64, length * (index + 1) as f64);
        let within = |at: f64| at >= from - 0.5 && at < to - 0.5;
        Piece {
            frames: report.frames.iter().filter(|frame| within(frame.from_ms)).collect(),
            started: *started,
        }
    };
    started.iter().enumerate().map(piece).collect()
}

impl Piece<'_> {
    fn sum(&self, count: impl Fn(&Frame) -> u64) -> u64 {
        self.frames.iter().map(|frame| count(frame)).sum()
    }

    fn block(&self, count: u64) -> char {
        block(if self.started == 0 { 0.0 } else { count as f64 * 100.0 / self.started as f64 })
    }

    fn answered(&self) -> u64 {
        self.sum(|frame| frame.total.requests)
    }

    /// Attempts at endpoints for each request, rounded.
    fn attempts(&self) -> u64 {
        let all = self.answered() + self.sum(|frame| frame.retries);
        (all + self.answered() / 2).checked_div(self.answered()).unwrap_or(0)
    }
}

/// By region, the requests that it answered; those that failed; and where there are any, those that nobody answered and how
/// often requests were tried.
fn lines(report: &Report, pieces: &[Piece<'_>]) -> Vec<(String, String)> {
    let draw = |draw: &dyn Fn(&Piece<'_>) -> char| pieces.iter().map(draw).collect::<String>();
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    let names = report.frames.iter().flat_map(|frame| frame.regions.keys());
    for name in names.filter(|name| *name != NONE).collect::<BTreeSet<_>>() {
        let served = |frame: &Frame| frame.regions.get(name).map_or(0, |it| it.counts.requests);
        lines.insert(name, draw(&|piece| piece.block(piece.sum(served))));
    }
    let mut lines: Vec<_> = lines.into_iter().map(|(name, line)| (name.to_owned(), line)).collect();
    let failed = draw(&|piece| piece.block(piece.sum(|frame| frame.total.errors)));
    lines.push(("failed".to_owned(), failed));
    if report.unfinished > 0 {
        let silent = |piece: &Piece<'_>| piece.started.saturating_sub(piece.answered());
        lines.push(("unanswered".to_owned(), draw(&|piece| piece.block(silent(piece)))));
    }
    if pieces.iter().any(|piece| piece.attempts() > 1) {
        let digit = |piece: &Piece<'_>| {
            u32::try_from(piece.attempts()).ok().and_then(|it| char::from_digit(it, 10))
        };
        let attempts = draw(&|piece| digit(piece).unwrap_or('+'));
        lines.push(("tries each".to_owned(), attempts));
    }
    lines
}

fn block(percent: f64) -> char {
    const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let index = if percent <= 0.0 { 0.0 } else { (percent / 12.5).ceil().clamp(1.0, 8.0) };
    BLOCKS[index as usize]
}
