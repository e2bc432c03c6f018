//! Whose turn it is: weighted round robin without bursts, over weights that may change at any time.
//!
//! Each turn credits every region with its weight; the one with most credit has the turn and pays the sum of all weights. After any number of
//! turns each region has had its share, give or take a turn. Unlike Envoy's earliest deadline first, a region whose
//! weight grows does not wait for a deadline set when it was small: that is what a ramp needs.
//!
//! **Source**: nginx src/http/ngx_http_upstream_round_robin.c `ngx_http_upstream_get_peer` ("smooth weighted round robin").

/// The wheel of a plan. Entries are regions by index.
#[derive(Debug, Clone, Default)]
pub(super) struct Wheel {
    entries: Vec<Entry>,
    total: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    weight: i64,
    credit: i64,
}

/// Turns that a new wheel may be ahead of another.
const MOST_TURNS_AHEAD: u64 = 1024;

impl Wheel {
    /// A wheel that was turned a random number of times, so that workers do not all begin with the same region.
    pub(super) fn new(weights: &[u64], random: u64) -> Self {
        let mut wheel = Self::default();
        wheel.set(weights);
        for _ in 0..random % MOST_TURNS_AHEAD {
            wheel.turn();
        }
        wheel
    }

    /// Changes the weights. Who waits keeps its place; who had none begins like a new one.
    pub(super) fn set(&mut self, weights: &[u64]) {
        self.entries.resize(weights.len(), Entry::default());
        for (entry, weight) in self.entries.iter_mut().zip(weights) {
            // Weights are far below this bound, which keeps every sum in range.
            let weight = i64::try_from(*weight).unwrap_or(i64::MAX).min(1 << 40);
            if entry.weight == 0 || weight == 0 {
                entry.credit = 0;
            }
            entry.weight = weight;
        }
        let total: i64 = self.entries.iter().map(|entry| entry.weight).sum();
        // Credit is worth turns, and a turn costs the total.
        for entry in &mut self.entries {
            let credit = i128::from(entry.credit) * i128::from(total);
            let credit = credit.checked_div(i128::from(self.total)).unwrap_or(0);
            entry.credit = i64::try_from(credit).unwrap_or(0);
        }
        self.total = total;
    }

    /// The region whose turn it is. Does not allocate.
    pub(super) fn turn(&mut self) -> Option<u32> {
        let mut best: Option<(u32, i64)> = None;
        for (index, entry) in (0..).zip(&mut self.entries) {
            if entry.weight > 0 {
                entry.credit += entry.weight;
                if best.is_none_or(|(_, credit)| entry.credit > credit) {
                    best = Some((index, entry.credit));
                }
            }
        }
        let (index, _) = best?;
        if let Some(entry) = self.entries.get_mut(index as usize) {
            entry.credit -= self.total;
        }
        Some(index)
    }

    /// The region whose turn would be next, but for one. Takes no turn: it is for a request that had its own.
    pub(super) fn next_but(&self, other: u32) -> Option<u32> {
        let candidates = (0..).zip(&self.entries).filter(|(i, e)| *i != other && e.weight > 0);
        let most = candidates.max_by_key(|(index, e)| (e.credit + e.weight, u32::MAX - index));
        most.map(|(index, _)| index)
    }

    /// The weights as they are now.
    pub(super) fn weights(&self) -> impl Iterator<Item = u64> + Clone {
        self.entries.iter().map(|entry| entry.weight.unsigned_abs())
    }
}
