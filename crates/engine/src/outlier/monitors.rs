//! The hosts' records, found fast: every result of every request looks one up.
//!
//! Sorted by id in one piece of memory. Callers number hosts without large gaps, so a host is usually found where its id says;
//! if not, by bisection.

use std::time::Duration;

use mesh_failover_sorted::SortedMap;
use serde::{Deserialize, Serialize};

use super::monitor::DetectorHostMonitor;
use crate::host::HostId;
use crate::time::MonotonicTime;

/// Records by host, ascending.
///
/// A sweep visits only the *awake* ones: of a host that had no request for two intervals and is neither out nor has a back-off to
/// decay, nothing would change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(
    from = "SortedMap<HostId, DetectorHostMonitor>",
    into = "SortedMap<HostId, DetectorHostMonitor>"
)]
pub(super) struct Monitors {
    ids: Vec<HostId>,
    records: Vec<DetectorHostMonitor>,
    /// A bit for each record, and some for none.
    awake: Vec<u64>,
}

/// Who is awake follows from the records, or is a record that a sweep would not change.
impl PartialEq for Monitors {
    fn eq(&self, other: &Self) -> bool {
        self.ids == other.ids && self.records == other.records
    }
}

impl Monitors {
    #[inline]
    pub(super) fn get(&self, host: HostId) -> Option<&DetectorHostMonitor> {
        self.records.get(self.position(host)?)
    }

    /// The record of a host, to be changed: the next sweep visits it.
    #[inline]
    pub(super) fn get_mut(&mut self, host: HostId) -> Option<&mut DetectorHostMonitor> {
        let position = self.position(host)?;
        if let Some(word) = self.awake.get_mut(position / 64) {
            *word |= 1 << (position % 64);
        }
        self.records.get_mut(position)
    }

    /// A host that is there keeps its record.
    pub(super) fn insert_default(&mut self, host: HostId) {
        if let Err(position) = self.ids.binary_search(&host) {
            self.ids.insert(position, host);
            self.records.insert(position, DetectorHostMonitor::default());
            self.wake_from(position);
        }
    }

    pub(super) fn remove(&mut self, host: HostId) -> Option<DetectorHostMonitor> {
        let position = self.position(host)?;
        self.ids.remove(position);
        self.wake_from(position);
        Some(self.records.remove(position))
    }

    /// Of records from here on nobody knows any more which are awake: their positions have changed.
    fn wake_from(&mut self, position: usize) {
        self.awake.resize(self.ids.len().div_ceil(64), u64::MAX);
        self.awake.iter_mut().skip(position / 64).for_each(|word| *word = u64::MAX);
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (HostId, &DetectorHostMonitor)> {
        self.ids.iter().copied().zip(&self.records)
    }

    /// Visits the records that are awake, ascending; those of which `visit` says that it is done with them fall asleep.
    #[inline]
    pub(super) fn for_each_awake(
        &mut self,
        mut visit: impl FnMut(HostId, &mut DetectorHostMonitor) -> Afterwards,
    ) {
        for (index, word) in self.awake.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left & left.wrapping_neg();
                left ^= bit;
                let position = index * 64 + bit.trailing_zeros() as usize;
                let record = self.ids.get(position).zip(self.records.get_mut(position));
                let Some((host, monitor)) = record else { break };
                if visit(*host, monitor) == Afterwards::Asleep {
                    *word ^= bit;
                }
            }
        }
    }

    /// Lets back-offs decay at the end of a sweep; who is at rest then falls asleep.
    pub(super) fn decay_eject_time_backoff(&mut self, interval: Duration, now: MonotonicTime) {
        self.for_each_awake(|_, monitor| {
            monitor.decay_eject_time_backoff(interval, now);
            if monitor.is_at_rest() { Afterwards::Asleep } else { Afterwards::Awake }
        });
    }

    #[inline]
    fn position(&self, host: HostId) -> Option<usize> {
        let first = self.ids.first()?.0;
        let guess = usize::try_from(host.0.checked_sub(first)?).ok()?;
        match self.ids.get(guess) {
            Some(id) if *id == host => Some(guess),
            _ => self.ids.binary_search(&host).ok(),
        }
    }
}

/// Whether the next sweep has to visit a record again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Afterwards {
    Awake,
    Asleep,
}

impl From<SortedMap<HostId, DetectorHostMonitor>> for Monitors {
    fn from(by_host: SortedMap<HostId, DetectorHostMonitor>) -> Self {
        let mut monitors = Self::default();
        (monitors.ids, monitors.records) = by_host.into_iter().unzip();
        monitors.wake_from(0);
        monitors
    }
}

impl From<Monitors> for SortedMap<HostId, DetectorHostMonitor> {
    fn from(monitors: Monitors) -> Self {
        monitors.ids.into_iter().zip(monitors.records).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_what_a_map_holds(operations in proptest::collection::vec((0_u32..20, any::<bool>()), 0..60)) {
            let (mut monitors, mut map) = (Monitors::default(), SortedMap::new());
            for (id, insert) in operations {
                let host = HostId(id);
                if insert {
                    monitors.insert_default(host);
                    map.insert(host, DetectorHostMonitor::default());
                } else {
                    prop_assert_eq!(monitors.remove(host), map.remove(&host));
                }
                for id in 0..20 {
                    prop_assert_eq!(monitors.get(HostId(id)), map.get(&HostId(id)));
                }
            }
            prop_assert_eq!(SortedMap::from(monitors), map);
        }
    }
}
