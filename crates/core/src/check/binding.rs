//! What applies to what: hosts, namespaces, visibility, subsets.
//!
//! **Source**: Istio push_context.go `destinationRule`, config.go `ResolveShortnameToFQDN`, endpoint_builder.go
//! subset filter, 1.31.

use mesh_failover_sorted::SortedMap;

use super::facts::{Facts, count, full_host, list};
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{DestinationRule, Object};
use crate::translate::{Origin, selects};

pub(super) const RULES: &[&Rule] = &[&HOST, &NOT_VISIBLE, &EMPTY_SUBSET, &OVERRULED];

const HOST: Rule = Rule {
    code: "MF0411",
    name: "host-of-another-namespace",
    severity: Severity::Warning,
    title: "the rule's host is no service; one of that name is in another namespace",
    why: "\
A short host is completed with the namespace of the DestinationRule, not of the service and not of the \
gateway. A rule with `host: reviews` in `istio-system` speaks of \
`reviews.istio-system.svc.cluster.local`. istiod keeps it, and it applies to nothing \
([istio#27552](https://github.com/istio/istio/issues/27552)).",
};

const NOT_VISIBLE: Rule = Rule {
    code: "MF0412",
    name: "rule-not-visible-to-gateway",
    severity: Severity::Warning,
    title: "`exportTo` hides the rule from the gateway",
    why: "\
A gateway uses the DestinationRules of its own namespace, of the service's namespace and of the root \
namespace, as far as they are exported to it. With `exportTo: ['.']` outside its namespace it sees \
nothing, and falls back to the mesh's defaults: no outlier detection, no shares.",
};

const EMPTY_SUBSET: Rule = Rule {
    code: "MF0413",
    name: "subset-without-endpoints",
    severity: Severity::Warning,
    title: "a subset selects no endpoint",
    why: "\
A subset is a cluster of its own with the endpoints that carry all its labels, letter by letter. With \
none, every request that a route sends there gets 503 with the flag UH. Topology labels need not be on \
the pods: istiod adds region, zone, cluster and network to every endpoint.",
};

const OVERRULED: Rule = Rule {
    code: "MF0414",
    name: "rule-of-another-namespace-wins",
    severity: Severity::Warning,
    title: "a rule of another namespace wins, and nothing of this one reaches the gateway",
    why: "\
For each host a proxy takes the rules of one namespace: its own, else the service's, else the root \
namespace; a gateway in the root namespace looks beside the service first. Rules of different namespaces \
are never merged. A team's rule with nothing but a `connectionPool` so takes away the outlier detection \
and the regions' order that a platform team wrote for the same host.",
};

/// Whose settings the gateways' clusters have, by the service's host.
type Origins<'a> = SortedMap<&'a str, Vec<&'a Origin>>;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let origins = origins(facts);
    for rule in &facts.manifests.destination_rules {
        host(facts, rule, findings);
        visibility(facts, rule, findings);
        subsets(facts, rule, findings);
        overruled(facts, rule, &origins, findings);
    }
}

fn host(facts: &Facts<'_>, rule: &Object<DestinationRule>, findings: &mut Vec<Finding>) {
    if facts.services_of(rule).next().is_some() {
        return;
    }
    let full = full_host(rule);
    let name = full.split('.').next().unwrap_or_default();
    let prefix = format!("{name}.");
    let meant: Vec<&String> =
        facts.services.keys().filter(|service| service.starts_with(&prefix)).collect();
    if name.is_empty() || meant.is_empty() {
        return;
    }
    let message = format!(
        "`{}` means `{full}`, which is no service: the rule applies to nothing",
        rule.spec.host
    );
    let mut found = facts.finding(&HOST, rule, "spec.host", message);
    if let [only] = meant.as_slice() {
        found = found.fix(facts.set(rule, "spec.host", only));
    }
    findings.push(found.help(format!("write the full name, {}", list(&meant))));
}

