//! What workers tell each other.

use std::time::Duration;

use super::super::destination::Destination;
use super::super::event::Change;
use super::super::record::RegionRecord;
use super::super::region::Region;
use super::super::shared::{Lease, RegionKey, SharedState};
use super::Router;
use crate::time::MonotonicTime;

/// A worker that stops ticking is replaced as the one that checks after this time.
const LEASE: Duration = Duration::from_millis(400);

impl Router {
    /// Takes over what others know; `None` when nothing is shared yet. Returns the latest time that any of them had: see [`super::super::Clock::advance_to`].
    pub fn merge(&mut self, bytes: Option<&[u8]>, now: MonotonicTime) -> MonotonicTime {
        let remote = bytes.and_then(SharedState::decode).unwrap_or_default();
        self.merge_state(&remote, now);
        self.apply_drain(now);
        remote.written_at
    }

    pub(super) fn merge_state(&mut self, remote: &SharedState, now: MonotonicTime) {
        self.proposed = None;
        self.shared.merge(remote);
        let foreign: Vec<RegionKey> = remote.records.keys().cloned().collect();
        for key in foreign {
            self.ensure_destination(&key.host, key.port, now);
        }
        for index in 0..self.destinations.len() {
            self.adopt(index, now);
        }
        let config = &self.config;
        self.shared.forget(now, |key| config.find(&key.host, key.port).is_some());
        self.dirty = self.shared.records != remote.records || self.shared.drains != remote.drains;
    }

    /// The bytes to publish, if there is anything to say: something new, or that this worker makes the checks from now on.
    pub fn shared_out(&mut self, now: MonotonicTime) -> Option<Vec<u8>> {
        let lease = self.shared.lease;
        let mine = lease.holder == self.id;
        let renew = !self.config.is_empty()
            && (lease.until <= now
                || lease.configured_at < self.configured_at
                || mine && lease.until <= now + LEASE / 2);
        if !self.dirty && !renew {
            return None;
        }
        let lease = if renew {
            Lease { until: now + LEASE, configured_at: self.configured_at, holder: self.id }
        } else {
            lease
        };
        self.proposed = Some(lease);
        self.shared.written_at = self.shared.written_at.max(now);
        let known = self.shared.lease;
        self.shared.lease = lease;
        let bytes = self.shared.encode();
        self.shared.lease = known;
        Some(bytes)
    }

    /// The bytes were published, and nobody had written since the last merge.
    pub fn published(&mut self) {
        if let Some(lease) = self.proposed.take() {
            self.shared.lease = lease;
            self.dirty = false;
        }
    }

    /// Whether [`Router::shared_out`] would return news that others should hear at once.
    #[must_use]
    pub const fn has_news(&self) -> bool {
        self.dirty
    }

    /// The destination's index; it is made on first use, with what is known of it.
    pub(super) fn ensure_destination(
        &mut self,
        host: &str,
        port: u16,
        now: MonotonicTime,
    ) -> Option<u32> {
        let known = self.destinations.iter().position(|d| d.port == port && d.policy.host == host);
        if let Some(index) = known {
            return u32::try_from(index).ok();
        }
        let policy = self.config.find(host, port)?;
        let mut random = || Self::next_random(&mut self.random);
        let destination = Destination::new(policy, port, &mut random);
        for (_, region) in destination.regions() {
            let key = destination.key(region);
            self.shared.records.entry(key).or_insert_with(|| {
                self.dirty = true;
                RegionRecord::default()
            });
        }
        let index = self.destinations.len();
        self.destinations.push(destination);
        self.adopt(index, now);
        if !self.drain_pending {
            self.drain(index, now);
        }
        u32::try_from(index).ok()
    }

    /// Makes true what `drain` says, once others have been heard. Later only they may change it: a worker that still runs an
    /// older configuration must not turn it back.
    pub(super) fn apply_drain(&mut self, now: MonotonicTime) {
        if std::mem::take(&mut self.drain_pending) {
            for index in 0..self.destinations.len() {
                self.drain(index, now);
            }
        }
    }

    fn drain(&mut self, index: usize, now: MonotonicTime) {
        let Some(destination) = self.destinations.get_mut(index) else { return };
        let mut said = Vec::new();
        for (region, policy) in destination.regions.iter().zip(&destination.policy.regions) {
            let key = destination.key(region);
            let known = self.shared.drains.get(&key).copied().unwrap_or_default();
            if known.drained == policy.drained {
                continue;
            }
            // A gateway that starts during a drain begins with what is drained already empty.
            let starts = region.record.is_unverified();
            let time = if starts { Duration::ZERO } else { destination.policy.drain_duration };
            let record = known.turn(policy.drained, time, now);
            self.shared.drains.insert(key, record);
            said.push(destination.event(region, now, Change::Drain(record)));
        }
        if !said.is_empty() {
            self.dirty = true;
            self.adopt(index, now);
            said.into_iter().for_each(|event| self.say(event));
        }
    }

    /// Takes the records of a destination from shared state.
    fn adopt(&mut self, index: usize, now: MonotonicTime) {
        let Some(destination) = self.destinations.get_mut(index) else { return };
        let newer = |(region, known): (u32, &Region)| {
            let key = destination.key(known);
            let record = self.shared.records.get(&key).copied().unwrap_or_default();
            let drain = self.shared.drains.get(&key).copied().unwrap_or_default();
            let newer = record > known.record || drain > known.drain;
            newer.then(|| (region, record.max(known.record), drain.max(known.drain)))
        };
        let newer: Vec<_> = destination.regions().filter_map(newer).collect();
        let changed = !newer.is_empty();
        for (region, record, drain) in newer {
            if let Some(region) = destination.region_mut(region) {
                region.set_record(record);
                region.drain = drain;
            }
        }
        if changed {
            destination.reweigh(now);
        }
    }
}
