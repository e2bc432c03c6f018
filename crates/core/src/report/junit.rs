//! JUnit XML: a scenario is a test suite, each thing it expects a test case.
//!
//! **Source**: the schema of Jenkins' xUnit plugin (junit-10.xsd), which GitLab and others read too; times are seconds of the simulated run,
//! with the three decimals that the schema allows.

use std::fmt::Write as _;

use super::markup::Escaped;
use super::{Run, seconds};
use crate::sim::{Check, Verdict};

/// The runs as one document.
#[must_use]
pub fn junit(runs: &[Run<'_>]) -> String {
    let checks = |run: &Run<'_>| run.report.expectations.iter().map(|it| it.checks.len()).sum();
    let tests: usize = runs.iter().map(checks).sum();
    let failures: usize = runs.iter().map(failed).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"mesh-failover\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">"
    );
    runs.iter().for_each(|run| suite(&mut xml, run, checks(run)));
    xml.push_str("</testsuites>\n");
    xml
}

fn failed(run: &Run<'_>) -> usize {
    let checks = run.report.expectations.iter().flat_map(|verdict| &verdict.checks);
    checks.filter(|check| !check.passed).count()
}

fn time(millis: f64) -> String {
    seconds(millis.round())
}

fn suite(xml: &mut String, run: &Run<'_>, tests: usize) {
    let Run { name, report, .. } = run;
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"{}\">",
        Escaped(name),
        failed(run),
        time(report.duration_ms)
    );
    let properties = [("seed", report.seed.to_string()), ("arm", report.arm.to_string())];
    xml.push_str("    <properties>\n");
    for (key, value) in properties {
        let _ = writeln!(xml, "      <property name=\"{key}\" value=\"{value}\"/>");
    }
    xml.push_str("    </properties>\n");
    for verdict in &report.expectations {
        for check in &verdict.checks {
            case(xml, name, verdict, check);
        }
    }
    xml.push_str("  </testsuite>\n");
}

fn case(xml: &mut String, class: &str, verdict: &Verdict, check: &Check) {
    let (from, to) = (seconds(verdict.from_ms), seconds(verdict.to_ms));
    let name = format!("{} {} from {from} s to {to} s", check.what, check.expected);
    let time = time(verdict.to_ms - verdict.from_ms);
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{time}\"",
        Escaped(class),
        Escaped(&name)
    );
    if check.passed {
        xml.push_str("/>\n");
        return;
    }
    let message = format!("expected {}, got {}", check.expected, check.got);
    let _ = writeln!(
        xml,
        ">\n      <failure type=\"expectation\" message=\"{0}\">{0}</failure>\n    </testcase>",
        Escaped(&message)
    );
}
