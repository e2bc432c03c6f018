//! Ejecting hosts and bringing them back.
//!
//! **Trip conditions.** A run of errors ejects at once ([`Detector::put_result`]). Success rate and failure percentage
//! look at the interval that a sweep ends ([`Detector::on_interval_timer`]). Either way no more than
//! `max_ejection_percent` of *all* hosts may be out, whatever their priority or health: with the default
//! of 10 %, nine hosts or fewer are never ejected.
//!
//! **Recovery conditions.** Only a sweep brings a host back (or a passed active health check), so an ejection of 30 s
//! lasts up to one interval longer. Each ejection of a host lasts one `base_ejection_time` longer than its
//! last; each sweep that finds the host in use for at least an interval takes one off again.
//!
//! **Host identity** is the caller's. Keep an id while Envoy would keep its host object: a change of weight,
//! metadata, health or priority, or a new place in another priority of the same locality. Remove the id and add a
//! new one when the locality changes, or when an address leaves and comes back: Envoy forgets ejection and
//! back-off then.
//!
//! **Source**: Envoy source/common/upstream/outlier_detection_impl.cc `DetectorImpl`, v1.40. Envoy visits hosts in
//! the order of a hash map, another one in each process; here the order is ascending by id, unless
//! [`Detector::visiting_by`] says otherwise. It matters when the cap allows some of several ejections, and for who comes back first
//! when several times are up: only the first change of a sweep reaches the workers at once.
//!
//! **Worked example**: one of ten hosts may go; the second finds the cap reached.
//!
//! ```
//! use mesh_failover_engine::cluster::OutlierDetection;
//! use mesh_failover_engine::host::HostId;
//! use mesh_failover_engine::outlier::{Detector, DetectorConfig};
//! use mesh_failover_engine::time::MonotonicTime;
//!
//! let config = OutlierDetection { consecutive_5xx: Some(3), ..Default::default() };
//! let config = DetectorConfig::try_from(&config).expect("valid");
//! let mut random = || 0; // nothing is left to chance: every enforcing percentage is 0 or 100
//! let mut detector = Detector::new(config, MonotonicTime::ZERO);
//! for id in 0..10 {
//!     detector.add_host(HostId(id));
//! }
//! let at = MonotonicTime::from_millis;
//! for id in [0, 1] {
//!     for _ in 0..3 {
//!         detector.put_http_response_code(HostId(id), 500, at(20), &mut random);
//!     }
//! }
//! assert!(detector.is_ejected(HostId(0)));
//! assert!(!detector.is_ejected(HostId(1)));
//! assert_eq!(detector.stats().ejections_overflow, 1);
//!
//! // Sweeps come every 10 s; the one at 30 s is 20 ms too early for an ejection of 30 s.
//! for seconds in [10, 20, 30] {
//!     detector.on_interval_timer(at(seconds * 1000), &mut random);
//! }
//! assert!(detector.is_ejected(HostId(0)));
//! detector.on_interval_timer(at(40_000), &mut random);
//! assert!(!detector.is_ejected(HostId(0)));
//! ```

use std::collections::VecDeque;
use std::iter::repeat;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::candidates::Candidates;
use super::config::DetectorConfig;
use super::event::{Action, EjectionType, OutlierDetectionEvent};
use super::monitor::{Detections, DetectorHostMonitor, HostResult};
use super::monitors::{Afterwards, Monitors};
use super::stats::DetectionStats;
use super::success_rate::{EjectionThreshold, MonitorType};
use crate::host::HostId;
use crate::random::Random;
use crate::time::MonotonicTime;

/// A driver that never polls must not fill memory: the oldest events go first.
const MAX_PENDING_EVENTS: usize = 1024;

/// The outlier detector of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Detector {
    config: DetectorConfig,
    state: DetectorState,
    /// Stands for where a process's memory lies; `None`: ascending by id.
    hash: Option<u64>,
}

/// All that a detector remembers, as plain values: to be stored, sent, or carried into a new
/// configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectorState {
    monitors: Monitors,
    stats: DetectionStats,
    external_origin: Option<EjectionThreshold>,
    local_origin: Option<EjectionThreshold>,
    /// The latest moment heard of: time never goes back, even if a driver's clock does.
    now: MonotonicTime,
    next_sweep: MonotonicTime,
    events: VecDeque<OutlierDetectionEvent>,
}

