//! Earliest-deadline-first scheduling of values whose weights stay: the sequence of [`EdfScheduler`], bit for bit, for less.
//!
//! Values of equal weight come due in the order in which they were put back, each `1/weight` after its own last deadline. So each
//! weight is a ring, and only the rings' fronts compete: most rules have a few weights over however many localities.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::edf::EdfScheduler;

#[derive(Debug, Clone, Copy)]
struct Entry {
    deadline: f64,
    order: u64,
    value: u32,
}

/// Entries of one weight; never empty.
#[derive(Debug, Clone)]
struct Lane {
    /// 1/weight: a division less for every request.
    wait: f64,
    /// A ring that begins at `front`.
    entries: Vec<Entry>,
    front: usize,
    /// Of the entry at the front; deadlines are never negative, and the bits of such numbers are ordered as the numbers are.
    key: (u64, u64),
}

/// The greatest is due first, so that a max-heap can hold it.
impl Ord for Lane {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key)
    }
}

impl PartialOrd for Lane {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Lane {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Lane {}

impl Lane {
    /// Puts the entry at the front back behind all others, and gives its value.
    #[inline]
    fn rotate(&mut self, order: u64) -> Option<u32> {
        let entry = self.entries.get_mut(self.front)?;
        entry.deadline += self.wait;
        entry.order = order;
        let value = entry.value;
        self.front += 1;
        if self.front == self.entries.len() {
            self.front = 0;
        }
        self.find_key();
        Some(value)
    }

    #[inline]
    fn find_key(&mut self) {
        if let Some(front) = self.entries.get(self.front) {
            self.key = (front.deadline.to_bits(), front.order);
        }
    }
}

/// A scheduler whose entries keep their weights.
#[derive(Debug, Clone, Default)]
pub(super) struct EdfLanes {
    next_order: u64,
    lanes: BinaryHeap<Lane>,
}

impl EdfLanes {
    /// Goes on where a scheduler stands whose entries have had these weights all the time.
    pub(super) fn new<T>(
        scheduler: EdfScheduler<T>,
        weight: impl Fn(&T) -> f64,
        value: impl Fn(&T) -> u32,
    ) -> Self {
        let (due, next_order) = scheduler.into_due();
        let mut lanes: Vec<Lane> = Vec::new();
        for (deadline, order, entry) in due {
            let wait = 1.0 / weight(&entry);
            let entry = Entry { deadline, order, value: value(&entry) };
            match lanes.iter_mut().find(|lane| lane.wait == wait) {
                Some(lane) => lane.entries.push(entry),
                None => lanes.push(Lane { wait, entries: vec![entry], front: 0, key: (0, 0) }),
            }
        }
        lanes.iter_mut().for_each(Lane::find_key);
        Self { next_order, lanes: lanes.into() }
    }

    /// Whether nothing can be picked.
    pub(super) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Picks the value due first and puts it back.
    #[inline]
    pub(super) fn pick(&mut self) -> Option<u32> {
        let order = self.next_order;
        self.next_order += 1;
        // The heap mends itself when the lane goes out of scope.
        let mut first: PeekMut<'_, Lane> = self.lanes.peek_mut()?;
        first.rotate(order)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn picks_what_the_scheduler_picks(
            weights in proptest::collection::vec(prop_oneof![Just(1.0), Just(2.0), Just(1.4), 0.01_f64..100.0], 1..70),
            picks: u32,
        ) {
            let entries: Vec<(u32, f64)> = (0..).zip(weights).collect();
            let weight = |entry: &(u32, f64)| entry.1;
            let mut plain = EdfScheduler::create_with_picks(entries, weight, picks.into());
            let mut lanes = EdfLanes::new(plain.clone(), weight, |entry| entry.0);
            for _ in 0..500 {
                let expected = plain.pick_and_add(weight).map(|entry| entry.0);
                prop_assert_eq!(lanes.pick(), expected);
            }
        }
    }
}
