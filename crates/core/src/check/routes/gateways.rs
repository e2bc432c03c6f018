//! Whether a VirtualService reaches a gateway.

use crate::check::facts::{Facts, list};
use crate::check::istio::WHOLE;
use crate::check::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{Gateway, Object, VirtualService};
use crate::translate::{intersection, is_subset_of};

pub(super) const NOT_BOUND: Rule = Rule {
    code: "MF0604",
    name: "virtual-service-without-gateways",
    severity: Severity::Warning,
    title: "a VirtualService without `gateways`, or an HTTPRoute without `parentRefs`, is not on the gateway",
    why: "\
An empty `gateways` list means `[mesh]`: sidecars only. The ingress gateway does not see the \
VirtualService and answers 404 for its hosts. An HTTPRoute without `parentRefs` is bound to nothing at all.",
};

pub(in crate::check) const WRONG_NAMESPACE: Rule = Rule {
    code: "MF0605",
    name: "gateway-of-another-namespace",
    severity: Severity::Warning,
    title: "the gateway's name is looked up in another namespace",
    why: "\
A name in `gateways` without a namespace means the VirtualService's own namespace; so does one in the `parentRefs` \
of an HTTPRoute. If the Gateway \
stands elsewhere, the two are never bound, and the gateway answers 404. Nothing reports it but \
`istioctl analyze`.",
};

pub(super) const NOT_TAKEN: Rule = Rule {
    code: "MF0611",
    name: "gateway-takes-no-such-route",
    severity: Severity::Warning,
    title: "the gateway takes no such route",
    why: "\
Route and Gateway need a host in common, and the Gateway must take routes of that namespace: a server says whose by `shop/` before \
the host, a listener of the Gateway API by `allowedRoutes`, whose default is the Gateway's own. If not, the gateway answers 404. \
Only `istioctl analyze` (IST0132) or an HTTPRoute's status tells.",
};

pub(super) fn check(
    facts: &Facts<'_>,
    service: &Object<VirtualService>,
    findings: &mut Vec<Finding>,
) {
    if service.spec.gateways.is_empty() {
        not_bound(facts, service, findings);
    }
    let gateways = &facts.manifests.gateways;
    for (index, name) in service.spec.gateways.iter().enumerate() {
        let Some((namespace, name)) = resolved(name, service.metadata.namespace()) else {
            continue;
        };
        let is = |gateway: &&Object<Gateway>| {
            gateway.metadata.name == name && gateway.metadata.namespace() == namespace
        };
        let others = gateways.iter().filter(|gateway| gateway.metadata.name == name);
        let others: Vec<String> = others.map(title).collect();
        let own: Vec<&Object<Gateway>> = gateways.iter().filter(is).collect();
        if !own.is_empty() && WHOLE {
            findings.extend(not_taken(facts, service, &own));
        }
        if !own.is_empty() || others.is_empty() {
            continue;
        }
        let path = format!("spec.gateways[{index}]");
        let message =
            format!("`{namespace}/{name}` is no Gateway: the routes are bound to nothing");
        let mut found = facts.finding(&WRONG_NAMESPACE, service, path, message);
        if let [only] = others.as_slice() {
            found = found.fix(facts.document(service).and_then(|document| {
                super::super::edit::set_item(document, "spec.gateways", index, only)
            }));
        }
        findings.push(found.help(format!("write {}", list(&others))));
    }
}

/// No host in common with any server of a Gateway, of which there may be one in each cluster.
fn not_taken(
    facts: &Facts<'_>,
    service: &Object<VirtualService>,
    gateways: &[&Object<Gateway>],
) -> Option<Finding> {
    let own = service.metadata.namespace();
    let servers = gateways.iter().flat_map(|gateway| {
        let hosts = gateway.spec.servers.iter().flat_map(|server| &server.hosts);
        hosts.map(|host| (gateway.metadata.namespace(), host.as_str()))
    });
    let taken = servers.clone().any(|(namespace, host)| {
        let (whose, name) = host.split_once('/').unwrap_or(("*", host));
        let is_own = whose == "*" || whose == own || whose == "." && namespace == own;
        is_own && service.spec.hosts.iter().any(|it| intersection(it, name).is_some())
    });
    // A delegate has no hosts.
    if taken || service.spec.hosts.is_empty() {
        return None;
    }
    let gateway = gateways.first()?;
    let message = format!(
        "no server of Gateway `{}` takes {} of namespace `{own}`: nothing leads to these routes",
        title(gateway),
        list(&service.spec.hosts)
    );
    let theirs: mesh_failover_sorted::SortedSet<&str> = servers.map(|(_, host)| host).collect();
    let found = facts.finding(&NOT_TAKEN, service, "spec.hosts", message);
    Some(found.help(format!("the servers have {}", list(&theirs))))
}

fn title(gateway: &Object<Gateway>) -> String {
    format!("{}/{}", gateway.metadata.namespace(), gateway.metadata.name)
}

/// `None` for `mesh` and for names that are not of this form.
fn resolved<'a>(name: &'a str, own: &'a str) -> Option<(&'a str, &'a str)> {
    match name.split_once('/') {
        Some((".", name)) => Some((own, name)),
        Some(pair) => Some(pair),
        None if name == "mesh" || name.contains('.') => None,
        None => Some((own, name)),
    }
}

/// Hosts that only a client outside of the mesh would ask for, and that a Gateway serves.
fn not_bound(facts: &Facts<'_>, service: &Object<VirtualService>, findings: &mut Vec<Finding>) {
    let is_delegate = facts.manifests.virtual_services.iter().any(|other| {
        let delegates = other.spec.http.iter().filter_map(|route| route.delegate.as_ref());
        delegates.into_iter().any(|delegate| delegate.name == service.metadata.name)
    });
    let outside = |host: &String| host == "*" || host.contains('.') && !host.contains(".svc");
    let outside: Vec<&String> = service.spec.hosts.iter().filter(|host| outside(host)).collect();
    let external = |host: &String| facts.services.contains_key(host);
    if is_delegate || outside.is_empty() || outside.iter().any(|host| external(host)) {
        return;
    }
    let serves = |gateway: &&Object<Gateway>| {
        let hosts = gateway.spec.servers.iter().flat_map(|server| &server.hosts);
        let mut names = hosts.map(|host| host.rsplit('/').next().unwrap_or_default());
        names.any(|name| {
            outside.iter().any(|host| is_subset_of(host, name) || is_subset_of(name, host))
        })
    };
    let gateways: Vec<&Object<Gateway>> = facts.manifests.gateways.iter().filter(serves).collect();
    if gateways.is_empty() {
        return;
    }
    let names: Vec<String> = gateways.iter().map(|gateway| title(gateway)).collect();
    let message =
        format!("without `gateways` the routes for {} are not on {}", list(&outside), list(&names));
    let istiod = outside.iter().any(|host| *host == "*");
    let istiod = istiod.then(|| super::super::istio::WILDCARD_ON_MESH.to_owned());
    let mut found = facts.finding(&NOT_BOUND, service, "spec", message).istiod(istiod);
    if let [only] = names.as_slice() {
        found = found.fix(facts.set(service, "spec.gateways", &format!("[{only}]")));
    }
    findings.push(found.help(format!("add `gateways: [{}]`", names.join(", "))));
}
