//! What was done to each endpoint, as spans of time: the lanes under a chart.
//!
//! A lane is a name, not a pod: scaled away and back, an endpoint goes on in the same lane after a gap. Ejections are
//! Envoy's and in the event log; here is what the world did.

use mesh_failover_sorted::SortedMap;
use serde::Serialize;

use super::gateway_run::GatewayRun;
use super::pods::{Faults, Pod, Pods};

/// An endpoint through the whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EndpointLane {
    /// As in events and frames.
    pub name: String,
    /// Kubernetes cluster.
    pub cluster: String,
    /// Service host.
    pub service: String,
    /// Prefix of its name.
    pub workload: String,
    /// The number in its name.
    pub ordinal: u32,
    /// Region.
    pub region: String,
    /// Zone.
    pub zone: String,
    /// While it exists, ascending; a gap is a time without it.
    pub spans: Vec<EndpointSpan>,
}

/// A time in which nothing is done to an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EndpointSpan {
    /// Start.
    pub from_ms: f64,
    /// End.
    pub to_ms: f64,
    /// How it is.
    #[serde(flatten)]
    pub state: EndpointState,
}

/// What a request meets at an endpoint, the nearest to the caller first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum EndpointState {
    /// It answers.
    Ready,
    /// It answers some requests with an error.
    Failing {
        /// The status.
        status: u16,
        /// Share of requests that fail, above 0 to 1.
        ratio: f64,
    },
    /// It answers later than usual.
    Slow,
    /// It refuses connections.
    Refusing,
    /// It accepts connections and never answers.
    Blackholed,
    /// The network to it is gone.
    Partitioned,
    /// Kubernetes finds it not ready.
    Unready,
    /// It is leaving in an orderly way.
    Draining,
}

/// States of pods as steps leave them.
#[derive(Debug, Clone, Default)]
pub(super) struct Lanes {
    /// By pod: changes, with `None` for the end of its life. **Units**: nanoseconds on the engine's clock.
    changes: Vec<Vec<(u64, Option<EndpointState>)>>,
}

impl Lanes {
    /// Writes down what is another since the last call.
    pub(super) fn observe(&mut self, now: u64, pods: &Pods) {
        self.changes.resize_with(pods.len() as usize, Vec::new);
        for (changes, (_, pod)) in self.changes.iter_mut().zip(pods.iter()) {
            let state = state(pod);
            if changes.last().is_none_or(|(_, last)| *last != state) {
                changes.push((now, state));
            }
        }
    }
}

fn state(pod: &Pod) -> Option<EndpointState> {
    let Faults { fail, slow, refuse, blackhole, partition, unready, drain } = &pod.faults;
    let state = match fail {
        _ if !pod.exists => return None,
        _ if *partition => EndpointState::Partitioned,
        _ if *refuse => EndpointState::Refusing,
        _ if *blackhole => EndpointState::Blackholed,
        _ if *drain => EndpointState::Draining,
        _ if *unready => EndpointState::Unready,
        Some((status, ratio)) if *ratio > 0.0 => {
            EndpointState::Failing { status: *status, ratio: *ratio }
        }
        _ if slow.is_some() => EndpointState::Slow,
        _ => EndpointState::Ready,
    };
    Some(state)
}

/// Every endpoint there was, in the order of the topology and of their ordinals; then those that only a later gateway knows.
pub(super) fn lanes(gateways: &[GatewayRun]) -> Vec<EndpointLane> {
    let mut all: Vec<EndpointLane> = Vec::new();
    for lane in gateways.iter().flat_map(of_gateway) {
        let same = |it: &EndpointLane| {
            (&it.name, &it.cluster, &it.service) == (&lane.name, &lane.cluster, &lane.service)
        };
        if gateways.len() == 1 || !all.iter().any(same) {
            all.push(lane);
        }
    }
    all
}

fn of_gateway(gateway: &GatewayRun) -> Vec<EndpointLane> {
    let pods = gateway.pods();
    let millis = |at: u64| super::millis(at.saturating_sub(GatewayRun::origin()));
    let end = super::millis(gateway.timeline.duration);
    let mut lanes: SortedMap<(u32, u32), EndpointLane> = SortedMap::new();
    for ((_, pod), changes) in pods.iter().zip(&gateway.lanes.changes) {
        let Some(workload) = pods.workload(pod.workload) else { continue };
        let region = pods.regions().get(workload.region.0 as usize);
        let lane = lanes.entry((pod.workload, pod.ordinal)).or_insert_with(|| EndpointLane {
            name: pod.name.clone(),
            cluster: workload.cluster.clone(),
            service: workload.service.clone(),
            workload: workload.name.clone(),
            ordinal: pod.ordinal,
            region: region.cloned().unwrap_or_default(),
            zone: workload.zone.clone(),
            spans: Vec::new(),
        });
        let ends = changes.iter().skip(1).map(|(at, _)| millis(*at)).chain([end]);
        for ((from, state), to_ms) in changes.iter().zip(ends) {
            let from_ms = millis(*from);
            if let Some(state) = state.filter(|_| to_ms > from_ms) {
                lane.spans.push(EndpointSpan { from_ms, to_ms, state });
            }
        }
    }
    lanes.into_values().collect()
}

#[cfg(test)]
mod tests {
    use crate::manifest::{Source, read};
    use crate::sim::{Options, Simulation};

    const SEED: [&str; 5] = [
        include_str!("../../../../examples/seed/gateway.yaml"),
        include_str!("../../../../examples/seed/virtual-service.yaml"),
        include_str!("../../../../examples/seed/destination-rule.yaml"),
        include_str!("../../../../examples/seed/topology.yaml"),
        include_str!("../../../../examples/seed/cluster-a-down.yaml"),
    ];

    #[test]
    fn a_lane_has_a_gap_while_its_endpoint_is_scaled_away() {
        let sources: Vec<Source<'_>> =
            SEED.iter().map(|text| Source { name: "seed.yaml", text }).collect();
        let (manifests, _) = read(&sources);
        let mut scenario = manifests.scenarios[0].spec.clone();
        let fail = crate::manifest::Fail {
            status: Some(500),
            zone: Some("us-central1-a".to_owned()),
            endpoints: Some(vec![1]),
            ..Default::default()
        };
        let at = std::time::Duration::from_secs(50).into();
        scenario.steps.push(crate::manifest::Step { at, fail: Some(fail), ..Default::default() });
        let report = Simulation::new(&manifests, &scenario, &Options::default()).unwrap().run();
        let told: Vec<String> = report
            .endpoints
            .iter()
            .map(|lane| {
                let spans = lane.spans.iter();
                let spans: Vec<String> = spans
                    .map(|span| format!("{}-{} {:?}", span.from_ms, span.to_ms, span.state))
                    .collect();
                format!("{} {} {}: {}", lane.region, lane.zone, lane.name, spans.join(", "))
            })
            .collect();
        assert_eq!(
            told,
            [
                "europe-west1 europe-west1-b europe-west1-b-0: 0-20000 Ready, 40000-60000 Ready",
                "europe-west1 europe-west1-b europe-west1-b-1: 0-20000 Ready, 40000-60000 Ready",
                "europe-west1 europe-west1-b europe-west1-b-2: 0-20000 Ready, 40000-60000 Ready",
                "us-central1 us-central1-a us-central1-a-0: 0-60000 Ready",
                "us-central1 us-central1-a us-central1-a-1: 0-50000 Ready, 50000-60000 Failing { status: 500, ratio: 1.0 }",
                "us-central1 us-central1-a us-central1-a-2: 0-60000 Ready",
            ]
        );
    }
}
