//! Second tries that are another request than the first.
//!
//! **Source**: Envoy source/common/router/router.cc `Filter::decodeHeaders` (`finalizeRequestHeaders`, v1.40.0): a route changes
//! the request after every filter has seen it; filters/region-router/src/rescue.rs keeps it as it was before.

use crate::check::facts::Facts;
use crate::check::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{Headers, HttpRoute};
use crate::router::DestinationConfig;
use crate::translate::{http_rules, resolve_short_name};

const HELP: &str = "leave `rescue` out for this destination, or make the change in the service instead of in the route";

pub(super) const NOT_REPEATED: Rule = Rule {
    code: "MF0805",
    name: "rescue-behind-a-changing-route",
    severity: Severity::Warning,
    title: "the router's second try does not repeat what the route changes in a request",
    why: "\
With `rescue` the router sends a request that failed once more, as it saw it: before the route. `rewrite` and \
`headers.request` of a VirtualService, and an HTTPRoute's filters of their kind, are done by Envoy's router filter, after it. So the second try has the \
path, the host and the headers that the client sent, and the service behind answers something else, \
often 404, or without a header that it trusts the gateway to set. The client gets that answer as a success of \
the rescue, because it is no server error.",
};

pub(super) fn check(
    facts: &Facts<'_>,
    destination: &DestinationConfig,
    findings: &mut Vec<Finding>,
) {
    if destination.rescue.is_none() {
        return;
    }
    for service in &facts.manifests.virtual_services {
        // Only a gateway's routes are behind the router.
        if service.spec.gateways.iter().all(|gateway| gateway == "mesh") {
            continue;
        }
        for (index, route) in service.spec.http.iter().enumerate() {
            let namespace = service.metadata.namespace();
            if let Some(field) = changed(route, destination, namespace) {
                let message = format!(
                    "`rescue` for `{}` sends the request without this `{}`",
                    destination.host,
                    field.rsplit_once("].").map_or(field.as_str(), |(_, name)| name)
                );
                let path = format!("spec.http[{index}].{field}");
                let found = facts.finding(&NOT_REPEATED, service, path, message);
                findings.push(found.help(HELP));
            }
        }
    }
    for object in &facts.manifests.kube_http_routes {
        for (index, route) in http_rules(object) {
            let namespace = object.metadata.namespace();
            if let Some(field) = changed(&route, destination, namespace) {
                let (list, filter) = in_http_route(&field);
                let message = format!(
                    "`rescue` for `{}` sends the request without this rule's `{filter}`",
                    destination.host
                );
                let path = format!("spec.rules[{index}].{list}");
                findings.push(facts.finding(&NOT_REPEATED, object, path, message).help(HELP));
            }
        }
    }
}

/// Where an HTTPRoute says what a VirtualService says in `field`, and by which filter.
fn in_http_route(field: &str) -> (String, &'static str) {
    match (field, field.strip_suffix(".headers.request")) {
        ("rewrite", _) => ("filters".to_owned(), "URLRewrite"),
        (_, Some(of_backend)) => {
            let backend = of_backend.replacen("route", "backendRefs", 1);
            (format!("{backend}.filters"), "RequestHeaderModifier")
        }
        _ => ("filters".to_owned(), "RequestHeaderModifier"),
    }
}

/// The first field of a route to a region of the destination by which requests are changed.
fn changed(route: &HttpRoute, destination: &DestinationConfig, namespace: &str) -> Option<String> {
    let (index, weighted) = route.route.iter().enumerate().find(|(_, weighted)| {
        let Some(to) = &weighted.destination else { return false };
        let port = to.port.as_ref().map(|port| port.number);
        let is_port = |own: u16| port.is_none_or(|port| port == u32::from(own));
        let host = resolve_short_name(&to.host.to_ascii_lowercase(), namespace);
        let of_region = to.subset.is_some() && host == destination.host
            || destination.hosts.values().any(|own| *own == host);
        of_region && destination.port.is_none_or(is_port)
    })?;
    if route.rewrite.is_some() {
        return Some("rewrite".to_owned());
    }
    if changes_request(route.headers.as_ref()) {
        return Some("headers.request".to_owned());
    }
    changes_request(weighted.headers.as_ref()).then(|| format!("route[{index}].headers.request"))
}

fn changes_request(headers: Option<&Headers>) -> bool {
    let request = headers.and_then(|headers| headers.request.as_ref());
    request.is_some_and(|it| !(it.set.is_empty() && it.add.is_empty() && it.remove.is_empty()))
}
