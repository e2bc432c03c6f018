//! A running gateway against what the manifests ask for.
//!
//! **Source**: Envoy admin `/config_dump`, `/clusters`, v1.40.0.

use mesh_failover_sorted::{SortedMap, SortedSet};

use super::facts::{Facts, count, list};
use super::{Finding, Rule};
use crate::cluster::{Cluster, OutlierDetection};
use crate::diagnostic::{Diagnostic, Severity};
use crate::live::{GatewayState, LiveCluster};
use crate::translate::{Proxy, Translation, translate};

pub(super) const RULES: &[&Rule] = &[
    &NO_GATEWAY,
    &CLUSTER_MISSING,
    &HOSTS_DIFFER,
    &PRIORITIES_DIFFER,
    &WEIGHTS_DIFFER,
    &EJECTION_DIFFERS,
    &EJECTED,
];

const NO_GATEWAY: Rule = Rule {
    code: "MF1201",
    name: "live-gateway-unknown",
    severity: Severity::Warning,
    title: "the dump is of a gateway that the topology does not have",
    why: "\
A dump is compared with what istiod would program into the topology's gateway at the same place. If no \
gateway of the topology is there, nothing can be compared.",
};

const CLUSTER_MISSING: Rule = Rule {
    code: "MF1202",
    name: "live-cluster-missing",
    severity: Severity::Warning,
    title: "the gateway does not have a cluster that the manifests ask for",
    why: "\
The manifests have not reached the gateway: they are not applied in its cluster, are not visible to its \
namespace, or its control plane does not know the service. Requests on such a route get 503 with the \
flag NC.",
};

const HOSTS_DIFFER: Rule = Rule {
    code: "MF1203",
    name: "live-hosts-differ",
    severity: Severity::Warning,
    title: "the gateway knows other endpoints than the topology",
    why: "\
The gateway's endpoints are what discovery last told it. If some are missing, its control plane does not \
see a cluster (a missing or expired remote secret, a network without a gateway); if there are more, \
the topology is older than the mesh.",
};

const PRIORITIES_DIFFER: Rule = Rule {
    code: "MF1204",
    name: "live-priorities-differ",
    severity: Severity::Warning,
    title: "regions have other priorities in the gateway than the manifests give them",
    why: "\
Priorities are istiod's answer to the locality settings for this one proxy. If they differ, another \
DestinationRule won, the gateway's own locality is not what the topology says, or the change is not \
there yet. Failover will take another order than the one you reviewed.",
};

const WEIGHTS_DIFFER: Rule = Rule {
    code: "MF1205",
    name: "live-weights-differ",
    severity: Severity::Warning,
    title: "regions have other shares in the gateway than the manifests give them",
    why: "\
The weights of localities are the shares of `distribute`. If they differ, the gateway follows another \
rule, or an older one.",
};

const EJECTION_DIFFERS: Rule = Rule {
    code: "MF1206",
    name: "live-ejection-differs",
    severity: Severity::Warning,
    title: "the gateway ejects by other settings than the manifests ask for",
    why: "\
Outlier detection is configured cluster by cluster. If it differs, another DestinationRule or another \
level of it (a subset, a port) won; `mesh-failover explain` names the one that should have.",
};

const EJECTED: Rule = Rule {
    code: "MF1207",
    name: "live-hosts-ejected",
    severity: Severity::Note,
    title: "hosts are ejected right now",
    why: "\
Outlier detection of this gateway has them out at the moment of the dump. Every gateway pod decides for \
itself; others may see it otherwise.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for state in facts.input.live {
        let at = state.locality.clone().unwrap_or_default();
        let gateways: Vec<&Proxy> = facts.gateways.iter().collect();
        let fits = gateways
            .iter()
            .find(|proxy| proxy.locality == at || at.is_empty() && gateways.len() == 1);
        let Some(proxy) = fits else {
            let message =
                format!("the dump is of a gateway at `{at}`; no gateway of the topology is there");
            let found = match facts.manifests.topologies.first() {
                Some(topology) => facts.finding(&NO_GATEWAY, topology, "spec.clusters", message),
                None => plain(&NO_GATEWAY, message),
            };
            findings.push(found.help("take the dump's own gateway into the topology"));
            continue;
        };
        let translation = translate(facts.manifests, proxy);
        for cluster in &translation.clusters {
            match state.clusters.get(&cluster.name) {
                Some(live) => compare(facts, &translation, cluster, live, findings),
                None => missing(facts, &translation, cluster, state, findings),
            }
        }
    }
}

fn plain(rule: &Rule, message: String) -> Finding {
    let (severity, code) = (rule.severity, rule.code);
    Diagnostic { severity, code, message, help: None, location: None, path: String::new() }.into()
}

