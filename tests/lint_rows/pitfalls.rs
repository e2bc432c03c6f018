//! What is known to go wrong with regional failover in Istio, and the lint that finds each: nothing of it may be without one, or
//! without a reason.

use std::fmt::Write as _;

/// Something that goes wrong.
pub struct Pitfall {
    pub what: &'static str,
    /// Where it was reported: `istio#123`, `envoy#123`.
    issues: &'static [&'static str],
    pub found_by: FoundBy,
}

/// What tells a user.
pub enum FoundBy {
    Lints(&'static [&'static str]),
    /// No lint: why, and where else it shows.
    Reason(&'static str),
}

use FoundBy::{Lints, Reason};

const fn pitfall(
    what: &'static str,
    issues: &'static [&'static str],
    found_by: FoundBy,
) -> Pitfall {
    Pitfall { what, issues, found_by }
}

pub const PITFALLS: &[Pitfall] = &[
    pitfall(
        "`maxEjectionPercent` is 10 % of the hosts of all regions by default: with fewer than ten hosts nothing is ever ejected",
        &["istio#34605", "istio#20135", "istio#17004", "envoy#3263", "envoy#27909", "envoy#34796"],
        Lints(&["MF0203", "MF0204"]),
    ),
    pitfall(
        "outlier detection alone orders regions, and all traffic stays local",
        &["istio#39477"],
        Lints(&["MF0211"]),
    ),
    pitfall(
        "locality load balancing without outlier detection does nothing; istiod warns about the rule's own policy, and within subsets and ports not at all",
        &["istio#48084", "istio#12961", "istio#14099"],
        Lints(&["MF0201", "MF0202", "MF1102"]),
    ),
    pitfall(
        "a region that `distribute.to` does not list gets nothing, ever",
        &["istio#33470"],
        Lints(&["MF0301"]),
    ),
    pitfall(
        "`distribute` has no priorities, so `retryRemoteLocalities` is useless beside it",
        &["istio#45668"],
        Lints(&["MF0603"]),
    ),
    pitfall(
        "weights and failover exclude each other",
        &["istio#17308", "istio#35124"],
        Lints(&["MF0306", "MF1101"]),
    ),
    pitfall("keys of `distribute.to` overlap, and istiod draws", &[], Lints(&["MF0101"])),
    pitfall("a partial wildcard such as `us-*` never matches", &[], Lints(&["MF0302"])),
    pitfall(
        "`from` names a place in which no gateway is, or `to` one in which nothing runs",
        &[],
        Lints(&["MF0303", "MF0304", "MF0305", "MF0312", "MF0313"]),
    ),
    pitfall("`failover.to` orders regions, it does not restrict them", &[], Lints(&["MF0314"])),
    pitfall(
        "a gateway without a locality prefers no region",
        &["istio#33024", "istio#35410"],
        Lints(&["MF0315"]),
    ),
    pitfall(
        "a route to a region's subset cannot leave it, and weights over such subsets do not fail over",
        &["istio#32419", "istio#41787"],
        Lints(&["MF0601", "MF0602"]),
    ),
    pitfall(
        "a subset's or a port's policy drops the locality setting and the outlier detection around it",
        &[],
        Lints(&["MF0401", "MF0402"]),
    ),
    pitfall(
        "a short host is completed with the rule's namespace, and the rule applies to nothing",
        &["istio#27552"],
        Lints(&["MF0411"]),
    ),
    pitfall(
        "of rules for one host one wins as a whole: by age within a namespace, by namespace otherwise, and `exportTo` hides others",
        &[],
        Lints(&["MF0403", "MF0412", "MF0414"]),
    ),
    pitfall(
        "a VirtualService without `gateways`, or with a gateway of another namespace, is not on the gateway",
        &[],
        Lints(&["MF0604", "MF0605"]),
    ),
    pitfall(
        "behind an east-west gateway a network is one host: one bad pod ejects the region",
        &["istio#52435", "istio#31549"],
        Lints(&["MF0701"]),
    ),
    pitfall("an east-west gateway hides labels", &["istio#49500"], Lints(&["MF0702"])),
    pitfall("zones behind one gateway address vanish", &["istio#56355"], Lints(&["MF0703"])),
    pitfall("endpoints of other networks without mutual TLS are left out", &[], Lints(&["MF0705"])),
    pitfall(
        "the gateway, or a whole cluster, has no network label",
        &["istio#33024", "istio#49074"],
        Lints(&["MF0704"]),
    ),
    pitfall(
        "consistent hashing with locality load balancing is not sticky",
        &["istio#41674"],
        Lints(&["MF0503"]),
    ),
    pitfall("a 503 is not retried by default from Istio 1.24 on", &[], Lints(&["MF0607"])),
    pitfall(
        "routes have no timeout, and connecting may take 10 s",
        &[],
        Lints(&["MF0606", "MF0608"]),
    ),
    pitfall(
        "circuit breakers are without limit, and there is no retry budget",
        &[],
        Lints(&["MF0504", "MF0609"]),
    ),
    pitfall(
        "`minHealthPercent` brings panic back, and with it traffic to a dead region",
        &["istio#20135", "istio#24076", "istio#25883", "istio#17000"],
        Lints(&["MF0205"]),
    ),
    pitfall("mesh-wide outlier detection ejects without ordering regions", &[], Lints(&["MF0210"])),
    pitfall(
        "`consecutiveErrors` is ignored, and `consecutiveGatewayErrors` does not replace the count of 5xx",
        &[],
        Lints(&["MF0206", "MF0208"]),
    ),
    pitfall(
        "`splitExternalLocalOriginErrors` moves connection failures to another threshold",
        &[],
        Lints(&["MF0207"]),
    ),
    pitfall(
        "a region that comes back gets its whole share at once: `warmup` ramps hosts, not regions",
        &["istio#46569", "istio#54435"],
        Lints(&["MF0501", "MF0502"]),
    ),
    pitfall(
        "hosts are ejected later than the configuration seems to say",
        &["istio#46724", "istio#45128"],
        Lints(&["MF0610"]),
    ),
    pitfall(
        "`FAIL_OPEN` helps when a module cannot be fetched, not when Envoy refuses the configuration",
        &["istio#53279", "istio#53363"],
        Lints(&["MF0903"]),
    ),
    pitfall(
        "WasmPlugin or TrafficExtension, by Istio's version, and both at once",
        &[],
        Lints(&["MF0901", "MF0902", "MF0904", "MF0905"]),
    ),
    pitfall(
        "managed Cloud Service Mesh takes no Wasm and not every field",
        &[],
        Lints(&["MF1001", "MF1002"]),
    ),
    pitfall(
        "`failoverPriority` over a DNS service in several localities crashes istiod",
        &["istio#61857"],
        Lints(&["MF0102"]),
    ),
    pitfall(
        "an OCI artifact with a single layer is rejected, and a module may call all of the ABI",
        &["istio#45118"],
        Reason(
            "the layers are in the registry, not in a manifest; `cargo xtask image` builds the layout that the agent accepts",
        ),
    ),
    pitfall(
        "traffic spills over before a region is gone: below 71 % of healthy hosts at Envoy's factor of 1.4",
        &[],
        Reason("it is how priorities work; `explain` prints the point, `simulate` plays it"),
    ),
    pitfall(
        "thousands of requests fail when a whole priority dies at once",
        &["envoy#28304"],
        Reason("it depends on the moment, not on a field; `simulate` counts them for a scenario"),
    ),
    pitfall(
        "both regions are down, and their gateways send requests in a circle",
        &["istio#22534"],
        Reason(
            "each gateway's manifests are right by themselves; the region router stops the loop",
        ),
    ),
    pitfall(
        "there are no active health checks",
        &["istio#10537"],
        Reason("no field is missing: Istio has none; the region router probes"),
    ),
    pitfall(
        "ejections leave no metric",
        &["istio#18973", "istio#40143", "istio#52962"],
        Reason(
            "a matter of the running gateway: `check --live` reports ejected hosts (MF1207), and the region router has metrics",
        ),
    ),
    pitfall(
        "there is no task for draining a cluster",
        &["istio.io#8469"],
        Reason("it is something to do, not something written; the region router drains over time"),
    ),
];

