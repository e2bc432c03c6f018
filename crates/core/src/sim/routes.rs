//! Where requests go: the routes of a scenario's one request, as it comes and with each region that the router may name.

use std::sync::Arc;

use mesh_failover_engine::run::{Outcome, ResponseFlags, RetryRules, RoutePlan};

use super::error::SimError;
use super::routing::Request;
use crate::cluster::Cluster;
use crate::route::{Listener, RouteAction};
use crate::time::nanos;

/// The header by which the region router chooses a route. **Source**: filters/region-router/src/lib.rs `REGION_HEADER`.
const REGION_HEADER: &str = "x-mesh-region";

/// Where requests go. All of a scenario's look alike, so a route is found once: as they come, and for each region that the router names.
#[derive(Debug, Clone)]
pub(super) struct Routes {
    /// As they come, then for each region.
    pub(super) plans: Vec<RoutePlan>,
    regions: Vec<String>,
    /// What all requests look like.
    pub(super) request: Request,
    /// Names of the clusters in use, by number.
    pub(super) clusters: Vec<String>,
}

impl Routes {
    /// The routes of a request in an Envoy that has `existing` clusters, for each of the `regions` too that a router may name. With a router,
    /// clusters count that no route of the request names now: it may send requests to them.
    pub(super) fn new(
        request: Request,
        listeners: &[Listener],
        existing: &[Cluster],
        regions: Option<Vec<String>>,
    ) -> Result<Self, SimError> {
        let action = request.route(listeners)?;
        let named = match action {
            Some(RouteAction::Forward(forward)) => forward.clusters.as_slice(),
            _ => &[],
        };
        let exists = |name: &&String| existing.iter().any(|cluster| cluster.name == **name);
        let named = named.iter().map(|to| &to.name).filter(exists);
        let others = existing.iter().map(|cluster| &cluster.name).filter(|_| regions.is_some());
        let mut clusters: Vec<String> = Vec::new();
        for name in named.chain(others) {
            if !clusters.contains(name) {
                clusters.push(name.clone());
            }
        }
        let regions = regions.unwrap_or_default();
        let mut plans = vec![plan(action, &clusters, &request)];
        plans.extend(regions.iter().map(|region| {
            let request = request.with_header(REGION_HEADER, region);
            // A regular expression that decides was an error for the request as it comes.
            let action = request.route(listeners);
            action.map_or(RoutePlan::NO_ROUTE, |action| plan(action, &clusters, &request))
        }));
        Ok(Self { plans, regions, request, clusters })
    }

    /// The number of the route that the router's header leads to.
    pub(super) fn of_region(&self, region: &str) -> Option<u32> {
        let place = self.regions.iter().position(|known| known == region)?;
        Some(place as u32 + 1)
    }

    /// The number of a cluster.
    pub(super) fn cluster(&self, name: &str) -> Option<u32> {
        self.clusters.iter().position(|known| known == name).map(|number| number as u32)
    }
}

/// What the engine must know of a route.
fn plan(action: Option<&RouteAction>, names: &[String], request: &Request) -> RoutePlan {
    let forward = match action {
        None => return RoutePlan::NO_ROUTE,
        Some(RouteAction::Forward(forward)) => forward,
        Some(RouteAction::Redirect { status, .. } | RouteAction::DirectResponse { status, .. }) => {
            return RoutePlan::Local(Outcome::local(*status, ResponseFlags::NONE));
        }
    };
    let number =
        |name: &str| names.iter().position(|known| known == name).map(|number| number as u32);
    RoutePlan::Forward {
        clusters: forward.clusters.iter().map(|to| (number(&to.name), to.weight)).collect(),
        missing: Outcome::local(forward.missing_cluster_status, ResponseFlags::NC),
        // Zero switches the timeout off, in Envoy as in Istio.
        timeout: forward.timeout.map(nanos).filter(|timeout| *timeout > 0),
        retry: forward.retry_policy.as_ref().map(|policy| Arc::new(RetryRules::new(policy))),
        hash: request.hash(&forward.hash_policy),
    }
}
