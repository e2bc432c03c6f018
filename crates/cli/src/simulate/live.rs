//! The run in time lapse, while it is played: how far it is, where traffic goes, what happened last.
//!
//! Only for a person at a terminal: a run of a minute is computed in milliseconds and shown in seconds.

use std::io::Write as _;
use std::thread::sleep;
use std::time::Duration;

use mesh_failover_core::report::{seconds, told};
use mesh_failover_core::sim::{Event, Frame, NONE, Report, Simulation};

use crate::style::{BAD, BOLD, DIM, REGIONS};

/// How long a run takes to show.
const LAPSE: Duration = Duration::from_secs(4);
/// Time between two pictures.
const TICK: Duration = Duration::from_millis(50);
/// Events that stay in sight.
const EVENTS: usize = 6;
/// Where nobody says how wide the terminal is.
const DEFAULT_WIDTH: usize = 80;

/// Plays a run to its end before the eyes of the user, and clears the picture.
pub(super) fn play(name: &str, mut simulation: Simulation) -> Report {
    let pictures = u32::try_from(LAPSE.as_millis() / TICK.as_millis()).unwrap_or(1).max(1);
    let (duration, regions) = (simulation.duration(), simulation.regions());
    let mut screen = Screen::default();
    let mut totals = Totals::default();
    for picture in 1..=pictures {
        let at = duration / pictures * picture;
        simulation.step(at);
        totals.add(simulation.frames(totals.frames));
        let moment = Moment {
            name,
            at,
            duration,
            regions: &regions,
            totals: &totals,
            events: simulation.events(),
        };
        screen.show(&moment.lines(width()));
        sleep(TICK);
    }
    screen.show(&[]);
    simulation.run()
}

fn width() -> usize {
    terminal_size::terminal_size().map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0))
}

/// Lines that replace each other.
#[derive(Default)]
struct Screen {
    lines: usize,
}

impl Screen {
    fn show(&mut self, lines: &[String]) {
        let mut out = anstream::stdout();
        if self.lines > 0 {
            let _ = write!(out, "\x1b[{}A\r\x1b[J", self.lines);
        }
        for line in lines {
            let _ = writeln!(out, "{line}");
        }
        let _ = out.flush();
        self.lines = lines.len();
    }
}

/// What the frames so far add up to.
#[derive(Default)]
struct Totals {
    frames: u32,
    requests: u64,
    errors: u64,
    last: Option<Frame>,
}

impl Totals {
    fn add(&mut self, frames: Vec<Frame>) {
        for frame in frames {
            self.frames += 1;
            self.requests += frame.total.requests;
            self.errors += frame.total.errors;
            self.last = Some(frame);
        }
    }
}

/// Everything that is in one picture.
struct Moment<'a> {
    name: &'a str,
    at: Duration,
    duration: Duration,
    regions: &'a [String],
    totals: &'a Totals,
    events: &'a [Event],
}

impl Moment<'_> {
    /// The picture, no line wider than `width`.
    fn lines(&self, width: usize) -> Vec<String> {
        let bar = width.saturating_sub(48).clamp(8, 50);
        let regions = self.regions.iter().filter(|name| *name != NONE).enumerate();
        let regions = regions.map(|(index, name)| self.region(index, name, bar));
        let mut lines = vec![self.progress(width), String::new()];
        lines.extend(regions);
        lines.extend(self.unanswered());
        lines.push(String::new());
        let last = self.events.len().saturating_sub(EVENTS);
        lines.extend(self.events.iter().skip(last).map(|event| {
            let at = format!("{:.3} s", event.at_ms / 1e3);
            let text = cut(&told(&event.kind), width.saturating_sub(14));
            format!("  {DIM}{at:>10}{DIM:#}  {text}")
        }));
        lines
    }

    fn progress(&self, width: usize) -> String {
        let part = self.at.as_secs_f64() / self.duration.as_secs_f64().max(1e-9);
        let millis = |time: Duration| time.as_millis() as f64;
        let errors = match self.totals.errors {
            0 => "no errors".to_owned(),
            errors => format!("{BAD}{errors} errors{BAD:#}"),
        };
        let name = cut(self.name, width / 3);
        format!(
            "{BOLD}{name}{BOLD:#}  {}  {:>4.1} of {} s  {} requests  {errors}",
            filled(part, 16),
            millis(self.at) / 1e3,
            seconds(millis(self.duration)),
            self.totals.requests
        )
    }

    fn region(&self, index: usize, name: &str, bar: usize) -> String {
        let style = REGIONS.get(index % REGIONS.len()).copied().unwrap_or_default();
        let region = self.totals.last.as_ref().and_then(|frame| frame.regions.get(name));
        let share = self.share(name);
        let ejected = region.map_or(0, |region| region.ejected);
        let ejected = if ejected > 0 { format!("  {ejected} ejected") } else { String::new() };
        let name = cut(name, 20);
        format!(
            "  {name:<20}  {style}{}{style:#}  {share:>5.1} %{ejected}",
            filled(share / 100.0, bar)
        )
    }

    /// Requests that Envoy answered itself, if there were any in the last frame.
    fn unanswered(&self) -> Option<String> {
        let share = self.share(NONE);
        (share > 0.0).then(|| format!("  {BAD}answered by Envoy itself: {share:.1} %{BAD:#}"))
    }

    fn share(&self, name: &str) -> f64 {
        let Some(frame) = &self.totals.last else { return 0.0 };
        let requests = frame.regions.get(name).map_or(0, |region| region.counts.requests);
        100.0 * requests as f64 / frame.total.requests.max(1) as f64
    }
}

/// A bar of `width` cells, filled to a part.
fn filled(part: f64, width: usize) -> String {
    let cells = (part.clamp(0.0, 1.0) * width as f64).round() as usize;
    format!("{}{}", "█".repeat(cells), "░".repeat(width - cells.min(width)))
}

/// At most `width` characters.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesh_failover_core::manifest::{Source, read};
    use mesh_failover_core::sim::Options;

    /// The seed's drill while region A is away.
    fn lines(width: usize) -> Vec<String> {
        let texts = [
            include_str!("../../../../examples/seed/topology.yaml"),
            include_str!("../../../../examples/seed/gateway.yaml"),
            include_str!("../../../../examples/seed/virtual-service.yaml"),
            include_str!("../../../../examples/seed/destination-rule.yaml"),
            include_str!("../../../../examples/seed/cluster-a-down.yaml"),
        ];
        let (manifests, _) = read(&texts.map(|text| Source { name: "seed", text }));
        let scenario = &manifests.scenarios[0].spec;
        let mut simulation =
            Simulation::new(&manifests, scenario, &Options::default()).expect("it can be played");
        let at = Duration::from_secs(30);
        simulation.step(at);
        let mut totals = Totals::default();
        totals.add(simulation.frames(0));
        let (duration, regions) = (simulation.duration(), simulation.regions());
        let events = simulation.events();
        let moment = Moment {
            name: "cluster-a-down",
            at,
            duration,
            regions: &regions,
            totals: &totals,
            events,
        };
        let plain = |line: String| anstream::adapter::strip_str(&line).to_string();
        moment.lines(width).into_iter().map(plain).collect()
    }

    #[test]
    fn shows_where_traffic_goes() {
        insta::assert_snapshot!(lines(100).join("\n"));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [80, 100, 200] {
            for line in lines(width) {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}
