//! Routes that defeat failover, and VirtualServices that do not reach the gateway.
//!
//! **Source**: Istio route.go, virtualservice binding in push_context.go and config.go, retry.go, 1.31.

mod destination;
mod gateways;
mod retries;
mod waiting;
mod way;

use super::facts::{Facts, list};
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{HttpRoute, Object, VirtualService};
use crate::translate::codes;
use destination::{Place, place};
use way::Way;

pub(super) const RULES: &[&Rule] = &[
    &WEIGHTS,
    &PINNED,
    &SUBSET_MISSING,
    &gateways::NOT_BOUND,
    &gateways::WRONG_NAMESPACE,
    &retries::REMOTE_WITH_DISTRIBUTE,
    &waiting::CONNECT_TIMEOUT,
    &retries::WITHOUT_503,
    &waiting::NO_TIMEOUT,
    &retries::WITHOUT_BUDGET,
    &waiting::LATE,
];

const WEIGHTS: Rule = Rule {
    code: "MF0601",
    name: "weights-across-regions",
    severity: Severity::Warning,
    title: "route weights over regional subsets do not fail over",
    why: "\
A VirtualService draws the destination before anybody looks at health. Each subset is a cluster of its \
own with the endpoints of its region only, so when the region dies, its share of the requests fails \
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
The route's cluster does not exist: Envoy answers 503 with the flag NC to every request. That happens \
also while a rule and a route that belong together are applied in the wrong order.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for service in &facts.manifests.virtual_services {
        gateways::check(facts, service, findings);
        for (index, route) in service.spec.http.iter().enumerate() {
            let path = format!("spec.http[{index}]");
            destinations(facts, service, route, &path, findings);
            let way = Way::new(facts, service, (route, path));
            retries::check(&way, findings);
            waiting::check(&way, findings);
        }
    }
}

fn destinations(
    facts: &Facts<'_>,
    service: &Object<VirtualService>,
    route: &HttpRoute,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let mut places: Vec<(usize, i32, Place)> = Vec::new();
    for (index, weighted) in route.route.iter().enumerate() {
        let Some(destination) = &weighted.destination else { continue };
        match place(facts, service, destination) {
            Place::Missing { host, defined } => {
                let subset = destination.subset.as_deref().unwrap_or_default();
                let message = format!(
                    "no DestinationRule for `{host}` defines subset `{subset}`: requests get 503 (flag NC)"
                );
                let at = format!("{path}.route[{index}].destination.subset");
                let found = facts.finding(&SUBSET_MISSING, service, at, message);
                findings.push(if defined.is_empty() {
                    found.help("define it, or remove `subset` from the destination")
                } else {
                    found.help(format!("defined are {}", list(&defined)))
                });
            }
            Place::Elsewhere => {}
            place => places.push((index, weighted.weight.unwrap_or(0), place)),
        }
    }
    // With the region router in the gateway, the route is chosen for a region that is alive.
    let all_regional = places.iter().all(|(_, _, place)| matches!(place, Place::In { .. }));
    let Some(((first, ..), false)) = places.first().map(|it| (it, has_region_router(facts))) else {
        return;
    };
    if !all_regional {
        return;
    }
    let at = |index: usize| format!("{path}.route[{index}].destination.subset");
    if let [(_, _, Place::In { subset, region })] = places.as_slice() {
        let message = format!(
            "requests on this route go to subset `{subset}`, which is `{region}` alone: they fail while it is down"
        );
        let found = facts.finding(&PINNED, service, at(*first), message);
        findings.push(found.help(
            "send them to the host without `subset` and prefer the region by `localityLbSetting`, or use the region router",
        ));
    } else {
        let total: i64 = places.iter().map(|(_, weight, _)| i64::from(*weight)).sum();
        let shares = places.iter().filter_map(|(_, weight, place)| match place {
            Place::In { region, .. } if total > 0 => {
                Some(format!("{} % to `{region}`", i64::from(*weight) * 100 / total))
            }
            _ => None,
        });
        let shares = shares.collect::<Vec<_>>().join(", ");
        let message =
            format!("weights send {shares} whether it is up or not: a dead region's share fails");
        let found = facts.finding(&WEIGHTS, service, format!("{path}.route"), message);
        findings.push(
            found.help(
                "use one destination without `subset` and `distribute` in its DestinationRule",
            ),
        );
    }
}

/// Whether a plugin with the region router's configuration is among the manifests.
fn has_region_router(facts: &Facts<'_>) -> bool {
    let plugins = facts.manifests.wasm_plugins.iter().map(|it| it.spec.plugin_config.as_ref());
    let extensions = facts.manifests.traffic_extensions.iter();
    let extensions =
        extensions.map(|it| it.spec.wasm.as_ref().and_then(|wasm| wasm.plugin_config.as_ref()));
    let is_router = |config: &serde_json::Value| config.get("destinations").is_some();
    plugins.chain(extensions).flatten().any(is_router)
}
