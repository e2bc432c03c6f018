//! When a change of a priority's hosts reaches the workers.
//!
//! Envoy's main thread knows of an ejection at once; its workers do not. A change that adds or removes no host is *mergeable*: the first
//! is posted at once, and those that follow within the window wait together for a timer.
//!
//! **Source**: Envoy source/common/upstream/cluster_manager_impl.cc `ClusterManagerImpl::scheduleUpdate`, v1.40;
//! `CommonLbConfig.update_merge_window`. Measured on 1.40.0: of two hosts ejected 10 ms apart the second kept getting requests for a second.
//!
//! **Units**: the window is compared in whole milliseconds.
//!
//! **Worked example**: the wait is a full window counted from the waiting change, not the rest of the first's.
//!
//! ```
//! use mesh_failover_engine::lb::merge_window::{Delivery, UpdateMergeWindow};
//! use mesh_failover_engine::time::MonotonicTime;
//!
//! let at = MonotonicTime::from_millis;
//! let mut window = UpdateMergeWindow::default();
//! assert_eq!(window.on_update(true, at(80)), Delivery::Now);
//! assert_eq!(window.on_update(true, at(90)), Delivery::Later);
//! assert_eq!(window.poll_timeout(), Some(at(1090)));
//! assert!(!window.on_timeout(at(1000)), "too early");
//! assert!(window.on_timeout(at(1090)), "the latest state is due");
//! assert!(!window.on_timeout(at(1090)), "once");
//! ```

use std::time::Duration;

use crate::time::MonotonicTime;

/// What to do with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Post the priority's current state to every worker.
    Now,
    /// Wait for [`UpdateMergeWindow::poll_timeout`].
    Later,
}

/// The window of one priority of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateMergeWindow {
    window: Duration,
    last_updated: Option<MonotonicTime>,
    timer: Option<MonotonicTime>,
}

impl Default for UpdateMergeWindow {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

impl UpdateMergeWindow {
    /// Envoy's default.
    pub const DEFAULT: Duration = Duration::from_secs(1);

    /// A window of `window`; zero: every change is posted at once.
    #[must_use]
    pub const fn new(window: Duration) -> Self {
        Self { window, last_updated: None, timer: None }
    }

    /// A change happened; `mergeable` if no host was added and none removed.
    pub fn on_update(&mut self, mergeable: bool, now: MonotonicTime) -> Delivery {
        if self.window.as_millis() == 0 {
            return Delivery::Now;
        }
        let within = self
            .last_updated
            .is_some_and(|last| (now - last).as_millis() <= self.window.as_millis());
        if mergeable && within {
            self.timer.get_or_insert(now + self.window);
            return Delivery::Later;
        }
        self.timer = None;
        self.last_updated = Some(now);
        Delivery::Now
    }

    /// When waiting changes are due; `None` if none wait.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<MonotonicTime> {
        self.timer
    }

    /// Whether waiting changes are due now: post the latest state. Calling early, or twice, does nothing.
    pub fn on_timeout(&mut self, now: MonotonicTime) -> bool {
        if self.timer.is_none_or(|due| now < due) {
            return false;
        }
        self.timer = None;
        self.last_updated = Some(now);
        true
    }
}
