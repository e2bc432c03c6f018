//! One region of a destination: what this worker has seen of it, and what follows.

use std::time::Duration;

use super::config::{DestinationPolicy, LatencyThreshold, RegionPolicy, SuccessThreshold};
use super::drain::DrainRecord;
use super::level::Level;
use super::metrics::Tally;
use super::outcome::Failure;
use super::probe::ProbeState;
use super::record::{Reason, RegionRecord, RegionState};
use super::rendezvous;
use super::window::{Counts, Window};
use crate::outlier::{DetectorConfig, DetectorHostMonitor, HostResult};
use crate::time::MonotonicTime;

/// A region of a destination.
#[derive(Debug, Clone)]
pub(super) struct Region {
    pub(super) name: String,
    /// The hash of its name.
    pub(super) hash: u64,
    /// The cluster of its subset or of its own Service.
    pub(super) cluster: String,
    pub(super) record: RegionRecord,
    pub(super) drain: DrainRecord,
    pub(super) probe: ProbeState,
    /// This worker's runs of errors. Others count their own: a threshold of n takes up to n errors a worker.
    monitor: DetectorHostMonitor,
    success_rate: Option<(SuccessThreshold, Window)>,
    latency: Option<(LatencyThreshold, Window)>,
    /// When it is looked at again.
    pub(super) look_again: MonotonicTime,
    /// Whether the next response should say which cluster it comes from, and when again.
    pub(super) wants_cluster: bool,
    pub(super) ask_again: MonotonicTime,
    pub(super) misrouted: bool,
    pub(super) tally: Tally,
    /// Since when it takes no traffic; means nothing while it does.
    pub(super) out_since: MonotonicTime,
}

impl Region {
    pub(super) fn new(region: &RegionPolicy, policy: &DestinationPolicy, port: u16) -> Self {
        let cluster = ["outbound|", &port.to_string(), "|", &region.subset, "|", &region.host];
        Self {
            name: region.name.clone(),
            hash: rendezvous::hash(region.name.as_bytes()),
            cluster: cluster.concat(),
            record: RegionRecord::default(),
            drain: DrainRecord::default(),
            probe: ProbeState::default(),
            monitor: DetectorHostMonitor::default(),
            success_rate: policy.success_rate.map(|limit| (limit, Window::new(limit.window))),
            latency: policy.latency.map(|limit| (limit, Window::new(limit.window))),
            look_again: MonotonicTime::ZERO,
            wants_cluster: true,
            ask_again: MonotonicTime::ZERO,
            misrouted: false,
            tally: Tally::new(),
            out_since: MonotonicTime::ZERO,
        }
    }

    /// Puts a record in place. Returns whether the state is another. What was counted belongs to the old one.
    pub(super) fn set_record(&mut self, record: RegionRecord) -> bool {
        let changed = self.record.state != record.state;
        if changed {
            if self.record.is_usable() {
                self.out_since = record.at;
            }
            self.monitor = DetectorHostMonitor::default();
            self.probe.reset();
            let windows = self.success_rate.iter_mut().map(|(_, window)| window);
            windows
                .chain(self.latency.iter_mut().map(|(_, window)| window))
                .for_each(Window::clear);
        }
        self.record = record;
        changed
    }

    /// The part of its weight that the region has left under `drain`.
    pub(super) fn drain_level(&self, now: MonotonicTime) -> Level {
        if self.drain.epoch == 0 { Level::FULL } else { self.drain.level(now) }
    }

    /// Whether its level changes by itself.
    pub(super) fn is_moving(&self, now: MonotonicTime) -> bool {
        self.record.is_usable() && now < self.record.until || self.drain.is_moving(now)
    }

    /// Opens new slices of the windows.
    pub(super) fn advance(&mut self, now: MonotonicTime) {
        let windows = self.success_rate.iter_mut().map(|(_, window)| window);
        let all = windows.chain(self.latency.iter_mut().map(|(_, window)| window));
        all.for_each(|window| window.advance(now));
    }

