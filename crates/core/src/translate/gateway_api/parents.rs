//! What becomes of each Gateway that an HTTPRoute names: nothing reports it but the route's status.
//!
//! **Source**: Istio pilot/pkg/config/kube/gateway `referenceAllowed`, 1.31; Gateway API 1.4 `ParentReference`,
//! `AllowedRoutes`.

use serde_json::Value;

use super::super::host::intersection;
use super::{gateway_of, is_named, list, namespaces, object, text};
use crate::manifest::gateway_api::{KubeGateway, KubeHttpRoute};
use crate::manifest::{Manifests, Object};

/// A reference to a Gateway.
pub(crate) struct Parent<'a> {
    /// Its place among `parentRefs`.
    pub(crate) index: usize,
    /// Where it is looked for, and its name.
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    /// Gateways of that name, wherever they are.
    pub(crate) namesakes: Vec<&'a Object<KubeGateway>>,
    /// Why no listener takes the route, though the Gateway and the listener are there.
    pub(crate) refusal: Option<Refusal<'a>>,
}

/// What all listeners that are named lack.
pub(crate) enum Refusal<'a> {
    /// None takes HTTPRoutes.
    Kind,
    /// None takes routes of the namespace.
    Namespace,
    /// None has a host of the route; theirs.
    Host(Vec<&'a str>),
}

/// Each Gateway that a route names.
pub(crate) fn parents<'a>(
    manifests: &'a Manifests,
    route: &'a Object<KubeHttpRoute>,
) -> Vec<Parent<'a>> {
    let references = list(&route.spec.0, "parentRefs").iter().enumerate();
    let each = references.filter_map(|(index, reference)| {
        let (namespace, name) = gateway_of(route, reference)?;
        let gateways = manifests.kube_gateways.iter();
        let namesakes: Vec<_> = gateways.filter(|it| it.metadata.name == name).collect();
        let own = namesakes.iter().find(|it| it.metadata.namespace() == namespace);
        let refusal = own.and_then(|gateway| refusal(manifests, route, reference, gateway));
        Some(Parent { index, namespace, name, namesakes, refusal })
    });
    each.collect()
}

/// Hosts that a route is for.
pub(crate) fn hostnames(route: &Object<KubeHttpRoute>) -> impl Iterator<Item = &str> {
    list(&route.spec.0, "hostnames").iter().filter_map(Value::as_str)
}

/// Whether a route names any parent at all.
pub(crate) fn has_parents(route: &Object<KubeHttpRoute>) -> bool {
    !list(&route.spec.0, "parentRefs").is_empty()
}

fn refusal<'a>(
    manifests: &Manifests,
    route: &Object<KubeHttpRoute>,
    reference: &Value,
    gateway: &'a Object<KubeGateway>,
) -> Option<Refusal<'a>> {
    let listeners = list(&gateway.spec.0, "listeners").iter();
    let named: Vec<&Value> = listeners.filter(|it| is_named(reference, it)).collect();
    if named.is_empty() {
        return None; // Said of the listener's name.
    }
    let http: Vec<&Value> = named.into_iter().filter(|it| super::takes_http_routes(it)).collect();
    if http.is_empty() {
        return Some(Refusal::Kind);
    }
    let taken: Vec<&Value> =
        http.into_iter().filter(|it| takes_namespace(manifests, route, gateway, it)).collect();
    if taken.is_empty() {
        return Some(Refusal::Namespace);
    }
    let of_listeners: Vec<&str> =
        taken.iter().map(|it| text(it, "hostname").unwrap_or("*")).collect();
    let mut hosts = hostnames(route).peekable();
    let meets = |host: &str| of_listeners.iter().any(|it| intersection(it, host).is_some());
    let is_met = hosts.peek().is_none() || hosts.any(meets);
    (!is_met).then_some(Refusal::Host(of_listeners))
}

/// A selector over namespaces is believed to fit where the namespace's labels are not known.
fn takes_namespace(
    manifests: &Manifests,
    route: &Object<KubeHttpRoute>,
    gateway: &Object<KubeGateway>,
    listener: &Value,
) -> bool {
    let own = route.metadata.namespace();
    let allowed = object(object(listener, "allowedRoutes"), "namespaces");
    let is_known = || manifests.namespaces.iter().any(|it| it.metadata.name == own);
    let selector = object(allowed, "selector");
    if text(allowed, "from") == Some("Selector")
        && (selector.get("matchExpressions").is_some() || !is_known())
    {
        return true;
    }
    let taken = namespaces(manifests, gateway, listener);
    taken.iter().any(|namespace| namespace == "*" || namespace == own)
}
