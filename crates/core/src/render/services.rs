//! A Service for each region, for routes that can name Services only.
//!
//! istiod knows the Services of all clusters, so one that exists in its region's cluster alone can be routed to from everywhere, and
//! has that region's pods only.
//!
//! **Source**: Istio pilot/pkg/config/kube/gateway/conversion.go `buildDestination`; pilot/pkg/serviceregistry/aggregate
//! `Controller.Services`, 1.31.

use mesh_failover_sorted::SortedMap;

use super::{RenderedFile, Wanted, cluster, object};
use crate::diagnostic::Diagnostic;
use crate::manifest::kubernetes::{Service, ServicePort};
use crate::manifest::{DestinationRule, IntentRegion, Object, RouteApi, TrafficPolicy};

impl Wanted<'_> {
    /// Whether each region needs a Service of its own: the router behind HTTPRoutes.
    pub(super) fn needs_services(&self) -> bool {
        self.spec.router.is_some() && self.spec.gateway.api == RouteApi::GatewayApi
    }

    pub(super) fn regions_with_service(&self) -> impl Iterator<Item = &IntentRegion> {
        self.spec.regions.iter().filter(|_| self.needs_services())
    }

    /// The short name of a region's Service.
    pub(super) fn service_of(&self, region: &IntentRegion) -> String {
        format!("{}-{}", self.service(), region.name)
    }

    /// Its full name.
    pub(super) fn host_of(&self, region: &IntentRegion) -> String {
        let rest = self.spec.host.split_once('.').map_or("", |(_, rest)| rest);
        format!("{}.{rest}", self.service_of(region))
    }

    /// Host by region, as the router is told.
    pub(super) fn hosts_of_regions(&self) -> SortedMap<String, String> {
        self.regions_with_service().map(|it| (it.name.clone(), self.host_of(it))).collect()
    }

    /// The Services, each for the cluster of its region only.
    pub(super) fn region_services(&self) -> Result<Vec<(String, RenderedFile)>, Vec<Diagnostic>> {
        let file = |region: &IntentRegion| {
            let name = format!("service-{}", region.name);
            let file = self.file(&name, &self.region_service(region))?;
            Ok((cluster(region).to_owned(), file))
        };
        self.regions_with_service().map(file).collect()
    }

    fn region_service(&self, region: &IntentRegion) -> Object<Service> {
        let pods = &self.spec.pods;
        let by_app = || [("app".to_owned(), self.service().to_owned())].into();
        let selector = if pods.selector.is_empty() { by_app() } else { pods.selector.clone() };
        let port = ServicePort {
            name: Some("http".to_owned()),
            port: self.spec.port.unwrap_or_default().into(),
            target_port: pods.target_port.map(Into::into),
        };
        let service = Service { selector, ports: vec![port] };
        object(&self.service_of(region), Some(self.namespace), service)
    }

    /// What Envoy does with the hosts inside of each region.
    pub(super) fn region_rules(&self) -> Result<Vec<RenderedFile>, Vec<Diagnostic>> {
        let file = |region: &IntentRegion| {
            let name = format!("destination-rule-{}", region.name);
            self.file(&name, &self.region_rule(region))
        };
        self.regions_with_service().map(file).collect()
    }

    fn region_rule(&self, region: &IntentRegion) -> Object<DestinationRule> {
        let policy = TrafficPolicy {
            connection_pool: self.connection_pool(),
            outlier_detection: self.heard().or_else(|| Some(self.outlier_detection())),
            ..TrafficPolicy::default()
        };
        let rule = DestinationRule {
            host: self.host_of(region),
            traffic_policy: Some(policy),
            ..DestinationRule::default()
        };
        object(&format!("{}-{}", self.name, region.name), Some(self.namespace), rule)
    }
}
