//! What happened lately: requests, errors and slow ones over a sliding window.
//!
//! The window is a ring of slices; each tick may open a new one. Counting needs no clock and allocates nothing. What is older than the window
//! goes at most one slice late.

use std::time::Duration;

use crate::time::MonotonicTime;

const SLICES: u32 = 8;

/// Numbers of requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub requests: u32,
    /// Those that failed.
    pub errors: u32,
    /// Those that were too slow.
    pub slow: u32,
}

impl Counts {
    const fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.errors = self.errors.saturating_add(other.errors);
        self.slow = self.slow.saturating_add(other.slow);
    }
}

/// A sliding window.
#[derive(Debug, Clone)]
pub(super) struct Window {
    slices: [Counts; SLICES as usize],
    current: usize,
    /// When the current slice ends.
    until: MonotonicTime,
    slice: Duration,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            slices: Default::default(),
            current: 0,
            until: MonotonicTime::ZERO,
            slice: (length / SLICES).max(Duration::from_nanos(1)),
        }
    }

    /// Counts in the slice of the last tick.
    pub(super) fn count(&mut self, more: Counts) {
        if let Some(counts) = self.slices.get_mut(self.current) {
            counts.add(more);
        }
    }

    /// Opens the slices that time has come to.
    pub(super) fn advance(&mut self, now: MonotonicTime) {
        for _ in 0..SLICES {
            if now < self.until {
                return;
            }
            self.current = (self.current + 1) % SLICES as usize;
            if let Some(counts) = self.slices.get_mut(self.current) {
                *counts = Counts::default();
            }
            self.until = self.until + self.slice;
        }
        // All are empty by now; after a pause the next one begins at once.
        self.until = self.until.max(now + self.slice);
    }

    pub(super) fn sum(&self) -> Counts {
        let mut sum = Counts::default();
        self.slices.iter().for_each(|slice| sum.add(*slice));
        sum
    }

    pub(super) fn clear(&mut self) {
        self.slices = Default::default();
    }
}
