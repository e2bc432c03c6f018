//! Routes that defeat failover, and VirtualServices that do not reach the gateway.
//!
//! Rules of an HTTPRoute are looked at in Istio's words, as istiod converts them. What they cannot have is not looked for there:
//! subsets (MF0103, MF0602), `retryRemoteLocalities` (MF0603), and what istiod's webhook says, which never sees them.
//!
//! **Source**: Istio route.go, virtualservice binding in push_context.go and config.go, retry.go, 1.31.

mod destination;
mod gateways;
mod parents;
mod retries;
mod unreached;
mod waiting;
mod way;
mod written;

use super::facts::{Facts, list};
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{HttpRoute, Object};
use crate::translate::codes;
use destination::{Place, place};
pub(super) use gateways::WRONG_NAMESPACE;
use way::Way;
use written::Written;

pub(super) const RULES: &[&Rule] = &[
    &WEIGHTS,
    &PINNED,
    &SUBSET_MISSING,
    &gateways::NOT_BOUND,
    &WRONG_NAMESPACE,
    &retries::REMOTE_WITH_DISTRIBUTE,
    &waiting::CONNECT_TIMEOUT,
    &retries::WITHOUT_503,
    &waiting::NO_TIMEOUT,
    &retries::WITHOUT_BUDGET,
    &waiting::LATE,
    &gateways::NOT_TAKEN,
    &unreached::NEVER_REACHED,
];

const WEIGHTS: Rule = Rule {
    code: "MF0601",
    name: "weights-across-regions",
    severity: Severity::Warning,
    title: "route weights over regional subsets do not fail over",
    why: "\
A route draws the destination before anybody looks at health. Each subset, and each Service, is a cluster \
of its own; where it has the endpoints of one region only and the region dies, its share of the requests fails \
until somebody changes the weights. To share traffic between regions and fail over, use `distribute` on \
one destination without subsets ([istio#35124](https://github.com/istio/istio/issues/35124)).",
};

const PINNED: Rule = Rule {
    code: "MF0602",
    name: "route-pinned-to-a-region",
    severity: Severity::Warning,
    title: "a route to a regional subset cannot leave its region",
    why: "\
A subset selected by region, zone or cluster holds the endpoints of that place only. Failover moves \
traffic between priorities of one cluster, never to another cluster, so whatever the DestinationRule \
says about failover, requests on this route fail while the place is down \
([istio#32419](https://github.com/istio/istio/issues/32419)). With the region router the header is set \
per request for a region that is alive, and this is intended.",
};

const SUBSET_MISSING: Rule = Rule {
    code: codes::CLUSTER_NOT_FOUND,
    name: "destination-does-not-exist",
    severity: Severity::Error,
    title: "a route leads to a subset that no DestinationRule defines",
    why: "\
The route's cluster does not exist: Envoy answers 503 with the flag NC to every request, and 500 on a \
route of the Gateway API. That happens also while a rule and a route that belong together are applied in the wrong order.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for service in &facts.manifests.virtual_services {
        gateways::check(facts, service, findings);
        rules(facts, service, service.spec.http.iter().enumerate(), findings);
    }
    for route in &facts.manifests.kube_http_routes {
        parents::check(facts, route, findings);
        let converted = crate::translate::http_rules(route);
        unreached::check(facts, route, &converted, findings);
        rules(facts, route, converted.iter().map(|(index, it)| (*index, it)), findings);
    }
}

/// Rules of an object in Istio's words, each with its place in the list.
fn rules<'r, T: Written>(
    facts: &Facts<'_>,
    object: &Object<T>,
    rules: impl Iterator<Item = (usize, &'r HttpRoute)>,
    findings: &mut Vec<Finding>,
) {
    for (index, route) in rules {
        let path = format!("{}[{index}]", T::RULES);
        destinations(facts, object, route, &path, findings);
        let way = Way::new(facts, object, (route, path));
        retries::check(&way, findings);
        waiting::check(&way, findings);
    }
}

fn destinations<T: Written>(
    facts: &Facts<'_>,
    object: &Object<T>,
    route: &HttpRoute,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let mut regional: Vec<(usize, i32, Option<String>, String)> = Vec::new();
    for (index, weighted) in route.route.iter().enumerate() {
        let Some(destination) = &weighted.destination else { continue };
        match place(facts, object, destination) {
            Place::Missing { host, defined } => {
                let subset = destination.subset.as_deref().unwrap_or_default();
                let message = format!(
                    "no DestinationRule for `{host}` defines subset `{subset}`: requests get 503 (flag NC)"
                );
                let at = format!("{path}.route[{index}].destination.subset");
                let found = facts.finding(&SUBSET_MISSING, object, at, message);
                findings.push(if defined.is_empty() {
                    found.help("define it, or remove `subset` from the destination")
                } else {
                    found.help(format!("defined are {}", list(&defined)))
                });
            }
            Place::Elsewhere => {}
            Place::In { subset, region } => {
                regional.push((index, weighted.weight.unwrap_or(0), subset, region));
            }
        }
    }
    // With the region router in the gateway, the route is chosen for a region that is alive.
    if facts.routers().next().is_some() {
        return;
    }
    match regional.as_slice() {
        [] | [(_, _, None, _)] => {}
        [(index, _, Some(subset), region)] => {
            let message = format!(
                "requests on this route go to subset `{subset}`, which is `{region}` alone: they fail while it is down"
            );
            let at = format!("{path}.route[{index}].destination.subset");
            let found = facts.finding(&PINNED, object, at, message);
            findings.push(found.help(
                "send them to the host without `subset` and prefer the region by `localityLbSetting`, or use the region router",
            ));
        }
        _ => findings.extend(weights(facts, object, (route, path), &regional)),
    }
}

/// Weights over places of which each is one region. Services that all stand in the same one share nothing between regions.
fn weights<T: Written>(
    facts: &Facts<'_>,
    object: &Object<T>,
    (route, path): (&HttpRoute, &str),
    regional: &[(usize, i32, Option<String>, String)],
) -> Option<Finding> {
    let by_subset = regional.iter().any(|(_, _, subset, _)| subset.is_some());
    let first = regional.first().map(|(.., region)| region);
    if !by_subset && regional.iter().all(|(.., region)| Some(region) == first) {
        return None;
    }
    let total: i64 = route.route.iter().map(|it| i64::from(it.weight.unwrap_or(0))).sum();
    let shares = regional.iter().filter(|_| total > 0).map(|(_, weight, _, region)| {
        format!("{} % to `{region}`", i64::from(*weight) * 100 / total)
    });
    let shares = shares.collect::<Vec<_>>().join(", ");
    let message =
        format!("weights send {shares} whether it is up or not: a dead region's share fails");
    let at = format!("{path}.{}", T::DESTINATIONS);
    Some(facts.finding(&WEIGHTS, object, at, message).help(T::INSTEAD_OF_WEIGHTS))
}
