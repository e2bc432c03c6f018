//! What happens next: a queue of events in virtual time.
//!
//! **Order.** By time, then by when an event was put in. Nothing else, so a run is a function of its input.
//!
//! **Cost.** Most events are responses that come a fixed time after their request. Events that share a delay come due in the
//! order in which they were put in, so each delay has a *lane*, a plain ring: putting in and taking out cost the same
//! however many are under way. A winner tree finds the lane that is due first. Everything else (sweeps, steps, timeouts, random
//! latencies) goes to a binary heap.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// More delays than this share the heap.
const MAX_LANES: u32 = 1 << 10;

/// An event and when it is due. **Units**: nanoseconds since the start of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due<E> {
    pub(crate) at: u64,
    order: u64,
    pub(crate) event: E,
}

impl<E> Due<E> {
    const fn key(&self) -> (u64, u64) {
        (self.at, self.order)
    }
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Due<E> {}

impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Due<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// A lane's number, from [`Queue::lane`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LaneId(u32);

/// After the last event of an empty lane.
const NEVER: (u64, u64) = (u64::MAX, u64::MAX);

/// The queue.
#[derive(Debug, Clone)]
pub(crate) struct Queue<E> {
    order: u64,
    delays: Vec<u64>,
    lanes: Vec<VecDeque<Due<E>>>,
    /// The key of each lane's first event; the leaves of the winner tree.
    heads: Vec<(u64, u64)>,
    /// `winners[1]` is the lane due first of all; the children of node n are 2n and 2n+1; leaves follow.
    winners: Vec<u32>,
    timers: BinaryHeap<Reverse<Due<E>>>,
    /// The keys of the first event of all and of the first timer: asked for with every arrival.
    next: (u64, u64),
    next_timer: (u64, u64),
}

impl<E: Copy> Queue<E> {
    pub(crate) fn new() -> Self {
        Self {
            order: 0,
            delays: Vec::new(),
            lanes: Vec::new(),
            heads: Vec::new(),
            winners: Vec::new(),
            timers: BinaryHeap::new(),
            next: NEVER,
            next_timer: NEVER,
        }
    }

    /// The lane of a delay; `None` if there are too many already.
    pub(crate) fn lane(&mut self, delay: u64) -> Option<LaneId> {
        if let Some(lane) = self.delays.iter().position(|known| *known == delay) {
            return Some(LaneId(lane as u32));
        }
        let lane = self.delays.len() as u32;
        if lane >= MAX_LANES {
            return None;
        }
        self.delays.push(delay);
        self.lanes.push(VecDeque::new());
        self.heads.push(NEVER);
        self.rebuild_tree();
        Some(LaneId(lane))
    }

    /// When an event that is put into a lane now is due.
    #[inline]
    pub(crate) fn due_in_lane(&self, now: u64, lane: LaneId) -> u64 {
        now.saturating_add(self.delays.get(lane.0 as usize).copied().unwrap_or(0))
    }

    /// Puts an event into a lane: due the lane's delay from `now`, which must not go back.
    #[inline]
    pub(crate) fn push_lane(&mut self, now: u64, lane: LaneId, event: E) {
        let index = lane.0 as usize;
        let (Some(delay), Some(ring)) = (self.delays.get(index), self.lanes.get_mut(index)) else {
            return;
        };
        let due = Due { at: now.saturating_add(*delay), order: self.order, event };
        self.order += 1;
        ring.push_back(due);
        if ring.len() == 1 {
            self.set_head(lane.0, due.key());
        }
    }

    /// Puts in an event due at `at`.
    pub(crate) fn push(&mut self, at: u64, event: E) {
        let due = Due { at, order: self.order, event };
        self.next = self.next.min(due.key());
        self.next_timer = self.next_timer.min(due.key());
        self.timers.push(Reverse(due));
        self.order += 1;
    }

    /// When the next event is due; `u64::MAX` if there is none.
    #[inline]
    pub(crate) const fn next_at(&self) -> u64 {
        self.next.0
    }

