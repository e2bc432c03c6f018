//! What has happened, for whoever writes it down: values with numbers instead of names.

use super::endpoints::PodId;
use super::front::RegionNews;
use crate::outlier::OutlierDetectionEvent;

/// Something that happened in one of the Envoys.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// When. **Units**: nanoseconds.
    pub at: u64,
    /// The Envoy.
    pub envoy: u32,
    /// What.
    pub what: What,
}

/// What happened. `upstream` is a cluster's number.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A host is out since before the run.
    StartsEjected {
        /// The cluster.
        upstream: u32,
        /// The endpoint.
        pod: PodId,
    },
    /// A detector has decided.
    Detected {
        /// The cluster.
        upstream: u32,
        /// The endpoint.
        pod: PodId,
        /// What.
        event: OutlierDetectionEvent,
        /// When workers that do not know yet are told. **Units**: nanoseconds.
        told: Option<u64>,
    },
    /// Workers have heard of something.
    Load {
        /// The cluster.
        upstream: u32,
        /// Percent by region, as far as the workers can choose.
        regions: Vec<f64>,
        /// Percent by priority.
        priorities: Vec<u32>,
        /// Priorities that use all their hosts, healthy or not.
        panic: Vec<u32>,
    },
    /// The chooser of regions takes a region out or brings it back.
    Region(RegionNews),
}
