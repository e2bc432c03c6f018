//! What changed between Istio's minor versions, as far as failover feels it.
//!
//! **Source**: Istio release notes 1.20 to 1.31; each switch names its change.

use std::fmt;
use std::str::FromStr;

/// A minor version of Istio's control plane.
///
/// ```
/// use mesh_failover_core::translate::IstioVersion;
///
/// let version: IstioVersion = "1.24.3".parse().unwrap();
/// assert_eq!(version, IstioVersion::new(1, 24));
/// assert!(version < IstioVersion::NEWEST);
/// assert!(!version.retries_503_by_default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IstioVersion {
    major: u16,
    minor: u16,
}

impl IstioVersion {
    /// The oldest version whose behaviour is modelled.
    pub const OLDEST: Self = Self::new(1, 20);
    /// The newest version whose behaviour is modelled, and the default.
    pub const NEWEST: Self = Self::new(1, 31);

    /// `major.minor`; not limited to the modelled range, see [`FromStr`].
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// Up to 1.23 the built-in retry policy also retried an upstream's 503 (#52111).
    #[must_use]
    pub fn retries_503_by_default(self) -> bool {
        self < Self::new(1, 24)
    }

    /// From 1.27 `PreferClose` is `PreferSameZone`, and `PreferSameNode` exists.
    #[must_use]
    pub fn has_prefer_same_zone(self) -> bool {
        self >= Self::new(1, 27)
    }

    /// From 1.29 the label `topology.istio.io/locality` goes before `istio-locality` (#58186).
    #[must_use]
    pub fn has_topology_locality_label(self) -> bool {
        self >= Self::new(1, 29)
    }

    /// From 1.30 `failoverPriority` also orders the endpoints of DNS clusters (#58674).
    #[must_use]
    pub fn has_dns_failover_priority(self) -> bool {
        self >= Self::new(1, 30)
    }

    /// From 1.31 there are `zoneAwareLbSetting`, `meshConfig.defaultTrafficPolicy` and
    /// `outlierDetectionHttpErrorCodes`.
    #[must_use]
    pub fn has_zone_aware_and_default_policy(self) -> bool {
        self >= Self::new(1, 31)
    }

    /// From 1.31 a mismatch of a leading `topology.istio.io/network` label does not end the comparison of labels:
    /// the own network is preferred, not required (#60829).
    #[must_use]
    pub fn prefers_network(self) -> bool {
        self >= Self::new(1, 31)
    }

    /// From 1.31 unready endpoints are sent as unhealthy, and clusters without outlier detection
    /// have panic disabled (#60690).
    #[must_use]
    pub fn sends_unhealthy_endpoints(self) -> bool {
        self >= Self::new(1, 31)
    }
}

impl Default for IstioVersion {
    fn default() -> Self {
        Self::NEWEST
    }
}

/// `1.31`.
impl fmt::Display for IstioVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A text that names no modelled version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionError(String);

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not an Istio version from {} to {}; write for example `{}`",
            self.0,
            IstioVersion::OLDEST,
            IstioVersion::NEWEST,
            IstioVersion::NEWEST
        )
    }
}

impl std::error::Error for VersionError {}

/// Reads `1.31`, `v1.31` and `1.31.2`; refuses versions outside the modelled range.
impl FromStr for IstioVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || VersionError(text.to_owned());
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let mut number = || parts.next().and_then(|part| part.parse().ok()).ok_or_else(error);
        let version = Self::new(number()?, number()?);
        let patch = parts.next().is_none_or(|p| p.starts_with(|c: char| c.is_ascii_digit()));
        if patch && (Self::OLDEST..=Self::NEWEST).contains(&version) {
            Ok(version)
        } else {
            Err(error())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_and_refuses_others() {
        for (text, version) in [("1.20", (1, 20)), ("v1.31", (1, 31)), ("1.30.3", (1, 30))] {
            assert_eq!(text.parse(), Ok(IstioVersion::new(version.0, version.1)), "{text}");
        }
        for text in ["", "1", "1.19", "1.32", "2.0", "one.two", "1.31.x", "1.31 "] {
            assert!(text.parse::<IstioVersion>().is_err(), "{text}");
        }
        assert_eq!(
            "1.4".parse::<IstioVersion>().unwrap_err().to_string(),
            "`1.4` is not an Istio version from 1.20 to 1.31; write for example `1.31`"
        );
    }
}