fn visibility(facts: &Facts<'_>, rule: &Object<DestinationRule>, findings: &mut Vec<Finding>) {
    let namespace = rule.metadata.namespace();
    let exports = &rule.spec.export_to;
    let sees = |gateway: &str| {
        exports.iter().any(|it| it == "*" || it == gateway || it == "." && namespace == gateway)
    };
    if exports.is_empty() || facts.services_of(rule).next().is_none() {
        return;
    }
    let Some(proxy) = facts.gateways.iter().find(|proxy| !sees(&proxy.namespace)) else { return };
    let host = full_host(rule);
    let mut rules = facts.manifests.destination_rules.iter();
    // Its own namespace's rule is private by intent where another rule serves the gateway.
    if !rules.any(|other| other.document != rule.document && full_host(other) == host) {
        let message = format!(
            "exportTo {} hides this rule from the gateway in namespace `{}`",
            list(exports),
            proxy.namespace
        );
        let found = facts.finding(&NOT_VISIBLE, rule, "spec.exportTo", message);
        findings.push(
            found.help(format!("add `{}` to `exportTo`, or leave `exportTo` out", proxy.namespace)),
        );
    }
}

fn subsets(facts: &Facts<'_>, rule: &Object<DestinationRule>, findings: &mut Vec<Finding>) {
    let endpoints: Vec<_> =
        facts.services_of(rule).flat_map(|service| &service.endpoints).collect();
    // Labels of which the topology knows nothing may be on the pods all the same.
    let is_known = |key: &String| endpoints.iter().any(|it| it.labels.contains_key(key));
    for (index, subset) in rule.spec.subsets.iter().enumerate() {
        let judged = !subset.labels.is_empty() && subset.labels.keys().all(is_known);
        if judged && !endpoints.iter().any(|it| selects(&subset.labels, &it.labels)) {
            let labels = subset.labels.iter().map(|(key, value)| format!("{key}={value}"));
            let message = format!(
                "subset `{}` selects none of {}: none has {}",
                subset.name,
                count(endpoints.len(), "endpoint"),
                list(labels)
            );
            let path = format!("spec.subsets[{index}].labels");
            let found = facts.finding(&EMPTY_SUBSET, rule, path, message);
            findings.push(found.help("a route to it answers 503; correct the labels"));
        }
    }
}

/// Blocks that failover needs, of a policy.
fn needed(rule: &Object<DestinationRule>) -> [(&'static str, bool); 2] {
    let policy = rule.spec.traffic_policy.as_ref();
    let balancer = policy.and_then(|policy| policy.load_balancer.as_ref());
    [
        ("outlierDetection", policy.is_some_and(|policy| policy.outlier_detection.is_some())),
        ("localityLbSetting", balancer.is_some_and(|it| it.locality_lb_setting.is_some())),
    ]
}

fn origins<'a>(facts: &'a Facts<'_>) -> Origins<'a> {
    let mut origins = Origins::new();
    for (cluster, origin) in facts.translations.iter().flat_map(|translation| &translation.origins)
    {
        let host = cluster.rsplit('|').next().unwrap_or_default();
        origins.entry(host).or_default().push(origin);
    }
    origins
}

fn overruled(
    facts: &Facts<'_>,
    rule: &Object<DestinationRule>,
    origins: &Origins<'_>,
    findings: &mut Vec<Finding>,
) {
    let services = facts.services_of(rule);
    let winners: Vec<_> =
        services.filter_map(|service| origins.get(service.host.as_str())).flatten().collect();
    if winners.iter().any(|origin| origin.destination_rule == Some(rule.document)) {
        return; // Somewhere it applies.
    }
    let rules = &facts.manifests.destination_rules;
    let winner = winners.iter().find_map(|origin| {
        rules.iter().find(|other| Some(other.document) == origin.destination_rule)
    });
    let Some(winner) = winner.filter(|it| it.metadata.namespace() != rule.metadata.namespace())
    else {
        return;
    };
    let lost = needed(rule).into_iter().zip(needed(winner));
    let lost: Vec<_> =
        lost.filter(|((_, here), (_, there))| *here && !there).map(|((name, _), _)| name).collect();
    if !lost.is_empty() {
        let message = format!(
            "the gateway takes `{}` of namespace `{}` for this host, which lacks {}",
            winner.metadata.name,
            winner.metadata.namespace(),
            list(&lost)
        );
        let found = facts.finding(&OVERRULED, rule, "spec.host", message);
        findings.push(found.help(format!("write {} into that rule", list(&lost))));
    }
}