impl Detector {
    /// A detector without hosts. Its first sweep is one interval after `now`.
    #[must_use]
    pub fn new(config: DetectorConfig, now: MonotonicTime) -> Self {
        let next_sweep = now + config.interval;
        let state = DetectorState {
            monitors: Monitors::default(),
            stats: DetectionStats::default(),
            external_origin: None,
            local_origin: None,
            now,
            next_sweep,
            events: VecDeque::new(),
        };
        Self { config, state, hash: None }
    }

    /// The same, with sweeps that visit hosts in an order that follows from `hash` and stays.
    #[must_use]
    pub const fn visiting_by(mut self, hash: u64) -> Self {
        self.hash = Some(hash);
        self
    }

    /// A detector that continues from `state`, possibly under a new configuration.
    ///
    /// DIFFERENCE: Envoy builds a new cluster, with a new detector, when the configuration changes.
    #[must_use]
    pub const fn from_state(config: DetectorConfig, state: DetectorState) -> Self {
        Self { config, state, hash: None }
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &DetectorConfig {
        &self.config
    }

    /// What the detector remembers.
    #[must_use]
    pub const fn state(&self) -> &DetectorState {
        &self.state
    }

    /// Envoy's counters.
    #[must_use]
    pub const fn stats(&self) -> &DetectionStats {
        &self.state.stats
    }

    /// The hosts, ascending by id.
    pub fn monitors(&self) -> impl Iterator<Item = (HostId, &DetectorHostMonitor)> {
        self.state.monitors.iter()
    }

    /// One host's record.
    #[must_use]
    pub fn monitor(&self, host: HostId) -> Option<&DetectorHostMonitor> {
        self.state.monitors.get(host)
    }

    /// Whether the host is out; an unknown host is not.
    #[must_use]
    pub fn is_ejected(&self, host: HostId) -> bool {
        self.monitor(host).is_some_and(DetectorHostMonitor::is_ejected)
    }

    /// Mean and threshold of the last sweep; `None` if too few hosts had enough requests (Envoy shows -1).
    #[must_use]
    pub const fn success_rate(&self, monitor: MonitorType) -> Option<EjectionThreshold> {
        match monitor {
            MonitorType::ExternalOrigin => self.state.external_origin,
            MonitorType::LocalOrigin => self.state.local_origin,
        }
    }

    /// Watches a host. A host that is watched already keeps its record.
    pub fn add_host(&mut self, host: HostId) {
        self.state.monitors.insert_default(host);
    }

    /// Takes a host out as if it had just been ejected for the first time, whatever the cap says: how a run starts whose
    /// past is known from elsewhere. No event tells of it. An unknown or ejected host stays as it is.
    pub fn start_ejected(&mut self, host: HostId, now: MonotonicTime) {
        let now = self.advance(now);
        let monitor = self.state.monitors.get_mut(host).filter(|monitor| !monitor.is_ejected());
        if let Some(monitor) = monitor {
            monitor.eject(&self.config, now, Duration::ZERO);
            self.state.stats.ejections_active += 1;
        }
    }

    /// Forgets a host, its ejection and its back-off.
    pub fn remove_host(&mut self, host: HostId) {
        if self.state.monitors.remove(host).is_some_and(|monitor| monitor.is_ejected()) {
            self.decrement_active();
        }
    }

    /// A response's status, as the HTTP router reports it: through the error matcher, if there is one.
    #[inline]
    pub fn put_http_response_code(
        &mut self,
        host: HostId,
        status: u16,
        now: MonotonicTime,
        random: &mut impl Random,
    ) {
        let code = self.config.status_to_report(status);
        let result = if code < 500 {
            HostResult::ExtOriginRequestSuccess
        } else {
            HostResult::ExtOriginRequestFailed
        };
        self.put_result(host, result, Some(code), now, random);
    }

    /// A result, counted and acted on at once: [`Detector::count`], then [`Detector::on_consecutive_error`] for each detection.
    ///
    /// Results of unknown hosts are ignored.
    #[inline]
    pub fn put_result(
        &mut self,
        host: HostId,
        result: HostResult,
        code: Option<u16>,
        now: MonotonicTime,
        random: &mut impl Random,
    ) {
        let detections = self.count(host, result, code);
        if detections == Detections::default() {
            return;
        }
        for ejection_type in detections {
            self.on_consecutive_error(host, ejection_type, now, random);
        }
    }

    /// The worker's half of [`Detector::put_result`]: counts, and says what the main thread must hear.
    #[inline]
    pub fn count(&mut self, host: HostId, result: HostResult, code: Option<u16>) -> Detections {
        match self.state.monitors.get_mut(host) {
            Some(monitor) => monitor.put_result(&self.config, result, code),
            None => Detections::default(),
        }
    }

    /// The main thread's half of [`Detector::put_result`]. Ignored if the host is gone or out already; its counter then
    /// keeps growing past the threshold.
    ///
    /// **Draws**: see [`Detector::on_interval_timer`].
    pub fn on_consecutive_error(
        &mut self,
        host: HostId,
        ejection_type: EjectionType,
        now: MonotonicTime,
        random: &mut impl Random,
    ) {
        let now = self.advance(now);
        if self.monitor(host).is_none_or(DetectorHostMonitor::is_ejected) {
            return;
        }
        self.state.stats.detected(ejection_type);
        self.eject_host(host, ejection_type, now, random);
        if ejection_type == EjectionType::Consecutive5xx {
            self.state.stats.ejections_consecutive_5xx += 1;
        }
        if let Some(monitor) = self.state.monitors.get_mut(host) {
            monitor.reset_consecutive(ejection_type);
        }
    }

    /// The result of an active health check. A passed check returns an ejected host at once, unless the configuration says otherwise or the host
    /// is still failing its health checks (`failed_active_hc`, Envoy's flag after this check).
    pub fn on_host_check_complete(
        &mut self,
        host: HostId,
        healthy: bool,
        failed_active_hc: bool,
        now: MonotonicTime,
    ) {
        let now = self.advance(now);
        if self.config.successful_active_health_check_uneject_host
            && healthy
            && !failed_active_hc
            && self.is_ejected(host)
        {
            self.uneject_host(host, now);
        }
    }

    /// When [`Detector::on_interval_timer`] has something to do next.
    #[must_use]
    pub const fn poll_timeout(&self) -> MonotonicTime {
        self.state.next_sweep
    }

    /// Whether there is an event that nobody has seen yet.
    #[inline]
    #[must_use]
    pub fn has_events(&self) -> bool {
        !self.state.events.is_empty()
    }

    /// The next event that nobody has seen yet.
    pub fn poll_event(&mut self) -> Option<OutlierDetectionEvent> {
        self.state.events.pop_front()
    }

    /// Sweeps if a sweep is due, and says whether it did. Calling early, or twice at the same time, does nothing.
    ///
    /// Envoy's timer is armed again by each sweep: a late call sweeps once, and the next sweep is a
    /// full interval after it.
    ///
    /// **Draws**, for each ejection within the cap: one for the enforcing percentage if it is neither 0 nor 100; then, if enforced, one
    /// for the jitter, even when there is none.
    pub fn on_interval_timer(&mut self, now: MonotonicTime, random: &mut impl Random) -> bool {
        let now = self.advance(now);
        if now < self.state.next_sweep {
            return false;
        }
        self.sweep(now, random);
        true
    }

    /// Sweeps now, due or not: hosts whose time is up come back, the interval's rates are judged, back-offs decay.
    /// Most drivers want [`Detector::on_interval_timer`].
    pub fn sweep(&mut self, now: MonotonicTime, random: &mut impl Random) {
        let now = self.advance(now);
        let Self { config, state, .. } = self;
        let mut over: Vec<HostId> = Vec::new();
        state.monitors.for_each_awake(|host, monitor| {
            monitor.update_current_success_rate_bucket();
            over.extend(monitor.ejected_until(config).filter(|it| *it <= now).map(|_| host));
            Afterwards::Awake
        });
        // Only for returns does the order of the visits matter.
        over.sort_by_key(|host| self.visit(*host));
        for host in over {
            self.uneject_host(host, now);
        }
        self.process_success_rate_ejections(MonitorType::ExternalOrigin, now, random);
        // Only in split mode has anything been counted for it.
        if self.config.split_external_local_origin_errors {
            self.process_success_rate_ejections(MonitorType::LocalOrigin, now, random);
        }
        self.state.monitors.decay_eject_time_backoff(self.config.interval, now);
        self.state.next_sweep = now + self.config.interval;
    }

    /// The place of a host in the order in which hosts are visited.
    fn visit(&self, host: HostId) -> u64 {
        let id = u64::from(host.0);
        // Fibonacci hashing: multiples of the golden ratio are spread like random numbers.
        self.hash.map_or(id, |hash| (id ^ hash).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
    }

    /// Judges the interval that has just ended.
    ///
    /// Both lists are made before anyone is ejected. So a host that is an outlier by both rules is ejected twice, which Envoy's
    /// gauge and back-off show: a defect of Envoy (measured on 1.40.0) that is kept on purpose.
    fn process_success_rate_ejections(
        &mut self,
        monitor_type: MonitorType,
        now: MonotonicTime,
        random: &mut impl Random,
    ) {
        let candidates = Candidates::collect(&mut self.state.monitors, &self.config, monitor_type);
        let threshold = candidates.as_ref().and_then(|it| it.ejection_threshold(&self.config));
        match monitor_type {
            MonitorType::ExternalOrigin => self.state.external_origin = threshold,
            MonitorType::LocalOrigin => self.state.local_origin = threshold,
        }
        let Some(candidates) = candidates else { return };
        let mut slow = candidates.below(threshold);
        slow.sort_by_key(|host| self.visit(*host));
        self.state.stats.ejections_success_rate += slow.len() as u64;
        let slow = slow.into_iter().zip(repeat(EjectionType::success_rate(monitor_type)));
        let mut failing = candidates.failing(&self.config);
        failing.sort_by_key(|host| self.visit(*host));
        let failing =
            failing.into_iter().zip(repeat(EjectionType::failure_percentage(monitor_type)));
        // A host on both lists is ejected twice, as in Envoy.
        for (host, ejection_type) in slow.chain(failing) {
            self.state.stats.detected(ejection_type);
            self.eject_host(host, ejection_type, now, random);
        }
    }

    /// Ejects unless the cap or the enforcing percentage forbids it.
    fn eject_host(
        &mut self,
        host: HostId,
        ejection_type: EjectionType,
        now: MonotonicTime,
        random: &mut impl Random,
    ) {
        if !self.may_eject_one_more() {
            self.state.stats.ejections_overflow += 1;
            self.push_event(host, now, Action::Overflow { ejection_type });
            return;
        }
        if matches!(ejection_type, EjectionType::Consecutive5xx | EjectionType::SuccessRate) {
            self.state.stats.ejections_total += 1;
        }
        let enforced = random.feature_enabled(self.config.enforcing(ejection_type));
        if enforced {
            self.state.stats.ejections_active += 1;
            self.state.stats.enforced(ejection_type);
            let jitter = millis(self.config.max_ejection_time_jitter);
            let jitter = Duration::from_millis(random.below(jitter.saturating_add(1)));
            if let Some(monitor) = self.state.monitors.get_mut(host) {
                monitor.eject(&self.config, now, jitter);
            }
        }
        self.push_event(host, now, Action::Eject { ejection_type, enforced });
    }

    /// `max_ejection_percent`, over all hosts of the cluster.
    fn may_eject_one_more(&self) -> bool {
        let hosts = u64::try_from(self.state.monitors.len()).unwrap_or(u64::MAX);
        self.config.may_eject_one_more(self.state.stats.ejections_active, hosts)
    }

    fn uneject_host(&mut self, host: HostId, now: MonotonicTime) {
        self.decrement_active();
        if let Some(monitor) = self.state.monitors.get_mut(host) {
            monitor.uneject(now);
        }
        self.push_event(host, now, Action::Uneject);
    }

    const fn decrement_active(&mut self) {
        // INVARIANT: every flagged host was counted at least once.
        self.state.stats.ejections_active = self.state.stats.ejections_active.saturating_sub(1);
    }

    fn push_event(&mut self, host: HostId, at: MonotonicTime, action: Action) {
        let num_ejections = self.monitor(host).map_or(0, DetectorHostMonitor::num_ejections);
        if self.state.events.len() >= MAX_PENDING_EVENTS {
            self.state.events.pop_front();
        }
        self.state.events.push_back(OutlierDetectionEvent { at, host, num_ejections, action });
    }

    fn advance(&mut self, now: MonotonicTime) -> MonotonicTime {
        self.state.now = self.state.now.max(now);
        self.state.now
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
