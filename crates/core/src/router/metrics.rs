//! What is counted for the operator: by destination and region, in plain numbers, until somebody writes them down.
//!
//! Counting costs an addition; nothing is written for a request. [`Router::flush`] hands out what has changed since the last time, a few
//! times a second, as [`Sample`]s: a counter's by how much it grew, a gauge's present value, a histogram's single values.
//! Counters and histograms of several workers add up; each change of a region is counted by the worker that made it. Gauges of all workers say the same.
//!
//! **Names** carry their labels the way Istio's own metrics do, `LABEL=.=VALUE;.;` each, so that the tags that Istio's
//! bootstrap makes of `extraStatTags` split them (`pkg/bootstrap`, tools/packaging/common/envoy_bootstrap.json, 1.30).
//!
//! [`Router::flush`]: super::Router::flush

use super::outcome::Failure;
use super::record::{Reason, RegionState};

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It only grows; a sample is by how much.
    Counter,
    /// A sample is its value.
    Gauge,
    /// A sample is one of many values.
    Histogram,
}

macro_rules! metrics {
    ($($(#[doc = $what:literal])+ $metric:ident = $form:ident $name:literal $kind:literal;)+) => {
        /// Something that is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $($(#[doc = $what])+ $metric),+
        }

        impl Metric {
            /// All of them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$metric),+];

            const TEXTS: [(Form, &'static str, &'static str); Self::ALL.len()] =
                [$((Form::$form, $name, $kind)),+];
        }

        /// Its meaning, for the reference.
        #[cfg(any(test, feature = "schema"))]
        impl Metric {
            /// One line of text.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$metric => concat!($($what),+)),+ }
            }
        }
    };
}

metrics! {
    /// Requests sent to the region, second tries included.
    Requests = Counter "mesh_region_requests_total" "";
    /// The region answered with an error.
    ErrorResponse = Counter "mesh_region_errors_total" "response";
    /// No answer in time.
    ErrorTimeout = Counter "mesh_region_errors_total" "timeout";
    /// No connection, or it broke before the answer.
    ErrorConnection = Counter "mesh_region_errors_total" "connection";
    /// Envoy had no host there.
    ErrorNoUsableHost = Counter "mesh_region_errors_total" "no_usable_host";
    /// Envoy had no such cluster.
    ErrorNoCluster = Counter "mesh_region_errors_total" "no_cluster";
    /// An error that says nothing about the region: a circuit breaker, another filter, another cluster.
    ErrorOther = Counter "mesh_region_errors_total" "other";
    /// Taken out for server errors in a row.
    OutConsecutive5xx = Counter "mesh_region_ejections_total" "consecutive_5xx";
    /// Taken out for gateway errors in a row.
    OutGatewayErrors = Counter "mesh_region_ejections_total" "consecutive_gateway_errors";
    /// Taken out for connection failures in a row.
    OutLocalOrigin = Counter "mesh_region_ejections_total" "consecutive_local_origin_failures";
    /// Taken out for too low a success rate.
    OutSuccessRate = Counter "mesh_region_ejections_total" "success_rate";
    /// Taken out for slowness.
    OutLatency = Counter "mesh_region_ejections_total" "latency";
    /// Taken out by its probes.
    OutProbe = Counter "mesh_region_ejections_total" "probe";
    /// Out because it has no usable host.
    OutNoUsableHost = Counter "mesh_region_ejections_total" "no_usable_host";
    /// Out because its cluster is missing; the whole destination is left to Istio.
    OutNoCluster = Counter "mesh_region_ejections_total" "no_cluster";
    /// Second tries after an error of this region.
    RescueTried = Counter "mesh_region_rescues_total" "tried";
    /// Second tries whose answer the client got.
    RescueWon = Counter "mesh_region_rescues_total" "won";
    /// No second try: the request cannot be repeated safely.
    RescueNotRepeatable = Counter "mesh_region_rescues_total" "refused_not_repeatable";
    /// No second try: the budget was used up.
    RescueOverBudget = Counter "mesh_region_rescues_total" "refused_over_budget";
    /// No second try: no other region would take it.
    RescueNoRegion = Counter "mesh_region_rescues_total" "refused_no_region";
    /// Probes with an expected status.
    ProbeGood = Counter "mesh_region_probes_total" "good";
    /// Probes with another status, or without an answer.
    ProbeFailed = Counter "mesh_region_probes_total" "failed";
    /// Answers from another cluster than the region's: the VirtualService does not follow the header. Looked at every 10 s and at each error.
    Misrouted = Counter "mesh_region_misrouted_total" "";
    /// 1 while the region takes no traffic for its health, else 0.
    Out = Gauge "mesh_region_out" "";
    /// Percent of its weight that the region takes: 0 while it is out, less than 100 on a ramp or under `drain`.
    TrafficPercent = Gauge "mesh_region_traffic_percent" "";
    /// How long the region was out, at its return.
    OutTime = Histogram "mesh_region_out_milliseconds" "";
    /// How long a probe took that was answered.
    ProbeTime = Histogram "mesh_region_probe_milliseconds" "";
    /// Requests that were left to Istio: all regions are out, a region's cluster is missing, or no policy fits.
    Native = Counter "mesh_destination_unrouted_total" "native";
    /// Requests that were answered 503 by `allRegionsOut: fail` or as a loop between gateways.
    Failed = Counter "mesh_destination_unrouted_total" "failed";
    /// Memory of a worker's virtual machine; of the worker that said so last.
    Memory = Gauge "mesh_router_memory_bytes" "";
    /// Configurations taken, by each worker and by Envoy's main thread.
    ConfigurationTaken = Counter "mesh_router_configurations_total" "taken";
    /// Configurations refused; the last good one goes on.
    ConfigurationRefused = Counter "mesh_router_configurations_total" "refused";
}

