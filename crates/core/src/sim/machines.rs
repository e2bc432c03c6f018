//! The virtual machines of one Envoy in which the filter would run: a router in each, and what they share.
//!
//! Every worker has one, and so has the main thread, which serves no request but ticks like the others and may be the one that checks
//! regions. They meet in one value of shared data, compared and swapped as Envoy's is.
//!
//! **Source**: filters/region-router/src/worker.rs.
//!
//! **Not modelled**: the wall clock set back; two virtual machines that write in the same instant (virtual time is one thread, so a write
//! never fails); a module that traps or is not loaded.

use mesh_failover_engine::run::Xoshiro;

use crate::random::Random;
use crate::router::{Event, Router, RouterConfig};
use crate::time::MonotonicTime;

/// How far apart the virtual machines of an Envoy start, at most: each has a thread of its own. **Units**: nanoseconds.
const APART: u64 = 1_000_000;
/// The number of the plugin's root context in each of them.
const ROOT: u64 = 1;

/// The routers of one Envoy, and what they share.
#[derive(Debug)]
pub(super) struct Machines {
    machines: Vec<Machine>,
    shared: Option<Vec<u8>>,
    /// Counts writes to `shared`; 0: nobody has written.
    version: u32,
    events: Vec<Event>,
}

/// One virtual machine.
#[derive(Debug)]
struct Machine {
    /// When it started.
    born: MonotonicTime,
    router: Router,
    /// The version of shared data that it saw last.
    seen: u32,
}

impl Machines {
    /// Routers for `workers` workers and the main thread, which comes last. What a router draws follows from when it started.
    ///
    /// **Draws**: one for each.
    pub(super) fn new(
        config: &RouterConfig,
        workers: u32,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> Self {
        let machine = |_| {
            let born = MonotonicTime::from_nanos(now.as_nanos() + rng.below(APART));
            let seed = born.as_nanos() ^ ROOT.rotate_left(48);
            let router = Router::new(RouterConfig::default(), seed, born);
            Machine { born, router: router.reconfigured(config.clone(), born), seen: 0 }
        };
        let machines: Vec<Machine> = (0..=workers).map(machine).collect();
        let mut front = Self { machines, shared: None, version: 0, events: Vec::new() };
        for (machine, born) in (0..).zip(front.births()) {
            front.exchange(machine, born);
        }
        front
    }

    /// When each of them started.
    pub(super) fn births(&self) -> Vec<MonotonicTime> {
        self.machines.iter().map(|machine| machine.born).collect()
    }

    /// A machine's router.
    pub(super) fn router(&mut self, machine: u32) -> Option<&mut Router> {
        self.machines.get_mut(machine as usize).map(|machine| &mut machine.router)
    }

    /// Tells the others at once what a machine has news of, and nobody anything if it has none.
    pub(super) fn spread(&mut self, machine: u32, now: MonotonicTime) {
        if self.router(machine).is_some_and(|router| router.has_news()) {
            self.publish(machine, now);
        }
    }

    /// Tells the others what a machine has news of.
    pub(super) fn publish(&mut self, machine: u32, now: MonotonicTime) {
        if self.router(machine).is_some_and(|router| router.has_news()) {
            self.exchange(machine, now);
        }
        self.collect(machine);
    }

    /// Hears what the others know, and tells what they do not.
    pub(super) fn exchange(&mut self, machine: u32, now: MonotonicTime) {
        let Some(Machine { router, seen, .. }) = self.machines.get_mut(machine as usize) else {
            return;
        };
        if self.version == 0 || self.version != *seen {
            router.merge(self.shared.as_deref(), now);
            *seen = self.version;
        }
        if let Some(news) = router.shared_out(now) {
            self.shared = Some(news);
            self.version += 1;
            router.published();
        }
    }

    /// Keeps what a machine would log.
    pub(super) fn collect(&mut self, machine: u32) {
        if let Some(Machine { router, .. }) = self.machines.get_mut(machine as usize) {
            self.events.extend(std::iter::from_fn(|| router.poll_event()));
        }
    }

    /// A machine's router, to look at.
    pub(super) fn look_at(&self, machine: u32) -> Option<&Router> {
        self.machines.get(machine as usize).map(|machine| &machine.router)
    }

    /// What has been logged since this was last asked.
    pub(super) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}
