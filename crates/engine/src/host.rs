//! Which host is meant: a number the caller gives out.
//!
//! Envoy identifies a host by its object, and matches objects by address when endpoints change. Here the
//! caller does the matching and says it with ids: the same id for a host that stays the same
//! object, a new one for a host that Envoy would make anew (see [`crate::outlier::Detector`]).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A host of a cluster. Where Envoy's order over hosts is unspecified, ours is ascending by id.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct HostId(pub u32);

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
