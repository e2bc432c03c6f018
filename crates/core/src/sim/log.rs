//! Writes the event log: names instead of numbers, and nothing twice.
//!
//! The log grows with what happens to endpoints, not with requests: an ejection that the cap forbids may be
//! detected with every few requests, and is said once.

use mesh_failover_engine::run::{Discovered, News, PodId, RegionNews, What};
use mesh_failover_sorted::{SortedMap, SortedSet};

use super::event::{Event, EventKind};
use super::pods::Pods;
use crate::outlier::{Action, OutlierDetectionEvent};

/// The events so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    /// Start of the run on the engine's clock.
    origin: u64,
    events: Vec<Event>,
    /// Endpoints of which an ejection was forbidden: gateway, upstream, pod.
    forbidden: SortedSet<(u32, u32, PodId)>,
    /// Each gateway's and upstream's last known load.
    loads: SortedMap<(u32, u32), Load>,
}

/// How workers share traffic.
#[derive(Debug, Clone, PartialEq)]
struct Load {
    /// Percent.
    regions: SortedMap<String, f64>,
    /// Percent.
    priorities: Vec<u32>,
    /// Those in panic.
    panic: Vec<u32>,
}

/// Whose event it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) envoy: u32,
    pub(super) upstream: u32,
    pub(super) cluster: &'a str,
}

impl Log {
    pub(super) fn new(origin: u64) -> Self {
        Self { origin, ..Self::default() }
    }

    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    fn push(&mut self, now: u64, kind: EventKind) {
        self.events.push(Event { at_ms: self.millis(now), kind });
    }

    fn millis(&self, at: u64) -> f64 {
        super::millis(at.saturating_sub(self.origin))
    }

    pub(super) fn step(&mut self, now: u64, what: String) {
        self.push(now, EventKind::Step { what });
    }

    /// What the engine tells, with the names of its clusters and pods.
    pub(super) fn news(&mut self, news: News, clusters: &[String], pods: &Pods) {
        let News { at, envoy, what } = news;
        let place = |upstream: u32| {
            let cluster = clusters.get(upstream as usize).map_or("", String::as_str);
            Place { envoy, upstream, cluster }
        };
        match what {
            What::StartsEjected { upstream, pod } => {
                self.starts_ejected(at, place(upstream), pod, pods);
            }
            What::Detected { upstream, pod, event, told } => {
                self.detector(at, place(upstream), pod, &event, told, pods);
            }
            What::Load { upstream, regions, priorities, panic } => {
                // Tenths of a percent: the log speaks of what a person would notice.
                let tenths = regions.into_iter().map(|share| (share * 10.0).round() / 10.0);
                let named = pods.regions().iter().cloned().zip(tenths);
                let regions = SortedMap::from_iter(named.filter(|(_, share)| *share > 0.0));
                self.load(at, place(upstream), Load { regions, priorities, panic });
            }
            What::Region(news) => self.router(at, envoy, news),
        }
    }

    pub(super) fn discovered(
        &mut self,
        now: u64,
        place: Place<'_>,
        found: &Discovered,
        pods: &Pods,
    ) {
        if *found == Discovered::default() {
            return;
        }
        for pod in &found.removed {
            self.forbidden.remove(&(place.envoy, place.upstream, *pod));
        }
        let names = |list: &[PodId]| list.iter().map(|pod| name(pods, *pod)).collect();
        let kind = EventKind::Endpoints {
            gateway: place.envoy,
            cluster: place.cluster.to_owned(),
            added: names(&found.added),
            removed: names(&found.removed),
            changed: names(&found.changed),
        };
        self.push(now, kind);
    }

    fn detector(
        &mut self,
        now: u64,
        place: Place<'_>,
        pod: PodId,
        event: &OutlierDetectionEvent,
        told: Option<u64>,
        pods: &Pods,
    ) {
        let (gateway, cluster, endpoint) = (place.envoy, place.cluster.to_owned(), name(pods, pod));
        let key = (place.envoy, place.upstream, pod);
        let workers_told_at_ms = told.map(|at| self.millis(at));
        let kind = match event.action {
            Action::Overflow { ejection_type: reason } => {
                if !self.forbidden.insert(key) {
                    return;
                }
                EventKind::NotEjected { gateway, cluster, endpoint, reason }
            }
            // Not enforced means nothing happened; it would be said as often as it is detected.
            Action::Eject { enforced: false, .. } => return,
            Action::Eject { ejection_type: reason, enforced } => {
                self.forbidden.remove(&key);
                EventKind::Ejected {
                    gateway,
                    cluster,
                    endpoint,
                    reason: Some(reason),
                    enforced,
                    ejections: event.num_ejections,
                    workers_told_at_ms,
                }
            }
            Action::Uneject => {
                EventKind::Unejected { gateway, cluster, endpoint, workers_told_at_ms }
            }
        };
        self.push(now, kind);
    }

    /// An ejection from before the run.
    fn starts_ejected(&mut self, now: u64, place: Place<'_>, pod: PodId, pods: &Pods) {
        let kind = EventKind::Ejected {
            gateway: place.envoy,
            cluster: place.cluster.to_owned(),
            endpoint: name(pods, pod),
            reason: None,
            enforced: true,
            ejections: 1,
            workers_told_at_ms: None,
        };
        self.push(now, kind);
    }

    /// What the region router did to a region.
    fn router(&mut self, now: u64, gateway: u32, news: RegionNews) {
        let kind = EventKind::Region {
            gateway,
            host: news.host,
            region: news.region,
            usable: news.usable,
            what: news.what,
        };
        self.push(now, kind);
    }

    /// What a gateway's workers make of their hosts now.
    fn load(&mut self, now: u64, place: Place<'_>, load: Load) {
        let key = (place.envoy, place.upstream);
        if self.loads.get(&key) == Some(&load) {
            return;
        }
        self.loads.insert(key, load.clone());
        let Load { regions, priorities, panic } = load;
        let cluster = place.cluster.to_owned();
        self.push(
            now,
            EventKind::Load { gateway: place.envoy, cluster, regions, priorities, panic },
        );
    }
}

fn name(pods: &Pods, pod: PodId) -> String {
    pods.get(pod).map(|pod| pod.name.clone()).unwrap_or_default()
}
