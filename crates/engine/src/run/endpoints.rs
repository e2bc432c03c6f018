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
#[derive(Debug, Clone, Default)]
pub struct Endpoints(Vec<(Behaviour, RegionId)>);

impl Endpoints {
    /// What a request meets at an endpoint, and in which region.
    #[inline]
    pub(crate) fn behaviour(&self, pod: PodId) -> (Behaviour, RegionId) {
        let known = self.0.get(pod.0 as usize).copied();
        known.unwrap_or((Behaviour::Refuse, RegionId(u32::MAX)))
    }

    /// Where an endpoint is.
    pub(crate) fn region(&self, pod: PodId) -> RegionId {
        self.behaviour(pod).1
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.0.len() as u32
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The endpoint with the next number; it refuses until something else is said.
    pub fn add(&mut self, region: RegionId) {
        self.0.push((Behaviour::Refuse, region));
    }

    /// From now on requests meet this.
    pub fn set_behaviour(&mut self, pod: PodId, behaviour: Behaviour) {
        if let Some((known, _)) = self.0.get_mut(pod.0 as usize) {
            *known = behaviour;
        }
    }
}
