//! What a request meets at an endpoint: small, and kept apart from all else that is known of it, because every request reads one.

use super::latency::LatencyId;

/// An endpoint's number. Numbers are given out once: scaled away and back, an endpoint is a new one of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodId(pub u32);

/// A region's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegionId(pub u32);

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// An answer after a time.
    Answer {
        /// How long it takes.
        latency: LatencyId,
        /// Draws below this fail; 0: none does.
        fail_below: u64,
        /// The status of those that fail.
        fail_status: u16,
    },
    /// Connections are refused at once.
    Refuse,
    /// Connections are accepted and never answered.
    Silent,
    /// Connections are never established.
    Unreachable,
}

/// The endpoints of a run, by number.
///
/// Most behave as others of their region do. Each way is kept once, so that what requests read of thousands of endpoints stays near.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    ways: Vec<(Behaviour, RegionId)>,
    /// By endpoint.
    way_of: Vec<u32>,
}

impl Endpoints {
    /// What a request meets at an endpoint, and in which region.
    #[inline]
    pub(crate) fn behaviour(&self, pod: PodId) -> (Behaviour, RegionId) {
        let way = self.way_of.get(pod.0 as usize);
        let known = way.and_then(|way| self.ways.get(*way as usize)).copied();
        known.unwrap_or((Behaviour::Refuse, RegionId(u32::MAX)))
    }

    /// Where an endpoint is.
    pub(crate) fn region(&self, pod: PodId) -> RegionId {
        self.behaviour(pod).1
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.way_of.len() as u32
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.way_of.is_empty()
    }

    /// The endpoint with the next number; it refuses until something else is said.
    pub fn add(&mut self, region: RegionId) {
        let way = self.way((Behaviour::Refuse, region));
        self.way_of.push(way);
    }

    /// From now on requests meet this.
    pub fn set_behaviour(&mut self, pod: PodId, behaviour: Behaviour) {
        let way = self.way((behaviour, self.region(pod)));
        if let Some(known) = self.way_of.get_mut(pod.0 as usize) {
            *known = way;
        }
    }

    fn way(&mut self, wanted: (Behaviour, RegionId)) -> u32 {
        // Endpoints of a region are told one after the other.
        let known = self.ways.iter().rposition(|known| *known == wanted);
        let way = known.unwrap_or_else(|| {
            self.ways.push(wanted);
            self.ways.len() - 1
        });
        way as u32
    }
}
