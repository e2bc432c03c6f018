//! Where a host is: region, zone, sub-zone; and how istiod compares two places.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place, most general part first. A missing part is the empty string.
///
/// **Source**: Envoy `core.v3.Locality`; Istio `util.ConvertLocality` (pkg/util/label, 1.31).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Locality {
    /// For example `europe-west1`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// For example `europe-west1-b`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub zone: String,
    /// Istio's `subzone`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sub_zone: String,
}

impl Locality {
    /// Reads `region/zone/subzone`: missing parts are empty, a fourth and later part is dropped.
    ///
    /// ```
    /// use mesh_failover_engine::locality::Locality;
    ///
    /// let locality = Locality::parse("europe-west1/europe-west1-b");
    /// assert_eq!(locality.region, "europe-west1");
    /// assert_eq!(locality.zone, "europe-west1-b");
    /// assert_eq!(locality.sub_zone, "");
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split('/').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Self { region: next(), zone: next(), sub_zone: next() }
    }

    /// Whether no part is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.region.is_empty() && self.zone.is_empty() && self.sub_zone.is_empty()
    }

    /// Whether this place satisfies a rule of a manifest (`distribute.from`, a key of `to`).
    ///
    /// The region must be equal unless the rule's is `*`; an empty or `*` zone or sub-zone of the
    /// rule matches any. There are no partial wildcards: `us-*` is compared letter by letter.
    ///
    /// **Source**: Istio pilot/pkg/networking/util/util.go `LocalityMatch`, 1.31.
    #[must_use]
    pub fn matches(&self, rule: &Self) -> bool {
        let part = |own: &str, rule: &str| rule.is_empty() || rule == "*" || own == rule;
        (rule.region == "*" || self.region == rule.region)
            && part(&self.zone, &rule.zone)
            && part(&self.sub_zone, &rule.sub_zone)
    }
}

/// `region/zone/subzone`, without trailing empty parts.
impl fmt::Display for Locality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.region)?;
        if !self.zone.is_empty() || !self.sub_zone.is_empty() {
            write!(f, "/{}", self.zone)?;
        }
        if !self.sub_zone.is_empty() {
            write!(f, "/{}", self.sub_zone)?;
        }
        Ok(())
    }
}

/// How far an endpoint is from a proxy: 0 same sub-zone, 1 same zone, 2 same region, 3 elsewhere.
///
/// Plain equality of strings: two empty parts are equal.
///
/// **Source**: Istio pilot/pkg/networking/util/util.go `LbPriority`, 1.31.
#[must_use]
pub fn lb_priority(proxy: &Locality, endpoint: &Locality) -> u32 {
    if proxy.region != endpoint.region {
        3
    } else if proxy.zone != endpoint.zone {
        2
    } else if proxy.sub_zone != endpoint.sub_zone {
        1
    } else {
        0
    }
}