    /// Counts a success. A success ends runs; it cannot complete one. Does not allocate.
    pub(super) fn count_success(&mut self, detector: Option<&DetectorConfig>, status: u16) {
        if let Some(config) = detector {
            let code = config.status_to_report(status);
            let _ =
                self.monitor.put_result(config, HostResult::ExtOriginRequestSuccess, Some(code));
        }
        self.count(0);
    }

    /// Counts a failure. Returns what takes the region out, if it may be ejected.
    pub(super) fn count_failure(
        &mut self,
        detector: Option<&DetectorConfig>,
        failure: Failure,
    ) -> Option<Reason> {
        let mut reason = None;
        if let Some(config) = detector {
            for detected in put(&mut self.monitor, config, failure) {
                self.monitor.reset_consecutive(detected);
                if config.enforcing(detected).get() > 0 {
                    reason = reason.or(Some(Reason::from(detected)));
                }
            }
        }
        self.count(1);
        reason.or_else(|| self.low_success_rate())
    }

    /// Counts how long an answer took. Returns what takes the region out.
    pub(super) fn count_latency(&mut self, time: Duration) -> Option<Reason> {
        let (limit, window) = self.latency.as_mut()?;
        let slow = u32::from(time > limit.threshold);
        window.count(Counts { requests: 1, errors: 0, slow });
        let seen = window.sum();
        let over =
            u64::from(seen.slow) * 100 >= u64::from(limit.percent) * u64::from(seen.requests);
        (slow > 0 && over && seen.requests >= limit.minimum_requests).then_some(Reason::Latency)
    }

    pub(super) const fn measures_latency(&self) -> bool {
        self.latency.is_some()
    }

    /// What was seen in the window that a reason looks at.
    pub(super) fn seen(&self, reason: Reason) -> Counts {
        let window = match reason {
            Reason::Latency => self.latency.as_ref().map(|(_, window)| window),
            _ => self.success_rate.as_ref().map(|(_, window)| window),
        };
        window.map(Window::sum).unwrap_or_default()
    }

    fn count(&mut self, errors: u32) {
        if let Some((_, window)) = &mut self.success_rate {
            window.count(Counts { requests: 1, errors, slow: 0 });
        }
    }

    fn low_success_rate(&self) -> Option<Reason> {
        let (limit, window) = self.success_rate.as_ref()?;
        let seen = window.sum();
        let good = u64::from(seen.requests.saturating_sub(seen.errors));
        let low = good * 100 < u64::from(limit.minimum_percent) * u64::from(seen.requests);
        (low && seen.requests >= limit.minimum_requests).then_some(Reason::SuccessRate)
    }

    /// Whether the region should be looked at now, where no probes do it.
    pub(super) fn is_check_due(&self, now: MonotonicTime) -> bool {
        match self.record.state {
            RegionState::Usable => self.record.is_unverified(),
            RegionState::NoUsableHost | RegionState::Ejected(_) => now >= self.record.until,
            RegionState::NoCluster => now >= self.look_again,
            RegionState::Recovering => now >= self.look_again || now >= self.record.until,
        }
    }
}

fn put(
    monitor: &mut DetectorHostMonitor,
    config: &DetectorConfig,
    failure: Failure,
) -> crate::outlier::Detections {
    match failure {
        Failure::Timeout => monitor.put_result(config, HostResult::LocalOriginTimeout, None),
        Failure::Connection => {
            monitor.put_result(config, HostResult::LocalOriginConnectFailed, None)
        }
        Failure::Response(status) => {
            let code = config.status_to_report(status);
            // An answer came over a connection: outside split mode this counts nothing.
            let _ = monitor.put_result(config, HostResult::LocalOriginConnectSuccess, None);
            let result = if code < 500 {
                HostResult::ExtOriginRequestSuccess
            } else {
                HostResult::ExtOriginRequestFailed
            };
            monitor.put_result(config, result, Some(code))
        }
        Failure::NoUsableHost | Failure::NoCluster => crate::outlier::Detections::default(),
    }
}
