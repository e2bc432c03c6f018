//! What zone-aware routing within a priority would do, where the gateway's bootstrap lets it.

use mesh_failover_sorted::SortedMap;

use super::shares::Model;
use super::{LocalityShare, Statement, Subject, ZoneAwareExplanation};
use crate::cluster::{Address, ZoneAwareLbConfig};
use crate::host::HostId;
use crate::lb::host_set::{HealthFlags, Host, HostSet};
use crate::lb::zone_aware::{DEFAULT_MIN_CLUSTER_SIZE, LocalityRouting, routing_enabled};
use crate::translate::Proxy;
use crate::units::{OverprovisioningFactor, Percent, Priority};

impl Subject<'_> {
    /// `None` where it is not configured, or switched off.
    pub(super) fn zone_aware(&self, model: &Model<'_>) -> Option<ZoneAwareExplanation> {
        let config =
            self.cluster.zone_aware.as_ref().filter(|_| !self.cluster.locality_weighted)?;
        if routing_enabled(config) == Percent::ZERO {
            return None;
        }
        let would_be = self.with_local_cluster(config, model).unwrap_or_default();
        let condition = "a gateway routes by zone within a priority only where its bootstrap names its own cluster \
                         (`ISTIO_META_ENABLE_SELF_DISCOVERY=true`); otherwise the shares are those of the localities below";
        let least = config.min_cluster_size.unwrap_or(DEFAULT_MIN_CLUSTER_SIZE);
        let text = if would_be.is_empty() {
            format!(
                "{condition}. With it nothing would change: that takes usable hosts in two localities of the first priority, at least {least} in \
                 all, and gateways in two localities"
            )
        } else {
            let shares = would_be.iter().map(|it| format!("{:.1} % to {}", it.share, it.locality));
            let shares = shares.collect::<Vec<_>>().join(", ");
            format!("{condition}. With it, and the gateways of the topology: {shares}")
        };
        let statement = Statement { text, cause: self.setting("") };
        Some(ZoneAwareExplanation { with_self_discovery: would_be, statement })
    }

    /// Shares if the gateway knew its own cluster; `None`: the same as without.
    fn with_local_cluster(
        &self,
        config: &ZoneAwareLbConfig,
        model: &Model<'_>,
    ) -> Option<Vec<LocalityShare>> {
        let balancer = model.now();
        let first = balancer.host_sets().first()?;
        if balancer.is_in_panic(Priority(0)) {
            return None;
        }
        let routing = LocalityRouting::new(config, &self.gateways(), first);
        let within = routing.shares(first.localities().len())?;
        let load = balancer.priority_load().healthy.first().copied().unwrap_or(0);
        let mut shares = model.shares(0, 0);
        for (share, group) in shares.iter_mut().zip(&self.cluster.load_assignment.endpoints) {
            if group.priority.0 > 0 {
                continue;
            }
            let place = group.locality.clone().unwrap_or_default();
            let index = first.localities().iter().position(|it| it.locality == place);
            let part = index.and_then(|index| within.get(index)).copied().unwrap_or(0.0);
            *share = part * f64::from(load) / 100.0;
        }
        Some(model.named(&shares))
    }

    /// The gateway's own cluster: the pods of all gateways of its namespace.
    fn gateways(&self) -> HostSet {
        let mut hosts = Vec::new();
        let topologies = &self.causes.manifests.topologies;
        let places = topologies.iter().flat_map(|topology| &topology.spec.clusters);
        let with_gateway = places.filter_map(|place| place.gateway.as_ref());
        for (gateway, proxy) in with_gateway.zip(Proxy::gateways(self.causes.manifests)) {
            if proxy.namespace != self.proxy.namespace {
                continue;
            }
            for _ in 0..gateway.replicas.unwrap_or(1) {
                hosts.push(Host {
                    id: HostId(hosts.len() as u32),
                    // Only where it is counts.
                    address: Address { host: String::new(), port: 0 },
                    locality: proxy.locality.clone(),
                    weight: 1,
                    flags: HealthFlags::default(),
                    last_hc_pass_time: None,
                });
            }
        }
        let local = Some(&self.proxy.locality);
        HostSet::new(hosts, &SortedMap::new(), local, OverprovisioningFactor::DEFAULT)
    }
}
