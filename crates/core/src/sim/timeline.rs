//! What happens when: the scenario, checked and put in order.

use std::fmt;

use mesh_failover_engine::run::Arrivals;
use mesh_failover_sorted::SortedSet;

use super::error::SimError;
use super::pods::Faults;
use crate::manifest::{Expectation, Fail, Latency, Scenario, Step, Target, Traffic};
use crate::time::nanos;

/// A scenario that can be played.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    pub(super) duration: u64,
    /// By time; of equal times, as written.
    pub(super) steps: Vec<Planned>,
}

/// A step and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planned {
    pub(super) at: u64,
    /// Its position in the scenario.
    pub(super) written: usize,
    pub(super) action: Action,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    /// Of one gateway, or of each.
    Rate(f64, Option<String>),
    Scale(Target, u32),
    Fault(Target, Fault),
    Replace(Target),
    Restore(Target),
}

/// What `restore` undoes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fault {
    Fail(Fail),
    Slow(Latency),
    Refuse,
    Blackhole,
    Partition,
    Unready,
    Drain,
}

impl Fault {
    pub(super) fn apply(&self, faults: &mut Faults) {
        match self {
            Self::Fail(fail) => faults.set_fail(fail),
            Self::Slow(latency) => faults.slow = Some(*latency),
            Self::Refuse => faults.refuse = true,
            Self::Blackhole => faults.blackhole = true,
            Self::Partition => faults.partition = true,
            Self::Unready => faults.unready = true,
            Self::Drain => faults.drain = true,
        }
    }
}

impl Timeline {
    pub(super) fn new(scenario: &Scenario) -> Result<Self, SimError> {
        let duration = nanos(scenario.duration.0);
        if duration == 0 {
            return Err(SimError::field(
                "spec.duration",
                "is zero; write how long to play, for example `60s`",
            ));
        }
        check_rate("spec.traffic.rate", scenario.traffic.rate)?;
        let mut steps = Vec::new();
        for (written, step) in scenario.steps.iter().enumerate() {
            let path = format!("spec.steps[{written}]");
            let at = nanos(step.at.0);
            if at >= duration {
                return Err(SimError::field(
                    format!("{path}.at"),
                    format!("`{}` is not before the end, `{}`", step.at, scenario.duration),
                ));
            }
            steps.push(Planned { at, written, action: action(step, &path)? });
        }
        mesh_failover_sorted::sort_by_key(&mut steps, |step| step.at);
        Ok(Self { duration, steps })
    }

    /// Moments at which spans begin, and the end: every multiple of `resolution`, every step, both ends of every expectation.
    pub(super) fn cuts(&self, resolution: u64, expect: &[Expectation]) -> Vec<u64> {
        let resolution = resolution.max(1);
        let frames = (0..self.duration.div_ceil(resolution)).map(|frame| frame * resolution);
        let ends = expect.iter().flat_map(|expectation| {
            let (from, to) = window(expectation, self.duration);
            [from, to]
        });
        let steps = self.steps.iter().map(|step| step.at);
        let cuts: SortedSet<u64> =
            SortedSet::from_iter(frames.chain(steps).chain(ends).chain([0, self.duration]));
        cuts.into_iter().filter(|at| *at <= self.duration).collect()
    }

    /// Moments at which a phase begins: the start and every step.
    pub(super) fn phases(&self) -> Vec<u64> {
        let phases: SortedSet<u64> =
            SortedSet::from_iter(self.steps.iter().map(|step| step.at).chain([0]));
        phases.into_iter().collect()
    }
}

/// The span of an expectation.
pub(super) fn window(expectation: &Expectation, duration: u64) -> (u64, u64) {
    let from = expectation.from.map_or(0, |from| nanos(from.0));
    let to = expectation.to.map_or(duration, |to| nanos(to.0).min(duration));
    (from, to)
}

