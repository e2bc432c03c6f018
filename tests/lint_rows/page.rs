//! A lint's page below `docs/lints`: its texts, its examples, what is found in them, and what the twin plays with each.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mesh_failover_core::check::{Finding, Rule};
use mesh_failover_core::manifest::{Object, Scenario};
use mesh_failover_core::sim::{Frame, NONE, Options, Report, Simulation};

use super::Example;

/// How the pages are written anew.
pub const UPDATE: &str = "UPDATE_DOCS=1 cargo test -p mesh-failover-conformance --test lints";

/// Characters of a timeline.
const WIDTH: usize = 60;

pub fn page(rule: &Rule, bad: &Example, good: &Example) -> Result<String, String> {
    let mut text = format!(
        "<!-- Written by `{UPDATE}` from the lint's own texts and examples. -->\n\n# {}: {}\n\n",
        rule.code, rule.title
    );
    let _ = writeln!(text, "`{}`, {}\n\n{}\n", rule.name, rule.severity, rule.why);
    let _ = writeln!(text, "## Found in\n\n{}", yaml(bad));
    for finding in bad.check() {
        let _ = writeln!(text, "{}", quoted(&finding));
    }
    let _ = writeln!(text, "## Not found in\n\n{}", yaml(good));
    if let Some(name) = bad.live_file() {
        let _ = writeln!(
            text,
            "(beside `{name}`, what the gateway printed: tests/lints/{})\n",
            rule.code
        );
    }
    let _ = writeln!(text, "## What happens\n");
    match bad.not_played() {
        Some(reason) => {
            let _ = writeln!(text, "Not played: {reason}.\n");
        }
        None => {
            let _ = writeln!(text, "{}", played("With the first example", bad)?);
            let _ = writeln!(text, "{}", played("With the second", good)?);
        }
    }
    let _ = writeln!(
        text,
        "## Switching it off\n\nA comment on the line, above it, or above the first key of the document:\n\n\
         ```yaml\n# mesh-failover: allow {} -- why it is right here\n```",
        rule.code
    );
    Ok(text)
}

/// The example's own documents; what it says to the test is left out.
fn yaml(example: &Example) -> String {
    let lines = example.text().lines().filter(|line| !line.starts_with("# "));
    format!("```yaml\n{}\n```\n", lines.collect::<Vec<_>>().join("\n"))
}

fn quoted(finding: &Finding) -> String {
    let mut text = format!("```text\n{}", finding.diagnostic);
    if let Some(message) = finding.istiod.as_ref().filter(|it| **it != finding.diagnostic.message) {
        let _ = write!(text, "\n  istiod says: {message}");
    }
    if let Some(fix) = &finding.fix {
        let _ = write!(text, "\n  --fix would {}", fix.title);
    }
    text + "\n```\n"
}

fn played(title: &str, example: &Example) -> Result<String, String> {
    let manifests = example.manifests()?;
    let scenario = manifests.scenarios.first().ok_or("no scenario")?;
    let options = Options { version: example.version, ..Options::default() };
    let simulation = Simulation::new(&manifests, &scenario.spec, &options);
    let report = simulation.map_err(|error| format!("{title}: {error}"))?.run();
    let mut text = format!("{title}, {}:\n\n```text\n", described(scenario, &report));
    for phase in &report.phases {
        for step in &phase.steps {
            let _ = writeln!(text, "{:>5} s  {step}", phase.from_ms / 1000.0);
        }
    }
    text.push('\n');
    for (name, values) in timelines(&report) {
        let line: String = values.iter().map(|percent| block(*percent)).collect();
        let _ = writeln!(text, "{name:<13} {line}");
    }
    let errors: u64 = report.total.errors;
    let _ = writeln!(text, "\n{errors} of {} requests failed", report.total.requests);
    Ok(text + "```\n")
}

fn described(scenario: &Object<Scenario>, report: &Report) -> String {
    format!(
        "`{}` at the gateway of `{}` ({} s from left to right, a full block is 100 % of the requests)",
        scenario.metadata.name,
        scenario.spec.gateway,
        report.duration_ms / 1000.0
    )
}

/// Percent of requests by region that answered, and of those that failed, in equal pieces of time.
fn timelines(report: &Report) -> Vec<(String, Vec<f64>)> {
    let piece = report.duration_ms / WIDTH as f64;
    let mut lines: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for index in 0..WIDTH {
        let (from, to) = (piece * index as f64, piece * (index + 1) as f64);
        let frames: Vec<&Frame> = report
            .frames
            .iter()
            .filter(|it| it.from_ms >= from - 0.5 && it.from_ms < to - 0.5)
            .collect();
        let all: u64 = frames.iter().map(|frame| frame.total.requests).sum();
        let percent = |count: u64| if all == 0 { 0.0 } else { count as f64 * 100.0 / all as f64 };
        let failed = frames.iter().map(|frame| frame.total.errors).sum();
        lines.entry("~ failed".to_owned()).or_default().push(percent(failed));
        let names = report.frames.iter().flat_map(|frame| frame.regions.keys());
        let names: std::collections::BTreeSet<&String> = names.filter(|it| *it != NONE).collect();
        for name in names {
            let served = frames.iter().filter_map(|frame| frame.regions.get(name));
            let served = served.map(|region| region.counts.requests).sum();
            lines.entry(name.clone()).or_default().push(percent(served));
        }
    }
    lines.into_iter().map(|(name, line)| (name.trim_start_matches("~ ").to_owned(), line)).collect()
}

fn block(percent: f64) -> char {
    const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let index = if percent <= 0.0 { 0.0 } else { (percent / 12.5).ceil().clamp(1.0, 8.0) };
    BLOCKS[index as usize]
}

/// The list of all lints.
pub fn index(rules: &[&Rule]) -> String {
    let mut text = format!(
        "<!-- Written by `{UPDATE}`. -->\n\n# Lints\n\nWhat `mesh-failover check` looks for. Codes never change their meaning.\n\n\
         | code | severity | what |\n|---|---|---|\n"
    );
    for rule in rules {
        let _ =
            writeln!(text, "| [{0}]({0}.md) | {1} | {2} |", rule.code, rule.severity, rule.title);
    }
    text
}
