//! The filter's `pluginConfig`: as written, and as the router runs it.
//!
//! A user pastes the DestinationRule's own `trafficPolicy`, so that one text says the policy twice instead of two
//! vocabularies saying it once each. What the router does not act on (`connectionPool`, `tls`, …) may stay in the block; words
//! that no DestinationRule knows are errors. What Istio has no word for stands beside it.
//!
//! **Differences from the same block in a DestinationRule**, all because hosts are regions here:
//! - `maxEjectionPercent` unset means 100, not Envoy's 10: ten percent of two regions would never eject one, and a router that
//!   may not take a region out has no use. What happens when all are out: [`DestinationConfig::all_regions_out`].
//! - `outlierDetection.interval` is only the time after which the back-off shrinks by one: an ejection ends when its
//!   time is over, not at the next sweep.
//! - `distribute` and `failover` may stand together: a region's share goes to its failover target while it is out.
//! - `to` may name regions or zones; what is not named gets nothing, as in Istio, unless `failover` or `failoverPriority` bring it in.

/// Codes of what the router says of its configuration.
pub mod codes {
    /// A value that makes no sense.
    pub const INVALID: &str = "MF0801";
    /// Something that a DestinationRule may say and the router does not do.
    pub const NOT_SUPPORTED: &str = "MF0802";
    /// Something that does not apply at this gateway.
    pub const NOT_APPLIED: &str = "MF0803";
}

mod compile;
mod compiled;
mod features;
mod locality_lb;
mod read;
mod written;

pub use compiled::RouterConfig;
pub(super) use compiled::{
    AffinitySource, DestinationPolicy, Failback, LatencyThreshold, PlanPolicy, Probe, RegionPolicy,
    SuccessThreshold,
};
pub use written::*;
