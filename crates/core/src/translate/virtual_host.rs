//! Virtual hosts: where the hosts of Gateway servers and of VirtualServices meet.
//!
//! **Source**: Istio pilot/pkg/networking/core/gateway.go `buildGatewayHTTPRouteConfig`,
//! pilot/pkg/model/push_context.go `VirtualServicesForGateway`, pilot/pkg/model/config.go `resolveGatewayName`, 1.31.

use mesh_failover_sorted::SortedMap;

use super::findings::{Findings, by_age};
use super::gateway::BoundServer;
use super::host::{intersection, resolve_short_name};
use super::push::Push;
use super::routes::{RouteScope, build_routes, is_catch_all};
use super::visibility::Visibility;
use crate::manifest::{Object, Place, VirtualService};
use crate::route::{Listener, Route, VirtualHost};

/// Builds the listener of one route name; its servers share port, bind and protocol.
pub(super) fn build_listener(
    push: &Push<'_>,
    (port, route_name): (u16, &str),
    servers: &[BoundServer],
    findings: &mut Findings<'_>,
) -> Listener {
    let mut by_domain: SortedMap<String, VirtualHost> = SortedMap::new();
    for server in servers {
        for service in virtual_services_for(push, &server.gateway) {
            let (service, places) = service;
            let domains = matching_domains(server, service);
            if domains.is_empty() {
                continue;
            }
            let scope = RouteScope { push, service, places, gateway: &server.gateway, port };
            let routes = build_routes(&scope, findings);
            for domain in domains {
                let host = by_domain.entry(domain.clone()).or_insert_with(|| empty(&domain, port));
                host.routes.extend(routes.iter().cloned());
                host.require_tls |= server.https_redirect;
            }
        }
        if server.https_redirect {
            for (_, domain) in &server.hosts {
                let host = by_domain.entry(domain.clone()).or_insert_with(|| empty(domain, port));
                host.require_tls = true;
            }
        }
    }
    let mut virtual_hosts: Vec<_> = by_domain.into_values().collect();
    for host in &mut virtual_hosts {
        catch_all_last(&mut host.routes);
    }
    if virtual_hosts.is_empty() {
        let name = format!("blackhole:{port}");
        virtual_hosts.push(VirtualHost { name, ..empty("*", port) });
    }
    mesh_failover_sorted::sort_by(&mut virtual_hosts, |one, other| one.name.cmp(&other.name));
    let terminates_tls = servers.iter().any(|server| server.terminates_tls);
    let names = servers.iter().flat_map(|server| &server.hosts).map(|(_, name)| name.clone());
    Listener {
        port,
        bind: servers.iter().find_map(|server| server.bind.clone()),
        route_name: route_name.to_owned(),
        tls: terminates_tls.then(|| names.collect()),
        virtual_hosts,
    }
}

fn empty(domain: &str, port: u16) -> VirtualHost {
    VirtualHost {
        name: format!("{domain}:{port}"),
        domains: vec![domain.to_owned()],
        require_tls: false,
        routes: Vec::new(),
    }
}

/// Several VirtualServices of one host are appended; a catch-all must not hide the later ones.
fn catch_all_last(routes: &mut [Route]) {
    mesh_failover_sorted::sort_by_key(routes, is_catch_all);
}

/// A VirtualService, and where its routes stand if it was an HTTPRoute.
type Bound<'b> = (&'b Object<VirtualService>, Option<&'b [Place]>);

/// VirtualServices bound to a Gateway, in istiod's order: private to the proxy's namespace, exported
/// to it by name, public; the oldest first in each. One that was an HTTPRoute is bound to a Gateway that takes no others.
fn virtual_services_for<'b>(push: &'b Push<'_>, gateway: &str) -> Vec<Bound<'b>> {
    let converted = push.converted.services.iter();
    let of_api = converted.filter(|it| it.object.spec.gateways.iter().any(|name| name == gateway));
    let of_api = of_api.map(|it| (&it.object, Some(it.places.as_slice())));
    let own = push.proxy.namespace.as_str();
    let default = push.mesh.default_virtual_service_export_to.as_deref();
    let mut visible: Vec<_> = by_age(&push.manifests.virtual_services)
        .into_iter()
        .filter(|service| {
            let namespace = service.metadata.namespace();
            service.spec.gateways.iter().any(|name| resolve_gateway(name, namespace) == gateway)
        })
        .filter_map(|service| {
            let namespace = service.metadata.namespace();
            let visibility = Visibility::new(&service.spec.export_to, default, namespace);
            let private = namespace == own && visibility.is_private_to(own);
            let rank = if visibility.is_public() { 2 } else { u8::from(!private) };
            visibility.includes(own).then_some((rank, service))
        })
        .collect();
    mesh_failover_sorted::sort_by_key(&mut visible, |(rank, _)| *rank);
    visible.into_iter().map(|(_, service)| (service, None)).chain(of_api).collect()
}

/// `namespace/name` of a Gateway as a VirtualService names it; `mesh` stays.
///
/// The old dotted form `name.namespace[.svc…]` still works.
pub(super) fn resolve_gateway(name: &str, namespace: &str) -> String {
    if let Some((in_namespace, rest)) = name.split_once('/') {
        return if in_namespace == "." { format!("{namespace}/{rest}") } else { name.to_owned() };
    }
    if name == "mesh" {
        return name.to_owned();
    }
    match name.split_once('.') {
        None => format!("{namespace}/{name}"),
        Some((short, rest)) => format!("{}/{short}", rest.split('.').next().unwrap_or_default()),
    }
}

/// Domains where a server's hosts and a VirtualService's meet: the narrower of the two, once each.
fn matching_domains(server: &BoundServer, service: &Object<VirtualService>) -> Vec<String> {
    let namespace = service.metadata.namespace();
    let mut domains: Vec<String> = Vec::new();
    for host in &service.spec.hosts {
        let host = resolve_short_name(&host.to_ascii_lowercase(), namespace);
        let of_namespace =
            server.hosts.iter().filter(|(allowed, _)| allowed == "*" || allowed == namespace);
        for domain in of_namespace.filter_map(|(_, name)| intersection(name, &host)) {
            if !domains.iter().any(|known| known == domain) {
                domains.push(domain.to_owned());
            }
        }
    }
    domains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateway_names_are_resolved_as_in_istio() {
        for (name, expect) in [
            ("gw", "shop/gw"),
            ("./gw", "shop/gw"),
            ("infra/gw", "infra/gw"),
            ("gw.infra", "infra/gw"),
            ("gw.infra.svc.cluster.local", "infra/gw"),
            ("mesh", "mesh"),
        ] {
            assert_eq!(resolve_gateway(name, "shop"), expect, "{name}");
        }
    }
}
