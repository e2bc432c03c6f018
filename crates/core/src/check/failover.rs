//! `failover` and `failoverPriority`: orders of regions that are not what they seem.
//!
//! **Source**: Istio loadbalancer.go `applyLocalityFailover`, `applyFailoverPriorities`, 1.31.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::facts::{Facts, by_region, count, list};
use super::policies::Level;
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{Failover, Topology};
use crate::translate::{PlacedEndpoint, codes};

pub(super) const RULES: &[&Rule] =
    &[&FROM_TWICE, &FROM_NOBODY, &TO_WITHOUT_ENDPOINTS, &ORDERS_ONLY, &NOWHERE, &DNS_PRIORITY];

const FROM_TWICE: Rule = Rule {
    code: "MF0311",
    name: "failover-from-twice",
    severity: Severity::Warning,
    title: "two `failover` entries for one region",
    why: "\
istiod looks for the first entry whose `from` is the proxy's region and stops there. A second entry for \
the same region is never looked at, so it does not name a third region to go to.",
};

const FROM_NOBODY: Rule = Rule {
    code: "MF0312",
    name: "failover-from-matches-nobody",
    severity: Severity::Warning,
    title: "`failover.from` names a region in which nothing runs",
    why: "\
`from` is the region of the proxy that sends, compared letter by letter. If neither a gateway nor a \
workload of the topology is there, the entry never applies.",
};

const TO_WITHOUT_ENDPOINTS: Rule = Rule {
    code: "MF0313",
    name: "failover-to-without-endpoints",
    severity: Severity::Warning,
    title: "`failover.to` names a region without endpoints",
    why: "\
If nothing runs in the region named by `to`, all other regions share one priority: traffic fails over to \
all of them at once, by their number of endpoints. Most often `to` is misspelt.",
};

const ORDERS_ONLY: Rule = Rule {
    code: "MF0314",
    name: "failover-orders-only",
    severity: Severity::Note,
    title: "`failover.to` orders regions, it does not restrict them",
    why: "\
The region named by `to` comes directly after the own one; all others form the last priority. They still \
get traffic when the first two are not healthy enough. `failover` never forbids a region: for that, give \
the service another host or a subset.",
};

const NOWHERE: Rule = Rule {
    code: "MF0315",
    name: "gateway-without-locality",
    severity: Severity::Warning,
    title: "a gateway without a locality prefers no region",
    why: "\
istiod compares the proxy's locality with the endpoints'. A gateway pod whose node has no topology \
labels (bare metal, kind, a VM) has none, so every located endpoint is equally far: all regions share \
one priority, no `from` fits, and nothing fails over in any order.",
};

const DNS_PRIORITY: Rule = Rule {
    code: codes::DNS_FAILOVER_PRIORITY,
    name: "dns-failover-priority",
    severity: Severity::Error,
    title: "`failoverPriority` over a DNS service in several localities crashes istiod",
    why: "\
istiod 1.30 and 1.31 wrap all endpoints of a `resolution: DNS` ServiceEntry into the first locality \
group and then index past its end: the control plane panics on every push \
([istio#61857](https://github.com/istio/istio/issues/61857)). Older versions ignore the labels. Use \
`resolution: STATIC`, or one locality.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for level in facts.levels.iter().filter(|level| level.owns("loadBalancer")) {
        let Some(setting) = level.locality().filter(|it| it.distribute.is_empty()) else {
            continue;
        };
        entries(facts, level, &setting.failover, findings);
        dns(facts, level, findings);
    }
    for topology in &facts.manifests.topologies {
        for (index, cluster) in topology.spec.clusters.iter().enumerate() {
            if cluster.gateway.is_some() && cluster.locality.is_empty() {
                nowhere(facts, topology, index, findings);
            }
        }
    }
}

