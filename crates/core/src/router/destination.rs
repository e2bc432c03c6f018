//! One destination: its regions, which of them is next, and what errors do to them.

use super::config::DestinationPolicy;
use super::event::Event;
use super::outcome::Failure;
use super::record::{RegionRecord, RegionState};
use super::shared::RegionKey;
use crate::lb::edf::EdfScheduler;
use crate::outlier::{DetectorConfig, DetectorHostMonitor, HostResult};
use crate::time::MonotonicTime;

/// A destination at one port.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) host: String,
    pub(super) port: u16,
    detector: Option<DetectorConfig>,
    regions: Vec<Region>,
    /// Over the indices of the usable regions; empty when Istio decides.
    scheduler: EdfScheduler<u32>,
}

/// A region of a destination.
#[derive(Debug, Clone)]
pub(super) struct Region {
    pub(super) name: String,
    /// The subset cluster.
    pub(super) cluster: String,
    weight: u32,
    pub(super) record: RegionRecord,
    /// This worker's runs of errors. Others count their own: a threshold of n takes up to n errors a worker.
    monitor: DetectorHostMonitor,
    /// When a missing cluster is looked for again.
    pub(super) look_again: MonotonicTime,
}

impl Destination {
    pub(super) fn new(policy: &DestinationPolicy, port: u16) -> Self {
        let host = &policy.host;
        let region = |region: &super::config::RegionPolicy| Region {
            name: region.name.clone(),
            cluster: format!("outbound|{port}|{}|{host}", region.subset),
            weight: region.weight,
            record: RegionRecord::default(),
            monitor: DetectorHostMonitor::default(),
            look_again: MonotonicTime::ZERO,
        };
        Self {
            host: host.clone(),
            port,
            detector: policy.detector.clone(),
            regions: policy.regions.iter().map(region).collect(),
            scheduler: EdfScheduler::new(),
        }
    }

    pub(super) fn regions(&self) -> impl Iterator<Item = (u32, &Region)> {
        (0_u32..).zip(&self.regions)
    }

    pub(super) fn region(&self, index: u32) -> Option<&Region> {
        self.regions.get(index as usize)
    }

    pub(super) fn region_mut(&mut self, index: u32) -> Option<&mut Region> {
        self.regions.get_mut(index as usize)
    }

    pub(super) fn key(&self, region: &Region) -> RegionKey {
        RegionKey { host: self.host.clone(), port: self.port, region: region.name.clone() }
    }

    pub(super) const fn detector(&self) -> Option<&DetectorConfig> {
        self.detector.as_ref()
    }

    /// The region whose turn it is. Does not allocate.
    pub(super) fn pick(&mut self) -> Option<(u32, &str)> {
        let Self { scheduler, regions, .. } = self;
        let weight = |index: &u32| f64::from(regions.get(*index as usize).map_or(1, |r| r.weight));
        let index = scheduler.pick_and_add(weight)?;
        Some((index, regions.get(index as usize)?.name.as_str()))
    }

    /// Percent of requests by region; `None`: Istio decides.
    pub(super) fn shares(&self) -> Option<Vec<(&str, f64)>> {
        let broken = self.regions.iter().any(|r| r.record.state == RegionState::NoCluster);
        let usable = || self.regions.iter().filter(|region| region.record.is_usable());
        let total: f64 = usable().map(|region| f64::from(region.weight)).sum();
        let share = |region: &'_ Region| 100.0 * f64::from(region.weight) / total;
        (total > 0.0 && !broken)
            .then(|| usable().map(|region| (region.name.as_str(), share(region))).collect())
    }

    /// Builds the schedule anew, at a random place of its sequence. A destination with a region that has no cluster is not
    /// configured as its policy says, so all of it is left to Istio.
    pub(super) fn reschedule(&mut self, random: u64) {
        let broken = self.regions.iter().any(|r| r.record.state == RegionState::NoCluster);
        let usable = |(_, region): &(u32, &Region)| !broken && region.record.is_usable();
        let usable: Vec<u32> = self.regions().filter(usable).map(|(index, _)| index).collect();
        let regions = &self.regions;
        let weight = |index: &u32| f64::from(regions.get(*index as usize).map_or(1, |r| r.weight));
        self.scheduler = if usable.is_empty() {
            EdfScheduler::new()
        } else {
            EdfScheduler::create_with_picks(usable, weight, random)
        };
    }

    /// Counts a success.
    pub(super) fn count_success(&mut self, index: u32, status: u16) {
        if let Some(config) = &self.detector
            && let Some(region) = self.regions.get_mut(index as usize)
        {
            let code = config.status_to_report(status);
            // A success ends runs; it cannot complete one.
            let _ =
                region.monitor.put_result(config, HostResult::ExtOriginRequestSuccess, Some(code));
        }
    }

    /// Counts a failure, and says what becomes of the region.
    pub(super) fn count_failure(&mut self, index: u32, failure: Failure) -> Option<RegionState> {
        match failure {
            Failure::NoUsableHost => return Some(RegionState::NoUsableHost),
            Failure::NoCluster => return Some(RegionState::NoCluster),
            Failure::Response(_) | Failure::Timeout | Failure::Connection => {}
        }
        let may_eject = self.may_eject_one_more();
        let config = self.detector.as_ref()?;
        let region = self.regions.get_mut(index as usize)?;
        if !region.record.is_usable() {
            return None;
        }
        let monitor = &mut region.monitor;
        let detections = match failure {
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
            Failure::NoUsableHost | Failure::NoCluster => return None,
        };
        let mut ejection = None;
        for detected in detections {
            monitor.reset_consecutive(detected);
            if ejection.is_none() && may_eject && config.enforcing(detected).get() > 0 {
                ejection = Some(RegionState::Ejected(detected));
            }
        }
        ejection
    }

    /// `maxEjectionPercent`, over the regions; one that has no usable host counts as out.
    fn may_eject_one_more(&self) -> bool {
        let Some(config) = &self.detector else { return false };
        let out = self.regions.iter().filter(|region| !region.record.is_usable()).count();
        let most = usize::from(config.max_ejection_percent().get());
        100 * (out + 1) <= most * self.regions.len()
    }

    /// Puts a record in place. Returns whether the schedule must change. Runs of errors start anew with a new state.
    pub(super) fn set_record(&mut self, index: u32, record: RegionRecord) -> bool {
        let Some(region) = self.region_mut(index) else { return false };
        let changed = region.record.state != record.state;
        if changed {
            region.monitor = DetectorHostMonitor::default();
        }
        region.record = record;
        changed
    }

    /// What to say about a change.
    pub(super) fn event(&self, region: &Region, before: RegionRecord) -> Event {
        Event {
            at: region.record.at,
            host: self.host.clone(),
            port: self.port,
            region: region.name.clone(),
            cluster: region.cluster.clone(),
            before,
            after: region.record,
        }
    }
}

impl Region {
    /// Whether the region should be looked at now.
    pub(super) fn is_check_due(&self, now: MonotonicTime) -> bool {
        match self.record.state {
            RegionState::Usable => self.record.is_unverified(),
            RegionState::NoUsableHost => true,
            RegionState::NoCluster => now >= self.look_again,
            RegionState::Ejected(_) => now >= self.record.until,
        }
    }
}
