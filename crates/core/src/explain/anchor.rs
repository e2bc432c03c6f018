//! What is to blame where no policy says anything: the line that could hold the policy, or that leads to the service.

use mesh_failover_sorted::SortedMap;

use super::cause::{Cause, Causes, Change};
use crate::manifest::{Manifests, Node, Place, Value};
use crate::route::RouteAction;
use crate::translate::{Origin, Translation};

/// The first route destination that leads to each cluster.
pub(super) fn destinations(
    manifests: &Manifests,
    translation: &Translation,
) -> SortedMap<String, Place> {
    let mut found = SortedMap::new();
    let hosts = translation.listeners.iter().flat_map(|listener| &listener.virtual_hosts);
    for route in hosts.flat_map(|host| &host.routes) {
        let (RouteAction::Forward(forward), Some(place)) = (&route.action, &route.place) else {
            continue;
        };
        let Some(document) = manifests.documents.get(place.document) else { continue };
        for (cluster, path) in forward.clusters.iter().zip(written(&document.root, &place.path)) {
            let place = Place { document: place.document, path };
            found.entry(cluster.name.clone()).or_insert(place);
        }
    }
    found
}

/// Paths of the destinations of a rule that get requests, in their order, which is that of the route's clusters.
fn written(root: &Node, rule_or_match: &str) -> Vec<String> {
    let rule = rule_or_match.split(".match").next().unwrap_or_default();
    let (list, index) = rule.trim_end_matches(']').split_once('[').unwrap_or_default();
    // A VirtualService's, or an HTTPRoute's, which differ in what no weight means.
    let (destinations, named, unweighted) = match list {
        "spec.http" => ("route", "destination.host", "0"),
        _ => ("backendRefs", "name", "1"),
    };
    let rules = root.get("spec").and_then(|spec| spec.get(list.trim_start_matches("spec.")));
    let number = index.parse::<usize>().ok();
    let rule_at = rules.map(items).zip(number).and_then(|(rules, number)| rules.get(number));
    let all = rule_at.and_then(|it| it.get(destinations)).map(items).unwrap_or_default();
    let weight = |it: &Node| it.get("weight").map_or(unweighted, Node::written) != "0";
    let gets_requests = |it: &Node| all.len() == 1 || weight(it);
    let wanted = all.iter().enumerate().filter(|(_, it)| gets_requests(it));
    wanted.map(|(index, _)| format!("{rule}.{destinations}[{index}].{named}")).collect()
}

fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::Seq(items) => items,
        _ => &[],
    }
}

/// The policy of the rule that won, or what leads to the service.
pub(super) fn otherwise(
    manifests: &Manifests,
    origin: &Origin,
    destination: Option<&Place>,
) -> Cause {
    let nothing = Cause::default();
    let causes = Causes { manifests, otherwise: &nothing };
    let Some(document) = origin.destination_rule else {
        let place = destination.map(|at| causes.of(at.document, &at.path));
        return place.map_or(nothing, |cause| Cause { change: Some(Change::Rule), ..cause });
    };
    Cause { change: Some(Change::Field), ..causes.of(document, "spec.trafficPolicy") }
}
