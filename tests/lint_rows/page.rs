//! A lint's page below `docs/lints`: its texts, its examples, what is found in them, and what the twin plays with each.

use std::fmt::Write as _;

use mesh_failover_core::check::{Finding, Rule};

use super::{Example, pitfalls, play};

/// How the pages are written anew.
pub const UPDATE: &str = "UPDATE_DOCS=1 cargo test -p mesh-failover-conformance --test lints";

/// `bad` is what it is found in: the first is played, the others are shown.
pub fn page(rule: &Rule, bad: &[Example], good: &Example) -> Result<String, String> {
    let (bad, others) = bad.split_first().ok_or("a lint without an example")?;
    let mut text = format!(
        "<!-- Written by `{UPDATE}` from the lint's own texts and examples. -->\n\n# {}: {}\n\n",
        rule.code, rule.title
    );
    let _ = writeln!(text, "`{}`, {}\n\n{}\n", rule.name, rule.severity, rule.why);
    let _ = writeln!(text, "## Found in\n\n{}", yaml(bad));
    for finding in bad.check() {
        let _ = writeln!(text, "{}", quoted(&finding));
    }
    for other in others {
        let _ = writeln!(text, "Found here, too:\n\n{}", yaml(other));
        for finding in other.check() {
            let _ = writeln!(text, "{}", quoted(&finding));
        }
    }
    let _ = writeln!(text, "## Not found in\n\n{}", yaml(good));
    if let Some(name) = bad.live_file() {
        let _ = writeln!(
            text,
            "(beside `{name}`, what the gateway printed: tests/lints/{})\n",
            rule.code
        );
    }
    let _ = writeln!(text, "## What happens\n\n{}", happens(bad, good)?);
    let _ = writeln!(
        text,
        "## Switching it off\n\nA comment on the line, above it, or above the first key of the document:\n\n\
         ```yaml\n# mesh-failover: allow {} -- why it is right here\n```",
        rule.code
    );
    Ok(text)
}

/// What is told of it, or what the twin plays: with a lint that harms traffic, the two examples must not come out alike.
fn happens(bad: &Example, good: &Example) -> Result<String, String> {
    if let Some(told) = &bad.happens {
        return Ok(told.clone());
    }
    let harm = play::all("With the first example", bad)?;
    let relief = play::all("With the second", good)?;
    let outcomes = |plays: &[play::Played]| -> Vec<String> {
        plays.iter().map(|it| it.outcome.clone()).collect()
    };
    if outcomes(&harm) == outcomes(&relief) {
        return Err("the twin shows no difference between the examples".to_owned());
    }
    let texts = harm.iter().chain(&relief).map(|it| format!("{}, {}", it.title, it.outcome));
    Ok(texts.collect::<Vec<_>>().join("\n"))
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
    text + &pitfalls::table()
}
