//! Does the real run look like one of the simulator's?
//!
//! Both are random, so both are drawn from distributions. The simulator's is known from many runs. The real run must lie where 99.9 of 100
//! runs of the simulator would, all numbers of a scenario taken together; and it is never asked for more than
//!
//! - shares by region and endpoint in every phase: 1.5 points, or 2 answers,
//! - answers by status and response flags: the spread that counts of that size have by themselves,
//! - ejections and their ends: one sweep and one merge window, and as many of them as the simulator has seen.
//!
//! The set of ejected endpoints follows from the last: whoever is ejected at a moment at which no run of the simulator has it so, more than a
//! sweep and a merge window away, has switched at a wrong time. Where chance decides who is ejected (a cap), how many are is compared too.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use mesh_failover_core::sim::{Phase, Report};
use mesh_failover_harness::drill::Recording;

use super::measures::{Kind, Measure, Measures, Size, Switches, ejected_at, real, simulated};

/// Points by which a share may always differ.
const POINTS: f64 = 1.5;
/// Probability that a right simulator is called wrong, for a whole scenario.
const FALSE_ALARM: f64 = 0.001;
/// Answers by which a count may always differ: a request more or less at a moment of change.
const ANSWERS: f64 = 2.0;

/// A real run held against the simulator.
pub(super) struct Verdict {
    /// Requests of the real run.
    pub(super) requests: usize,
    /// By how much its client was late, 99 times of 100.
    pub(super) late: Duration,
    pub(super) numbers: Vec<Number>,
    pub(super) switches: Vec<Switch>,
    /// Requests without an end: in the real run, and the fewest and most of the simulator.
    pub(super) unfinished: (f64, f64, f64),
}

/// A number of both.
pub(super) struct Number {
    pub(super) measure: Measure,
    pub(super) real: f64,
    /// The mean of the simulator's.
    pub(super) simulated: f64,
    pub(super) tolerance: f64,
}

/// An ejection, or the end of one.
pub(super) struct Switch {
    pub(super) endpoint: String,
    /// The first, second, … switch of this endpoint.
    pub(super) nth: usize,
    /// Milliseconds; `None`: did not happen.
    pub(super) real: Option<f64>,
    /// The simulator's earliest and latest.
    pub(super) simulated: Option<(f64, f64)>,
    /// How many of the simulator's runs have it.
    pub(super) seen: usize,
    runs: usize,
    delay: f64,
    end: f64,
}

impl Number {
    pub(super) fn agrees(&self) -> bool {
        (self.real - self.simulated).abs() <= self.tolerance
    }
}

impl Switch {
    pub(super) fn agrees(&self) -> bool {
        match (self.real, self.simulated) {
            (Some(real), Some((first, last))) => {
                real >= first - self.delay && real <= last + self.delay
            }
            // What happens just before the end in one may be after it in the other.
            (Some(real), None) => real >= self.end - self.delay,
            (None, Some((_, last))) => self.seen < self.runs || last >= self.end - self.delay,
            (None, None) => true,
        }
    }
}

impl Verdict {
    pub(super) fn agrees(&self) -> bool {
        self.numbers.iter().all(Number::agrees)
            && self.switches.iter().all(Switch::agrees)
            && self.unfinished_agree()
    }

    /// Adds the numbers and switches of one of several gateways.
    pub(super) fn add(&mut self, gateway: &str, part: Self) {
        self.numbers.extend(part.numbers.into_iter().map(|mut number| {
            number.measure.of = format!("{} (of {gateway})", number.measure.of);
            number
        }));
        self.switches.extend(part.switches.into_iter().map(|switch| Switch {
            endpoint: format!("{} (of {gateway})", switch.endpoint),
            ..switch
        }));
    }

    pub(super) fn unfinished_agree(&self) -> bool {
        let (real, fewest, most) = self.unfinished;
        let spread = 4.0 * most.sqrt() + ANSWERS;
        (fewest - spread..=most + spread).contains(&real)
    }

    /// The largest difference of a share, in points.
    pub(super) fn largest_difference(&self) -> f64 {
        let shares = self.numbers.iter().filter(|it| it.measure.kind == Kind::RegionShare);
        shares.map(|it| (it.real - it.simulated).abs()).fold(0.0, f64::max)
    }

    /// For the terminal.
    pub(super) fn line(&self) -> String {
        let wrong = self.numbers.iter().filter(|it| !it.agrees()).count()
            + self.switches.iter().filter(|it| !it.agrees()).count();
        let verdict = if self.agrees() { "agrees".to_owned() } else { format!("{wrong} DISAGREE") };
        format!(
            "{verdict:<12} {} numbers, {} ejections and returns, shares within {:.1} points",
            self.numbers.len(),
            self.switches.len(),
            self.largest_difference()
        )
    }
}