fn check_rate(path: &str, rate: f64) -> Result<(), SimError> {
    if rate.is_finite() && (0.0..=1e9).contains(&rate) {
        Ok(())
    } else {
        Err(SimError::field(
            path,
            format!("`{rate}` is not a number of requests a second from 0 to 1e9"),
        ))
    }
}

fn action(step: &Step, path: &str) -> Result<Action, SimError> {
    let mut actions = written_actions(step);
    let action = actions.pop();
    let (Some((name, action)), true) = (action, actions.is_empty()) else {
        return Err(SimError::field(
            path,
            "does not say exactly one thing; write one of `rate`, `scale`, `fail`, `slow`, `refuse`, `blackhole`, `unready`, \
             `drain`, `partition`, `replace`, `restore`",
        ));
    };
    let path = format!("{path}.{name}");
    match &action {
        Action::Rate(rate, _) => check_rate(&path, *rate)?,
        _ if step.gateway.is_some() => {
            return Err(SimError::field(
                path,
                "happens to endpoints, whoever sends to them; write `gateway` with `rate` only",
            ));
        }
        Action::Fault(_, Fault::Fail(fail)) => check_fail(&path, fail)?,
        _ => {}
    }
    if let Some(target) = action.target() {
        let narrowed = target.cluster.is_some() || target.region.is_some() || target.zone.is_some();
        if !narrowed {
            return Err(SimError::field(
                path,
                "hits everything; write `cluster`, `region` or `zone`",
            ));
        }
    }
    Ok(action)
}

fn check_fail(path: &str, fail: &Fail) -> Result<(), SimError> {
    let ratio = fail.ratio.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&ratio) {
        return Err(SimError::field(
            format!("{path}.ratio"),
            format!("`{ratio}` is not from 0 to 1"),
        ));
    }
    let status = fail.status.unwrap_or(503);
    if (200..600).contains(&status) {
        Ok(())
    } else {
        Err(SimError::field(format!("{path}.status"), format!("`{status}` is not from 200 to 599")))
    }
}

fn written_actions(step: &Step) -> Vec<(&'static str, Action)> {
    let fault =
        |target: &Option<Target>, fault| target.clone().map(|target| Action::Fault(target, fault));
    let fail =
        step.fail.as_ref().map(|fail| Action::Fault(fail.target(), Fault::Fail(fail.clone())));
    let slow =
        step.slow.as_ref().map(|slow| Action::Fault(slow.target(), Fault::Slow(slow.latency)));
    let all = [
        ("rate", step.rate.map(|rate| Action::Rate(rate, step.gateway.clone()))),
        ("scale", step.scale.as_ref().map(|scale| Action::Scale(scale.target(), scale.replicas))),
        ("fail", fail),
        ("slow", slow),
        ("refuse", fault(&step.refuse, Fault::Refuse)),
        ("blackhole", fault(&step.blackhole, Fault::Blackhole)),
        ("unready", fault(&step.unready, Fault::Unready)),
        ("drain", fault(&step.drain, Fault::Drain)),
        ("partition", fault(&step.partition, Fault::Partition)),
        ("replace", step.replace.clone().map(Action::Replace)),
        ("restore", step.restore.clone().map(Action::Restore)),
    ];
    all.into_iter().filter_map(|(name, action)| Some((name, action?))).collect()
}

impl Action {
    /// The rate that a gateway has from now on, if it is another.
    pub(super) fn rate_at(&self, gateway: &str) -> Option<f64> {
        match self {
            Self::Rate(rate, of) if of.as_ref().is_none_or(|of| of == gateway) => Some(*rate),
            _ => None,
        }
    }

    /// What it hits; `None`: not endpoints.
    pub(super) const fn target(&self) -> Option<&Target> {
        match self {
            Self::Rate(..) => None,
            Self::Scale(target, _)
            | Self::Fault(target, _)
            | Self::Replace(target)
            | Self::Restore(target) => Some(target),
        }
    }
}