fn entries(
    facts: &Facts<'_>,
    level: &Level<'_>,
    failover: &[Failover],
    findings: &mut Vec<Finding>,
) {
    let mut seen: SortedMap<&str, &str> = SortedMap::new();
    let endpoints: Vec<&PlacedEndpoint> = facts.clusters_of(level).into_iter().flatten().collect();
    let regions = by_region(&endpoints);
    for (index, entry) in failover.iter().enumerate() {
        let path = format!("{}.failover[{index}]", level.locality_path());
        if let Some(first) = seen.get(entry.from.as_str()) {
            let message = format!(
                "`{}` has an entry already: traffic goes to `{first}` next, `to: {}` is never looked at",
                entry.from, entry.to
            );
            let found = facts.finding(&FROM_TWICE, level.rule, format!("{path}.from"), message);
            findings.push(found.help("`failoverPriority` orders more than two steps"));
            continue;
        }
        seen.insert(&entry.from, &entry.to);
        if !facts.gateways.is_empty() && !facts.regions.contains(entry.from.as_str()) {
            let message =
                format!("`{}` is the region of no gateway and of no workload", entry.from);
            let found = facts.finding(&FROM_NOBODY, level.rule, format!("{path}.from"), message);
            findings.push(found.help(format!("the topology has {}", list(&facts.regions))));
        }
        if !regions.is_empty() && !regions.contains_key(entry.to.as_str()) {
            let message = format!(
                "`{}` has no endpoints: all regions but `{}` share one priority",
                entry.to, entry.from
            );
            let found =
                facts.finding(&TO_WITHOUT_ENDPOINTS, level.rule, format!("{path}.to"), message);
            findings.push(found.help(format!("there are endpoints in {}", list(regions.keys()))));
        } else {
            orders_only(facts, level, entry, &path, findings);
        }
    }
}

/// Said for entries that a gateway uses and that leave a third region.
fn orders_only(
    facts: &Facts<'_>,
    level: &Level<'_>,
    entry: &Failover,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let endpoints: Vec<&PlacedEndpoint> = facts.clusters_of(level).into_iter().flatten().collect();
    let regions = by_region(&endpoints);
    let others =
        regions.iter().filter(|(region, _)| **region != entry.from && **region != entry.to);
    let others: Vec<&str> = others.map(|(region, _)| *region).collect();
    let is_used = facts.gateways.iter().any(|proxy| proxy.locality.region == entry.from);
    if !is_used || others.is_empty() || level.outlier().is_none() {
        return;
    }
    let message = format!(
        "after `{}` comes `{}`, then {} all the same: `to` orders, it does not restrict",
        entry.from,
        entry.to,
        list(&others)
    );
    findings.push(facts.finding(&ORDERS_ONLY, level.rule, format!("{path}.to"), message));
}

fn dns(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let orders = level.locality().is_some_and(|setting| !setting.failover_priority.is_empty());
    if !orders
        || level.outlier().is_none()
        || !facts.version.has_dns_failover_priority()
        || level.subset.is_some()
    {
        return;
    }
    for service in facts.services_of(level.rule).filter(|service| service.by_dns) {
        let localities: SortedSet<_> =
            SortedSet::from_iter(service.endpoints.iter().map(|it| &it.locality));
        if localities.len() > 1 {
            let message = format!(
                "istiod {} crashes on failoverPriority over `{}`: a DNS service with endpoints in {}",
                facts.version,
                service.host,
                count(localities.len(), "place"),
            );
            let path = format!("{}.failoverPriority", level.locality_path());
            let found = facts.finding(&DNS_PRIORITY, level.rule, path, message);
            findings.push(
                found.help("write `resolution: STATIC` in the ServiceEntry, or use `failover`"),
            );
        }
    }
}

fn nowhere(
    facts: &Facts<'_>,
    topology: &crate::manifest::Object<Topology>,
    index: usize,
    findings: &mut Vec<Finding>,
) {
    let places = facts.services.values().flat_map(|service| &service.endpoints);
    let regions: SortedSet<&str> =
        SortedSet::from_iter(places.map(|it| it.locality.region.as_str()));
    let uses =
        facts.levels.iter().any(|level| level.locality().is_some() || level.outlier().is_some());
    let Some(cluster) = topology.spec.clusters.get(index) else { return };
    if uses && regions.len() > 1 {
        let message = format!(
            "the gateway of `{}` has no locality: {} are equally far, and it fails over in no order",
            cluster.name,
            list(regions.iter().filter(|region| !region.is_empty()))
        );
        let path = format!("spec.clusters[{index}].locality");
        let found = facts.finding(&NOWHERE, topology, path, message);
        findings.push(found.help(
            "label the node with `topology.kubernetes.io/region`, or the pod with `istio-locality`",
        ));
    }
}