/// A finding about a cluster, at the block of the DestinationRule that made it.
fn about(
    facts: &Facts<'_>,
    translation: &Translation,
    rule: &Rule,
    cluster: &Cluster,
    (block, message): (&str, String),
) -> Finding {
    let document = translation.origins.get(&cluster.name).and_then(|it| it.destination_rule);
    let of = facts.manifests.destination_rules.iter().find(|it| Some(it.document) == document);
    match of {
        Some(object) if block.is_empty() => facts.finding(rule, object, "spec.host", message),
        Some(object) => facts.finding(rule, object, format!("spec.trafficPolicy.{block}"), message),
        None => plain(rule, message),
    }
}

fn missing(
    facts: &Facts<'_>,
    translation: &Translation,
    cluster: &Cluster,
    state: &GatewayState,
    findings: &mut Vec<Finding>,
) {
    let routed = translation.listeners.iter().flat_map(|it| &it.virtual_hosts);
    let is_routed = routed.flat_map(|host| &host.routes).any(|route| match &route.action {
        crate::route::RouteAction::Forward(forward) => {
            forward.clusters.iter().any(|it| it.name == cluster.name)
        }
        _ => false,
    });
    if is_routed {
        let message = format!("gateway `{}` has no cluster `{}`", state.node, cluster.name);
        let found = about(facts, translation, &CLUSTER_MISSING, cluster, ("", message));
        findings.push(found.help("see whether the manifests are applied where the gateway runs"));
    }
}

fn compare(
    facts: &Facts<'_>,
    translation: &Translation,
    cluster: &Cluster,
    live: &LiveCluster,
    findings: &mut Vec<Finding>,
) {
    let mut say = |rule: &Rule, block: &str, message: String, help: &str| {
        let found = about(facts, translation, rule, cluster, (block, message));
        findings.push(found.help(help));
    };
    let name = &cluster.name;
    if let Some(message) = hosts(cluster, live) {
        say(
            &HOSTS_DIFFER,
            "",
            format!("`{name}`: {message}"),
            "see whether the gateway's control plane reaches every cluster",
        );
    }
    // With other endpoints the shares differ by themselves.
    let same_hosts = hosts(cluster, live).is_none();
    if let Some(message) = priorities(cluster, live) {
        let help = "see which DestinationRule applies with `mesh-failover explain`";
        say(&PRIORITIES_DIFFER, "loadBalancer", format!("`{name}`: {message}"), help);
    } else if let Some(message) = weights(cluster, live).filter(|_| same_hosts) {
        let help = "see which DestinationRule applies with `mesh-failover explain`";
        say(&WEIGHTS_DIFFER, "loadBalancer", format!("`{name}`: {message}"), help);
    }
    let ejects = (cluster.outlier_detection.as_ref(), live.outlier_detection.as_ref());
    if let Some(message) = ejection(ejects).filter(|_| live.is_configured) {
        let help = "see which DestinationRule applies with `mesh-failover explain`";
        say(&EJECTION_DIFFERS, "outlierDetection", format!("`{name}`: {message}"), help);
    }
    let ejected = live.hosts.iter().filter(|(_, host)| host.is_ejected);
    let ejected: Vec<String> =
        ejected.map(|(address, host)| format!("{address} ({})", host.locality.region)).collect();
    if !ejected.is_empty() {
        let message = format!(
            "`{name}`: {} ejected right now: {}",
            count(ejected.len(), "host"),
            list(&ejected)
        );
        say(
            &EJECTED,
            "outlierDetection",
            message,
            "every gateway pod decides for itself: look at the others too",
        );
    }
}

