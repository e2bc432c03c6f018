//! From what happened to what is known.

use std::time::Duration;

use super::super::event::Change;
use super::super::metrics::Metric;
use super::super::outcome::{Action, Check, Failure};
use super::super::probe::ProbeResult;
use super::super::record::{Reason, RegionRecord, RegionState};
use super::{Choice, Router};
use crate::time::MonotonicTime;

/// Time between looks at what changes rarely: a cluster that does not exist, a region that waits to come back.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Time between questions which cluster really served.
const ASK_AGAIN: Duration = Duration::from_secs(10);

impl Router {
    /// Whether a response of this status may be an error, so that [`Failure::of_response`] must be asked.
    #[must_use]
    pub fn is_suspect(&self, choice: Choice, status: u16) -> bool {
        let detector = self.destination(choice).and_then(|known| known.detector());
        status >= 500 || detector.is_some_and(|config| config.status_to_report(status) >= 500)
    }

    /// The region answered well. Does not allocate.
    pub fn on_success(&mut self, choice: Choice, status: u16) {
        let Some(destination) = self.destination_mut(choice) else { return };
        let detector = destination.policy.ejects.then_some(&destination.policy.detector);
        if let Some(region) = destination.regions.get_mut(choice.region as usize) {
            region.count_success(detector, status);
        }
    }

    /// A request to the region failed.
    pub fn on_failure(&mut self, choice: Choice, failure: Failure, now: MonotonicTime) {
        self.count(choice, Metric::of_failure(failure));
        let state = match failure {
            Failure::NoUsableHost => Some(RegionState::NoUsableHost),
            Failure::NoCluster => Some(RegionState::NoCluster),
            Failure::Response(_) | Failure::Timeout | Failure::Connection => {
                self.destination_mut(choice).and_then(|destination| {
                    let detector =
                        destination.policy.ejects.then_some(&destination.policy.detector);
                    let region = destination.regions.get_mut(choice.region as usize)?;
                    region.advance(now);
                    region.count_failure(detector, failure).map(RegionState::Ejected)
                })
            }
        };
        if let Some(state) = state {
            self.take_out(choice, state, now);
        }
    }

    /// A second try has ended; `None`: without an answer. Returns whether its answer may take the place of the first.
    ///
    /// Nothing tells who answered a call of the filter's own. One that was too late says as much of the second try's timeout as of the
    /// region, so it speaks against nobody.
    pub fn on_second_answer(
        &mut self,
        choice: Choice,
        status: Option<u16>,
        now: MonotonicTime,
    ) -> bool {
        match status {
            Some(504) => self.on_other_error(choice),
            Some(status) if status >= 500 => {
                self.on_failure(choice, Failure::Response(status), now);
            }
            Some(status) => {
                self.on_success(choice, status);
                return true;
            }
            None => self.on_failure(choice, Failure::Connection, now),
        }
        false
    }

    /// Whether [`Router::on_latency`] must be told how long the region took to answer.
    #[must_use]
    pub fn wants_latency(&self, choice: Choice) -> bool {
        let region = self.destination(choice).and_then(|known| known.region(choice.region));
        region.is_some_and(|region| region.measures_latency())
    }

    /// The region answered after this time.
    pub fn on_latency(&mut self, choice: Choice, time: Duration, now: MonotonicTime) {
        let region = self.destination_mut(choice).and_then(|known| known.region_mut(choice.region));
        let reason = region.and_then(|region| region.count_latency(time));
        if let Some(reason) = reason {
            self.take_out(choice, RegionState::Ejected(reason), now);
        }
    }

    /// Whether [`Router::on_served_by`] must be told which cluster answered: once in a while.
    #[must_use]
    pub fn wants_cluster(&self, choice: Choice) -> bool {
        let region = self.destination(choice).and_then(|known| known.region(choice.region));
        region.is_some_and(|region| region.wants_cluster)
    }

    /// A request for the region was answered by this cluster. Returns whether that is the region's own.
    pub fn on_served_by(&mut self, choice: Choice, cluster: &[u8], now: MonotonicTime) -> bool {
        let Some(destination) = self.destination_mut(choice) else { return false };
        let Some(region) = destination.region_mut(choice.region) else { return false };
        let fits = region.cluster.as_bytes() == cluster;
        region.wants_cluster = false;
        region.ask_again = now + ASK_AGAIN;
        // Each worker says it once: the one that checks may be one that has no requests.
        let news = !fits && !region.misrouted;
        region.misrouted = !fits;
        if !fits {
            region.tally.count(Metric::Misrouted);
        }
        if news && let Some(region) = destination.region(choice.region) {
            let served_by = String::from_utf8_lossy(cluster).into_owned();
            let event = destination.event(region, now, Change::Misrouted { served_by });
            self.say(event);
        }
        fits
    }

    /// A check was made.
    pub fn on_check(&mut self, choice: Choice, check: Check, now: MonotonicTime) {
        let Some(destination) = self.destination_mut(choice) else { return };
        let probed = destination.policy.probe.is_some();
        let Some(region) = destination.region_mut(choice.region) else { return };
        region.look_again = now + LOOK_AGAIN;
        let record = region.record;
        match check {
            Check::NoUsableHost => {
                region.probe.not_sent(now);
                self.take_out(choice, RegionState::NoUsableHost, now);
            }
            Check::NoCluster => {
                region.probe.not_sent(now);
                self.take_out(choice, RegionState::NoCluster, now);
            }
            Check::Usable | Check::Unknown => {
                // Where probes judge, a host alone is not enough; a cluster that is there again is.
                let waits = probed && record.state != RegionState::NoCluster;
                if !(record.is_usable() || waits && check == Check::Usable) {
                    self.bring_back(choice, now);
                } else if record.is_unverified() {
                    self.put(choice, |record, rules| record.come_back(rules, now), now);
                }
            }
        }
    }

