//! The regions as this tool's own Topology, so that what is rendered can be explained and simulated.

use super::{Wanted, cluster, object};
use crate::manifest::{
    IntentRegion, Latency, Object, RouteApi, Topology, TopologyCluster, TopologyGateway, Workload,
};

const DEFAULT_REPLICAS: u32 = 3;
const DEFAULT_PORT: u16 = 80;

impl Wanted<'_> {
    pub(super) fn topology(&self) -> Object<Topology> {
        let clusters = self.spec.regions.iter().map(|region| self.topology_cluster(region));
        object(self.name, None, Topology { clusters: clusters.collect() })
    }

    fn topology_cluster(&self, region: &IntentRegion) -> TopologyCluster {
        let port = self.spec.port.unwrap_or(DEFAULT_PORT);
        let zone = region.zone.as_ref().map(|zone| format!("/{zone}")).unwrap_or_default();
        TopologyCluster {
            name: cluster(region).to_owned(),
            locality: format!("{}{zone}", region.name),
            gateway: Some(self.topology_gateway()),
            workloads: self.workloads_of(region, port),
            ..TopologyCluster::default()
        }
    }

    /// The pods behind the whole Service, and again behind the region's own, where Envoy has them as other hosts.
    fn workloads_of(&self, region: &IntentRegion, port: u16) -> Vec<Workload> {
        let mut workloads = vec![workload(region, self.spec.host.clone(), port)];
        if self.needs_services() {
            let name = Some(self.service_of(region));
            workloads.push(Workload { name, ..workload(region, self.host_of(region), port) });
        }
        workloads
    }

    /// Only what differs from a gateway's defaults, but how many there are.
    fn topology_gateway(&self) -> TopologyGateway {
        let gateway = &self.spec.gateway;
        let differs = gateway.api == RouteApi::GatewayApi || !gateway.selector.is_empty();
        let labels = differs.then(|| self.selector());
        let namespace = self.gateway_namespace();
        TopologyGateway {
            replicas: Some(1),
            workers: Some(2),
            namespace: (namespace != "istio-system").then(|| namespace.to_owned()),
            labels,
        }
    }

    /// Where the gateway's pods run: a Gateway of the Gateway API has them beside it.
    pub(super) fn gateway_namespace(&self) -> &str {
        match self.spec.gateway.api {
            RouteApi::GatewayApi => self.namespace,
            RouteApi::Istio => self.spec.gateway.namespace.as_deref().unwrap_or("istio-system"),
        }
    }
}

fn workload(region: &IntentRegion, service: String, port: u16) -> Workload {
    Workload {
        service,
        port: port.into(),
        replicas: region.replicas.unwrap_or(DEFAULT_REPLICAS),
        latency: region.latency.map(Latency::Constant),
        ..Workload::default()
    }
}
