//! What was counted, handed out to be written down.

use std::time::Duration;

use super::super::config::RouterConfig;
use super::super::destination::Destination;
use super::super::metrics::{Metric, Sample};
use super::{Choice, Router};
use crate::time::MonotonicTime;

/// A driver that never flushes must not fill memory.
const MAX_PENDING_VALUES: usize = 1024;

impl Router {
    /// Hands out everything that has changed since the last time. Counters: by how much they grew.
    pub fn flush(&mut self, now: MonotonicTime, each: &mut dyn FnMut(Sample<'_>)) {
        for (choice, metric, value) in std::mem::take(&mut self.values) {
            if let Some(sample) = self.sample(choice, metric, value) {
                each(sample);
            }
        }
        for destination in &mut self.destinations {
            let broken = destination.broken;
            let failback = destination.policy.failback;
            let (host, port) = (destination.policy.host.as_str(), destination.port);
            let (probed, rescued) =
                (destination.policy.probe.is_some(), destination.policy.rescue.is_some());
            let mut of_all = |metric, value| {
                each(Sample { metric, host, port, region: "", value });
            };
            let unrouted = |metric| matches!(metric, Metric::Native | Metric::Failed);
            destination.tally.begin(unrouted, &mut of_all);
            destination.tally.take(&mut of_all);
            for region in &mut destination.regions {
                let level = region.record.level(&failback, now).times(region.drain_level(now));
                let out = !region.record.is_usable();
                let percent = if broken { 0 } else { level.get() / 100 };
                let name = region.name.as_str();
                let mut each = |metric, value| {
                    each(Sample { metric, host, port, region: name, value });
                };
                region.tally.begin(|metric| metric.is_of_region(probed, rescued), &mut each);
                region.tally.take(&mut each);
                region.tally.show(Metric::Out, u32::from(out), &mut each);
                region.tally.show(Metric::TrafficPercent, percent, &mut each);
            }
        }
    }

    /// Sets the gauges of regions that another configuration no longer has to zero: nobody else would, and they would stand for ever.
    pub fn retire(&self, next: &RouterConfig, each: &mut dyn FnMut(Sample<'_>)) {
        for known in &self.destinations {
            let policy = next.find(&known.policy.host, known.port);
            let stays = |name: &str| {
                policy.is_some_and(|policy| policy.regions.iter().any(|it| it.name == name))
            };
            for region in known.regions.iter().filter(|region| !stays(&region.name)) {
                for metric in [Metric::Out, Metric::TrafficPercent] {
                    let (host, port) = (known.policy.host.as_str(), known.port);
                    each(Sample { metric, host, port, region: &region.name, value: 0 });
                }
            }
        }
    }

    /// A request for the region failed in a way that says nothing about the region.
    pub fn on_other_error(&mut self, choice: Choice) {
        self.count(choice, Metric::ErrorOther);
    }

    /// The answer to a second try has taken the place of the error of `choice`, where the first one had failed.
    pub fn on_rescued(&mut self, choice: Choice) {
        self.count(choice, Metric::RescueWon);
    }

    pub(super) fn count(&mut self, choice: Choice, metric: Metric) {
        if let Some(region) = self.region_mut(choice) {
            region.tally.count(metric);
        }
    }

    pub(super) fn measured(&mut self, choice: Choice, metric: Metric, time: Duration) {
        if self.values.len() < MAX_PENDING_VALUES {
            let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            self.values.push((choice, metric, millis));
        }
    }

    fn sample(&self, choice: Choice, metric: Metric, value: u64) -> Option<Sample<'_>> {
        let destination: &Destination = self.destination(choice)?;
        let (host, port) = (destination.policy.host.as_str(), destination.port);
        let region = destination.region(choice.region)?.name.as_str();
        Some(Sample { metric, host, port, region, value })
    }
}
