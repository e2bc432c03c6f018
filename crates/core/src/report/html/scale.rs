//! The axis of time: ticks, and the steps of the scenario at their moments.

use std::fmt::Write as _;

use super::super::{markup::Escaped, seconds};
use crate::sim::Phase;

/// Room for the label of a step, in percent of the axis for each letter, on a desktop.
const LETTER: f64 = 0.62;
/// More ticks would touch each other on a phone.
const MOST_TICKS: f64 = 12.0;

/// From moments to percent of the axis.
pub(super) struct Scale {
    duration_ms: f64,
}

impl Scale {
    pub(super) fn new(duration_ms: f64) -> Self {
        Self { duration_ms: duration_ms.max(1e-3) }
    }

    /// Percent of the axis.
    pub(super) fn at(&self, millis: f64) -> f64 {
        (100.0 * millis / self.duration_ms).clamp(0.0, 100.0)
    }

    /// `left` and `width` of a span, as CSS.
    pub(super) fn span(&self, from_ms: f64, to_ms: f64) -> String {
        let (from, to) = (self.at(from_ms), self.at(to_ms));
        format!("left:{from:.3}%;width:{:.3}%", to - from)
    }

    /// Moments of ticks: 1, 2 or 5 of a power of ten apart, or of minutes.
    fn ticks(&self) -> Vec<f64> {
        let steps = [
            1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 20e3, 30e3,
            60e3, 120e3, 300e3, 600e3, 1_200e3, 1_800e3, 3_600e3,
        ];
        let fits = |step: &f64| self.duration_ms / step <= MOST_TICKS;
        let step = steps.into_iter().find(fits).unwrap_or(self.duration_ms / MOST_TICKS);
        let count = (self.duration_ms / step) as u32;
        (0..=count).map(|index| f64::from(index) * step).collect()
    }
}

/// Ticks, and the flags of the steps.
pub(super) fn ruler(page: &mut String, scale: &Scale, phases: &[Phase]) {
    page.push_str("<div class=\"track ruler\"><div class=\"label\"></div><div class=\"plot\">");
    for tick in scale.ticks() {
        let at = scale.at(tick);
        let edge = if at > 97.0 { " class=\"end\"" } else { "" };
        let _ = write!(page, "<span{edge} style=\"left:{at:.3}%\">{}&nbsp;s</span>", seconds(tick));
    }
    page.push_str("</div><div class=\"value\"></div></div>\n");
    flags(page, scale, phases);
}

/// Steps that are near each other stand below each other.
fn flags(page: &mut String, scale: &Scale, phases: &[Phase]) {
    let steps =
        phases.iter().flat_map(|phase| phase.steps.iter().map(|what| (phase.from_ms, what)));
    let mut rows: Vec<f64> = Vec::new();
    let mut placed = Vec::new();
    for (at_ms, what) in steps {
        let at = scale.at(at_ms);
        let width = LETTER * what.chars().count() as f64 + 2.0;
        // A flag that would not fit to the right of its moment stands to the left of it.
        let (start, end, leftward) =
            if at + width > 100.0 { (at - width, at, true) } else { (at, at + width, false) };
        let row = rows.iter().position(|taken| *taken <= start).unwrap_or(rows.len());
        match rows.get_mut(row) {
            Some(taken) => *taken = end,
            None => rows.push(end),
        }
        placed.push((at, row, leftward, at_ms, what));
    }
    if placed.is_empty() {
        return;
    }
    let _ = write!(
        page,
        "<div class=\"track steps\"><div class=\"label\">Steps</div><div class=\"plot\" style=\"height:{}px\">",
        rows.len() * 22 + 4
    );
    for (at, row, leftward, at_ms, what) in placed {
        let side = if leftward { " left" } else { "" };
        let _ = write!(
            page,
            "<span class=\"flag{side}\" style=\"left:{at:.3}%;top:{}px\" data-at=\"{} s\">{}</span>",
            row * 22,
            seconds(at_ms),
            Escaped(what)
        );
    }
    page.push_str("</div><div class=\"value\"></div></div>\n");
}
