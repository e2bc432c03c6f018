//! The lists of hosts a policy may pick from; each keeps a place of its own in its sequence.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/common/load_balancer_impl.h
//! `ZoneAwareLoadBalancerBase::HostsSource`, v1.40.

use super::host_set::HostSet;
use super::priority::HostAvailability;

/// A list of hosts within a priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostsSource {
    All,
    Eligible(HostAvailability),
    Locality(HostAvailability, u32),
}

impl HostsSource {
    /// Every list a priority has.
    pub(super) fn every(host_set: &HostSet) -> impl Iterator<Item = Self> {
        use HostAvailability::{Degraded, Healthy};
        let localities = (0..).zip(host_set.localities()).flat_map(|(index, _)| {
            [Self::Locality(Healthy, index), Self::Locality(Degraded, index)]
        });
        [Self::All, Self::Eligible(Healthy), Self::Eligible(Degraded)].into_iter().chain(localities)
    }

    /// The position of this list's scheduler: that of [`HostsSource::every`].
    pub(super) fn slot(self) -> Option<usize> {
        let kind = |availability| match availability {
            HostAvailability::Healthy => 0,
            HostAvailability::Degraded => 1,
        };
        match self {
            Self::All => Some(0),
            Self::Eligible(availability) => Some(1 + kind(availability)),
            Self::Locality(availability, index) => {
                Some(3 + 2 * usize::try_from(index).ok()? + kind(availability))
            }
        }
    }

    pub(super) fn hosts(self, host_set: &HostSet) -> &[u32] {
        use HostAvailability::{Degraded, Healthy};
        let locality = |index: u32| host_set.localities().get(usize::try_from(index).ok()?);
        match self {
            Self::All => host_set.all_hosts(),
            Self::Eligible(Healthy) => host_set.healthy_hosts(),
            Self::Eligible(Degraded) => host_set.degraded_hosts(),
            Self::Locality(Healthy, index) => locality(index).map_or(&[], |group| &group.healthy),
            Self::Locality(Degraded, index) => locality(index).map_or(&[], |group| &group.degraded),
        }
    }
}
