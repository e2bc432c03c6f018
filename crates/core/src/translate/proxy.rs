//! The proxy a translation is for: istiod never programs "the mesh", it programs one proxy, and where
//! that proxy is decides every priority and weight.
//!
//! **Source**: Istio pilot/pkg/xds/ads.go `setTopologyLabels`, `computeProxyState`, 1.31.

use std::fmt;

use mesh_failover_sorted::SortedMap;

use super::IstioVersion;
use super::labels::augment_labels;
use crate::locality::Locality;
use crate::manifest::{Manifests, TopologyCluster, TopologyGateway};

/// One ingress gateway, as istiod sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// Kubernetes cluster it runs in.
    pub cluster: String,
    /// Its namespace: DestinationRules there go first.
    pub namespace: String,
    /// Its pod labels, augmented by topology labels: what selectors and `failoverPriority` look at.
    pub labels: SortedMap<String, String>,
    /// Where it is.
    pub locality: Locality,
    /// Network it is in; empty: the one flat network.
    pub network: String,
    /// The control plane that programs it.
    pub version: IstioVersion,
}

/// Why no gateway was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyError {
    /// No cluster of the topologies has a gateway.
    NoGateway,
    /// No cluster with a gateway has this name.
    UnknownCluster {
        /// What was asked for.
        asked: String,
        /// Clusters with a gateway.
        known: Vec<String>,
    },
    /// No gateway is at a place that fits.
    UnknownLocality {
        /// What was asked for.
        asked: String,
        /// Places of gateways.
        known: Vec<String>,
    },
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |names: &[String]| {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::NoGateway => f.write_str(
                "no cluster of the topology has a gateway; add `gateway: {}` to one of `spec.clusters`",
            ),
            Self::UnknownCluster { asked, known } => {
                write!(f, "no gateway in cluster `{asked}`; there are gateways in {}", quoted(known))
            }
            Self::UnknownLocality { asked, known } => {
                write!(f, "no gateway at `{asked}`; there are gateways at {}", quoted(known))
            }
        }
    }
}

impl std::error::Error for ProxyError {}

impl Proxy {
    /// The gateway of a topology's cluster.
    ///
    /// # Errors
    /// If no cluster of that name has a gateway; the error lists those that have one.
    pub fn gateway_of(manifests: &Manifests, cluster: &str) -> Result<Self, ProxyError> {
        let gateways = gateways(manifests)?;
        let found = gateways.iter().find(|(place, _)| place.name == cluster);
        found.map(|(place, gateway)| Self::new(place, gateway)).ok_or_else(|| {
            ProxyError::UnknownCluster {
                asked: cluster.to_owned(),
                known: gateways.iter().map(|(place, _)| place.name.clone()).collect(),
            }
        })
    }

    /// The first gateway at `from`, written `REGION[/ZONE[/SUBZONE]]`; parts left out fit any.
    ///
    /// # Errors
    /// If no gateway is there; the error lists the places of all gateways.
    pub fn gateway_at(manifests: &Manifests, from: &str) -> Result<Self, ProxyError> {
        let gateways = gateways(manifests)?;
        let rule = Locality::parse(from);
        let found =
            gateways.iter().find(|(place, _)| Locality::parse(&place.locality).matches(&rule));
        found.map(|(place, gateway)| Self::new(place, gateway)).ok_or_else(|| {
            ProxyError::UnknownLocality {
                asked: from.to_owned(),
                known: gateways.iter().map(|(place, _)| place.locality.clone()).collect(),
            }
        })
    }

    /// Every gateway of the topologies, in their order.
    #[must_use]
    pub fn gateways(manifests: &Manifests) -> Vec<Self> {
        let found = gateways(manifests).unwrap_or_default();
        found.into_iter().map(|(place, gateway)| Self::new(place, gateway)).collect()
    }

    /// The same gateway under another version of istiod.
    #[must_use]
    pub fn with_version(self, version: IstioVersion) -> Self {
        Self { version, ..self }
    }

    fn new(place: &TopologyCluster, gateway: &TopologyGateway) -> Self {
        let locality = Locality::parse(&place.locality);
        let network = place.network.clone().unwrap_or_default();
        let labels = gateway.labels.clone().unwrap_or_else(|| {
            SortedMap::from([("istio".to_owned(), "ingressgateway".to_owned())])
        });
        Self {
            cluster: place.name.clone(),
            namespace: gateway.namespace.clone().unwrap_or_else(|| "istio-system".to_owned()),
            labels: augment_labels(labels, &place.name, &locality, "", &network),
            locality,
            network,
            version: IstioVersion::default(),
        }
    }
}

fn gateways(
    manifests: &Manifests,
) -> Result<Vec<(&TopologyCluster, &TopologyGateway)>, ProxyError> {
    let clusters = manifests.topologies.iter().flat_map(|topology| &topology.spec.clusters);
    let gateways: Vec<_> = clusters
        .filter_map(|place| place.gateway.as_ref().map(|gateway| (place, gateway)))
        .collect();
    if gateways.is_empty() { Err(ProxyError::NoGateway) } else { Ok(gateways) }
}
