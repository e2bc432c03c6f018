//! What was chosen for the requests under way.
//!
//! Envoy numbers streams one after the other, so a ring finds a stream's entry without a search, needs no word about
//! its end, and cannot leak. A response that comes after [`SLOTS`] other requests finds its entry taken; its
//! region is then told by the cluster that served it, at the price of one more host call.

/// A worker at 4000 requests/s comes round in a second. 16 bytes each.
const SLOTS: u32 = 4096;

/// One entry for each of the latest streams. Takes no memory before the first.
#[derive(Debug)]
pub(crate) struct Streams<T>(Vec<Slot<T>>);

#[derive(Debug, Clone, Copy)]
struct Slot<T> {
    /// 0: none. Envoy counts from 1.
    stream: u32,
    note: Option<T>,
}

impl<T> Default for Streams<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Streams<T> {
    /// Notes something about a stream; `None`: it was left alone.
    pub(crate) fn insert(&mut self, stream: u32, note: Option<T>) {
        if self.0.is_empty() {
            self.0.resize(SLOTS as usize, Slot { stream: 0, note: None });
        }
        if let Some(slot) = self.0.get_mut((stream % SLOTS) as usize) {
            *slot = Slot { stream, note };
        }
    }

    /// What was noted for a stream; `None`: nothing, or no longer.
    pub(crate) fn get(&self, stream: u32) -> Option<Option<T>> {
        let slot = self.0.get((stream % SLOTS) as usize)?;
        (slot.stream == stream).then_some(slot.note)
    }

    /// Choices are those of a configuration, and mean nothing under the next.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