/// What disagrees, a line each.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Number { measure: Measure { phase, kind, of }, real, simulated, tolerance } in
            self.numbers.iter().filter(|it| !it.agrees())
        {
            let what = match kind {
                Kind::RegionShare => format!("% of requests answered by {of}"),
                Kind::EndpointShare => format!("% of attempts at {of}"),
                Kind::Outcome => format!("times {of}"),
                Kind::Ejected => of.clone(),
            };
            write!(
                f,
                "\n  phase {phase}: Envoy {real:.1} {what}, simulator {simulated:.1} ± {tolerance:.1}"
            )?;
        }
        for switch in self.switches.iter().filter(|it| !it.agrees()) {
            write!(f, "\n  {switch}")?;
        }
        if !self.unfinished_agree() {
            let (real, fewest, most) = self.unfinished;
            write!(
                f,
                "\n  Envoy left {real} requests unanswered, the simulator {fewest} to {most}"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.nth.is_multiple_of(2) { "ejection" } else { "return" };
        let real = self.real.map_or("never".to_owned(), |at| format!("at {:.2} s", at / 1e3));
        let simulated = self.simulated.map_or("never".to_owned(), |(first, last)| {
            format!("at {:.2} to {:.2} s", first / 1e3, last / 1e3)
        });
        let (seen, runs) = (self.seen, self.runs);
        write!(
            f,
            "{} {verb} {}: Envoy {real}, simulator {simulated} in {seen} of {runs} runs",
            self.endpoint,
            self.nth / 2 + 1
        )
    }
}

/// Holds a real run against the simulator's. `delay`: by how much an ejection may be early or late, in milliseconds.
pub(super) fn compare(recording: &Recording, reports: &[Report], delay: f64) -> Verdict {
    let region_of = region_of(reports);
    let phases = reports.first().map_or(&[][..], |report| report.phases.as_slice());
    let (real_measures, real_switches, sizes) = real(recording, phases, &region_of);
    let runs: Vec<(Measures, Switches)> = reports.iter().map(simulated).collect();
    let mut numbers = numbers(&real_measures, &runs, &sizes);
    numbers.extend(ejected(phases, &real_switches, &runs, delay));
    let end = phases.last().map_or(0.0, |phase| phase.to_ms);
    let switches = switches(&real_switches, &runs, delay, end);
    let unfinished = |report: &Report| report.unfinished as f64;
    let unfinished = (
        recording.due.len() as f64 - sizes.iter().map(|it| it.requests).sum::<f64>(),
        reports.iter().map(unfinished).fold(f64::INFINITY, f64::min),
        reports.iter().map(unfinished).fold(0.0, f64::max),
    );
    let (requests, late) = (recording.due.len(), recording.late);
    Verdict { requests, late, numbers, switches, unfinished }
}

/// Where each endpoint is.
pub(super) fn region_of(reports: &[Report]) -> BTreeMap<String, String> {
    let lanes = reports.iter().flat_map(|report| &report.endpoints);
    lanes.map(|lane| (lane.name.clone(), lane.region.clone())).collect()
}

