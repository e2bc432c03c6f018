//! Which requests a cluster gets.

use std::time::Duration;

use mesh_failover_sorted::SortedMap;

use super::cause::Causes;
use super::{Cause, Statement};
use crate::manifest::{GoDuration, Manifests};
use crate::route::{
    Forward, HeaderMatcher, PathMatch, RetryPolicy, Route, RouteAction, RouteMatch, StringMatch,
};
use crate::translate::Translation;

/// The routes that lead to each cluster.
pub(super) fn by_cluster(
    manifests: &Manifests,
    translation: &Translation,
) -> SortedMap<String, Vec<Statement>> {
    let causes = Causes { manifests, otherwise: &Cause::default() };
    let mut routes: SortedMap<String, Vec<Statement>> = SortedMap::new();
    for listener in &translation.listeners {
        for host in &listener.virtual_hosts {
            for route in &host.routes {
                let RouteAction::Forward(forward) = &route.action else { continue };
                let of = format!("port {}, host {}", listener.port, host.domains.join(", "));
                for (cluster, share) in shares(forward) {
                    let text = format!("{of}, {}{share}{}", matched(route), behaviour(forward));
                    let cause = cause(&causes, route);
                    routes.entry(cluster.to_owned()).or_default().push(Statement { text, cause });
                }
            }
        }
    }
    routes
}

fn cause(causes: &Causes<'_>, route: &Route) -> Cause {
    let place = route.place.as_ref();
    place.map_or_else(Cause::default, |place| causes.of(place.document, &place.path))
}

/// Clusters with their part of the route, if it has several.
fn shares(forward: &Forward) -> impl Iterator<Item = (&str, String)> {
    let total: u64 = forward.clusters.iter().map(|cluster| u64::from(cluster.weight)).sum();
    forward.clusters.iter().map(move |cluster| {
        let percent = 100.0 * f64::from(cluster.weight) / total as f64;
        let several = forward.clusters.len() > 1;
        let share = if several { format!(", {percent:.1} % of it") } else { String::new() };
        (cluster.name.as_str(), share)
    })
}

fn matched(route: &Route) -> String {
    let RouteMatch { path, headers, query_parameters, .. } = &route.matcher;
    let path = match path {
        PathMatch::Prefix(prefix) if prefix == "/" => "any path".to_owned(),
        PathMatch::Prefix(prefix) => format!("path {prefix}*"),
        PathMatch::PathSeparatedPrefix(prefix) => format!("path {prefix}, {prefix}/*"),
        PathMatch::Exact(exact) => format!("path {exact}"),
        PathMatch::Regex(regex) => format!("path ~ {regex}"),
    };
    let headers = headers.iter().map(header);
    let query = query_parameters.iter().map(|it| condition(&it.name, &it.value));
    std::iter::once(path).chain(headers).chain(query).collect::<Vec<_>>().join(", ")
}

fn header(header: &HeaderMatcher) -> String {
    let condition = condition(&header.name, &header.value);
    if header.invert { format!("not {condition}") } else { condition }
}

fn condition(name: &str, value: &StringMatch) -> String {
    match value {
        StringMatch::Present => format!("with {name}"),
        StringMatch::Exact(exact) => format!("{name}: {exact}"),
        StringMatch::Prefix(prefix) => format!("{name}: {prefix}*"),
        StringMatch::Regex(regex) => format!("{name} ~ {regex}"),
    }
}

/// Timeout and retries.
fn behaviour(forward: &Forward) -> String {
    let time = |time: Duration| GoDuration(time).to_string();
    let timeout =
        forward.timeout.map_or("no timeout".to_owned(), |it| format!("timeout {}", time(it)));
    let retries = match &forward.retry_policy {
        None => "no retries".to_owned(),
        Some(RetryPolicy { num_retries, retry_on, per_try_timeout, .. }) => {
            let each = per_try_timeout.map_or(String::new(), |it| format!(", {} each", time(it)));
            format!("{num_retries} retries on {retry_on}{each}")
        }
    };
    format!("; {timeout}; {retries}")
}
