//! The report as one self-contained page.
//!
//! Marks are plain elements placed in percent of the run, and curves are SVG stretched to the same box: the page fits a phone and
//! a wall without a script. A small script adds the values under the pointer.
//!
//! Colours, spacing and shapes are the playground's: colour belongs to regions and verdicts, every state has a shape of its own.

mod curves;
mod lanes;
mod regions;
mod scale;
mod tables;

use std::fmt::Write as _;

use super::markup::Escaped;
use super::{Run, seconds};
use crate::sim::Report;
use regions::Regions;
use scale::Scale;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The runs as one page, in order.
#[must_use]
pub fn html(runs: &[Run<'_>]) -> String {
    let names: Vec<&str> = runs.iter().map(|run| run.name).collect();
    let title = if names.is_empty() { "no scenario".to_owned() } else { names.join(", ") };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{} – mesh-failover</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n",
        Escaped(&title)
    );
    if runs.len() > 1 {
        contents(&mut page, runs);
    }
    runs.iter().enumerate().for_each(|(index, run)| article(&mut page, index, run));
    let _ = write!(
        page,
        "<footer>mesh-failover {}</footer>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    page
}

/// All runs with their verdicts, when there are several.
fn contents(page: &mut String, runs: &[Run<'_>]) {
    let failed = runs.iter().filter(|run| !run.report.passed()).count();
    let verdict = match failed {
        0 => format!("All {} scenarios came as expected.", runs.len()),
        failed => format!("{failed} of {} scenarios did not come as expected.", runs.len()),
    };
    let _ = writeln!(page, "<nav><h1>{verdict}</h1><ol>");
    for (index, run) in runs.iter().enumerate() {
        let mark = mark(run.report.passed());
        let _ =
            writeln!(page, "<li>{mark} <a href=\"#run-{index}\">{}</a></li>", Escaped(run.name));
    }
    page.push_str("</ol></nav>\n");
}

fn article(page: &mut String, index: usize, run: &Run<'_>) {
    let regions = Regions::of(run.report);
    let scale = Scale::new(run.report.duration_ms);
    let _ = writeln!(page, "<article id=\"run-{index}\">\n<header>");
    let _ = writeln!(page, "<p class=\"name\">{}</p>", Escaped(run.name));
    let _ = writeln!(page, "<h2>{}</h2>", headline(run.report));
    let _ = writeln!(page, "<p class=\"facts\">{}</p>\n</header>", facts(run.report));
    let _ = writeln!(
        page,
        "<figure class=\"timeline\" aria-label=\"{}\">",
        Escaped(&described(run.report))
    );
    scale::ruler(page, &scale, &run.report.phases);
    curves::curves(page, run, &regions, &scale);
    lanes::lanes(page, run.report, &regions, &scale);
    page.push_str("<div class=\"cursor\" hidden></div>\n</figure>\n");
    tables::expectations(page, run.report);
    tables::phases(page, run.report, &regions);
    tables::events(page, run.report);
    data(page, run.report, &regions);
    page.push_str("</article>\n");
}

/// The fact first: what came of it.
fn headline(report: &Report) -> String {
    let checks = || report.expectations.iter().flat_map(|verdict| &verdict.checks);
    let (all, failed) = (checks().count(), checks().filter(|check| !check.passed).count());
    let text = match (all, failed) {
        (0, _) => "Nothing was expected; this is what happened.".to_owned(),
        (_, 0) => "Everything came as expected.".to_owned(),
        (all, failed) => format!("{failed} of {all} expectations did not come true."),
    };
    if all == 0 { text } else { format!("{} {text}", mark(failed == 0)) }
}

/// What it cost, and how to play it again.
fn facts(report: &Report) -> String {
    let total = &report.total;
    let rate = 100.0 * total.errors as f64 / (total.requests.max(1)) as f64;
    let errors = match total.errors {
        0 => "no errors".to_owned(),
        1 => format!("1 error ({rate:.2} %)"),
        errors => format!("{} errors ({rate:.2} %)", grouped(errors)),
    };
    let unanswered = match report.unfinished {
        0 => String::new(),
        unfinished => format!(", {} never answered", grouped(unfinished)),
    };
    format!(
        "{} requests in {} s, {errors}{unanswered}; p99 {}; {} arm, seed {}",
        grouped(total.requests),
        seconds(report.duration_ms),
        total.p99_ms.map_or("–".to_owned(), tables::latency),
        report.arm,
        report.seed
    )
}

/// The chart in one sentence, for who cannot see it.
fn described(report: &Report) -> String {
    let phases = report.phases.iter().map(|phase| {
        let mut shares: Vec<_> =
            phase.regions.iter().filter(|(_, region)| region.share >= 0.05).collect();
        mesh_failover_sorted::sort_by(&mut shares, |(_, one), (_, other)| {
            other.share.total_cmp(&one.share)
        });
        let shares: Vec<String> =
            shares.iter().map(|(name, it)| format!("{:.1} % {name}", it.share)).collect();
        format!("{} s to {} s: {}", seconds(phase.from_ms), seconds(phase.to_ms), shares.join(", "))
    });
    format!("Traffic by region over time. {}", phases.collect::<Vec<_>>().join("; "))
}

/// A shape and a colour for a verdict.
fn mark(passed: bool) -> &'static str {
    if passed {
        "<span class=\"ok\" role=\"img\" aria-label=\"as expected\">✓</span>"
    } else {
        "<span class=\"err\" role=\"img\" aria-label=\"not as expected\">✗</span>"
    }
}

/// Thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// What the script shows under the pointer: per frame its start, the regions' shares, errors in percent and p99.
fn data(page: &mut String, report: &Report, regions: &Regions<'_>) {
    let rows = report.frames.iter().map(|frame| {
        let shares = regions.shares(frame).into_iter().map(|share| format!("{share:.1}"));
        let errors = curves::error_percent(frame);
        let p99 = frame.total.p99_ms.map_or("null".to_owned(), |p99| format!("{p99:.1}"));
        let shares = shares.collect::<Vec<_>>().join(",");
        format!("[{},[{shares}],{errors:.2},{p99}]", frame.from_ms)
    });
    let rows = rows.collect::<Vec<_>>().join(",");
    let _ = writeln!(
        page,
        "<script type=\"application/json\" class=\"data\">{{\"duration\":{},\"frames\":[{rows}]}}</script>",
        report.duration_ms
    );
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_stand_apart() {
        let check =
            |number, expect: &str| assert_eq!(grouped(number).replace('\u{202f}', " "), expect);
        check(0, "0");
        check(999, "999");
        check(1_000, "1 000");
        check(12_345_678, "12 345 678");
    }
}
