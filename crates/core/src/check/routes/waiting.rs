//! Times that end too late: a host that is silent must be given up before anybody can fail over.

use std::time::Duration;

use super::way::Way;
use super::written::Written;
use crate::check::{Finding, Rule};
use crate::diagnostic::Severity;
use crate::manifest::{Object, Scenario, Target};

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
retry ever helps. Nor is it held against the host: who waits for a connection has none yet, so outlier \
detection hears nothing before the connect timeout either.",
};

pub(super) const NO_TIMEOUT: Rule = Rule {
    code: "MF0608",
    name: "nothing-ends-the-wait",
    severity: Severity::Warning,
    title: "the route has no timeout, and a host that stays silent is never given up",
    why: "\
Istio's routes have no timeout unless one is written (Envoy's own 15 s are switched off). A process that hangs, or a \
load balancer that swallows packets, accepts connections and never answers: such a request waits until \
the client goes away. Outlier detection counts answers and failures, not waiting, so it never ejects the host \
either, and failover does not happen. `timeout` or `retries.perTryTimeout` turns silence into a failure (504) that is counted \
and can be tried again elsewhere. To a service that speaks HTTP/2 a dead network is silent too: all requests \
take the one connection that there is, and none needs a new one that could fail.",
};

pub(super) const LATE: Rule = Rule {
    code: "MF0610",
    name: "noticed-after-the-failover-wanted",
    severity: Severity::Warning,
    title: "an outage is noticed later than the scenario wants failover",
    why: "\
Outlier detection ejects after failures, and a silent network is a failure only when a time is over: the connect timeout \
(10 s unless `connectionPool.tcp.connectTimeout` or the mesh says otherwise) for new connections, `perTryTimeout` or the \
route's `timeout` for requests that are under way. No failover can come sooner than the shortest of them.",
};

pub(super) fn check<T: Written>(way: &Way<'_, '_, T>, findings: &mut Vec<Finding>) {
    findings.extend(connect_timeout(way));
    findings.extend(no_timeout(way));
    let late = way.facts.manifests.scenarios.iter().find_map(|scenario| late(way, scenario));
    findings.extend(late);
}

fn connect_timeout<T: Written>(way: &Way<'_, '_, T>) -> Option<Finding> {
    let (timeout, level) = (way.timeout()?, way.regional()?);
    let (connect, is_written) = way.connect_timeout(level);
    let retries = way.route.retries.as_ref().is_none_or(|retries| retries.attempts > 0);
    if connect < timeout || !retries {
        return None;
    }
    let default = if is_written { "" } else { ", the default" };
    let message = format!(
        "the request is over after {} s, but connecting may take {} s{default}: no retry reaches another region",
        timeout.as_secs_f64(),
        connect.as_secs_f64()
    );
    let field = format!("{}.connectionPool.tcp.connectTimeout", level.path);
    let found = way
        .finding(&CONNECT_TIMEOUT, T::TIMEOUT, message)
        .help("write `connectionPool.tcp.connectTimeout: 1s` in the DestinationRule");
    Some(found.fix(way.facts.set(level.rule, &field, "1s")))
}

/// A warning where a scenario has silent hosts, a note where nobody says what may happen, nothing where no scenario has them.
fn no_timeout<T: Written>(way: &Way<'_, '_, T>) -> Option<Finding> {
    let level = way.regional().filter(|level| level.outlier().is_some())?;
    if way.timeout().or(way.per_try_timeout()).is_some() {
        return None;
    }
    let scenarios = &way.facts.manifests.scenarios;
    let silent = scenarios.iter().find(|scenario| {
        scenario
            .spec
            .steps
            .iter()
            .any(|step| step.blackhole.as_ref().is_some_and(|it| hits(it, way)))
    });
    let (message, severity) = match silent {
        Some(scenario) => (
            format!(
                "nothing ends the wait for the hosts that scenario `{}` silences: no {}, no {}",
                scenario.metadata.name,
                T::TIMEOUT,
                T::TRY_TIMEOUT
            ),
            Severity::Warning,
        ),
        None if scenarios.is_empty() => (
            format!(
                "no timeout: a request to a host of `{}` that accepts and never answers waits for ever, and is never counted",
                level.rule.spec.host
            ),
            Severity::Note,
        ),
        None => return None,
    };
    let found = way.finding(&NO_TIMEOUT, "", message).severity(severity);
    let help =
        format!("write `{}` if requests may be repeated, or `{}`", T::TRY_TIMEOUT, T::TIMEOUT);
    Some(found.help(help))
}

/// Whether a step's target may be among the route's endpoints.
fn hits<T: Written>(target: &Target, way: &Way<'_, '_, T>) -> bool {
    target.service.as_ref().is_none_or(|service| {
        way.levels.iter().any(|level| crate::check::facts::full_host(level.rule) == *service)
    })
}

/// Compared with the strictest failover that a scenario wants of a region it takes from the network.
fn late<T: Written>(way: &Way<'_, '_, T>, scenario: &Object<Scenario>) -> Option<Finding> {
    let level = way.regional().filter(|level| level.outlier().is_some())?;
    let spec = &scenario.spec;
    let wanted = spec.expect.iter().filter_map(|expectation| expectation.failover.as_ref());
    let gone = |region: &str| {
        let gone = spec.steps.iter().filter_map(|step| step.partition.as_ref());
        gone.filter(|it| hits(it, way)).any(|it| it.region.as_deref().is_none_or(|it| it == region))
    };
    let wanted = wanted.filter(|it| gone(&it.region)).min_by_key(|it| it.within)?;
    let (connect, is_written) = way.connect_timeout(level);
    let times = [way.timeout(), way.per_try_timeout(), Some(connect)];
    let noticed: Duration = times.into_iter().flatten().min()?;
    if noticed < wanted.within.0 {
        return None;
    }
    let default =
        if is_written || noticed != connect { "" } else { ", the default connect timeout" };
    let message = format!(
        "scenario `{}` wants failover of `{}` within {}, but a vanished host is noticed after {} s{default}",
        scenario.metadata.name,
        wanted.region,
        wanted.within,
        noticed.as_secs_f64()
    );
    let field = format!("{}.connectionPool.tcp.connectTimeout", level.path);
    let found = way
        .finding(&LATE, "", message)
        .help("write `connectionPool.tcp.connectTimeout: 1s` in the DestinationRule");
    Some(found.fix(way.facts.set(level.rule, &field, "1s")))
}
