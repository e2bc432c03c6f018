//! Regions in their order, with letter and colour.

use crate::sim::{Frame, NONE, Report};

/// Regions in the order of the topology; what nobody answered comes last.
pub(super) struct Regions<'a>(Vec<&'a str>);

impl<'a> Regions<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut names: Vec<&str> = Vec::new();
        let of_lanes = report.endpoints.iter().map(|lane| lane.region.as_str());
        let of_phases = report.phases.iter().flat_map(|it| it.regions.keys()).map(String::as_str);
        for name in of_lanes.chain(of_phases).filter(|name| *name != NONE) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Self(names)
    }

    pub(super) fn names(&self) -> &[&'a str] {
        &self.0
    }

    /// Percent of a frame's requests by region, then what nobody answered; all 0 without requests.
    pub(super) fn shares(&self, frame: &Frame) -> Vec<f64> {
        let all = frame.total.requests.max(1) as f64;
        let names = self.0.iter().copied().chain([NONE]);
        names
            .map(|name| frame.regions.get(name).map_or(0, |region| region.counts.requests))
            .map(|requests| 100.0 * requests as f64 / all)
            .collect()
    }
}

/// `A`, `B`, …, `Z`, `A2`.
pub(super) fn letter(index: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(index % 26).unwrap_or(0));
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26 + 1) }
}

/// The class that gives a region its colour; after six the colours repeat, hatched.
pub(super) fn class(index: usize) -> String {
    let hatch = if index < 6 { "" } else { " again" };
    format!("r{}{hatch}", index % 6)
}