/// For the event log: `scale cluster-a to 0`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(rate, None) => write!(f, "{rate} requests a second"),
            Self::Rate(rate, Some(of)) => write!(f, "{rate} requests a second at {of}"),
            Self::Scale(target, replicas) => write!(f, "scale {} to {replicas}", Shown(target)),
            Self::Fault(target, fault) => write!(f, "{fault} {}", Shown(target)),
            Self::Replace(target) => write!(f, "replace {}", Shown(target)),
            Self::Restore(target) => write!(f, "restore {}", Shown(target)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(fail) => {
                let percent = fail.ratio.unwrap_or(1.0) * 100.0;
                write!(f, "fail {percent} % with {} at", fail.status.unwrap_or(503))
            }
            Self::Slow(Latency::Constant(latency)) => write!(f, "slow ({latency})"),
            Self::Slow(Latency::Spread { p50, p99 }) => write!(f, "slow (p50 {p50}, p99 {p99})"),
            Self::Refuse => f.write_str("refuse"),
            Self::Blackhole => f.write_str("blackhole"),
            Self::Partition => f.write_str("partition"),
            Self::Unready => f.write_str("unready"),
            Self::Drain => f.write_str("drain"),
        }
    }
}

/// A target in few words.
struct Shown<'a>(&'a Target);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target { cluster, service, region, zone, workload, endpoints } = self.0;
        let parts = [cluster, region, zone, workload, service];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        f.write_str(&parts.join(" "))?;
        match endpoints {
            Some(ordinals) => write!(f, " {ordinals:?}"),
            None => Ok(()),
        }
    }
}

/// How the requests of a gateway are spaced.
pub(super) fn spacing(traffic: &Traffic) -> Arrivals {
    match traffic.arrivals.unwrap_or_default() {
        crate::manifest::Arrivals::Constant => Arrivals::Constant,
        crate::manifest::Arrivals::Poisson => Arrivals::Poisson,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::manifest::{GoDuration, Traffic};

    fn seconds(n: u64) -> GoDuration {
        GoDuration(Duration::from_secs(n))
    }

    fn scenario(steps: Vec<Step>) -> Scenario {
        let traffic = Traffic { rate: 10.0, ..Traffic::default() };
        Scenario { duration: seconds(60), traffic, steps, ..Scenario::default() }
    }

    fn check(steps: Vec<Step>, message: &str) {
        assert_eq!(Timeline::new(&scenario(steps)).unwrap_err().to_string(), message);
    }

    #[test]
    fn a_step_says_exactly_one_thing() {
        let everything = "`spec.steps[0]`: does not say exactly one thing; write one of `rate`, `scale`, `fail`, `slow`, `refuse`, \
             `blackhole`, `unready`, `drain`, `partition`, `replace`, `restore`";
        check(vec![Step::default()], everything);
        let target = Some(Target { region: Some("a".to_owned()), ..Target::default() });
        check(
            vec![Step { refuse: target.clone(), restore: target.clone(), ..Step::default() }],
            everything,
        );
        check(
            vec![Step { refuse: Some(Target::default()), ..Step::default() }],
            "`spec.steps[0].refuse`: hits everything; write `cluster`, `region` or `zone`",
        );
        check(
            vec![Step { at: seconds(60), refuse: target, ..Step::default() }],
            "`spec.steps[0].at`: `1m` is not before the end, `1m`",
        );
    }

    #[test]
    fn time_is_cut_at_frames_steps_and_expectations() {
        let step = Step { at: seconds(25), rate: Some(5.0), ..Step::default() };
        let timeline = Timeline::new(&scenario(vec![step])).unwrap();
        let expect = [Expectation { from: Some(seconds(30)), ..Expectation::default() }];
        let cuts: Vec<u64> =
            timeline.cuts(20_000_000_000, &expect).iter().map(|at| at / 1_000_000_000).collect();
        assert_eq!(cuts, [0, 20, 25, 30, 40, 60]);
        assert_eq!(timeline.phases(), [0, 25_000_000_000]);
    }
}
