//! Who may stand before an Envoy's routes and choose a region for each request, as a filter of the gateway does.
//!
//! The engine knows of it what Envoy knows of a filter: what it is told and what it may answer.

use std::fmt;
use std::time::Duration;

use super::random::Xoshiro;
use crate::time::MonotonicTime;

/// Time between two ticks of a thread. **Units**: nanoseconds. **Source**: filters/region-router/src/lib.rs `TICK`.
pub const TICK: u64 = 100_000_000;

/// What was chosen for a request, in the chooser's own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChoiceId(pub u32);

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is left alone.
    Native,
    /// It is answered with 503.
    Fail,
    /// Its route is selected anew.
    Route {
        /// The number of the route.
        plan: u32,
        /// What it is remembered by.
        choice: ChoiceId,
    },
}

/// A request of the chooser's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnRequest {
    /// What it is about.
    pub choice: ChoiceId,
    /// The number of the cluster that it goes to; `None`: Envoy has no such cluster.
    pub upstream: Option<u32>,
    /// How long an answer is waited for, if it is a probe; `None`: it only asks whether there is a usable host.
    pub probe: Option<Duration>,
}

/// What a request without a probe finds at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A host.
    Usable,
    /// No host that may be used.
    NoUsableHost,
    /// No cluster.
    NoCluster,
}

/// A second try for a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondTry {
    /// What was chosen for it.
    pub choice: ChoiceId,
    /// The number of the cluster that it goes to.
    pub upstream: u32,
    /// How long its answer is waited for.
    pub timeout: Duration,
}

/// How a request has ended, as a filter sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// What Envoy says about how it came to be.
    pub details: &'static str,
    /// The number of the cluster that it comes from; `None`: no route, or a cluster that does not exist.
    pub served: Option<u32>,
    /// Since the request came.
    pub took: Duration,
}

/// What has changed about a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionNews {
    /// The destination's host.
    pub host: String,
    /// The region.
    pub region: String,
    /// Whether it gets requests from now on.
    pub usable: bool,
    /// What the chooser would log.
    pub what: String,
}

/// A chooser of regions in one Envoy, in each of its threads: workers count from 0, `machine` may also be the main thread, which comes last.
pub trait Front: fmt::Debug {
    /// A worker is about to choose for a request to this cluster: what it wants to look at before.
    fn find(&mut self, worker: u32, upstream: u32) -> Vec<OwnRequest>;

    /// What becomes of a request that Envoy would send to this cluster.
    fn decide(
        &mut self,
        worker: u32,
        upstream: u32,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> Decision;

    /// Percent of a worker's requests by the number of their route, of those for this cluster; `None`: they are left alone.
    fn shares(&self, worker: u32, upstream: u32) -> Option<Vec<(u32, f64)>>;

    /// A response has come. For a failure of the region: whether the request reached no upstream.
    fn on_response(
        &mut self,
        worker: u32,
        choice: ChoiceId,
        response: Response,
        now: MonotonicTime,
    ) -> Option<bool>;

    /// A second try for a request that failed; `None`: there is none.
    fn rescue(
        &mut self,
        worker: u32,
        choice: ChoiceId,
        unreached: bool,
        now: MonotonicTime,
    ) -> Option<SecondTry>;

    /// The second try of a request has ended.
    fn on_second_answer(
        &mut self,
        worker: u32,
        first: ChoiceId,
        second: ChoiceId,
        status: u16,
        now: MonotonicTime,
    );

    /// A thread's timer is due: what it wants to send.
    fn on_tick(&mut self, machine: u32, now: MonotonicTime) -> Vec<OwnRequest>;

    /// The tick is over.
    fn end_tick(&mut self, machine: u32, now: MonotonicTime);

    /// What a request of its own has found at once.
    fn on_check(&mut self, machine: u32, choice: ChoiceId, found: Found, now: MonotonicTime);

    /// A probe has been answered with this status, by whomever.
    fn on_probe(&mut self, machine: u32, choice: ChoiceId, status: u16, now: MonotonicTime);

    /// What has changed since this was last asked.
    fn take_news(&mut self) -> Vec<RegionNews>;
}
