//! Frames as columns of numbers: what a chart wants, and what crosses into JavaScript as one typed array.

use mesh_failover_sorted::SortedSet;
use serde::Serialize;

use crate::sim::{Counts, EndpointFrame, Frame, RegionFrame};

/// What is told of each frame; NaN where nothing was measured.
pub const TOTAL_COLUMNS: [&str; 8] =
    ["fromMs", "toMs", "requests", "errors", "p50Ms", "p99Ms", "retries", "panicking"];
/// What is told of each region in each frame.
pub const REGION_COLUMNS: [&str; 6] = ["requests", "errors", "p50Ms", "p99Ms", "weight", "ejected"];
/// What is told of each endpoint in each frame.
pub const ENDPOINT_COLUMNS: [&str; 5] = ["requests", "errors", "p50Ms", "p99Ms", "ejected"];

/// A percentile of nothing.
const NO_VALUE: f64 = f64::NAN;

/// Frames, column after column: those of the total, then each region's, then each endpoint's.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameTable {
    /// How to read the values.
    pub layout: FrameLayout,
    /// `layout.frames` values for each column.
    pub values: Vec<f64>,
}

/// How the values of a [`FrameTable`] are arranged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FrameLayout {
    /// Length of every column.
    pub frames: u32,
    /// The columns of the total.
    pub total_columns: [&'static str; TOTAL_COLUMNS.len()],
    /// The columns of each region.
    pub region_columns: [&'static str; REGION_COLUMNS.len()],
    /// The columns of each endpoint.
    pub endpoint_columns: [&'static str; ENDPOINT_COLUMNS.len()],
    /// The regions in their order, `none` for what Envoy answered itself.
    pub regions: Vec<String>,
    /// The endpoints in their order; none if there are too many to be told apart.
    pub endpoints: Vec<String>,
}

impl FrameTable {
    pub(super) fn new(regions: Vec<String>, frames: &[Frame]) -> Self {
        let named: SortedSet<&String> =
            SortedSet::from_iter(frames.iter().flat_map(|frame| frame.endpoints.keys()));
        let endpoints: Vec<String> = named.into_iter().cloned().collect();
        let mut values = Vec::new();
        add_columns(&mut values, frames.iter().map(total));
        for name in &regions {
            add_columns(&mut values, frames.iter().map(|it| region(it.regions.get(name))));
        }
        for name in &endpoints {
            add_columns(&mut values, frames.iter().map(|it| endpoint(it.endpoints.get(name))));
        }
        let layout = FrameLayout {
            frames: frames.len() as u32,
            total_columns: TOTAL_COLUMNS,
            region_columns: REGION_COLUMNS,
            endpoint_columns: ENDPOINT_COLUMNS,
            regions,
            endpoints,
        };
        Self { layout, values }
    }
}

/// A group's rows, frame by frame, as columns.
fn add_columns<const N: usize>(values: &mut Vec<f64>, rows: impl Iterator<Item = [f64; N]>) {
    let rows: Vec<[f64; N]> = rows.collect();
    for column in 0..N {
        values.extend(rows.iter().filter_map(|row| row.get(column)));
    }
}

fn total(frame: &Frame) -> [f64; TOTAL_COLUMNS.len()] {
    let [requests, errors, p50, p99] = counted(&frame.total);
    let [retries, panicking] = [frame.retries as f64, f64::from(frame.panicking)];
    [frame.from_ms, frame.to_ms, requests, errors, p50, p99, retries, panicking]
}

fn region(frame: Option<&RegionFrame>) -> [f64; REGION_COLUMNS.len()] {
    let none = RegionFrame::default();
    let frame = frame.unwrap_or(&none);
    let [requests, errors, p50, p99] = counted(&frame.counts);
    [requests, errors, p50, p99, frame.weight, f64::from(frame.ejected)]
}

fn endpoint(frame: Option<&EndpointFrame>) -> [f64; ENDPOINT_COLUMNS.len()] {
    let none = EndpointFrame::default();
    let frame = frame.unwrap_or(&none);
    let [requests, errors, p50, p99] = counted(&frame.counts);
    [requests, errors, p50, p99, f64::from(frame.ejected)]
}

/// Requests, errors, half and 99 of 100 took at most.
fn counted(counts: &Counts) -> [f64; 4] {
    let Counts { requests, errors, p50_ms, p99_ms, .. } = counts;
    let [p50, p99] = [p50_ms, p99_ms].map(|it| it.unwrap_or(NO_VALUE));
    [*requests as f64, *errors as f64, p50, p99]
}
