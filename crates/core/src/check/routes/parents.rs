//! Whether an HTTPRoute reaches a Gateway of the Gateway API.

use super::gateways::{NOT_BOUND, NOT_TAKEN, WRONG_NAMESPACE};
use crate::check::Finding;
use crate::check::facts::{Facts, list};
use crate::manifest::Object;
use crate::manifest::gateway_api::{KubeGateway, KubeHttpRoute};
use crate::translate::{Parent, Refusal, has_parents, hostnames, parents};

pub(super) fn check(facts: &Facts<'_>, route: &Object<KubeHttpRoute>, findings: &mut Vec<Finding>) {
    let gateways = &facts.manifests.kube_gateways;
    if !has_parents(route) && !gateways.is_empty() {
        findings.push(no_parents(facts, route));
    }
    for parent in parents(facts.manifests, route) {
        let is_there =
            parent.namesakes.iter().any(|it| it.metadata.namespace() == parent.namespace);
        if !is_there && !parent.namesakes.is_empty() {
            findings.push(wrong_namespace(facts, route, &parent));
        }
        let refused = parent.refusal.as_ref();
        findings.extend(refused.map(|refusal| not_taken(facts, route, &parent, refusal)));
    }
}

fn no_parents(facts: &Facts<'_>, route: &Object<KubeHttpRoute>) -> Finding {
    let gateways = &facts.manifests.kube_gateways;
    let names: Vec<String> = gateways.iter().map(title).collect();
    let message = format!("without `parentRefs` the route is not on {}", list(&names));
    let found = facts.finding(&NOT_BOUND, route, "spec", message);
    let [only] = gateways.as_slice() else { return found.help("add `parentRefs`") };
    let (name, namespace) = (&only.metadata.name, only.metadata.namespace());
    let parents = if namespace == route.metadata.namespace() {
        format!("[{{name: {name}}}]")
    } else {
        format!("[{{name: {name}, namespace: {namespace}}}]")
    };
    let found = found.help(format!("add `parentRefs: {parents}`"));
    found.fix(facts.set(route, "spec.parentRefs", &parents))
}

fn wrong_namespace(
    facts: &Facts<'_>,
    route: &Object<KubeHttpRoute>,
    parent: &Parent<'_>,
) -> Finding {
    let Parent { index, namespace, name, namesakes, .. } = parent;
    let message = format!("`{namespace}/{name}` is no Gateway: the routes are bound to nothing");
    let path = format!("spec.parentRefs[{index}]");
    let found = facts.finding(&WRONG_NAMESPACE, route, format!("{path}.name"), message);
    let others: Vec<&str> = namesakes.iter().map(|it| it.metadata.namespace()).collect();
    let fix = match others.as_slice() {
        [only] => facts.set(route, &format!("{path}.namespace"), only),
        _ => None,
    };
    found.help(format!("write `namespace:` {}", list(&others))).fix(fix)
}

fn not_taken(
    facts: &Facts<'_>,
    route: &Object<KubeHttpRoute>,
    parent: &Parent<'_>,
    refusal: &Refusal<'_>,
) -> Finding {
    let Parent { index, namespace, name, .. } = parent;
    let own = route.metadata.namespace();
    let path = format!("spec.parentRefs[{index}]");
    let (at, lacks, help) = match refusal {
        Refusal::Kind => (
            path,
            "takes HTTPRoutes".to_owned(),
            "name a listener with protocol HTTP or HTTPS".to_owned(),
        ),
        Refusal::Namespace => (
            path,
            format!("takes routes of namespace `{own}`"),
            format!(
                "write `allowedRoutes: {{namespaces: {{from: All}}}}` in the listener, or move the route to `{namespace}`"
            ),
        ),
        Refusal::Host(theirs) => (
            "spec.hostnames".to_owned(),
            format!("has the host {}", list(hostnames(route))),
            format!("the listeners have {}", list(theirs)),
        ),
    };
    let message =
        format!("no listener of Gateway `{namespace}/{name}` {lacks}: nothing leads to this route");
    facts.finding(&NOT_TAKEN, route, at, message).help(help)
}

fn title(gateway: &Object<KubeGateway>) -> String {
    format!("{}/{}", gateway.metadata.namespace(), gateway.metadata.name)
}