    /// Takes the next event out.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Due<E>> {
        if self.next == self.next_timer {
            return self.pop_timer();
        }
        let lane = *self.winners.get(1)?;
        let ring = self.lanes.get_mut(lane as usize)?;
        let due = ring.pop_front()?;
        let head = ring.front().map_or(NEVER, Due::key);
        self.set_head(lane, head);
        Some(due)
    }

    fn pop_timer(&mut self) -> Option<Due<E>> {
        let Reverse(due) = self.timers.pop()?;
        self.next_timer = self.timers.peek().map_or(NEVER, |Reverse(due)| due.key());
        self.next = self.lane_key().min(self.next_timer);
        Some(due)
    }

    #[inline]
    fn lane_key(&self) -> (u64, u64) {
        self.winners.get(1).map_or(NEVER, |lane| self.head(*lane))
    }

    #[inline]
    fn head(&self, lane: u32) -> (u64, u64) {
        self.heads.get(lane as usize).copied().unwrap_or(NEVER)
    }

    #[inline]
    fn set_head(&mut self, lane: u32, key: (u64, u64)) {
        if let Some(head) = self.heads.get_mut(lane as usize) {
            *head = key;
        }
        // Most runs have one delay, and then there is no one to play against.
        if self.lanes.len() > 1 {
            let mut node = (self.winners.len() / 2 + lane as usize) / 2;
            while node > 0 {
                self.play(node);
                node /= 2;
            }
        }
        self.next = self.lane_key().min(self.next_timer);
    }

    fn rebuild_tree(&mut self) {
        let leaves = self.lanes.len().next_power_of_two().max(2);
        self.winners = vec![u32::MAX; leaves];
        self.winners.extend(0..leaves as u32);
        for node in (1..leaves).rev() {
            self.play(node);
        }
    }

    /// Lets the two children of a node play for it.
    #[inline]
    fn play(&mut self, node: usize) {
        let winner = |child: usize| self.winners.get(child).copied().unwrap_or(u32::MAX);
        let (left, right) = (winner(2 * node), winner(2 * node + 1));
        let winner = if self.head(right) < self.head(left) { right } else { left };
        if let Some(slot) = self.winners.get_mut(node) {
            *slot = winner;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_times_come_in_the_order_they_were_put_in() {
        let mut queue = Queue::new();
        let five = queue.lane(5).unwrap();
        let two = queue.lane(2).unwrap();
        assert_eq!(queue.lane(5), Some(five));
        queue.push(10, 'a');
        queue.push_lane(5, five, 'b');
        queue.push_lane(8, two, 'c');
        queue.push(10, 'd');
        queue.push_lane(9, two, 'e');
        let order: String = std::iter::from_fn(|| queue.pop()).map(|due| due.event).collect();
        assert_eq!(order, "abcde");
        assert_eq!(queue.next_at(), u64::MAX);
    }

    proptest! {
        /// Against the plainest queue there is: sort by time, then by when it was put in.
        #[test]
        fn agrees_with_sorting(
            delays in proptest::collection::vec(0_u64..50, 1..20),
            puts in proptest::collection::vec((0_u64..5, 0_usize..24, 0_u32..4), 1..300),
        ) {
            let mut queue = Queue::new();
            let mut waiting: Vec<(u64, u32)> = Vec::new();
            let mut now = 0;
            for (number, (gap, choice, pops)) in puts.into_iter().enumerate() {
                now += gap;
                let number = number as u32;
                if let Some(delay) = delays.get(choice) {
                    let lane = queue.lane(*delay).unwrap();
                    queue.push_lane(now, lane, number);
                    waiting.push((now + delay, number));
                } else {
                    queue.push(now + choice as u64, number);
                    waiting.push((now + choice as u64, number));
                }
                for _ in 0..pops {
                    waiting.sort_unstable();
                    let expected = (!waiting.is_empty()).then(|| waiting.remove(0));
                    let got = queue.pop().map(|due| (due.at, due.event));
                    prop_assert_eq!(got, expected);
                }
            }
            waiting.sort_unstable();
            let rest: Vec<_> =
                std::iter::from_fn(|| queue.pop()).map(|due| (due.at, due.event)).collect();
            prop_assert_eq!(rest, waiting);
        }
    }
}
