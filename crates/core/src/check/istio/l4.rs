//! What istiod's webhook says of TLS and TCP routes.
//!
//! **Source**: Istio pkg/config/validation/validation.go `validateTLSRoute`, `validateTCPRoute`, `validateSniHost`,
//! `validateRouteDestinations`, agent/validation.go `ValidateIPSubnet`, 1.31.

use std::net::IpAddr;

use serde_json::Value;

use super::quoted::Quoted;
use super::{Said, domain, http_route, matching, scope};
use crate::manifest::{Destination, VirtualService, from_value};
use crate::translate::is_subset_of;

/// What is wrong with the routes below HTTP.
pub(super) fn routes(service: &VirtualService, said: &mut Vec<Said>) {
    for (index, route) in list(service.tls.as_ref()) {
        let path = format!("spec.tls[{index}]");
        if list(route.get("match")).next().is_none() {
            said.push(Said::error(&path, "TLS route must have at least one match condition"));
        }
        for (place, matched) in list(route.get("match")) {
            let path = format!("{path}.match[{place}]");
            if matched.is_null() {
                said.push(Said::error(path, "TLS match may not be null"));
                continue;
            }
            let names: Vec<&str> = texts(matched, "sniHosts").collect();
            if names.is_empty() {
                said.push(Said::error(&path, "TLS match must have at least one SNI host"));
            }
            for (nth, name) in names.iter().enumerate() {
                said.extend(sni(name, service, format!("{path}.sniHosts[{nth}]")));
            }
            connection(matched, &path, said);
        }
        destinations(route, "TLS route is required", &path, said);
    }
    for (index, route) in list(service.tcp.as_ref()) {
        let path = format!("spec.tcp[{index}]");
        for (place, matched) in list(route.get("match")) {
            let path = format!("{path}.match[{place}]");
            if matched.is_null() {
                said.push(Said::error(path, "tcp match may not be nil"));
            } else {
                connection(matched, &path, said);
            }
        }
        destinations(route, "TCP route is required", &path, said);
    }
}

fn list(value: Option<&Value>) -> impl Iterator<Item = (usize, &Value)> {
    value.and_then(Value::as_array).into_iter().flatten().enumerate()
}

fn texts<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    list(value.get(name)).filter_map(|(_, item)| item.as_str())
}

/// `validateSniHost`.
fn sni(name: &str, service: &VirtualService, path: String) -> Option<Said> {
    if let Err(message) = domain::wildcard(name) {
        if name.parse::<IpAddr>().is_ok() {
            let message = format!(
                "using an IP address ({name}) goes against SNI spec and most clients do not support this",
                name = Quoted(name)
            );
            return Some(Said::warning(path, message));
        }
        return Some(Said::error(path, message));
    }
    let fits = service.hosts.iter().any(|host| is_subset_of(name, host));
    (!fits).then(|| {
        let hosts = service.hosts.join(", ");
        let message = format!(
            "SNI host {name} is not a compatible subset of any of the virtual service hosts: [{hosts}]", name = Quoted(name));
        Said::error(path, message)
    })
}

/// What TLS and TCP conditions have in common.
fn connection(matched: &Value, path: &str, said: &mut Vec<Said>) {
    for (index, subnet) in texts(matched, "destinationSubnets").enumerate() {
        let message = wrong_subnet(subnet);
        let path = format!("{path}.destinationSubnets[{index}]");
        said.extend(message.map(|message| Said::error(path, message)));
    }
    let number = matched.get("port").and_then(Value::as_i64).unwrap_or(0);
    if number != 0 {
        matching::port(number, &format!("{path}.port"), said);
    }
    let labels = matched.get("sourceLabels").and_then(from_value).unwrap_or_default();
    scope::labels(&labels, &format!("{path}.sourceLabels"), said);
    let gateways: Vec<String> = texts(matched, "gateways").map(str::to_owned).collect();
    matching::gateways(&gateways, &format!("{path}.gateways"), said);
}

/// `ValidateIPSubnet`.
fn wrong_subnet(subnet: &str) -> Option<String> {
    let is_address = |text: &str| text.parse::<IpAddr>().ok();
    match subnet.split_once('/') {
        Some((address, length)) => {
            let most = is_address(address).map(|it| if it.is_ipv4() { 32 } else { 128 });
            let fits = length.parse::<u8>().is_ok_and(|length| most.is_some_and(|it| length <= it));
            (!fits).then(|| format!("{subnet} is not a valid CIDR block"))
        }
        None => is_address(subnet).is_none().then(|| format!("{subnet} is not a valid IP")),
    }
}

/// `validateRouteDestinations`.
fn destinations(route: &Value, required: &str, path: &str, said: &mut Vec<Said>) {
    if list(route.get("route")).next().is_none() {
        said.push(Said::error(path, required));
    }
    let mut weights = Vec::new();
    for (index, weighted) in list(route.get("route")) {
        let path = format!("{path}.route[{index}]");
        let to: Option<Destination> = weighted.get("destination").and_then(from_value);
        weights.push(weighted.get("weight").and_then(Value::as_i64).unwrap_or(0));
        http_route::weighted(to.as_ref(), weights.last().copied(), &path, said);
    }
    http_route::total(&weights, path, said);
}
