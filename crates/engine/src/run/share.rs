//! Where a worker would send the next request, summed up by region.
//!
//! **Units**: percent of requests.

use super::endpoints::RegionId;
use crate::host::HostId;
use crate::lb::load_balancer::LoadBalancer;
use crate::lb::share::split_share;

/// Adds `share` percent, split as the load balancer splits requests, to the regions in `sums`.
pub(crate) fn add_shares(
    balancer: &LoadBalancer,
    locality_weighted: bool,
    share: f64,
    region: &impl Fn(HostId) -> RegionId,
    sums: &mut Vec<f64>,
) {
    split_share(balancer, locality_weighted, share, &mut |_, host, part| {
        let index = region(host.id).0 as usize;
        if index >= sums.len() {
            sums.resize(index + 1, 0.0);
        }
        if let Some(sum) = sums.get_mut(index) {
            *sum += part;
        }
    });
}
