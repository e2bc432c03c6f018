//! The filter that ships, deciding in the place of the router, where the caller can run it: this crate has no WebAssembly engine.
//!
//! The router goes on beside it, and what it wants sent is sent: a filter of the same source sends the same, in the same order. So the filter
//! hears at once what became of each of its requests, as it does in Envoy, and whoever runs it can say where the two differ.

use std::fmt;

use mesh_failover_engine::run::{
    ChoiceId, Decision, Found, Front as Chooser, OwnRequest, RegionNews, Response, SecondTry,
    Xoshiro,
};
use mesh_failover_sorted::SortedMap;
use serde::Serialize;

use super::front::Front;
use crate::time::MonotonicTime;

/// What a filter is started with, in one Envoy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FilterStart {
    /// `pluginConfig`, JSON.
    pub configuration: String,
    /// The name that Istio gives the plugin.
    pub plugin: String,
    /// Where the gateway is: `region/zone/subzone`.
    pub locality: String,
    /// When each of its virtual machines starts: those of the workers, then that of the main thread. **Units**: nanoseconds of the run's clock.
    pub machines: Vec<u64>,
}

/// A request that the filter is about to send itself, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FilterSend {
    /// Where it goes.
    pub cluster: String,
    /// Its number.
    pub id: u32,
    /// Why Envoy does not send it; unset: it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// Why Envoy does not send a filter's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Refusal {
    /// There is no such cluster.
    NoCluster,
    /// The cluster has no host that may be used.
    NoUsableHost,
}

/// Something that a filter is told: what happens, in which virtual machine, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FilterEvent {
    /// The virtual machine's number.
    pub machine: u32,
    /// The run's clock. **Units**: nanoseconds.
    pub now: u64,
    /// What the filter sends meanwhile.
    pub sends: Vec<FilterSend>,
    /// What happens.
    pub what: FilterNews,
}

/// What happens to a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum FilterNews {
    /// A request comes.
    Request {
        /// Its number.
        stream: u32,
        /// The cluster that Envoy has matched.
        cluster: String,
        /// Its headers by name, in lower case.
        headers: SortedMap<String, String>,
        /// Where it comes from, if that decides.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// What the router does with it.
        expected: FilterDecision,
    },
    /// A request that the filter has sent to a region is answered.
    Response {
        /// Its number.
        stream: u32,
        /// The cluster that the answer comes from, if it comes from one.
        #[serde(skip_serializing_if = "Option::is_none")]
        cluster: Option<String>,
        /// Its status.
        status: u16,
        /// What Envoy says about how it came to be.
        details: String,
    },
    /// The timer is due.
    Tick,
    /// A request of the filter's own is answered.
    Answer {
        /// Its number.
        id: u32,
        /// The answer's status.
        status: u16,
    },
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum FilterDecision {
    /// It is left alone.
    Native,
    /// It is answered with 503.
    Fail,
    /// It goes to a region.
    Region(String),
}

/// Runs the filter.
pub trait FilterHost: fmt::Debug {
    /// Starts it in one Envoy.
    fn start(&self, start: &FilterStart) -> Box<dyn RunningFilter>;
}

/// A filter that runs, in all virtual machines of one Envoy.
pub trait RunningFilter: fmt::Debug {
    /// Tells it what happens; the answer counts for a request.
    fn tell(&mut self, event: &FilterEvent) -> FilterDecision;
}

/// A request whose answer has not come yet.
#[derive(Debug, PartialEq, Eq)]
struct UnderWay {
    worker: u32,
    choice: ChoiceId,
    came: MonotonicTime,
    stream: u32,
}

/// A request of the filter's own whose answer is waited for: of a probe its region, of a second try both.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    machine: u32,
    choices: (Option<ChoiceId>, ChoiceId),
    id: u32,
}

/// A filter with the router beside it.
#[derive(Debug)]
pub(super) struct Beside {
    front: Front,
    filter: Box<dyn RunningFilter>,
    /// The last number given.
    last: u32,
    /// What the filter will send when it is told next, and for which region.
    sends: Vec<(ChoiceId, FilterSend)>,
    under_way: Vec<UnderWay>,
    sent: Vec<Sent>,
    /// A failure that the filter is told of once it is known whether there is a second try.
    failed: Option<FilterEvent>,
}

impl Beside {
    /// A filter beside a router.
    pub(super) fn new(front: Front, filter: Box<dyn RunningFilter>) -> Self {
        Self {
            front,
            filter,
            last: 0,
            sends: Vec::new(),
            under_way: Vec::new(),
            sent: Vec::new(),
            failed: None,
        }
    }

