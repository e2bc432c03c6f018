//! `distribute`: shares that go nowhere, and places that get nothing.
//!
//! **Source**: Istio loadbalancer.go `applyLocalityWeights`, util.go `LocalityMatch`, 1.31.

use super::facts::{Facts, by_region, count, full_host, list};
use super::policies::Level;
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::locality::Locality;
use crate::manifest::{Distribute, Path};
use crate::translate::{PlacedEndpoint, codes, overlapping_keys};

pub(super) const RULES: &[&Rule] = &[
    &BLACK_HOLE,
    &OVERLAP,
    &NEVER_MATCHES,
    &FROM_NOBODY,
    &GATEWAY_WITHOUT_ENTRY,
    &TO_WITHOUT_ENDPOINTS,
    &PRIORITY_IGNORED,
    &SWITCHED_OFF,
];

const BLACK_HOLE: Rule = Rule {
    code: "MF0301",
    name: "region-missing-from-distribute",
    severity: Severity::Warning,
    title: "a region with endpoints is missing from `distribute.to`",
    why: "\
istiod empties every locality that no key of `to` names. Its endpoints get nothing, ever: not a share, \
and not as failover either, even if every listed region is dead ([istio#33470](https://github.com/istio/istio/issues/33470)). \
A region that was added later is easily forgotten so.",
};

const OVERLAP: Rule = Rule {
    code: codes::OVERLAPPING_DISTRIBUTE,
    name: "overlapping-distribute-keys",
    severity: Severity::Warning,
    title: "keys of `distribute.to` overlap",
    why: "\
istiod walks `to` as a Go map, in random order, and the first key that fits takes a locality. If two \
keys cover the same locality, the shares can change with every push and differ between replicas of \
istiod. Its validation notices some overlaps and not others, depending on the order in which it meets \
them.",
};

const NEVER_MATCHES: Rule = Rule {
    code: "MF0302",
    name: "locality-never-matches",
    severity: Severity::Warning,
    title: "a partial wildcard in a locality never matches",
    why: "\
`*` is a wildcard only where it is a whole segment: `us-central1/*` matches, `us-*` is compared letter \
by letter with region names and matches none. istiod's validation lets it pass.",
};

const FROM_NOBODY: Rule = Rule {
    code: "MF0303",
    name: "from-matches-nobody",
    severity: Severity::Warning,
    title: "`from` names a place in which nothing runs",
    why: "\
`from` is the place of the proxy that sends: of the gateway, or of a sidecar. If neither a gateway nor \
a workload of the topology is there, the entry never applies; most often it is a slip of the pen.",
};

const GATEWAY_WITHOUT_ENTRY: Rule = Rule {
    code: "MF0304",
    name: "gateway-without-distribute-entry",
    severity: Severity::Warning,
    title: "no `from` fits a gateway",
    why: "\
The first entry whose `from` fits the proxy applies; if none does, no share is set and all endpoints of \
all regions get traffic by their number. `distribute` also switches off `failover`, so this gateway has \
neither shares nor an order of regions.",
};

const TO_WITHOUT_ENDPOINTS: Rule = Rule {
    code: "MF0305",
    name: "share-without-endpoints",
    severity: Severity::Warning,
    title: "a key of `distribute.to` names a place without endpoints",
    why: "\
A share for a place without endpoints vanishes, and Envoy renormalises the others: 70/20/10 with \
nothing behind the 10 becomes 78/22. If it is a misspelt region, the right one gets nothing at all.",
};

const PRIORITY_IGNORED: Rule = Rule {
    code: "MF0306",
    name: "failover-priority-ignored",
    severity: Severity::Warning,
    title: "`failoverPriority` beside `distribute` is ignored",
    why: "\
istiod looks at `distribute` first; if there is an entry, `failoverPriority` is not looked at. Istio's \
validation forbids `distribute` with `failover`, and not this.",
};

const SWITCHED_OFF: Rule = Rule {
    code: "MF0307",
    name: "locality-setting-switched-off",
    severity: Severity::Warning,
    title: "`enabled: false` switches off what is written beside it",
    why: "\
With `enabled: false` there is no locality load balancing for this destination at all: neither the \
lists beside it nor the mesh's default apply, and traffic is spread over all regions.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for level in facts.levels.iter().filter(|level| level.owns("loadBalancer")) {
        switched_off(facts, level, findings);
        let Some(setting) = level.locality() else { continue };
        for (index, entry) in setting.distribute.iter().enumerate() {
            let path = format!("{}.distribute[{index}]", level.locality_path());
            spelling(facts, level, entry, &path, findings);
            places(facts, level, entry, &path, findings);
        }
        if let [first, ..] = setting.distribute.as_slice() {
            gateways(facts, level, findings);
            if !setting.failover_priority.is_empty() {
                let path = format!("{}.failoverPriority", level.locality_path());
                let message = format!(
                    "failoverPriority is ignored: `distribute` from `{}` decides",
                    first.from
                );
                let found = facts.finding(&PRIORITY_IGNORED, level.rule, path, message);
                findings.push(found.help("keep one of the two"));
            }
        }
    }
}

fn switched_off(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let setting = level.load_balancer().and_then(|it| it.locality_lb_setting.as_ref());
    let Some(setting) = setting.filter(|setting| setting.enabled == Some(false)) else { return };
    let written = [
        ("distribute", !setting.distribute.is_empty()),
        ("failover", !setting.failover.is_empty()),
        ("failoverPriority", !setting.failover_priority.is_empty()),
    ];
    let written = list(written.iter().filter(|(_, is)| *is).map(|(name, _)| name));
    if written.is_empty() {
        return;
    }
    let path = format!("{}.enabled", level.locality_path());
    let fix = facts.set(level.rule, &path, "true");
    let message = format!("`enabled: false` switches off {written} beside it");
    let found = facts.finding(&SWITCHED_OFF, level.rule, path, message);
    findings.push(found.help("remove one or the other").fix(fix));
}

