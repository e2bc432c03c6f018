//! Numbers with their unit in the type.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A whole percentage, `0..=100`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Percent(u8);

impl Percent {
    /// 0 %.
    pub const ZERO: Self = Self(0);
    /// 100 %.
    pub const HUNDRED: Self = Self(100);

    /// `None` above 100.
    #[must_use]
    pub const fn new(value: u32) -> Option<Self> {
        if value <= 100 { Some(Self(value as u8)) } else { None }
    }

    /// As Envoy reads a percentage that may exceed its range: everything above 100 is 100.
    #[must_use]
    pub const fn clamped(value: u32) -> Self {
        if value > 100 { Self::HUNDRED } else { Self(value as u8) }
    }

    /// The number, `0..=100`.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = u32::deserialize(deserializer)?;
        Self::new(value)
            .ok_or_else(|| serde::de::Error::custom("expected a percentage from 0 to 100"))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

/// How much more load than its healthy share a priority or a locality may take before traffic
/// spills over, in percent.
///
/// **Source**: Envoy `ClusterLoadAssignment.Policy.overprovisioning_factor`; Istio never sets it,
/// so it is always [`OverprovisioningFactor::DEFAULT`] there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OverprovisioningFactor(u32);

impl OverprovisioningFactor {
    /// 140 %: traffic moves away once less than 71.4 % of the hosts are healthy.
    pub const DEFAULT: Self = Self(140);

    /// A factor of `percent` / 100.
    #[must_use]
    pub const fn from_percent(percent: u32) -> Self {
        Self(percent)
    }

    /// The factor in percent.
    #[must_use]
    pub const fn percent(self) -> u32 {
        self.0
    }
}

impl Default for OverprovisioningFactor {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A failover level; 0 is the most preferred.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Priority(pub u32);
