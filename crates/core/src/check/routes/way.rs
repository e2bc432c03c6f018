//! A route and the policies at its destinations: what lints about waiting and trying again look at.

use std::time::Duration;

use super::destination::full_destination;
use super::written::Written;
use crate::check::facts::{Facts, full_host};
use crate::check::policies::Level;
use crate::check::{Finding, Rule};
use crate::manifest::{Destination, GoDuration, HttpRoute, Object};
use crate::translate::is_subset_of;

/// Envoy's and the mesh's default.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A route of an object.
pub(super) struct Way<'a, 'b, T> {
    pub(super) facts: &'b Facts<'a>,
    pub(super) object: &'b Object<T>,
    pub(super) route: &'b HttpRoute,
    /// Where the route is written.
    pub(super) path: String,
    /// The policy at each destination that a rule has one for.
    pub(super) levels: Vec<&'b Level<'a>>,
}

impl<'a, 'b, T: Written> Way<'a, 'b, T> {
    pub(super) fn new(
        facts: &'b Facts<'a>,
        object: &'b Object<T>,
        (route, path): (&'b HttpRoute, String),
    ) -> Self {
        let destinations = route.route.iter().filter_map(|weighted| weighted.destination.as_ref());
        let levels = destinations.filter_map(|it| level_of(facts, object, it)).collect();
        Self { facts, object, route, path, levels }
    }

    /// A finding about a field of the route; `""` is the route itself.
    pub(super) fn finding(&self, rule: &Rule, field: &str, message: String) -> Finding {
        let dot = if field.is_empty() { "" } else { "." };
        self.facts.finding(rule, self.object, format!("{}{dot}{field}", self.path), message)
    }

    /// The first policy that treats regions differently.
    pub(super) fn regional(&self) -> Option<&'b Level<'a>> {
        self.levels.iter().find(|level| level.locality().is_some()).copied()
    }

    /// The time a request has; `None`: no limit.
    pub(super) fn timeout(&self) -> Option<Duration> {
        limit(self.route.timeout)
    }

    /// The time an attempt has; `None`: no limit of its own.
    pub(super) fn per_try_timeout(&self) -> Option<Duration> {
        limit(self.route.retries.as_ref().and_then(|retries| retries.per_try_timeout))
    }

    /// How long connecting may take, and whether somebody wrote it.
    pub(super) fn connect_timeout(&self, level: &Level<'_>) -> (Duration, bool) {
        let tcp = level.effective.connection_pool.as_ref().and_then(|pool| pool.tcp.as_ref());
        let written = tcp.and_then(|tcp| tcp.connect_timeout).or(self.facts.mesh.connect_timeout);
        (written.map_or(DEFAULT_CONNECT_TIMEOUT, |timeout| timeout.0), written.is_some())
    }
}

/// 0 is Istio's word for no limit.
fn limit(timeout: Option<GoDuration>) -> Option<Duration> {
    timeout.map(|timeout| timeout.0).filter(|timeout| !timeout.is_zero())
}

/// The policy at a destination, by the rule for its host.
fn level_of<'a, 'b, T>(
    facts: &'b Facts<'a>,
    object: &Object<T>,
    destination: &Destination,
) -> Option<&'b Level<'a>> {
    let host = full_destination(object, destination);
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
