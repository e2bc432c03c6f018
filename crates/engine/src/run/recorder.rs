//! Counts what happens, in place: a cell for every span of time and region, and for every span and endpoint.
//!
//! **Spans.** Time is cut at every multiple of the frames' resolution and wherever a step or an expectation begins or ends.
//! So a span lies in one frame, in one phase and inside or outside each expectation, and all of these are sums of spans.
//! A request belongs to the span in which it started, whenever it ends.
//!
//! **Memory** grows with the length of the run and the number of endpoints, not with the number of requests. Above
//! [`MAX_DETAILED_ENDPOINTS`] endpoints are counted by phase, without latencies, instead of by frame.

use super::endpoints::{PodId, RegionId};
use super::histogram::{Histogram, Took};
use super::outcome::Outcome;

/// More endpoints than this are not counted by frame.
pub(super) const MAX_DETAILED_ENDPOINTS: u32 = 256;

/// Requests, or attempts, that have something in common.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Ended with 200 from upstream: most of them.
    pub ok: u64,
    /// All others, by how they ended.
    pub others: Vec<(Outcome, u64)>,
    /// How long they took.
    pub latency: Option<Histogram>,
}

impl Cell {
    #[inline(always)]
    fn record(&mut self, outcome: Outcome, latency: Option<Took>) {
        if outcome == Outcome::OK {
            self.ok += 1;
        } else {
            self.record_other(outcome, 1);
        }
        if let Some(latency) = latency {
            self.latency.get_or_insert_default().record(latency);
        }
    }

    fn record_other(&mut self, outcome: Outcome, count: u64) {
        match self.others.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, known)) => *known += count,
            None => self.others.push((outcome, count)),
        }
    }

    /// Adds all that another cell has.
    pub fn merge(&mut self, other: &Self) {
        self.ok += other.ok;
        for (outcome, count) in &other.others {
            self.record_other(*outcome, *count);
        }
        if let Some(latency) = &other.latency {
            self.latency.get_or_insert_default().merge(latency);
        }
    }

    /// How many.
    pub fn total(&self) -> u64 {
        self.ok + self.others.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// How many of a kind, see [`Outcome::is`].
    pub fn count(&self, kind: &str) -> u64 {
        let others: u64 = self
            .others
            .iter()
            .filter(|(outcome, _)| outcome.is(kind))
            .map(|(_, count)| count)
            .sum();
        others + if Outcome::OK.is(kind) { self.ok } else { 0 }
    }
}

/// State of Envoy at the end of a span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gauges {
    /// By region: the share of the next request that workers would send there, in percent.
    pub weight: Vec<f64>,
    /// Endpoints ejected in any gateway pod, and in how many.
    pub ejected_pods: Vec<(PodId, u32)>,
    /// Priorities in panic, over all workers.
    pub panicking: u32,
}

/// A span's counts.
#[derive(Debug, Clone, Default)]
pub struct Span {
    /// First moment.
    pub from: u64,
    /// The moment after the last.
    pub to: u64,
    /// By region of the upstream that answered; one more for what Envoy answered itself.
    pub by_region: Vec<Cell>,
    /// Attempts beyond each request's first.
    pub retries: u64,
    /// Requests that started.
    pub started: u64,
    /// State at its end.
    pub gauges: Gauges,
}

/// The counts of a run.
#[derive(Debug, Clone)]
pub struct Recorder {
    spans: Vec<Span>,
    current: u32,
    /// Cells by endpoint, for each row.
    endpoints: Vec<Vec<Cell>>,
    /// By endpoint, for each row, where nothing else is counted of most attempts: those that ended with 200. Close together, because
    /// each attempt meets another of many endpoints.
    ok: Vec<Vec<u64>>,
    /// The row of each span: itself, or its phase.
    rows: Vec<u32>,
    detailed: bool,
    /// What was counted last.
    took: Took,
    /// When the current span ends; `u64::MAX` after the last.
    current_end: u64,
}

impl Recorder {
    /// `cuts` are the moments at which spans begin, ascending and without repetition, with the end of the run as the last; `phases` those
    /// of them at which a phase begins.
    pub fn new(cuts: &[u64], phases: &[u64], endpoints: u32) -> Self {
        let detailed = endpoints <= MAX_DETAILED_ENDPOINTS;
        let spans: Vec<Span> = cuts
            .windows(2)
            .filter_map(|pair| match pair {
                [from, to] => Some(Span { from: *from, to: *to, ..Span::default() }),
                _ => None,
            })
            .collect();
        let row = |(index, span): (usize, &Span)| match detailed {
            true => index as u32,
            false => phases.partition_point(|phase| *phase <= span.from).saturating_sub(1) as u32,
        };
        let rows: Vec<u32> = spans.iter().enumerate().map(row).collect();
        let row_count = rows.last().map_or(0, |last| *last as usize + 1);
        let current_end = spans.first().map_or(u64::MAX, |span| span.to);
        Self {
            spans,
            current: 0,
            endpoints: vec![Vec::new(); row_count],
            ok: vec![Vec::new(); row_count],
            rows,
            detailed,
            took: Took::default(),
            current_end,
        }
    }