/// The labels that names carry, for `extraStatTags` and for `stats_tags`.
pub const LABELS: [&str; 4] = ["mesh_host", "mesh_port", "mesh_region", "mesh_kind"];

impl Metric {
    fn text(self) -> (Form, &'static str, &'static str) {
        Self::TEXTS.get(self as usize).copied().unwrap_or((Form::Counter, "", ""))
    }

    /// How it moves.
    #[must_use]
    pub fn form(self) -> Form {
        self.text().0
    }

    /// Its name without labels, as Prometheus shows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.text().1
    }

    /// The value of its label `mesh_kind`; empty: it has none.
    #[must_use]
    pub fn kind(self) -> &'static str {
        self.text().2
    }

    /// Whether it is counted by region, of a destination with probes or second tries.
    pub(super) fn is_of_region(self, probed: bool, rescued: bool) -> bool {
        match self.name() {
            "mesh_region_probes_total" => probed,
            "mesh_region_rescues_total" => rescued,
            name => name.starts_with("mesh_region_"),
        }
    }

    /// Why a region is out, in one word.
    #[must_use]
    pub fn reason(state: RegionState) -> &'static str {
        Self::of_state(state).map_or("recovering", Self::kind)
    }

    pub(super) const fn of_failure(failure: Failure) -> Self {
        match failure {
            Failure::Response(_) => Self::ErrorResponse,
            Failure::Timeout => Self::ErrorTimeout,
            Failure::Connection => Self::ErrorConnection,
            Failure::NoUsableHost => Self::ErrorNoUsableHost,
            Failure::NoCluster => Self::ErrorNoCluster,
        }
    }

    /// The counter of taking a region out; `None` for states in which it is not out, or only still.
    pub(super) const fn of_state(state: RegionState) -> Option<Self> {
        Some(match state {
            RegionState::Usable | RegionState::Recovering => return None,
            RegionState::NoUsableHost => Self::OutNoUsableHost,
            RegionState::NoCluster => Self::OutNoCluster,
            RegionState::Ejected(reason) => match reason {
                Reason::Consecutive5xx => Self::OutConsecutive5xx,
                Reason::ConsecutiveGatewayErrors => Self::OutGatewayErrors,
                Reason::ConsecutiveLocalOriginFailures => Self::OutLocalOrigin,
                Reason::SuccessRate => Self::OutSuccessRate,
                Reason::Latency => Self::OutLatency,
                Reason::Probe => Self::OutProbe,
            },
        })
    }
}

/// Something to write down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample<'a> {
    /// What.
    pub metric: Metric,
    /// The destination's host; empty: of the router as a whole.
    pub host: &'a str,
    /// The destination's port.
    pub port: u16,
    /// The region; empty: of the destination as a whole.
    pub region: &'a str,
    /// See [`Form`].
    pub value: u64,
}

impl Sample<'_> {
    /// The metric's name with all its labels.
    #[must_use]
    pub fn full_name(&self) -> String {
        let mut name = String::new();
        let port = if self.host.is_empty() { String::new() } else { self.port.to_string() };
        let values = [self.host, &port, self.region, self.metric.kind()];
        for (label, value) in LABELS.iter().zip(values) {
            if !value.is_empty() {
                for part in [label, "=.=", value, ";.;"] {
                    name.push_str(part);
                }
            }
        }
        name.push_str(self.metric.name());
        name
    }

    /// A number that stands for the full name. Does not allocate.
    #[must_use]
    pub fn key(&self) -> u64 {
        let numbers = [self.port.to_le_bytes(), [self.metric as u8, 0xff]];
        let texts = self.host.bytes().chain([0xff]).chain(self.region.bytes());
        super::shared::fnv_1a(texts.chain(numbers.into_iter().flatten()))
    }
}

/// What a region or a destination has counted and not yet written down.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    /// By metric; the places of gauges hold what was written last, plus one.
    counts: [u32; Metric::ALL.len()],
    /// Whether there is anything. A destination without traffic costs a tick nothing.
    is_new: bool,
    is_shown: bool,
}

impl Tally {
    pub(super) const fn new() -> Self {
        Self { counts: [0; Metric::ALL.len()], is_new: false, is_shown: false }
    }

    /// Does not allocate.
    pub(super) fn count(&mut self, metric: Metric) {
        self.is_new = true;
        if let Some(count) = self.counts.get_mut(metric as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// Says zero for every counter, once: only a counter that was seen at zero is seen to grow.
    pub(super) fn begin(
        &mut self,
        is_of: impl Fn(Metric) -> bool,
        each: &mut dyn FnMut(Metric, u64),
    ) {
        if std::mem::replace(&mut self.is_shown, true) {
            return;
        }
        for metric in Metric::ALL {
            if metric.form() == Form::Counter && is_of(metric) {
                each(metric, 0);
            }
        }
    }

    /// Takes what was counted.
    pub(super) fn take(&mut self, each: &mut dyn FnMut(Metric, u64)) {
        if !std::mem::take(&mut self.is_new) {
            return;
        }
        for (metric, count) in Metric::ALL.into_iter().zip(&mut self.counts) {
            if metric.form() == Form::Counter && *count > 0 {
                each(metric, u64::from(std::mem::take(count)));
            }
        }
    }

    /// Says the value of a gauge, if it is another.
    pub(super) fn show(&mut self, metric: Metric, value: u32, each: &mut dyn FnMut(Metric, u64)) {
        if let Some(shown) = self.counts.get_mut(metric as usize)
            && *shown != value + 1
        {
            *shown = value + 1;
            each(metric, u64::from(value));
        }
    }
}
