//! Retries and timeouts that come too late, or do not leave the region.

use std::time::Duration;

use super::destination::full_destination;
use crate::check::facts::{Facts, full_host};
use crate::check::policies::Level;
use crate::check::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{Destination, HttpRetry, HttpRoute, Object, VirtualService};
use crate::translate::is_subset_of;

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

pub(super) const CONNECT_TIMEOUT: Rule = Rule {
    code: "MF0606",
    name: "connect-timeout-outlasts-route",
    severity: Severity::Warning,
    title: "connecting may take longer than the whole request may",
    why: "\
A region that vanishes from the network does not refuse connections, it just never answers. Envoy gives \
up on such a connection after the cluster's connect timeout, 10 s unless \
`connectionPool.tcp.connectTimeout` or the mesh says otherwise, and only then retries another host. If \
the route's timeout is shorter, the request is over before the first retry: the client gets 504, and no \
retry ever helps.",
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

/// Envoy's and the mesh's default.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn check(
    facts: &Facts<'_>,
    service: &Object<VirtualService>,
    route: &HttpRoute,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let destinations: Vec<&Destination> =
        route.route.iter().filter_map(|weighted| weighted.destination.as_ref()).collect();
    let levels: Vec<&Level<'_>> =
        destinations.iter().filter_map(|it| level_of(facts, service, it)).collect();
    if let Some(retries) = &route.retries {
        remote(facts, service, retries, &levels, path, findings);
        without_503(facts, service, retries, &levels, path, findings);
    }
    connect_timeout(facts, service, route, &levels, path, findings);
}

/// The policy at a destination, by the rule for its host.
fn level_of<'a, 'b>(
    facts: &'b Facts<'a>,
    service: &Object<VirtualService>,
    destination: &Destination,
) -> Option<&'b Level<'a>> {
    let host = full_destination(service, destination);
    let port = destination.port.as_ref().map(|port| port.number);
    let of_host = facts.levels.iter().filter(|level| is_subset_of(&host, &full_host(level.rule)));
    let subset = destination.subset.as_deref();
    let fits = of_host.filter(|level| {
        level.subset.is_none_or(|it| Some(it.name.as_str()) == subset)
            && port.is_none_or(|port| level.is_for(port))
            && (port.is_some() || level.port.is_none())
    });
    fits.max_by_key(|level| (level.subset.is_some(), level.port.is_some()))
}

fn remote(
    facts: &Facts<'_>,
    service: &Object<VirtualService>,
    retries: &HttpRetry,
    levels: &[&Level<'_>],
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let distributed = levels
        .iter()
        .find(|level| level.locality().is_some_and(|setting| !setting.distribute.is_empty()));
    if let (Some(true), Some(level)) = (retries.retry_remote_localities, distributed) {
        let message = format!(
            "retryRemoteLocalities does nothing here: `distribute` of `{}` leaves one priority",
            level.rule.metadata.name
        );
        let path = format!("{path}.retries.retryRemoteLocalities");
        let found = facts.finding(&REMOTE_WITH_DISTRIBUTE, service, path, message);
        findings.push(found.help("use `failover` instead of `distribute`, or count on ejection"));
    }
}

fn without_503(
    facts: &Facts<'_>,
    service: &Object<VirtualService>,
    retries: &HttpRetry,
    levels: &[&Level<'_>],
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let fails_over = levels.iter().any(|level| level.locality().is_some());
    let is_default =
        retries.attempts > 0 && retries.retry_on.as_deref().unwrap_or_default().is_empty();
    if fails_over && is_default && !facts.version.retries_503_by_default() {
        let message = format!(
            "{} attempts, but none after a 503: without retryOn Istio {} passes it on",
            retries.attempts, facts.version
        );
        let found = facts.finding(&WITHOUT_503, service, format!("{path}.retries"), message);
        let field = format!("{path}.retries.retryOn");
        let fix = facts.set(
            service,
            &field,
            "\"connect-failure,refused-stream,unavailable,cancelled,503\"",
        );
        findings
            .push(found.help("if your requests may be repeated, add 503 to `retryOn`").fix(fix));
    }
}

fn connect_timeout(
    facts: &Facts<'_>,
    service: &Object<VirtualService>,
    route: &HttpRoute,
    levels: &[&Level<'_>],
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(timeout) = route.timeout.map(|timeout| timeout.0).filter(|it| !it.is_zero()) else {
        return;
    };
    let Some(level) = levels.iter().find(|level| level.locality().is_some()) else { return };
    let tcp = level.effective.connection_pool.as_ref().and_then(|pool| pool.tcp.as_ref());
    let written = tcp.and_then(|tcp| tcp.connect_timeout).or(facts.mesh.connect_timeout);
    let connect = written.map_or(DEFAULT_CONNECT_TIMEOUT, |timeout| timeout.0);
    let retries = route.retries.as_ref().is_none_or(|retries| retries.attempts > 0);
    if connect < timeout || !retries {
        return;
    }
    let default = if written.is_none() { ", the default" } else { "" };
    let message = format!(
        "the request is over after {} s, but connecting may take {} s{default}: no retry reaches another region",
        timeout.as_secs_f64(),
        connect.as_secs_f64()
    );
    let found = facts.finding(&CONNECT_TIMEOUT, service, format!("{path}.timeout"), message);
    let field = format!("{}.connectionPool.tcp.connectTimeout", level.path);
    let fix = facts.set(level.rule, &field, "1s");
    findings.push(
        found.help("write `connectionPool.tcp.connectTimeout: 1s` in the DestinationRule").fix(fix),
    );
}
