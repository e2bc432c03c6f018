//! Earliest-deadline-first scheduling: weighted round robin without bursts.
//!
//! An entry of weight `w` is due every `1/w`; the entry due first is picked and put back. Two
//! entries of equal deadline are picked in the order in which they were put in.
//!
//! **Source**: Envoy source/common/upstream/edf_scheduler.h `EdfScheduler`, v1.40. The sequence is the same, to the
//! last bit of the deadlines.
//!
//! **Worked example**: weights 2 and 1 give a, b, a, a, b, a, ….
//!
//! ```
//! use mesh_failover_engine::lb::edf::EdfScheduler;
//!
//! let mut scheduler = EdfScheduler::new();
//! scheduler.add(2.0, 'a');
//! scheduler.add(1.0, 'b');
//! let picks: String = (0..6).filter_map(|_| scheduler.pick_and_add(|entry| if *entry == 'a' { 2.0 } else { 1.0 })).collect();
//! assert_eq!(picks, "abaaba");
//! ```
//!
//! **Not modelled**: entries that expire; Envoy's hosts may be destroyed while scheduled, ours are
//! values.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Picks in `create_with_picks` are taken modulo this; Envoy limits the seed so that a rebuild of a large cluster stays cheap.
const MAX_INITIAL_PICKS: u32 = 429_496_729;

/// Keeps an entry's share finite when its weight is 0.
const WEIGHT_EPSILON: f64 = 1e-13;

/// A scheduler over entries of type `T`. Weights must be positive and finite.
#[derive(Debug, Clone)]
pub struct EdfScheduler<T> {
    current_time: f64,
    order_offset: u64,
    queue: BinaryHeap<Entry<T>>,
}

#[derive(Debug, Clone)]
struct Entry<T> {
    deadline: f64,
    order: u64,
    value: T,
}

/// The greatest entry is due first, so that a max-heap can hold it; of equal deadlines, the one put in first.
impl<T> Ord for Entry<T> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        // Deadlines are never negative, and the bits of such numbers are ordered as the numbers are: one integer comparison
        // instead of a float's three-way one.
        let key = |entry: &Self| (entry.deadline.to_bits(), entry.order);
        key(other).cmp(&key(self))
    }
}

impl<T> PartialOrd for Entry<T> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

impl<T> Default for EdfScheduler<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> EdfScheduler<T> {
    /// An empty scheduler.
    #[must_use]
    pub const fn new() -> Self {
        Self { current_time: 0.0, order_offset: 0, queue: BinaryHeap::new() }
    }

    /// A scheduler over `entries` in the state it would reach after `picks` picks, without making
    /// them one by one. A random `picks` gives every worker its own place in the sequence.
    ///
    /// **Source**: Envoy `EdfScheduler::createWithPicks`.
    ///
    /// ```
    /// use mesh_failover_engine::lb::edf::EdfScheduler;
    ///
    /// let weights = vec![3.0, 1.0];
    /// let mut scheduler = EdfScheduler::create_with_picks(weights, |weight| *weight, 1);
    /// let picks: Vec<f64> = (0..4).filter_map(|_| scheduler.pick_and_add(|weight| *weight)).collect();
    /// assert_eq!(picks, [3.0, 1.0, 3.0, 3.0], "the first of 3, 3, 1, 3 has been made");
    /// ```
    #[must_use]
    pub fn create_with_picks(entries: Vec<T>, weight: impl Fn(&T) -> f64, picks: u64) -> Self {
        // Envoy takes a 32-bit seed.
        let picks = (picks & u64::from(u32::MAX)) as u32 % MAX_INITIAL_PICKS;
        let augmented: Vec<f64> =
            entries.iter().map(|entry| weight(entry) + WEIGHT_EPSILON).collect();
        let sum: f64 = augmented.iter().fold(0.0, |sum, weight| sum + weight);
        let mut scheduler = Self::new();
        let mut queue = Vec::with_capacity(entries.len());
        let mut picks_left = picks;
        for ((order, value), weight) in (0..).zip(entries).zip(augmented) {
            let mut floor_picks = (weight * f64::from(picks) / sum) as u32;
            if floor_picks > 0 && f64::from(floor_picks) / weight >= f64::from(picks) / sum {
                floor_picks -= 1;
            }
            picks_left = picks_left.saturating_sub(floor_picks);
            scheduler.current_time = scheduler.current_time.max(f64::from(floor_picks) / weight);
            let deadline = (f64::from(floor_picks) + 1.0) / weight;
            queue.push(Entry { deadline, order, value });
            scheduler.order_offset = order + 1;
        }
        scheduler.queue = queue.into();
        // Each entry was rounded down by less than two picks; the bound only keeps nonsensical weights from taking minutes.
        let rounded_away = scheduler.order_offset.saturating_mul(2);
        for _ in 0..u64::from(picks_left).min(rounded_away) {
            scheduler.rotate(|entry| 1.0 / weight(entry), |_| ());
        }
        scheduler
    }

    /// Adds an entry that is due `1/weight` from now.
    pub fn add(&mut self, weight: f64, value: T) {
        let deadline = self.current_time + 1.0 / weight;
        self.queue.push(Entry { deadline, order: self.order_offset, value });
        self.order_offset += 1;
    }

    /// Whether nothing can be picked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Picks the entry due first and puts it back with the weight it has now; allocates nothing.
    #[inline]
    pub fn pick_and_add(&mut self, weight: impl Fn(&T) -> f64) -> Option<T>
    where
        T: Clone,
    {
        self.rotate(|entry| 1.0 / weight(entry), T::clone)
    }

    /// The entries as they are due, each with its deadline and the number that breaks a tie; then the next such number.
    pub(super) fn into_due(self) -> (Vec<(f64, u64, T)>, u64) {
        let entries = self.queue.into_sorted_vec().into_iter().rev();
        let due = entries.map(|it| (it.deadline, it.order, it.value));
        (due.collect(), self.order_offset)
    }

    #[inline]
    fn rotate<R>(&mut self, wait: impl Fn(&T) -> f64, picked: impl FnOnce(&T) -> R) -> Option<R> {
        let mut top = self.queue.peek_mut()?;
        // The heap mends itself when `top` goes out of scope, sifting the changed entry down.
        let entry: &mut Entry<T> = &mut top;
        self.current_time = entry.deadline;
        entry.deadline = self.current_time + wait(&entry.value);
        entry.order = self.order_offset;
        self.order_offset += 1;
        Some(picked(&entry.value))
    }
}