/// What is wrong with an entry whatever the mesh looks like.
fn spelling(
    facts: &Facts<'_>,
    level: &Level<'_>,
    entry: &Distribute,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    for (one, other) in overlapping_keys(entry) {
        let message = format!(
            "`{one}` and `{other}` overlap: istiod chooses at random which share a locality gets"
        );
        let found = facts.finding(&OVERLAP, level.rule, key(path, other), message);
        let istiod = super::istio::validate_localities(entry.to.keys()).err();
        findings.push(found.help("name each locality under one key only").istiod(istiod));
    }
    let keys = entry.to.keys().map(|to| (key(path, to), to));
    let texts = [(format!("{path}.from"), &entry.from)].into_iter().chain(keys);
    for (path, text) in texts.filter(|(_, text)| is_partial_wildcard(text)) {
        let message = format!(
            "`{text}` matches nothing: a wildcard stands for a whole segment, not for a part"
        );
        let found = facts.finding(&NEVER_MATCHES, level.rule, path, message);
        findings.push(found.help("name each region, or write `*` for all of them"));
    }
}

/// What a topology tells about an entry.
fn places(
    facts: &Facts<'_>,
    level: &Level<'_>,
    entry: &Distribute,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let clusters = facts.clusters_of(level);
    let endpoints: Vec<&PlacedEndpoint> = clusters.into_iter().flatten().collect();
    let from = Locality::parse(&entry.from);
    if !facts.gateways.is_empty() && !is_partial_wildcard(&entry.from) && !is_used(facts, &from) {
        let message = format!("`{}` is the place of no gateway and of no workload", entry.from);
        let found = facts.finding(&FROM_NOBODY, level.rule, format!("{path}.from"), message);
        findings.push(found.help(format!("the topology has {}", list(&facts.regions))));
    }
    if endpoints.is_empty() {
        return;
    }
    let rules: Vec<Locality> = entry.to.keys().map(|to| Locality::parse(to)).collect();
    let is_missing =
        |endpoint: &&&PlacedEndpoint| !rules.iter().any(|rule| endpoint.locality.matches(rule));
    let missing: Vec<&PlacedEndpoint> = endpoints.iter().filter(is_missing).copied().collect();
    if !missing.is_empty() {
        let regions = by_region(&missing);
        let message = format!(
            "no key of `to` covers {}: {} {} nothing from `{}`, not even as failover",
            list(regions.keys()),
            count(missing.len(), "endpoint"),
            if missing.len() == 1 { "gets" } else { "get" },
            entry.from
        );
        let found = facts.finding(&BLACK_HOLE, level.rule, format!("{path}.to"), message);
        let found = found.help("give every region with endpoints a share, if only 1");
        // Where the region router sends requests, Istio's shares are what serves without it.
        let is_routed = facts.routers().any(|router| router.routes(&full_host(level.rule)));
        findings.push(if is_routed { found.severity(Severity::Note) } else { found });
    }
    for (to, weight) in entry.to.iter().filter(|(to, _)| !is_partial_wildcard(to)) {
        let rule = Locality::parse(to);
        if !endpoints.iter().any(|endpoint| endpoint.locality.matches(&rule)) {
            let message =
                format!("`{to}` has no endpoints: its {weight} % go to the other regions");
            let found = facts.finding(&TO_WITHOUT_ENDPOINTS, level.rule, key(path, to), message);
            let regions = by_region(&endpoints);
            findings.push(found.help(format!("there are endpoints in {}", list(regions.keys()))));
        }
    }
}

fn gateways(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let Some(setting) = level.locality() else { return };
    let fits = |entry: &Distribute, at: &Locality| at.matches(&Locality::parse(&entry.from));
    let known = facts.clusters_of(level).iter().any(|hosts| !hosts.is_empty());
    let lost = facts.gateways.iter().filter(|proxy| {
        !proxy.locality.is_empty() && !setting.distribute.iter().any(|it| fits(it, &proxy.locality))
    });
    let lost: Vec<String> = lost.map(|proxy| proxy.locality.to_string()).collect();
    if known && !lost.is_empty() {
        let message = format!(
            "no `from` fits the gateway at {}: it has no shares, and traffic goes to all regions",
            list(&lost)
        );
        let path = format!("{}.distribute", level.locality_path());
        let found = facts.finding(&GATEWAY_WITHOUT_ENTRY, level.rule, path, message);
        findings.push(found.help("add an entry for it; `from: '*'` fits every proxy"));
    }
}

fn is_used(facts: &Facts<'_>, rule: &Locality) -> bool {
    let endpoints = facts.services.values().flat_map(|service| &service.endpoints);
    let endpoints = endpoints.map(|endpoint| &endpoint.locality);
    facts.gateways.iter().map(|proxy| &proxy.locality).chain(endpoints).any(|at| at.matches(rule))
}

/// `us-*`, `us-central1/us-*`: a star that is not a whole segment.
pub(super) fn is_partial_wildcard(text: &str) -> bool {
    text.split('/').any(|segment| segment.contains('*') && segment != "*")
}

/// The path of a key of `to`.
fn key(entry: &str, to: &str) -> String {
    format!("{entry}.to{}", Path::step(to))
}
