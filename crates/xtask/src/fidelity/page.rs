//! The report: a summary in Markdown, and a page that opens without a network.

use std::fmt::Write as _;
use std::time::Duration;

use super::Played;
use super::measures::Kind;
use super::picture::escaped;

const STYLE: &str = "
:root { color-scheme: light dark; --fg: #111827; --dim: #6b7280; --line: #d1d5db; --bg: #fff; --bad: #be123c }
@media (prefers-color-scheme: dark) { :root { --fg: #e5e7eb; --dim: #9ca3af; --line: #374151; --bg: #0b1020; --bad: #fb7185 } }
body { font: 15px/1.5 Inter, system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { font-size: 1.05rem; margin: 2.5rem 0 .2rem } .bad { color: var(--bad) } p { margin: .3rem 0 } small, .dim { color: var(--dim) }
svg { width: 100%; height: auto; margin-top: .5rem } svg text { font-size: 11px; fill: var(--dim) } svg text[fill] { fill: attr(fill) }
.grid { stroke: var(--line); stroke-width: .6 } .step { stroke: var(--dim); stroke-width: .8; stroke-dasharray: 3 3 }
.real { fill: var(--fg) } .sim { fill: var(--dim); opacity: .55 }
table { border-collapse: collapse; font-size: 13px } td, th { padding: .1rem .8rem .1rem 0; text-align: right } td:first-child, th:first-child { text-align: left }
pre { white-space: pre-wrap; color: var(--bad) }";

/// For the terminal and the README.
pub(super) fn summary(played: &[Played], seed: u64, took: Duration) -> String {
    let agree = played.iter().filter(|it| it.verdict.agrees()).count();
    let again = played.iter().filter(|it| it.again && it.verdict.agrees()).count();
    let numbers: usize = played.iter().map(|it| it.verdict.numbers.len()).sum();
    let switches: usize = played.iter().map(|it| it.verdict.switches.len()).sum();
    let requests: usize = played.iter().map(|it| it.verdict.requests).sum();
    let mut text = format!(
        "{agree} of {} scenarios agree with Envoy 1.40 ({requests} real requests, {numbers} numbers, {switches} ejections and returns; \
         seed {seed}, {} s).",
        played.len(),
        took.as_secs()
    );
    if again > 0 {
        let _ = write!(text, " {again} of them agreed at the second try.");
    }
    let mut differences: Vec<f64> = played
        .iter()
        .flat_map(|it| &it.verdict.numbers)
        .filter(|it| it.measure.kind == Kind::RegionShare)
        .map(|it| (it.real - it.simulated).abs())
        .collect();
    differences.sort_by(f64::total_cmp);
    let part = |part: f64| {
        let index = (differences.len() as f64 * part) as usize;
        differences.get(index.min(differences.len().saturating_sub(1))).copied().unwrap_or(0.0)
    };
    let _ = writeln!(
        text,
        "\nShares of regions by phase differ by {:.2} points in the middle, {:.2} in 95 of 100 cases, {:.2} at most.",
        part(0.5),
        part(0.95),
        part(1.0)
    );
    text
}

/// The page.
pub(super) fn html(played: &[Played], summary: &str) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Simulator and Envoy</title><style>{STYLE}</style><h1>Simulator and Envoy</h1><p>{}</p>\
         <p class=\"dim\">Thick line: the real Envoy. Band and thin line: 95 of 100 runs of the simulator, and their mean. \
         Bars: an endpoint was ejected, by Envoy (dark) and in one run of the simulator (light).</p>",
        escaped(summary).replace('\n', "<br>")
    );
    for it in played {
        let (class, mark) = if it.verdict.agrees() { ("", "✓") } else { ("bad", "✗") };
        let _ = write!(
            page,
            "<h2 class=\"{class}\" id=\"{0}\">{mark} {0}</h2><p>{1}</p><p class=\"dim\">{2}{3}; the client was late by {4:.1} ms at most \
             (99 of 100)</p>",
            escaped(&it.case.name),
            escaped(&it.case.about),
            escaped(&it.verdict.line()),
            if it.again { ", at the second try" } else { "" },
            it.verdict.late.as_secs_f64() * 1e3,
        );
        if !it.verdict.agrees() {
            let _ = write!(page, "<pre>{}</pre>", escaped(it.verdict.to_string().trim_start()));
        }
        page += &it.picture;
        page += &table(it);
    }
    page + "</html>\n"
}

/// Every number of a scenario, folded away.
fn table(it: &Played) -> String {
    let mut rows = String::new();
    for number in &it.verdict.numbers {
        let unit = match number.measure.kind {
            Kind::RegionShare => " % of requests",
            Kind::EndpointShare => " % of attempts",
            Kind::Outcome => " answers",
            Kind::Ejected => "",
        };
        let _ = write!(
            rows,
            "<tr class=\"{}\"><td>phase {}: {}{unit}<td>{:.2}<td>{:.2}<td>± {:.2}",
            if number.agrees() { "" } else { "bad" },
            number.measure.phase,
            escaped(&number.measure.of),
            number.real,
            number.simulated,
            number.tolerance
        );
    }
    format!(
        "<details><summary class=\"dim\">all numbers</summary><table><tr><th><th>Envoy<th>simulator<th>may differ{rows}</table></details>"
    )
}
