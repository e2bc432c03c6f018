//! Everything the parts of a translation look things up in: istiod's `PushContext`, for one proxy.

use super::destination_rule::{Rules, Selected};
use super::gateway_api::Converted;
use super::network::{IpFamilies, NetworkView};
use super::registry::{Registry, Service};
use super::traffic_policy::merge_traffic_policy;
use super::{MeshLbSetting, Proxy};
use crate::manifest::{Destination, Manifests, MeshConfig, TrafficPolicy};

/// What a translation looks things up in.
#[derive(Debug)]
pub(super) struct Push<'a> {
    pub(super) manifests: &'a Manifests,
    pub(super) proxy: &'a Proxy,
    /// What the Gateway API adds to them.
    pub(super) converted: Converted,
    pub(super) mesh: &'a MeshConfig,
    /// Where the mesh's configuration stands, if it is written.
    pub(super) mesh_document: Option<usize>,
    pub(super) mesh_lb: MeshLbSetting,
    pub(super) registry: Registry,
    pub(super) rules: Rules<'a>,
    pub(super) network: NetworkView,
}

impl<'a> Push<'a> {
    pub(super) fn new(
        manifests: &'a Manifests,
        proxy: &'a Proxy,
        (mesh, mesh_document): (&'a MeshConfig, Option<usize>),
        registry: Registry,
        converted: Converted,
    ) -> Self {
        Self {
            manifests,
            proxy,
            converted,
            mesh,
            mesh_document,
            mesh_lb: MeshLbSetting::from(mesh),
            rules: Rules::new(manifests, mesh),
            network: NetworkView {
                network: proxy.network.clone(),
                families: IpFamilies::Unknown,
                gateways: registry.gateways.clone(),
            },
            registry,
        }
    }

    /// The mesh-wide policy, if this version has one.
    pub(super) fn default_traffic_policy(&self) -> Option<&'a TrafficPolicy> {
        let default = self.mesh.default_traffic_policy.as_ref();
        default.filter(|_| self.proxy.version.has_zone_aware_and_default_policy())
    }

    /// A service the proxy sees.
    pub(super) fn service(&self, hostname: &str) -> Option<&Service> {
        let service = self.registry.services.get(hostname)?;
        service.visibility.includes(&self.proxy.namespace).then_some(service)
    }

    pub(super) fn rule(&self, hostname: &str) -> Option<Selected<'a, '_>> {
        self.rules.select(hostname, self.service(hostname)?, self.proxy)
    }

    /// The policy at a route's destination: a port level counts only if the destination names the port.
    pub(super) fn policy_at(&self, hostname: &str, at: &Destination) -> Option<TrafficPolicy> {
        let selected = self.rule(hostname)?;
        let (parent, subset) = selected.rule.policies(at.subset.as_deref().unwrap_or_default());
        merge_traffic_policy(parent, subset, at.port.as_ref().map(|port| port.number))
    }
}

/// istiod's name of a cluster.
pub(super) fn cluster_name(port: u16, subset: &str, hostname: &str) -> String {
    format!("outbound|{port}|{subset}|{hostname}")
}
