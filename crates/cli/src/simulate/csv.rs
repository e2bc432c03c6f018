//! Frames as a table: a line for each frame and region, and for each frame and endpoint.

use std::fmt::Write as _;

use mesh_failover_core::sim::Counts;

use super::Played;

const HEADER: &str =
    "scenario,from_ms,to_ms,kind,name,requests,errors,p50_ms,p99_ms,weight_percent,ejected\n";

pub(super) fn table(played: &[Played<'_>]) -> String {
    let mut table = HEADER.to_owned();
    for Played { scenario, report } in played {
        for frame in &report.frames {
            let mut row =
                |kind: &str, name: &str, counts: &Counts, weight: String, ejected: u32| {
                    let _ = writeln!(
                        table,
                        "{},{},{},{kind},{},{},{},{},{},{weight},{ejected}",
                        quoted(&scenario.metadata.name),
                        frame.from_ms,
                        frame.to_ms,
                        quoted(name),
                        counts.requests,
                        counts.errors,
                        optional(counts.p50_ms),
                        optional(counts.p99_ms),
                    );
                };
            for (name, region) in &frame.regions {
                row("region", name, &region.counts, region.weight.to_string(), region.ejected);
            }
            for (name, endpoint) in &frame.endpoints {
                row("endpoint", name, &endpoint.counts, String::new(), endpoint.ejected);
            }
        }
    }
    table
}

fn optional(number: Option<f64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// RFC 4180.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