/// Which endpoints only one side has. Without an address in common those of the manifests were made up on paper: then the number
/// in each region is compared.
fn hosts(cluster: &Cluster, live: &LiveCluster) -> Option<String> {
    let groups = cluster.load_assignment.endpoints.iter();
    if !live.knows_hosts {
        return None;
    }
    let asked: SortedMap<String, &str> = groups
        .flat_map(|group| {
            let region = group.locality.as_ref().map(|it| it.region.as_str()).unwrap_or_default();
            group.lb_endpoints.iter().map(move |it| (it.address.to_string(), region))
        })
        .collect();
    if !asked.keys().any(|address| live.hosts.contains_key(address)) {
        return hosts_by_region(cluster, live);
    }
    let missing = asked.iter().filter(|(address, _)| !live.hosts.contains_key(*address));
    let missing = some(missing.map(|(address, region)| format!("{address} ({region})")));
    let more = live.hosts.iter().filter(|(address, _)| !asked.contains_key(*address));
    let more = some(more.map(|(address, host)| format!("{address} ({})", host.locality.region)));
    let parts = [
        missing.map(|it| format!("lacks {it}")),
        more.map(|it| format!("also has {it}, which nobody asked for")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("the gateway {}", parts.join(", and ")))
}

/// So many names are read; more are counted.
const MOST_NAMES: usize = 4;

fn some(names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.collect();
    let rest = names.len().saturating_sub(MOST_NAMES);
    let shown = list(names.iter().take(MOST_NAMES));
    match rest {
        _ if names.is_empty() => None,
        0 => Some(shown),
        rest => Some(format!("{shown} and {rest} more")),
    }
}

fn hosts_by_region(cluster: &Cluster, live: &LiveCluster) -> Option<String> {
    let mut asked: SortedMap<&str, usize> = SortedMap::new();
    for group in &cluster.load_assignment.endpoints {
        let region = group.locality.as_ref().map(|it| it.region.as_str()).unwrap_or_default();
        *asked.entry(region).or_insert(0) += group.lb_endpoints.len();
    }
    let mut found: SortedMap<&str, usize> = SortedMap::new();
    for host in live.hosts.values() {
        *found.entry(host.locality.region.as_str()).or_insert(0) += 1;
    }
    let regions: SortedSet<&str> = SortedSet::from_iter(asked.keys().chain(found.keys()).copied());
    let differs = |region: &&str| {
        let number = |of: &SortedMap<&str, usize>| of.get(*region).copied().unwrap_or(0);
        (number(&asked) != number(&found)).then(|| {
            format!(
                "{} of `{region}`, {} asked for",
                count(number(&found), "endpoint"),
                number(&asked)
            )
        })
    };
    let differences: Vec<String> = regions.iter().filter_map(differs).collect();
    (!differences.is_empty()).then(|| format!("the gateway has {}", differences.join(", and ")))
}

/// The priority of each place that both have.
fn priorities(cluster: &Cluster, live: &LiveCluster) -> Option<String> {
    let groups = cluster.load_assignment.endpoints.iter().filter(|it| !it.lb_endpoints.is_empty());
    let differs = groups.filter_map(|group| {
        let place = group.locality.clone().unwrap_or_default();
        let host = live.hosts.values().find(|host| host.locality == place)?;
        (host.priority != group.priority).then(|| {
            format!(
                "`{place}` has priority {}, the manifests give {}",
                host.priority.0, group.priority.0
            )
        })
    });
    let differences: Vec<String> = differs.collect();
    (!differences.is_empty()).then(|| differences.join("; "))
}

/// Shares in percent of the localities that have hosts, where both sides weight by locality.
fn weights(cluster: &Cluster, live: &LiveCluster) -> Option<String> {
    if !cluster.locality_weighted {
        return None;
    }
    let mut asked: SortedMap<String, u64> = SortedMap::new();
    for group in cluster.load_assignment.endpoints.iter().filter(|it| !it.lb_endpoints.is_empty()) {
        let place = group.locality.clone().unwrap_or_default().to_string();
        asked.insert(place, u64::from(group.load_balancing_weight.unwrap_or(1)));
    }
    let mut found: SortedMap<String, u64> = SortedMap::new();
    for host in live.hosts.values() {
        found.insert(host.locality.to_string(), u64::from(host.locality_weight?));
    }
    if asked.keys().ne(found.keys()) {
        return None;
    }
    let share = |of: &SortedMap<String, u64>, place: &String| {
        let total: u64 = of.values().sum();
        of.get(place).map_or(0, |weight| (weight * 100 + total / 2) / total.max(1))
    };
    let differs =
        asked.keys().filter(|place| share(&asked, place).abs_diff(share(&found, place)) > 1);
    let differences: Vec<String> = differs
        .map(|place| {
            format!(
                "`{place}` has {} %, the manifests give {} %",
                share(&found, place),
                share(&asked, place)
            )
        })
        .collect();
    (!differences.is_empty()).then(|| differences.join("; "))
}

fn ejection(blocks: (Option<&OutlierDetection>, Option<&OutlierDetection>)) -> Option<String> {
    match blocks {
        (None, None) => None,
        (Some(_), None) => {
            Some("the gateway ejects nothing, the manifests ask for outlierDetection".to_owned())
        }
        (None, Some(_)) => {
            Some("the gateway ejects, though no DestinationRule asks for it".to_owned())
        }
        (Some(asked), Some(found)) => {
            let millis = |it: Option<std::time::Duration>| it.map(|it| it.as_millis());
            let number = |it: Option<u32>| it.map(u128::from);
            let fields = [
                ("consecutive_5xx", number(asked.consecutive_5xx), number(found.consecutive_5xx)),
                (
                    "consecutive_gateway_failure",
                    number(asked.consecutive_gateway_failure),
                    number(found.consecutive_gateway_failure),
                ),
                ("interval (ms)", millis(asked.interval), millis(found.interval)),
                (
                    "base_ejection_time (ms)",
                    millis(asked.base_ejection_time),
                    millis(found.base_ejection_time),
                ),
                (
                    "max_ejection_percent",
                    number(asked.max_ejection_percent),
                    number(found.max_ejection_percent),
                ),
            ];
            let shown = |it: Option<u128>| it.map_or("unset".to_owned(), |it| it.to_string());
            let differences: Vec<String> = fields
                .iter()
                .filter(|(_, asked, found)| asked != found)
                .map(|(name, asked, found)| {
                    format!("{name} is {}, the manifests ask for {}", shown(*found), shown(*asked))
                })
                .collect();
            (!differences.is_empty()).then(|| differences.join("; "))
        }
    }
}