    /// A probe ended.
    pub fn on_probe(&mut self, choice: Choice, result: ProbeResult, now: MonotonicTime) {
        let Some(destination) = self.destinations.get_mut(choice.destination as usize) else {
            return;
        };
        let Some(probe) = &destination.policy.probe else { return };
        let Some(region) = destination.regions.get_mut(choice.region as usize) else { return };
        let took = region.probe.took(now).filter(|_| result != ProbeResult::NoAnswer);
        let verdict = region.probe.count(probe, result);
        let record = region.record;
        region.tally.count(if verdict.good { Metric::ProbeGood } else { Metric::ProbeFailed });
        if let Some(took) = took {
            self.measured(choice, Metric::ProbeTime, took);
        }
        if record.is_unverified() {
            self.put(choice, |record, rules| record.come_back(rules, now), now);
        }
        let failed = RegionState::Ejected(Reason::Probe);
        match record.state {
            RegionState::Usable if verdict.decided && !verdict.good => {
                self.take_out(choice, failed, now);
            }
            // It was to be well all the time.
            RegionState::Recovering if !verdict.good => self.take_out(choice, failed, now),
            RegionState::Usable | RegionState::Recovering => {}
            _ if verdict.decided && verdict.good => self.bring_back(choice, now),
            _ => {}
        }
    }

    /// Weighs anew what time has changed, and finds what is due, if this worker is the one to do it.
    pub fn on_tick(&mut self, now: MonotonicTime) {
        self.actions.clear();
        self.apply_drain(now);
        let checks = self.checks(now);
        let (mut lost, mut well) = (Vec::new(), Vec::new());
        for (destination, known) in (0_u32..).zip(&mut self.destinations) {
            known.refresh(now);
            if let Some(budget) = &mut known.budget {
                budget.advance(now);
            }
            let probe = known.policy.probe.clone();
            for (region, state) in known.regions_mut() {
                state.advance(now);
                state.wants_cluster |= state.ask_again <= now;
                let choice = Choice { destination, region, plan: 0 };
                if !checks {
                    continue;
                }
                if let Some(probe) = &probe
                    && state.record.state != RegionState::NoCluster
                {
                    // Any probe that failed meanwhile would have ended the wait.
                    if state.record.state == RegionState::Recovering && state.record.until <= now {
                        well.push(choice);
                    } else if state.probe.is_lost(now) {
                        lost.push(choice);
                    } else if state.probe.send(probe, now) {
                        self.actions.push_back(Action::Probe(choice));
                    }
                } else if state.is_check_due(now) {
                    self.actions.push_back(Action::CheckUsable(choice));
                }
            }
        }
        for choice in lost {
            self.on_probe(choice, ProbeResult::NoAnswer, now);
        }
        for choice in well {
            self.bring_back(choice, now);
        }
    }

    /// Takes a region out, or changes why it is.
    fn take_out(&mut self, choice: Choice, state: RegionState, now: MonotonicTime) {
        let Some(destination) = self.destination(choice) else { return };
        let Some(region) = destination.region(choice.region) else { return };
        let before = region.record;
        if before.state == state && !before.is_unverified() {
            return;
        }
        if let RegionState::Ejected(_) = state {
            // What is out already is not ejected again; a relapse while it waits is.
            let may = match before.state {
                RegionState::Usable => destination.may_eject_one_more(),
                RegionState::Recovering => true,
                _ => false,
            };
            if !may {
                return;
            }
        }
        self.put(choice, |record, rules| record.enter(state, rules, now), now);
    }

    /// A region was found well.
    fn bring_back(&mut self, choice: Choice, now: MonotonicTime) {
        let Some(record) = self.record(choice) else { return };
        if record.until <= now {
            self.put(choice, |record, rules| record.come_back(rules, now), now);
        }
    }

    /// Puts the record that `next` makes of the present one in place.
    fn put(
        &mut self,
        choice: Choice,
        next: impl FnOnce(&RegionRecord, &super::super::record::Rules<'_>) -> RegionRecord,
        now: MonotonicTime,
    ) {
        let Some(destination) = self.destinations.get_mut(choice.destination as usize) else {
            return;
        };
        let Some(region) = destination.region(choice.region) else { return };
        let key = destination.key(region);
        let after = next(&region.record, &destination.rules());
        let out_since = region.out_since;
        let change = destination.change(region, after);
        let event = destination.event(region, after.at, change);
        self.shared.records.insert(key, after);
        self.dirty = true;
        let changed = destination.region_mut(choice.region).is_some_and(|it| it.set_record(after));
        if changed {
            destination.reweigh(now);
            self.say(event);
            match Metric::of_state(after.state) {
                Some(metric) => self.count(choice, metric),
                None if after.is_usable() => {
                    self.measured(choice, Metric::OutTime, after.at - out_since);
                }
                None => {}
            }
        }
    }
}