/// What `istioctl analyze` reports about the kinds that are read here, and what says it.
pub const ANALYSIS: &[Pitfall] = &[
    pitfall(
        "IST0101 ReferencedResourceNotFound: a host, or a subset of it, that a route leads to",
        &[],
        Lints(&["MF0103"]),
    ),
    pitfall(
        "IST0101 ReferencedResourceNotFound: a Gateway that a VirtualService names",
        &[],
        Lints(&["MF0604", "MF0605"]),
    ),
    pitfall(
        "IST0101 ReferencedResourceNotFound: a Gateway's selector",
        &[],
        Reason(
            "`check`, `explain` and `simulate` say that no Gateway selects the gateway (MF0109)",
        ),
    ),
    pitfall("IST0106 SchemaValidationError", &[], Lints(&["MF1101"])),
    pitfall(
        "IST0109 ConflictingMeshGatewayVirtualServiceHosts",
        &[],
        Reason("it is about sidecars, which are not modelled"),
    ),
    pitfall("IST0112 VirtualServiceDestinationPortSelectorRequired", &[], Lints(&["MF0103"])),
    pitfall(
        "IST0126 UnknownMeshNetworksServiceRegistry",
        &[],
        Reason("`meshNetworks` is not read: networks come from the topology or the Nodes"),
    ),
    pitfall(
        "IST0130, IST0131 rules and matches of a VirtualService that are not used; of an HTTPRoute nobody else says so",
        &[],
        Lints(&["MF1102", "MF0612"]),
    ),
    pitfall(
        "IST0132 hosts of a VirtualService that its Gateway does not have; of an HTTPRoute likewise",
        &[],
        Lints(&["MF0611"]),
    ),
    pitfall(
        "IST0133 SchemaWarning: outlier detection policy must be provided for failover",
        &[],
        Lints(&["MF0202", "MF1102"]),
    ),
    pitfall(
        "IST0140 IngressRouteRulesNotAffected",
        &[],
        Reason("it is about VirtualServices on `mesh`; those of the gateway route to subsets"),
    ),
    pitfall(
        "IST0145 ConflictingGateways",
        &[],
        Reason(
            "servers of several Gateways are merged as istiod does; one that loses its host is said (MF0104, MF0111)",
        ),
    ),
    pitfall(
        "IST0162 GatewayPortNotDefinedOnService",
        &[],
        Reason(
            "a server's port is taken as the one on which the proxy listens: Services of gateways are often elsewhere",
        ),
    ),
    pitfall("IST0166 IneffectiveSelector, IST0167 IneffectivePolicy", &[], Lints(&["MF0904"])),
    pitfall(
        "IST0170 MultiClusterInconsistentService",
        &[],
        Reason(
            "a Service may differ between clusters on purpose; each cluster's is used for its endpoints",
        ),
    ),
    pitfall("IST0173 DestinationRuleSubsetNotSelectPods", &[], Lints(&["MF0413"])),
    pitfall("IST0174 UnknownDestinationRuleHost", &[], Lints(&["MF0411"])),
];

