//! Why traffic moved: what was done to the endpoints, and what Envoy made of it.

use mesh_failover_sorted::SortedMap;
use serde::Serialize;

use crate::outlier::EjectionType;

/// Something that happened at a moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// When. **Units**: milliseconds since the start of the run.
    pub at_ms: f64,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened. `gateway` is the number of the gateway's pod, counted through all gateways of the scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EventKind {
    /// A step of the scenario.
    Step {
        /// What it does.
        what: String,
    },
    /// Discovery sent other endpoints.
    Endpoints {
        /// The gateway's pod.
        gateway: u32,
        /// The cluster.
        cluster: String,
        /// New ones.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        added: Vec<String>,
        /// Gone ones.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        removed: Vec<String>,
        /// Those whose health is another.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        changed: Vec<String>,
    },
    /// The detector takes a host out, or would if it were enforced.
    Ejected {
        /// The gateway's pod.
        gateway: u32,
        /// The cluster.
        cluster: String,
        /// The endpoint.
        endpoint: String,
        /// Why; unset: it was out when the run began.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<EjectionType>,
        /// Whether `enforcing_*` let it happen.
        enforced: bool,
        /// How often it has been ejected.
        ejections: u32,
        /// When workers that do not know yet are told.
        #[serde(skip_serializing_if = "Option::is_none")]
        workers_told_at_ms: Option<f64>,
    },
    /// `max_ejection_percent` forbids an ejection. Said once for each endpoint until it is ejected or gone.
    NotEjected {
        /// The gateway's pod.
        gateway: u32,
        /// The cluster.
        cluster: String,
        /// The endpoint.
        endpoint: String,
        /// Why it would have been ejected.
        reason: EjectionType,
    },
    /// A sweep brings a host back.
    Unejected {
        /// The gateway's pod.
        gateway: u32,
        /// The cluster.
        cluster: String,
        /// The endpoint.
        endpoint: String,
        /// When workers that do not know yet are told.
        #[serde(skip_serializing_if = "Option::is_none")]
        workers_told_at_ms: Option<f64>,
    },
    /// The region router takes a region out or brings it back.
    Region {
        /// The gateway's pod.
        gateway: u32,
        /// The destination's host.
        host: String,
        /// The region.
        region: String,
        /// Whether it gets requests from now on.
        usable: bool,
        /// What the router's log line says.
        what: String,
    },
    /// The workers share traffic in another way.
    Load {
        /// The gateway's pod.
        gateway: u32,
        /// The cluster.
        cluster: String,
        /// Percent by region, as far as the workers can choose.
        regions: SortedMap<String, f64>,
        /// Percent by priority.
        priorities: Vec<u32>,
        /// Priorities that use all their hosts, healthy or not.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        panic: Vec<u32>,
    },
}
