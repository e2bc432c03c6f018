//! Where consistent hashing leads, read off the table that Envoy builds.

use super::cause::DefaultOf;
use super::shares::{self, Model};
use super::{HashingExplanation, HostShare, Statement, Subject};
use crate::cluster::LbPolicy;
use crate::units::Priority;

impl Subject<'_> {
    /// `None` under policies that do not hash.
    pub(super) fn hashing(&self, model: &Model<'_>) -> Option<HashingExplanation> {
        let what = match self.cluster.lb_policy {
            LbPolicy::RingHash { .. } => "a ring",
            LbPolicy::Maglev { .. } => "a table",
            _ => return None,
        };
        let balancer = model.now();
        let endpoints = model.endpoints();
        let mut hosts = Vec::new();
        let mut places = Vec::new();
        for (index, host_set) in (0..).zip(balancer.host_sets()) {
            let priority = Priority(index);
            let Some(table) = balancer.hash_table(priority) else { continue };
            let load = balancer.priority_load().healthy.get(index as usize).copied().unwrap_or(0);
            if load == 0 {
                continue;
            }
            places.push(table.places());
            for (position, share) in table.shares() {
                let Some(host) = host_set.host(position) else { continue };
                let Some((group, name)) = endpoints.get(host.id.0 as usize) else { continue };
                hosts.push(HostShare {
                    name: (*name).to_owned(),
                    locality: shares::name(group),
                    priority: index,
                    share: share * f64::from(load) / 100.0,
                });
            }
        }
        let block = self.origin.load_balancer.as_ref();
        let cause = self.causes.field(block, "consistentHash", DefaultOf::Istio);
        let sizes = places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        let text = format!(
            "{what} of {sizes} places for the endpoints' addresses: requests of one user stay at one host for as long as it is usable, and \
             when it fails its users go to others; so shares count users, not each user's requests, and a request without what is hashed goes to \
             any host"
        );
        Some(HashingExplanation { hosts, statement: Statement { text, cause } })
    }
}