    /// The span of a request that starts now.
    #[inline]
    pub fn start(&mut self) -> u32 {
        if let Some(span) = self.spans.get_mut(self.current as usize) {
            span.started += 1;
        }
        self.current
    }

    /// When the current span ends; `u64::MAX` after the last.
    #[inline]
    pub(super) const fn current_end(&self) -> u64 {
        self.current_end
    }

    /// Closes the current span.
    pub fn next_span(&mut self, gauges: Gauges) {
        if let Some(span) = self.spans.get_mut(self.current as usize) {
            span.gauges = gauges;
            self.current += 1;
        }
        self.current_end = self.spans.get(self.current as usize).map_or(u64::MAX, |span| span.to);
    }

    /// A request ended. `region`: whose upstream answered.
    #[inline]
    pub fn request(&mut self, span: u32, region: Option<RegionId>, outcome: Outcome, latency: u64) {
        let Some(span) = self.spans.get_mut(span as usize) else { return };
        // What nobody answered comes first, so that regions may be added.
        let index = region.map_or(0, |region| region.0 as usize + 1);
        self.took = self.took.after(latency);
        at(&mut span.by_region, index).record(outcome, Some(self.took));
    }

    /// An attempt at an endpoint ended.
    #[inline]
    pub fn attempt(&mut self, span: u32, pod: PodId, outcome: Outcome, latency: u64) {
        let Some(row) = self.rows.get(span as usize).map(|row| *row as usize) else { return };
        if !self.detailed && outcome == Outcome::OK {
            if let Some(row) = self.ok.get_mut(row) {
                *at(row, pod.0 as usize) += 1;
            }
        } else if let Some(row) = self.endpoints.get_mut(row) {
            self.took = self.took.after(latency);
            at(row, pod.0 as usize).record(outcome, self.detailed.then_some(self.took));
        }
    }

    /// A request is tried again.
    pub fn retry(&mut self, span: u32) {
        if let Some(span) = self.spans.get_mut(span as usize) {
            span.retries += 1;
        }
    }

    /// The spans, in order.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The cells by endpoint of some spans, added up.
    pub fn endpoints(&self, from: u64, to: u64) -> Vec<Cell> {
        let mut sum: Vec<Cell> = Vec::new();
        let mut last = None;
        for (span, row) in self.spans.iter().zip(&self.rows) {
            if span.from < from || span.to > to || last == Some(row) {
                continue;
            }
            last = Some(row);
            for (index, more) in self.endpoints.get(*row as usize).into_iter().flatten().enumerate()
            {
                at(&mut sum, index).merge(more);
            }
            for (index, more) in self.ok.get(*row as usize).into_iter().flatten().enumerate() {
                at(&mut sum, index).ok += more;
            }
        }
        sum
    }

    /// Whether endpoints are counted by frame.
    pub const fn is_detailed(&self) -> bool {
        self.detailed
    }
}

/// The counts at `index`, made if there are none yet.
#[inline]
fn at<T: Default>(counts: &mut Vec<T>, index: usize) -> &mut T {
    if index >= counts.len() {
        counts.resize_with(index + 1, T::default);
    }
    #[allow(clippy::indexing_slicing, reason = "resized to hold the index just above")]
    &mut counts[index]
}

#[cfg(test)]
mod tests {
    use super::super::outcome::ResponseFlags;
    use super::*;

    #[test]
    fn a_request_belongs_to_the_span_in_which_it_started() {
        let mut recorder = Recorder::new(&[0, 10, 20], &[0], 2);
        let first = recorder.start();
        assert_eq!(recorder.current_end(), 10);
        recorder.next_span(Gauges::default());
        let second = recorder.start();
        recorder.request(first, Some(RegionId(1)), Outcome::OK, 15);
        recorder.request(second, None, Outcome::local(503, ResponseFlags::UH), 0);
        recorder.attempt(first, PodId(1), Outcome::OK, 15);
        let spans = recorder.spans();
        assert_eq!(spans[0].by_region[2].total(), 1);
        assert_eq!(spans[1].by_region[0].count("UH"), 1);
        assert_eq!(recorder.endpoints(0, 10)[1].ok, 1);
        assert!(recorder.endpoints(10, 20).is_empty());
    }

    #[test]
    fn many_endpoints_are_counted_by_phase() {
        let mut recorder = Recorder::new(&[0, 10, 20, 30], &[0, 20], MAX_DETAILED_ENDPOINTS + 1);
        for _ in 0..3 {
            let span = recorder.start();
            recorder.attempt(span, PodId(300), Outcome::OK, 1);
            recorder.attempt(span, PodId(300), Outcome::upstream(503), 1);
            recorder.next_span(Gauges::default());
        }
        assert_eq!(recorder.endpoints(0, 20)[300].ok, 2);
        assert_eq!(recorder.endpoints(20, 30)[300].ok, 1);
        let all = recorder.endpoints(0, 30);
        assert_eq!((all[300].ok, all[300].count("503"), all[300].total()), (3, 3, 6));
    }
}
