//! Probes that Envoy has nobody to give to.
//!
//! **Source**: Envoy load_balancer_impl.cc `isHostSetInPanic`, v1.40.0 (`NoHealthyUpstream` otherwise); docs/region-router.md,
//! "Probes and Envoy's own ejections", which an end-to-end test holds to.

use std::time::Duration;

use crate::check::facts::{Facts, full_host, list};
use crate::check::policies::place_of;
use crate::check::{Finding, Fix, Rule};
use crate::diagnostic::Severity;
use crate::json_text;
use crate::manifest::{DestinationRule, GoDuration, Object, OutlierDetection, Subset};
use crate::router::DestinationConfig;
use crate::translate::{is_subset_of, merge_traffic_policy};

pub(super) const UNHEARD: Rule = Rule {
    code: "MF0804",
    name: "probe-reaches-no-host",
    severity: Severity::Warning,
    title: "once Envoy has ejected all hosts of a region, the router's probes reach none",
    why: "\
The DestinationRule's `outlierDetection` holds in each region's subset as well. The errors that make the \
router take a region out make Envoy eject its hosts, one by one, and when all are out Envoy has nobody to give \
a probe to: it fails at once, and the region stays out until Envoy lets a host back by itself, whatever the service would \
answer by then. With `minHealthPercent` in the subset's `outlierDetection` Envoy panics when most of the \
hosts are out and sends to all of them, so probes are heard and bring the region back; one bad host of \
three is still ejected, and which region gets traffic is the router's to say.",
};

/// Of three hosts one may be out without panic.
const MIN_HEALTH_PERCENT: i32 = 50;
const DEFAULT_BASE_EJECTION_TIME: Duration = Duration::from_secs(30);

pub(super) fn check(
    facts: &Facts<'_>,
    destination: &DestinationConfig,
    findings: &mut Vec<Finding>,
) {
    if destination.probe.is_none() {
        return;
    }
    for rule in &facts.manifests.destination_rules {
        if is_subset_of(&destination.host, &full_host(rule)) {
            findings.extend(deaf(facts, rule, destination.port.map(u32::from)));
        }
        let of_region = |host: &String| is_subset_of(host, &full_host(rule));
        if destination.hosts.values().any(of_region) {
            findings.extend(deaf_service(facts, rule));
        }
    }
}

/// A region's subset in which all hosts can be out at once.
struct Deaf<'a> {
    subset: &'a Subset,
    path: String,
    block: OutlierDetection,
}

fn deaf(facts: &Facts<'_>, rule: &Object<DestinationRule>, port: Option<u32>) -> Option<Finding> {
    let parent = rule.spec.traffic_policy.as_ref();
    let mut subsets = Vec::new();
    for (index, subset) in rule.spec.subsets.iter().enumerate() {
        let own = subset.traffic_policy.as_ref();
        let block = merge_traffic_policy(parent, own, port).and_then(|it| it.outlier_detection);
        let Some(block) = block.filter(empties) else { continue };
        if place_of(subset).is_some() {
            let path = format!("spec.subsets[{index}].trafficPolicy.outlierDetection");
            subsets.push(Deaf { subset, path, block });
        }
    }
    let first = subsets.first()?;
    let message = unheard(&list(subsets.iter().map(|it| &it.subset.name)), &first.block);
    let found = facts.finding(&UNHEARD, rule, &first.path, message);
    let help = format!(
        "write `minHealthPercent: {MIN_HEALTH_PERCENT}` into the `outlierDetection` of each of these subsets"
    );
    Some(found.help(help).fix(fix(facts, rule, &subsets)))
}

/// The Service that a region has for itself.
fn deaf_service(facts: &Facts<'_>, rule: &Object<DestinationRule>) -> Option<Finding> {
    let policy = rule.spec.traffic_policy.as_ref()?;
    let block = policy.outlier_detection.as_ref().filter(|block| empties(block))?;
    let field = "spec.trafficPolicy.outlierDetection";
    let found = facts.finding(&UNHEARD, rule, field, unheard(&rule.spec.host, block));
    let help = format!("write `minHealthPercent: {MIN_HEALTH_PERCENT}` beside it");
    let written = MIN_HEALTH_PERCENT.to_string();
    Some(found.help(help).fix(facts.set(rule, &format!("{field}.minHealthPercent"), &written)))
}

fn unheard(hosts: &str, block: &OutlierDetection) -> String {
    let time = block.base_ejection_time.map_or(DEFAULT_BASE_EJECTION_TIME, |time| time.0);
    format!(
        "when all hosts of {hosts} are ejected no probe reaches one: the region is out for {} whatever `probe` would find",
        GoDuration(time)
    )
}

/// Whether errors can take out every host, and no panic brings them back.
pub(crate) fn empties(block: &OutlierDetection) -> bool {
    let all = block.max_ejection_percent.is_some_and(|percent| percent >= 100);
    let panics = block.min_health_percent.is_some_and(|percent| percent > 0);
    let off = block.consecutive_5xx_errors == Some(0)
        && block.consecutive_gateway_errors.unwrap_or(0) == 0
        && block.split_external_local_origin_errors != Some(true);
    all && !panics && !off
}

/// The same block, with which a region's subset hears probes.
pub(crate) fn with_panic(block: &OutlierDetection) -> OutlierDetection {
    OutlierDetection { min_health_percent: Some(MIN_HEALTH_PERCENT), ..block.clone() }
}

/// The field in each subset; where the block is the whole rule's, with a copy of it, since blocks are not merged.
fn fix(facts: &Facts<'_>, rule: &Object<DestinationRule>, subsets: &[Deaf<'_>]) -> Option<Fix> {
    let mut edits = Vec::new();
    for Deaf { subset, path, block } in subsets {
        let policy = subset.traffic_policy.as_ref();
        if policy.is_some_and(|policy| !policy.port_level_settings.is_empty()) {
            return None; // Which of the levels decides is not for a fix to guess.
        }
        let fix = if policy.is_some_and(|policy| policy.outlier_detection.is_some()) {
            let field = format!("{path}.minHealthPercent");
            facts.set(rule, &field, &MIN_HEALTH_PERCENT.to_string())
        } else {
            facts.set(rule, path, &on_one_line(&with_panic(block))?)
        };
        edits.extend(fix?.edits);
    }
    let title = format!(
        "write `minHealthPercent: {MIN_HEALTH_PERCENT}` into {}",
        list(subsets.iter().map(|it| &it.subset.name))
    );
    Some(Fix { title, edits })
}

/// `{interval: 1s, maxEjectionPercent: 100}`.
fn on_one_line(block: &OutlierDetection) -> Option<String> {
    let serde_json::Value::Object(fields) = serde_json::to_value(block).ok()? else { return None };
    let fields = fields.iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| json_text::of(value), str::to_owned);
        format!("{name}: {text}")
    });
    Some(format!("{{{}}}", fields.collect::<Vec<_>>().join(", ")))
}
