//! Which DestinationRule applies to a service, and what several rules for one host become.
//!
//! The client's namespace goes first, then the service's, then the root namespace; the first with
//! a match wins, and in it the most specific host. Rules of one namespace for one host are merged:
//! subsets are joined, the oldest rule's policy holds.
//!
//! **Source**: Istio pilot/pkg/model/push_context.go `destinationRule`, destination_rule.go
//! `mergeDestinationRule`, sidecar.go `DestinationRule`, 1.31.

use mesh_failover_sorted::SortedMap;

use super::Proxy;
use super::findings::by_age;
use super::host::{most_specific, resolve_short_name};
use super::labels::{Labels, selects};
use super::registry::Service;
use super::visibility::Visibility;
use crate::manifest::{DestinationRule, Manifests, MeshConfig, Object, Subset, TrafficPolicy};

/// Every rule, merged.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    rules: Vec<Rule<'a>>,
    /// Which rules are for exactly this host.
    by_host: SortedMap<String, Vec<usize>>,
    /// Which are for many hosts.
    wildcards: Vec<usize>,
    root_namespace: &'a str,
}

/// Rules of one namespace, host, selector and visibility, as one.
#[derive(Debug)]
pub(super) struct Rule<'a> {
    host: String,
    namespace: &'a str,
    selector: Option<&'a Labels>,
    visibility: Visibility,
    /// With the document it stands in.
    pub(super) policy: Option<(&'a TrafficPolicy, usize)>,
    /// In order, each with its document.
    pub(super) subsets: Vec<(&'a Subset, usize)>,
    /// The oldest rule's.
    pub(super) document: usize,
}

/// A rule and why it was chosen.
#[derive(Debug, Clone)]
pub(super) struct Selected<'a, 'b> {
    pub(super) rule: &'b Rule<'a>,
    pub(super) why: String,
}

impl<'a> Rules<'a> {
    pub(super) fn new(manifests: &'a Manifests, mesh: &'a MeshConfig) -> Self {
        let mut all = Self {
            rules: Vec::new(),
            by_host: SortedMap::new(),
            wildcards: Vec::new(),
            root_namespace: mesh.root_namespace(),
        };
        for object in by_age(&manifests.destination_rules) {
            all.add(Rule::new(object, mesh.default_destination_rule_export_to.as_deref()));
        }
        all
    }

    fn add(&mut self, incoming: Rule<'a>) {
        let of_host = if incoming.host.starts_with('*') {
            &mut self.wildcards
        } else {
            self.by_host.entry(incoming.host.clone()).or_default()
        };
        let merges =
            |index: &usize| self.rules.get(*index).is_some_and(|rule| rule.merges_with(&incoming));
        match of_host.iter().copied().find(merges).and_then(|index| self.rules.get_mut(index)) {
            Some(rule) => rule.merge(incoming),
            None => {
                of_host.push(self.rules.len());
                self.rules.push(incoming);
            }
        }
    }

    /// The rules that may be for this host: a mesh has thousands of others.
    fn candidates(&self, hostname: &str) -> Vec<&Rule<'a>> {
        let exact = self.by_host.get(hostname).into_iter().flatten();
        exact.chain(&self.wildcards).filter_map(|index| self.rules.get(*index)).collect()
    }

    /// The rule for a service as the proxy sees it.
    pub(super) fn select(
        &self,
        hostname: &str,
        service: &Service,
        proxy: &Proxy,
    ) -> Option<Selected<'a, '_>> {
        let (own, root) = (proxy.namespace.as_str(), self.root_namespace);
        let candidates = self.candidates(hostname);
        let levels = [
            (self.local(&candidates, own), format!("it is in the gateway's own namespace `{own}`")),
            (
                Self::exported(&candidates, &service.namespace),
                format!("it is in the service's namespace `{}`", service.namespace),
            ),
            (Self::exported(&candidates, root), format!("it is in the root namespace `{root}`")),
        ];
        levels.iter().find_map(|(rules, why)| {
            let host = most_specific(hostname, rules.iter().map(|rule| rule.host.as_str()))?;
            let of_host = rules.iter().copied().filter(|rule| rule.host == host);
            let rule = choose(of_host.filter(|rule| rule.visibility.includes(own)), proxy)?;
            Some(Selected { rule, why: explain(rule, hostname, why) })
        })
    }

    /// The client's own rules; in the root namespace only private ones, as the others are everybody's
    /// last resort.
    fn local<'b>(&self, candidates: &[&'b Rule<'a>], own: &str) -> Vec<&'b Rule<'a>> {
        let is_local = |rule: &&Rule<'a>| {
            rule.namespace == own
                && (own != self.root_namespace || rule.visibility.is_private_to(own))
        };
        candidates.iter().copied().filter(is_local).collect()
    }

    fn exported<'b>(candidates: &[&'b Rule<'a>], namespace: &str) -> Vec<&'b Rule<'a>> {
        let is_exported = |rule: &&Rule<'a>| {
            rule.namespace == namespace && !rule.visibility.is_private_to(namespace)
        };
        candidates.iter().copied().filter(is_exported).collect()
    }
}

