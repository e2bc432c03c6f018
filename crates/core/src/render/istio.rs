//! Istio's own kinds: Gateway, VirtualService, DestinationRule.

use super::{REGION_HEADER, Wanted, object};
use crate::check::{empties, with_panic};
use crate::manifest::{
    ConnectionPool, Destination, DestinationRule, Distribute, Gateway, HttpMatchRequest, HttpRoute,
    HttpRouteDestination, HttpSettings, LoadBalancer, LocalityLoadBalancerSetting, Object,
    OutlierDetection, Port, PortSelector, RouteApi, Server, StringMatch, Subset, TrafficPolicy,
    VirtualService,
};
use crate::translate::REGION_LABEL;

/// Source: sigs.k8s.io/gateway-api apis/v1 `GatewayNameLabelKey`.
const GATEWAY_NAME_LABEL: &str = "gateway.networking.k8s.io/gateway-name";

impl Wanted<'_> {
    pub(super) fn gateway(&self) -> Object<Gateway> {
        let server = Server {
            port: Some(Port {
                number: self.gateway_port().into(),
                name: "http".to_owned(),
                protocol: "HTTP".to_owned(),
                target_port: None,
            }),
            hosts: self.hosts(),
            ..Server::default()
        };
        let gateway = Gateway { selector: self.selector(), servers: vec![server] };
        object(self.gateway_name(), Some(self.namespace), gateway)
    }

    /// Labels of the gateway's pods. Istio makes those of a Gateway of the Gateway API, with its name.
    pub(super) fn selector(&self) -> mesh_failover_sorted::SortedMap<String, String> {
        let selector = &self.spec.gateway.selector;
        if self.spec.gateway.api == RouteApi::GatewayApi {
            [(GATEWAY_NAME_LABEL.to_owned(), self.gateway_name().to_owned())].into()
        } else if selector.is_empty() {
            [("istio".to_owned(), "ingressgateway".to_owned())].into()
        } else {
            selector.clone()
        }
    }

    /// With the router, a route for each region before the one without a condition: if the router is absent or broken,
    /// Istio's own failover serves.
    pub(super) fn virtual_service(&self) -> Object<VirtualService> {
        let plain = HttpRoute { route: vec![self.destination(None)], ..HttpRoute::default() };
        let of_regions = self.subsets().map(|region| HttpRoute {
            name: Some(region.to_owned()),
            matches: vec![HttpMatchRequest {
                headers: [(REGION_HEADER.to_owned(), Some(exact(region)))].into(),
                ..HttpMatchRequest::default()
            }],
            route: vec![self.destination(Some(region))],
            ..HttpRoute::default()
        });
        let service = VirtualService {
            hosts: self.hosts(),
            gateways: vec![self.gateway_name().to_owned()],
            http: of_regions.chain([plain]).collect(),
            ..VirtualService::default()
        };
        object(self.name, Some(self.namespace), service)
    }

    fn destination(&self, subset: Option<&str>) -> HttpRouteDestination {
        HttpRouteDestination {
            destination: Some(Destination {
                host: self.spec.host.clone(),
                subset: subset.map(str::to_owned),
                port: self.spec.port.map(|port| PortSelector { number: port.into() }),
            }),
            ..HttpRouteDestination::default()
        }
    }

    /// The regions that have a subset: all with the router, but where routes can name Services only, none without.
    fn subsets(&self) -> impl Iterator<Item = &str> {
        let istio = self.spec.gateway.api == RouteApi::Istio;
        let regions = self.spec.regions.iter().filter(move |_| self.spec.router.is_some() && istio);
        regions.map(|region| region.name.as_str())
    }

    /// istiod labels every endpoint with its region by itself.
    fn subset(&self, region: &str) -> Subset {
        Subset {
            name: region.to_owned(),
            labels: [(REGION_LABEL.to_owned(), region.to_owned())].into(),
            traffic_policy: self.heard().map(|outlier_detection| TrafficPolicy {
                outlier_detection: Some(outlier_detection),
                ..TrafficPolicy::default()
            }),
        }
    }

    /// With probes, what lets Envoy give them to a region whose hosts it has all ejected; lint MF0804 says why.
    pub(super) fn heard(&self) -> Option<OutlierDetection> {
        let router = self.spec.router.as_ref()?;
        let own = self.outlier_detection();
        let probes = router.config.get("probe").is_some_and(|probe| !probe.is_null());
        (probes && empties(&own)).then(|| with_panic(&own))
    }

    pub(super) fn destination_rule(&self) -> Object<DestinationRule> {
        let rule = DestinationRule {
            host: self.spec.host.clone(),
            traffic_policy: Some(TrafficPolicy {
                connection_pool: self.connection_pool(),
                outlier_detection: Some(self.outlier_detection()),
                load_balancer: Some(LoadBalancer {
                    locality_lb_setting: Some(self.locality_lb_setting()),
                    ..LoadBalancer::default()
                }),
                ..TrafficPolicy::default()
            }),
            subsets: self.subsets().map(|region| self.subset(region)).collect(),
            ..DestinationRule::default()
        };
        object(self.name, Some(self.namespace), rule)
    }

    pub(super) fn connection_pool(&self) -> Option<ConnectionPool> {
        let limited = |requests: u32| ConnectionPool {
            http: Some(HttpSettings {
                http2_max_requests: i32::try_from(requests).ok(),
                ..HttpSettings::default()
            }),
            ..ConnectionPool::default()
        };
        self.spec.max_requests.map(limited)
    }

    /// What Istio itself does: beside shares only the router knows an order.
    pub(super) fn locality_lb_setting(&self) -> LocalityLoadBalancerSetting {
        let mut setting = LocalityLoadBalancerSetting {
            enabled: Some(true),
            distribute: self.distribute(),
            ..LocalityLoadBalancerSetting::default()
        };
        if setting.distribute.is_empty() {
            setting.failover.clone_from(&self.spec.failover);
            setting.failover_priority.clone_from(&self.spec.failover_priority);
        }
        setting
    }

    /// The same shares from every region.
    pub(super) fn distribute(&self) -> Vec<Distribute> {
        let regions = self.spec.regions.iter().filter(|_| !self.spec.distribute.is_empty());
        regions
            .map(|region| Distribute {
                from: region.name.clone(),
                to: self.spec.distribute.clone(),
            })
            .collect()
    }
}

fn exact(value: &str) -> StringMatch {
    StringMatch { exact: Some(value.to_owned()), ..StringMatch::default() }
}