    fn number(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    fn event(&mut self, machine: u32, now: MonotonicTime, what: FilterNews) -> FilterEvent {
        let sends = self.sends.drain(..).map(|(_, send)| send).collect();
        FilterEvent { machine, now: now.as_nanos(), sends, what }
    }

    /// Notes what is sent for the router, which the filter will want to send too.
    fn note(&mut self, machine: u32, own: &[OwnRequest]) {
        for wanted in own {
            let id = self.number();
            if wanted.probe.is_some() {
                self.sent.retain(|it| (it.machine, it.choices) != (machine, (None, wanted.choice)));
                self.sent.push(Sent { machine, choices: (None, wanted.choice), id });
            }
            let cluster = self.front.cluster(machine, wanted.choice);
            self.sends.push((wanted.choice, FilterSend { cluster, id, refused: None }));
        }
    }

    fn answered(
        &mut self,
        machine: u32,
        choices: (Option<ChoiceId>, ChoiceId),
        status: u16,
        now: MonotonicTime,
    ) {
        let wanted = |it: &Sent| (it.machine, it.choices) == (machine, choices);
        let Some(place) = self.sent.iter().position(wanted) else { return };
        let Sent { id, .. } = self.sent.remove(place);
        let event = self.event(machine, now, FilterNews::Answer { id, status });
        self.filter.tell(&event);
    }
}

impl Chooser for Beside {
    fn find(&mut self, worker: u32, upstream: u32) -> Vec<OwnRequest> {
        let own = self.front.find(worker, upstream);
        self.note(worker, &own);
        own
    }

    fn decide(
        &mut self,
        worker: u32,
        upstream: u32,
        now: MonotonicTime,
        rng: &mut Xoshiro,
    ) -> Decision {
        let address = self.front.address(worker, upstream, rng);
        let decision = self.front.decide_for(worker, upstream, address.as_deref());
        let expected = match decision {
            Decision::Native => FilterDecision::Native,
            Decision::Fail => FilterDecision::Fail,
            Decision::Route { choice, .. } => {
                FilterDecision::Region(self.front.region(worker, choice))
            }
        };
        let stream = self.number();
        let (cluster, headers) = (self.front.upstream(upstream), self.front.headers());
        let what =
            FilterNews::Request { stream, cluster, headers, address, expected: expected.clone() };
        let event = self.event(worker, now, what);
        let decided = self.filter.tell(&event);
        let decision = match decided {
            _ if decided == expected => decision,
            FilterDecision::Native => Decision::Native,
            FilterDecision::Fail => Decision::Fail,
            FilterDecision::Region(region) => self.front.decide_on(worker, upstream, &region),
        };
        if let Decision::Route { choice, .. } = decision {
            self.under_way.push(UnderWay { worker, choice, came: now, stream });
        }
        decision
    }

    fn shares(&self, worker: u32, upstream: u32) -> Option<Vec<(u32, f64)>> {
        self.front.shares(worker, upstream)
    }

    fn on_response(
        &mut self,
        worker: u32,
        choice: ChoiceId,
        response: Response,
        now: MonotonicTime,
    ) -> Option<bool> {
        let failed = self.front.on_response(worker, choice, response, now);
        // A scenario's requests look alike: those of a moment are each other's equals.
        let wanted = |it: &UnderWay| {
            (it.worker, it.choice) == (worker, choice) && it.came + response.took == now
        };
        let Some(place) = self.under_way.iter().position(wanted) else { return failed };
        let UnderWay { stream, .. } = self.under_way.remove(place);
        let what = FilterNews::Response {
            stream,
            cluster: response.served.map(|served| self.front.upstream(served)),
            status: response.status,
            details: response.details.to_owned(),
        };
        let event = self.event(worker, now, what);
        if failed.is_some() && response.status >= 500 {
            self.failed = Some(event);
        } else {
            self.filter.tell(&event);
        }
        failed
    }

    fn rescue(
        &mut self,
        worker: u32,
        choice: ChoiceId,
        unreached: bool,
        now: MonotonicTime,
    ) -> Option<SecondTry> {
        let second = self.front.rescue(worker, choice, unreached, now);
        let Some(mut event) = self.failed.take() else { return second };
        if let Some(second) = second {
            let id = self.number();
            let cluster = self.front.cluster(worker, second.choice);
            event.sends.push(FilterSend { cluster, id, refused: None });
            let choices = (Some(choice), second.choice);
            self.sent.push(Sent { machine: worker, choices, id });
        }
        self.filter.tell(&event);
        second
    }

    fn on_second_answer(
        &mut self,
        worker: u32,
        first: ChoiceId,
        second: ChoiceId,
        status: u16,
        now: MonotonicTime,
    ) {
        self.front.on_second_answer(worker, first, second, status, now);
        self.answered(worker, (Some(first), second), status, now);
    }

    fn on_tick(&mut self, machine: u32, now: MonotonicTime) -> Vec<OwnRequest> {
        let own = self.front.on_tick(machine, now);
        self.note(machine, &own);
        own
    }

    fn end_tick(&mut self, machine: u32, now: MonotonicTime) {
        let event = self.event(machine, now, FilterNews::Tick);
        self.filter.tell(&event);
        self.front.end_tick(machine, now);
    }

    fn on_check(&mut self, machine: u32, choice: ChoiceId, found: Found, now: MonotonicTime) {
        let refused = match found {
            Found::Usable => None,
            Found::NoUsableHost => Some(Refusal::NoUsableHost),
            Found::NoCluster => Some(Refusal::NoCluster),
        };
        for (_, send) in self.sends.iter_mut().filter(|(of, _)| *of == choice) {
            send.refused = refused;
        }
        self.front.on_check(machine, choice, found, now);
    }

    fn on_probe(&mut self, machine: u32, choice: ChoiceId, status: u16, now: MonotonicTime) {
        self.front.on_probe(machine, choice, status, now);
        self.answered(machine, (None, choice), status, now);
    }

    fn take_news(&mut self) -> Vec<RegionNews> {
        self.front.take_news()
    }
}
