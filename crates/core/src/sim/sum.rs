//! Counts of all gateways added up, by name of region: gateways may number regions differently.

use super::gateway_run::GatewayRun;
use super::pods::Pods;
use super::report::NONE;
use mesh_failover_engine::run::{Cell, Span};

/// Spans added up.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum<'a> {
    /// First what nobody answered under the name [`NONE`], then every region.
    pub(super) regions: Vec<(&'a str, Cell)>,
    pub(super) retries: u64,
    pub(super) started: u64,
}

impl<'a> Sum<'a> {
    /// All requests.
    pub(super) fn all(&self) -> Cell {
        let mut all = Cell::default();
        self.regions.iter().for_each(|(_, cell)| all.merge(cell));
        all
    }

    /// The cell of a region that is the `index`th to one of the gateways.
    fn cell(&mut self, index: usize, name: &'a str) -> Option<&mut Cell> {
        let is_there = self.regions.get(index).is_some_and(|(known, _)| *known == name);
        let known = || self.regions.iter().position(|(known, _)| *known == name);
        let place = if is_there { Some(index) } else { known() };
        let place = place.unwrap_or_else(|| {
            self.regions.push((name, Cell::default()));
            self.regions.len() - 1
        });
        self.regions.get_mut(place).map(|(_, cell)| cell)
    }
}

/// A span with the gateway that counted it.
pub(super) type Counted<'a> = (&'a GatewayRun, &'a Span);

/// Adds spans up.
pub(super) fn sum<'a>(spans: &[Counted<'a>]) -> Sum<'a> {
    let mut sum = Sum::default();
    for &(gateway, span) in spans {
        sum.retries += span.retries;
        sum.started += span.started;
        for (index, name) in region_names(gateway.pods()).enumerate() {
            let cell = sum.cell(index, name);
            if let Some((cell, more)) = cell.zip(span.by_region.get(index)) {
                cell.merge(more);
            }
        }
    }
    sum
}

/// [`NONE`] and every region.
fn region_names(pods: &Pods) -> impl Iterator<Item = &str> {
    std::iter::once(NONE).chain(pods.regions().iter().map(String::as_str))
}

/// The spans that lie between two moments of the scenario.
pub(super) fn spans_between(gateways: &[GatewayRun], from: u64, to: u64) -> Vec<Counted<'_>> {
    let (from, to) = (GatewayRun::origin() + from, GatewayRun::origin() + to);
    let mut spans = Vec::new();
    for gateway in gateways {
        for span in gateway.engine.recorder().spans() {
            if span.from >= from && span.to <= to {
                spans.push((gateway, span));
            }
        }
    }
    spans
}

/// Percent of requests; 0 of none.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}
