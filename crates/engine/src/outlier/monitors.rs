//! The hosts' records, found fast: every result of every request looks one up.
//!
//! Sorted by id in one piece of memory. Callers number hosts without large gaps, so a host is usually found where its id says;
//! if not, by bisection.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::monitor::DetectorHostMonitor;
use crate::host::HostId;

/// Records by host, ascending.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(
    from = "BTreeMap<HostId, DetectorHostMonitor>",
    into = "BTreeMap<HostId, DetectorHostMonitor>"
)]
pub(super) struct Monitors(Vec<(HostId, DetectorHostMonitor)>);

impl Monitors {
    #[inline]
    pub(super) fn get(&self, host: HostId) -> Option<&DetectorHostMonitor> {
        self.0.get(self.position(host)?).map(|(_, monitor)| monitor)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, host: HostId) -> Option<&mut DetectorHostMonitor> {
        let position = self.position(host)?;
        self.0.get_mut(position).map(|(_, monitor)| monitor)
    }

    /// A host that is there keeps its record.
    pub(super) fn insert_default(&mut self, host: HostId) {
        if let Err(position) = self.0.binary_search_by_key(&host, |(id, _)| *id) {
            self.0.insert(position, (host, DetectorHostMonitor::default()));
        }
    }

    pub(super) fn remove(&mut self, host: HostId) -> Option<DetectorHostMonitor> {
        self.position(host).map(|position| self.0.remove(position).1)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (HostId, &DetectorHostMonitor)> {
        self.0.iter().map(|(host, monitor)| (*host, monitor))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (HostId, &mut DetectorHostMonitor)> {
        self.0.iter_mut().map(|(host, monitor)| (*host, monitor))
    }

    #[inline]
    fn position(&self, host: HostId) -> Option<usize> {
        let first = self.0.first()?.0.0;
        let guess = usize::try_from(host.0.checked_sub(first)?).ok()?;
        match self.0.get(guess) {
            Some((id, _)) if *id == host => Some(guess),
            _ => self.0.binary_search_by_key(&host, |(id, _)| *id).ok(),
        }
    }
}

impl From<BTreeMap<HostId, DetectorHostMonitor>> for Monitors {
    fn from(by_host: BTreeMap<HostId, DetectorHostMonitor>) -> Self {
        Self(by_host.into_iter().collect())
    }
}

impl From<Monitors> for BTreeMap<HostId, DetectorHostMonitor> {
    fn from(monitors: Monitors) -> Self {
        monitors.0.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_what_a_map_holds(operations in proptest::collection::vec((0_u32..20, any::<bool>()), 0..60)) {
            let (mut monitors, mut map) = (Monitors::default(), BTreeMap::new());
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
            prop_assert_eq!(BTreeMap::from(monitors), map);
        }
    }
}
