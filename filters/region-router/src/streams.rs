//! What was chosen for the requests under way.
//!
//! Envoy numbers streams one after the other, so a ring finds a stream's entry without a search, needs no word about
//! its end, and cannot leak. A response that comes after [`SLOTS`] other requests finds its entry taken; its
//! region is then told by the cluster that served it, at the price of one more host call.

use mesh_failover_core::router::Choice;

/// A worker at 4000 requests/s comes round in a second. 16 bytes each.
const SLOTS: u32 = 4096;

/// One entry for each of the latest streams.
#[derive(Debug)]
pub(crate) struct Streams(Box<[Slot]>);

#[derive(Debug, Clone, Copy)]
struct Slot {
    /// 0: none. Envoy counts from 1.
    stream: u32,
    choice: Option<Choice>,
}

const EMPTY: Slot = Slot { stream: 0, choice: None };

impl Default for Streams {
    fn default() -> Self {
        Self(vec![EMPTY; SLOTS as usize].into_boxed_slice())
    }
}

impl Streams {
    /// Notes the choice for a stream; `None`: it was left alone.
    pub(crate) fn insert(&mut self, stream: u32, choice: Option<Choice>) {
        if let Some(slot) = self.0.get_mut((stream % SLOTS) as usize) {
            *slot = Slot { stream, choice };
        }
    }

    /// What was noted for a stream; `None`: nothing, or no longer.
    pub(crate) fn get(&self, stream: u32) -> Option<Option<Choice>> {
        let slot = self.0.get((stream % SLOTS) as usize)?;
        (slot.stream == stream).then_some(slot.choice)
    }

    /// Choices are those of a configuration, and mean nothing under the next.
    pub(crate) fn clear(&mut self) {
        self.0.fill(EMPTY);
    }
}
