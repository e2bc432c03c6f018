//! Time passes: arrivals, what is due, and the ends of spans, in their one order.

use std::mem::take;

use super::{Due, Engine};
use crate::run::endpoints::{Behaviour, PodId};
use crate::run::envoy::Envoy;
use crate::run::latency::{Latency, LatencyId};
use crate::run::news::News;
use crate::run::recorder::{Gauges, Recorder};
use crate::run::share::add_shares;
use crate::run::watch::Watch;
use crate::units::Priority;

/// Why the engine has come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// It has played as far as it should.
    Done,
    /// A reminder is due, and nothing else has happened at its moment yet that was put in later.
    Reminder(u32),
    /// There is something to write down: [`Engine::take_news`].
    News,
}

impl Engine {
    /// The time.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Sets the clock, before the run or over a time in which nothing happens.
    pub const fn stand_at(&mut self, now: u64) {
        self.now = now;
    }

    /// Comes back at this moment, with this number.
    pub fn remind(&mut self, at: u64, number: u32) {
        self.queue.push(at, Due::Reminder(number));
    }

    /// Arms the timer of the first sweep of a cluster's detector.
    pub fn arm_sweep(&mut self, envoy: u32, upstream: u32, at: u64) {
        self.queue.push(at, Due::Sweep { envoy, upstream });
    }

    /// Arms the timer of the first tick of a thread of an Envoy's chooser of regions.
    pub fn arm_tick(&mut self, envoy: u32, machine: u32, at: u64) {
        self.queue.push(at, Due::Tick { envoy, machine });
    }

    /// From now on requests come at another rate.
    pub fn set_rate(&mut self, rate: f64) {
        self.arrivals.set_rate(self.now, rate, &mut self.arrivals_rng);
    }

    /// The number of a latency.
    pub fn latency(&mut self, latency: Latency) -> LatencyId {
        self.latencies.intern(latency, &mut self.queue)
    }

    /// From now on requests meet this at an endpoint.
    pub fn set_behaviour(&mut self, pod: PodId, behaviour: Behaviour) {
        self.endpoints.set_behaviour(pod, behaviour);
    }

    /// What has happened since this was last asked.
    pub fn take_news(&mut self) -> Vec<News> {
        take(&mut self.news)
    }

    /// The counts.
    #[must_use]
    pub const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The Envoys.
    #[must_use]
    pub fn envoys(&self) -> &[Envoy] {
        &self.envoys
    }

    /// What is watched, in the order of [`super::Parts::watches`].
    #[must_use]
    pub fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// Lets time pass up to `end`, excluded, or to the next thing that its owner must do.
    pub fn play(&mut self, end: u64) -> Pause {
        loop {
            let (arrival, due) = (self.arrivals.next_at(), self.queue.next_at());
            let next = arrival.min(due);
            if next >= end {
                self.close_spans(end);
                return Pause::Done;
            }
            self.close_spans(next);
            // Of equal moments what is due comes first: a request at the moment of a step meets what the step did.
            if due > arrival {
                self.now = arrival;
                self.arrive();
                self.arrivals.advance(&mut self.arrivals_rng);
            } else if let Some(number) = self.handle_next_due() {
                return Pause::Reminder(number);
            }
            if !self.news.is_empty() {
                return Pause::News;
            }
        }
    }

    /// Lets requests under way be answered up to `limit`, while no new ones come.
    pub fn drain(&mut self, limit: u64) -> Pause {
        while self.in_flight() > 0 && self.queue.next_at() < limit {
            if let Some(number) = self.handle_next_due() {
                return Pause::Reminder(number);
            }
            if !self.news.is_empty() {
                return Pause::News;
            }
        }
        Pause::Done
    }

    /// Does what is due next; the owner's number, if it is the owner's.
    #[inline]
    fn handle_next_due(&mut self) -> Option<u32> {
        let due = self.queue.pop()?;
        self.now = due.at;
        match due.event {
            Due::Request(ticket) => self.on_request(ticket),
            Due::Sweep { envoy, upstream } => self.on_sweep(envoy, upstream),
            Due::Merge { envoy, upstream, priority } => self.on_merge(envoy, upstream, priority),
            Due::Reminder(number) => return Some(number),
            Due::Tick { envoy, machine } => self.on_tick(envoy, machine),
            Due::Connect(number) => self.on_connecting(number),
        }
        None
    }

    /// Closes the spans that are over at `now`.
    #[inline]
    fn close_spans(&mut self, now: u64) {
        while self.recorder.current_end() <= now {
            self.close_span();
        }
    }

    #[cold]
    fn close_span(&mut self) {
        // A chooser's ramps and drains go on between events.
        let moves_by_itself = self.envoys.iter().any(|envoy| envoy.front.is_some());
        if take(&mut self.shares_stale) || moves_by_itself {
            self.gauges = self.measure();
        } else {
            self.gauges.ejected_pods.clone_from(&self.ejected);
        }
        self.recorder.next_span(self.gauges.clone());
    }

    /// Where the workers would send requests now.
    fn measure(&self) -> Gauges {
        let mut weight = Vec::new();
        let mut panicking = 0;
        for envoy in &self.envoys {
            for (upstream, share) in envoy.upstreams.iter().zip(envoy.cluster_shares(&self.plans)) {
                let region = |host| self.endpoints.region(upstream.pod(host));
                let Some(worker) = upstream.workers().first() else { continue };
                let share = share / self.envoys.len() as f64;
                if share > 0.0 {
                    let weighted = upstream.locality_weighted;
                    add_shares(worker, weighted, share, &region, &mut weight);
                }
                let priorities = (0..worker.host_sets().len() as u32).map(Priority);
                panicking +=
                    priorities.filter(|priority| worker.is_in_panic(*priority)).count() as u32;
            }
        }
        Gauges { weight, panicking, ejected_pods: self.ejected.clone() }
    }
}
