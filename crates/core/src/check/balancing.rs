//! Balancers that do not go well with regions.
//!
//! **Source**: Istio cluster_traffic_policy.go `ApplyLoadBalancer`, 1.31; Envoy slow start and ring hash, v1.40.0.

use super::facts::Facts;
use super::policies::Level;
use super::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::SimpleLb;

pub(super) const RULES: &[&Rule] = &[&WARMUP, &WARMUP_IGNORED, &CONSISTENT_HASH, &MAX_RETRIES];

const WARMUP: Rule = Rule {
    code: "MF0501",
    name: "warmup-does-not-ramp-regions",
    severity: Severity::Warning,
    title: "`warmup` does not ramp a region that comes back",
    why: "\
Envoy's slow start lowers the weight of a new host against the other hosts of its locality. Shares of \
regions and the order of priorities are decided before that. When a whole region comes back, all its \
hosts are new, their low weights cancel out, and the region gets its full share at once \
([istio#46569](https://github.com/istio/istio/issues/46569), [istio#54435](https://github.com/istio/istio/issues/54435)).",
};

const WARMUP_IGNORED: Rule = Rule {
    code: "MF0502",
    name: "warmup-ignored",
    severity: Severity::Warning,
    title: "`warmup` is ignored by this balancer",
    why: "\
Slow start exists for `ROUND_ROBIN` and `LEAST_REQUEST` only. With `RANDOM`, `PASSTHROUGH` and \
consistent hashing istiod does not write it into Envoy's configuration.",
};

const CONSISTENT_HASH: Rule = Rule {
    code: "MF0503",
    name: "hash-is-not-sticky-across-regions",
    severity: Severity::Warning,
    title: "`consistentHash` with locality load balancing is not sticky",
    why: "\
Envoy keeps one ring for each priority, and chooses the priority first. Whenever health changes the \
load of a priority, users move to another ring and so to another host; with `distribute` the weights of \
localities are part of the ring, and every change of them moves users too \
([istio#41674](https://github.com/istio/istio/issues/41674)). Sessions must survive that.",
};

const MAX_RETRIES: Rule = Rule {
    code: "MF0504",
    name: "max-retries-beside-budget",
    severity: Severity::Warning,
    title: "`maxRetries` is ignored beside `retryBudget`",
    why: "\
With a retry budget Envoy counts concurrent retries against a share of the requests in flight, and \
no longer looks at the fixed limit: `connectionPool.http.maxRetries` has no effect.",
};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for level in facts.levels.iter().filter(|level| level.owns("loadBalancer")) {
        warmup(facts, level, findings);
        consistent_hash(facts, level, findings);
    }
    for level in facts.levels.iter().filter(|level| level.owns("connectionPool")) {
        findings.extend(max_retries(facts, level));
    }
}

fn max_retries(facts: &Facts<'_>, level: &Level<'_>) -> Option<Finding> {
    let http = level.effective.connection_pool.as_ref()?.http.as_ref()?;
    let most = http.max_retries.filter(|most| *most > 0)?;
    let budget = level.effective.retry_budget.as_ref()?;
    let percent = budget.percent.unwrap_or(20.0);
    let message = format!("maxRetries {most} is ignored: the retry budget of {percent} % decides");
    let path = format!("{}.http.maxRetries", level.written("connectionPool"));
    let found = facts.finding(&MAX_RETRIES, level.rule, path, message);
    Some(found.help("remove one of the two"))
}

/// Whether regions are treated differently at all.
fn is_by_locality(level: &Level<'_>) -> bool {
    level
        .locality()
        .is_some_and(|setting| !setting.distribute.is_empty() || level.outlier().is_some())
}

fn warmup(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let Some(balancer) = level.load_balancer() else { return };
    let (field, duration) = match (&balancer.warmup, balancer.warmup_duration_secs) {
        (Some(warmup), _) => ("warmup", warmup.duration),
        (None, Some(duration)) => ("warmupDurationSecs", Some(duration)),
        (None, None) => return,
    };
    let Some(duration) = duration.filter(|duration| !duration.0.is_zero()) else { return };
    let seconds = duration.0.as_secs_f64();
    let path = format!("{}.{field}", level.written("loadBalancer"));
    let ignored_by = match balancer.simple {
        _ if balancer.consistent_hash.is_some() => Some("consistentHash"),
        Some(SimpleLb::Random) => Some("RANDOM"),
        Some(SimpleLb::Passthrough) => Some("PASSTHROUGH"),
        _ => None,
    };
    if let Some(name) = ignored_by {
        let message = format!("`{name}` ignores the {seconds} s of {field}");
        let found = facts.finding(&WARMUP_IGNORED, level.rule, path, message);
        findings.push(found.help("use `simple: LEAST_REQUEST` or `ROUND_ROBIN`"));
    } else if is_by_locality(level) {
        let message = format!(
            "the {seconds} s of {field} ramp hosts, not regions: a region that comes back gets its whole share at once"
        );
        let found = facts.finding(&WARMUP, level.rule, path, message);
        findings.push(
            found.help("the region router's `failback` ramps regions; in Istio alone nothing does"),
        );
    }
}

fn consistent_hash(facts: &Facts<'_>, level: &Level<'_>, findings: &mut Vec<Finding>) {
    let hashes = level.load_balancer().is_some_and(|it| it.consistent_hash.is_some());
    if hashes && is_by_locality(level) {
        let path = format!("{}.consistentHash", level.written("loadBalancer"));
        let message = "users stick to a host only until the health of a region changes: each priority has a ring of its own";
        let found = facts.finding(&CONSISTENT_HASH, level.rule, path, message);
        findings.push(found.help("keep sessions where every region can read them"));
    }
}