/// The tables of all of them.
pub fn table() -> String {
    let mut text = known();
    let _ = write!(
        text,
        "\n## What `istioctl analyze` says\n\nIts messages about these kinds, and what finds the same here, without a cluster.\n\n\
         | what | found by |\n|---|---|\n"
    );
    for Pitfall { what, found_by, .. } in ANALYSIS {
        let _ = writeln!(text, "| {what} | {} |", by(found_by));
    }
    text
}

fn by(found_by: &FoundBy) -> String {
    match found_by {
        Lints(codes) => {
            let codes: Vec<String> =
                codes.iter().map(|code| format!("[{code}]({code}.md)")).collect();
            codes.join(", ")
        }
        Reason(why) => format!("no lint: {why}"),
    }
}

fn known() -> String {
    let mut text = "\n## What is known to go wrong\n\nWhat users of Istio and Envoy have reported or met, and what finds it here.\n\n\
         | what | reported in | found by |\n|---|---|---|\n"
        .to_owned();
    for Pitfall { what, issues, found_by } in PITFALLS {
        let issues: Vec<String> = issues.iter().map(|issue| link(issue)).collect();
        let _ = writeln!(text, "| {what} | {} | {} |", issues.join(", "), by(found_by));
    }
    text
}

/// `istio#123` as a link; `envoy` and `istio.io` likewise.
fn link(issue: &str) -> String {
    let Some((repository, number)) = issue.split_once('#') else { return issue.to_owned() };
    let owner = if repository == "envoy" { "envoyproxy" } else { "istio" };
    format!("[{issue}](https://github.com/{owner}/{repository}/issues/{number})")
}