fn explain(rule: &Rule<'_>, hostname: &str, level: &str) -> String {
    let host = if rule.host == hostname {
        String::new()
    } else {
        format!(", where `{}` is the most specific host", rule.host)
    };
    let selector = if rule.selector.is_some() {
        ", and its workloadSelector fits the gateway's labels"
    } else {
        ""
    };
    format!("{level}{host}{selector}")
}

/// A rule whose selector fits the proxy, else the last one without a selector.
fn choose<'a, 'b>(rules: impl Iterator<Item = &'b Rule<'a>>, proxy: &Proxy) -> Option<&'b Rule<'a>>
where
    'a: 'b,
{
    let mut catch_all = None;
    for rule in rules {
        match rule.selector {
            None => catch_all = Some(rule),
            Some(selector)
                if rule.namespace == proxy.namespace && selects(selector, &proxy.labels) =>
            {
                return Some(rule);
            }
            Some(_) => {}
        }
    }
    catch_all
}

impl<'a> Rule<'a> {
    fn new(object: &'a Object<DestinationRule>, default: Option<&[String]>) -> Self {
        let DestinationRule { host, traffic_policy, subsets, export_to, workload_selector } =
            &object.spec;
        let namespace = object.metadata.namespace();
        let selector = workload_selector.as_ref().map(|selector| &selector.match_labels);
        let visibility = match selector {
            Some(_) => Visibility::private(namespace),
            None => Visibility::new(export_to, default, namespace),
        };
        let mut rule = Self {
            host: resolve_short_name(&host.to_ascii_lowercase(), namespace),
            namespace,
            selector,
            visibility,
            policy: traffic_policy.as_ref().map(|policy| (policy, object.document)),
            subsets: Vec::new(),
            document: object.document,
        };
        rule.add_subsets(subsets.iter().map(|subset| (subset, object.document)));
        rule
    }

    fn merges_with(&self, other: &Self) -> bool {
        self.namespace == other.namespace
            && self.host == other.host
            && self.selector == other.selector
            && self.visibility == other.visibility
    }

    fn merge(&mut self, other: Self) {
        self.policy = self.policy.or(other.policy);
        self.add_subsets(other.subsets.into_iter());
    }

    /// The first definition of a name holds.
    fn add_subsets(&mut self, subsets: impl Iterator<Item = (&'a Subset, usize)>) {
        for (subset, document) in subsets {
            if !self.subsets.iter().any(|(known, _)| known.name == subset.name) {
                self.subsets.push((subset, document));
            }
        }
    }

    /// Policies of a destination: the rule's and, if one is named, the subset's.
    pub(super) fn policies(
        &self,
        subset: &str,
    ) -> (Option<&'a TrafficPolicy>, Option<&'a TrafficPolicy>) {
        let named: SortedMap<&str, &'a Subset> = SortedMap::from_iter(
            self.subsets.iter().map(|(subset, _)| (subset.name.as_str(), *subset)),
        );
        let subset = named.get(subset).and_then(|subset| subset.traffic_policy.as_ref());
        (self.policy.map(|(policy, _)| policy), subset)
    }
}