fn numbers(real: &Measures, runs: &[(Measures, Switches)], sizes: &[Size]) -> Vec<Number> {
    let mut names: Vec<&Measure> =
        runs.iter().flat_map(|(measures, _)| measures.keys()).chain(real.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let z = quantile(FALSE_ALARM / 2.0 / names.len().max(1) as f64);
    let number = |measure: &Measure| {
        let of = |measures: &Measures| measures.get(measure).copied().unwrap_or(0.0);
        let values: Vec<f64> = runs.iter().map(|(measures, _)| of(measures)).collect();
        let (mean, deviation) = moments(&values);
        // The mean is known from so many runs only.
        let spread = deviation * (1.0 + 1.0 / values.len().max(1) as f64).sqrt();
        let size = sizes.get(measure.phase).copied().unwrap_or_default();
        let binomial = |n: f64| (mean * (100.0 - mean).max(0.0) / n.max(1.0)).sqrt();
        // A share of hardly any requests is a matter of single answers.
        let few = |n: f64| if n > 0.0 { 100.0 * ANSWERS / n } else { 0.0 };
        let share = |n: f64| POINTS.max(few(n)).max(z * spread.max(binomial(n)));
        let tolerance = match measure.kind {
            Kind::RegionShare => share(size.requests),
            Kind::EndpointShare => share(size.attempts),
            Kind::Outcome | Kind::Ejected => ANSWERS + z * spread.max(mean.sqrt()),
        };
        Number { measure: measure.clone(), real: of(real), simulated: mean, tolerance }
    };
    names.into_iter().map(number).collect()
}

/// How many are ejected at the end of each phase: as many as in some run of the simulator, at that moment or a delay away.
fn ejected(
    phases: &[Phase],
    real: &Switches,
    runs: &[(Measures, Switches)],
    delay: f64,
) -> Vec<Number> {
    let number = |(phase, counts): (usize, &Phase)| {
        let at = counts.to_ms;
        let moments = [at - delay, at, at + delay];
        let seen = runs.iter().flat_map(|(_, run)| moments.map(|at| ejected_at(run, at)));
        let (fewest, most) =
            seen.fold((f64::INFINITY, 0.0_f64), |(min, max), n| (min.min(n), max.max(n)));
        let measure = Measure { phase, kind: Kind::Ejected, of: "endpoints ejected".to_owned() };
        let (simulated, tolerance) = ((fewest + most) / 2.0, (most - fewest) / 2.0);
        Number { measure, real: ejected_at(real, at), simulated, tolerance }
    };
    phases.iter().enumerate().map(number).collect()
}

fn switches(real: &Switches, runs: &[(Measures, Switches)], delay: f64, end: f64) -> Vec<Switch> {
    let mut names: Vec<_> =
        runs.iter().flat_map(|(_, switches)| switches.keys()).chain(real.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut all = Vec::new();
    for name in names {
        let of = |switches: &Switches| switches.get(name).cloned().unwrap_or_default();
        let (real, runs): (_, Vec<Vec<f64>>) =
            (of(real), runs.iter().map(|(_, switches)| of(switches)).collect());
        let most = runs.iter().map(Vec::len).max().unwrap_or(0).max(real.len());
        for nth in 0..most {
            let times: Vec<f64> = runs.iter().filter_map(|run| run.get(nth)).copied().collect();
            let first = times.iter().copied().fold(f64::INFINITY, f64::min);
            let last = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            all.push(Switch {
                endpoint: name.2.clone(),
                nth,
                real: real.get(nth).copied(),
                simulated: (!times.is_empty()).then_some((first, last)),
                seen: times.len(),
                runs: runs.len(),
                delay,
                end,
            });
        }
    }
    all
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
        / (n - 1.0).max(1.0);
    (mean, variance.sqrt())
}

/// The deviation that a normal variable exceeds with this probability, to 0.0005.
///
/// **Source**: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
fn quantile(probability: f64) -> f64 {
    let t = (-2.0 * probability.ln()).sqrt();
    t - (2.515_517 + 0.802_853 * t + 0.010_328 * t * t)
        / (1.0 + 1.432_788 * t + 0.189_269 * t * t + 0.001_308 * t * t * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_is_that_of_a_table() {
        for (probability, z) in [(0.025, 1.960), (0.0005, 3.2905), (0.00001, 4.2649)] {
            assert!((quantile(probability) - z).abs() < 1e-3, "{probability}");
        }
    }

    fn one(of: &str, value: f64) -> Measures {
        Measures::from([(Measure { phase: 0, kind: Kind::RegionShare, of: of.to_owned() }, value)])
    }

    #[test]
    fn a_share_may_differ_by_points_or_by_chance() {
        let check = |real: f64, requests: f64, agrees: bool| {
            let runs = vec![(one("a", 50.0), Switches::new()); 10];
            let sizes = [Size { requests, attempts: requests }];
            let all = numbers(&one("a", real), &runs, &sizes);
            assert_eq!(all.iter().all(Number::agrees), agrees, "{real} of {requests}");
        };
        check(51.4, 1e6, true);
        check(51.6, 1e6, false);
        check(60.0, 200.0, true);
        check(70.0, 200.0, false);
        // The one attempt of a phase may be at another endpoint.
        check(100.0, 1.0, true);
    }

    #[test]
    fn what_only_one_of_them_has_is_a_disagreement() {
        let runs = vec![(one("a", 100.0), Switches::new()); 10];
        let sizes = [Size { requests: 1e4, attempts: 1e4 }];
        let all = numbers(&one("b", 100.0), &runs, &sizes);
        assert_eq!(all.iter().filter(|it| !it.agrees()).count(), 2);
    }

    #[test]
    fn ejections_may_be_late_by_the_delay_and_no_more() {
        let key = (0, "cluster".to_owned(), "a-0".to_owned());
        let runs =
            vec![(Measures::new(), Switches::from([(key.clone(), vec![1_000.0, 31_000.0])])); 5];
        let check = |real: &[f64], agrees: bool| {
            let real = Switches::from([(key.clone(), real.to_vec())]);
            let all = switches(&real, &runs, 2_000.0, 60_000.0);
            assert_eq!(all.iter().all(Switch::agrees), agrees, "{real:?}");
        };
        check(&[1_200.0, 32_900.0], true);
        check(&[1_200.0, 33_100.0], false);
        check(&[1_200.0], false);
        check(&[1_200.0, 31_000.0, 40_000.0], false);
    }
}
