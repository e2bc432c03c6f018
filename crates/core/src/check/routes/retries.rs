//! Retries that do not leave the region, do not happen, or know no measure.

use super::way::Way;
use super::written::Written;
use crate::check::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::HttpRetry;

pub(super) const REMOTE_WITH_DISTRIBUTE: Rule = Rule {
    code: "MF0603",
    name: "remote-retries-with-distribute",
    severity: Severity::Warning,
    title: "`retryRemoteLocalities` does nothing with `distribute`",
    why: "\
`retryRemoteLocalities` moves retries to priorities that were not tried. `distribute` puts all regions \
into one priority, so there is no other to move to, and a retry draws its region by the same shares as \
the first attempt ([istio#45668](https://github.com/istio/istio/issues/45668)).",
};

pub(super) const WITHOUT_503: Rule = Rule {
    code: "MF0607",
    name: "retries-without-503",
    severity: Severity::Note,
    title: "`retries` without `retryOn` do not retry a 503",
    why: "\
Since Istio 1.24 the default conditions are \
`connect-failure,refused-stream,unavailable,cancelled`: a 503 that an endpoint answers is passed on to \
the client. Until outlier detection has ejected it, a region that answers with 503 fails every request \
it gets.",
};

pub(super) const WITHOUT_BUDGET: Rule = Rule {
    code: "MF0609",
    name: "retries-without-budget",
    severity: Severity::Note,
    title: "retries multiply the load of an outage, and nothing limits them",
    why: "\
While a region fails and is not yet ejected, each of its requests is tried again, up to `attempts` \
times, and where failover leads there all of it arrives beside the usual load. istiod sets Envoy's limit on \
concurrent retries to infinity; only `trafficPolicy.retryBudget` or `connectionPool.http.maxRetries` \
brings one back. With a budget, retries beyond that share of the requests in flight are not made.",
};

pub(super) fn check<T: Written>(way: &Way<'_, '_, T>, findings: &mut Vec<Finding>) {
    let Some(retries) = &way.route.retries else { return };
    findings.extend(remote(way, retries));
    findings.extend(without_503(way, retries));
    findings.extend(without_budget(way, retries));
}

fn remote<T: Written>(way: &Way<'_, '_, T>, retries: &HttpRetry) -> Option<Finding> {
    let distributes = |level: &crate::check::policies::Level<'_>| {
        level.locality().is_some_and(|it| !it.distribute.is_empty())
    };
    let level = way.levels.iter().find(|level| distributes(level))?;
    (retries.retry_remote_localities == Some(true)).then(|| {
        let message = format!(
            "retryRemoteLocalities does nothing here: `distribute` of `{}` leaves one priority",
            level.rule.metadata.name
        );
        way.finding(&REMOTE_WITH_DISTRIBUTE, "retries.retryRemoteLocalities", message)
            .help("use `failover` instead of `distribute`, or count on ejection")
    })
}

fn without_503<T: Written>(way: &Way<'_, '_, T>, retries: &HttpRetry) -> Option<Finding> {
    way.regional()?;
    let version = way.facts.version;
    let written = retries.retry_on.as_deref().unwrap_or_default();
    let is_default = retries.attempts > 0 && written == T::NO_CONDITIONS;
    (is_default && !version.retries_503_by_default()).then(|| {
        let message = format!(
            "{} attempts, but none after a 503: without {} Istio {version} passes it on",
            retries.attempts,
            T::CONDITIONS
        );
        let field = format!("{}.{}.{}", way.path, T::RETRIES, T::CONDITIONS);
        way.finding(&WITHOUT_503, T::RETRIES, message)
            .help(format!("if your requests may be repeated, add 503 to `{}`", T::CONDITIONS))
            .fix(way.facts.set(way.object, &field, T::WITH_503))
    })
}

/// So many repetitions of a request and fewer are nobody's storm.
const FEW_ATTEMPTS: i32 = 2;

fn without_budget<T: Written>(way: &Way<'_, '_, T>, retries: &HttpRetry) -> Option<Finding> {
    let level = way.regional()?;
    let policy = &level.effective;
    let http = policy.connection_pool.as_ref().and_then(|pool| pool.http.as_ref());
    let limited = policy.retry_budget.is_some()
        || http.and_then(|http| http.max_retries).is_some_and(|most| most > 0);
    (retries.attempts > FEW_ATTEMPTS && !limited).then(|| {
        let message = format!(
            "a request to a failing region becomes up to {}, and no retry budget of `{}` limits that",
            i64::from(retries.attempts) + 1,
            level.rule.metadata.name
        );
        way.finding(&WITHOUT_BUDGET, &format!("{}.attempts", T::RETRIES), message)
            .help("write `retryBudget: {percent: 20}` in the DestinationRule's trafficPolicy")
    })
}
