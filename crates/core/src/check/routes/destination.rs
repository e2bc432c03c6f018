//! Where a route's destination is.

use std::collections::BTreeSet;

use crate::check::facts::{Facts, full_host};
use crate::manifest::{Destination, Object, Subset, VirtualService};
use crate::translate::{
    CLUSTER_LABEL, REGION_LABEL, ZONE_LABEL, is_subset_of, resolve_short_name, selects,
};

/// Where the endpoints of a destination are.
pub(super) enum Place {
    /// In one place only.
    In { subset: String, region: String },
    /// In several places, or nobody knows.
    Elsewhere,
    /// The DestinationRules of the host define other subsets only.
    Missing { host: String, defined: Vec<String> },
}

pub(super) fn place(
    facts: &Facts<'_>,
    service: &Object<VirtualService>,
    destination: &Destination,
) -> Place {
    let Some(name) = destination.subset.as_deref().filter(|name| !name.is_empty()) else {
        return Place::Elsewhere;
    };
    let host = full_destination(service, destination);
    let rules = facts.manifests.destination_rules.iter();
    let rules: Vec<_> = rules.filter(|rule| is_subset_of(&host, &full_host(rule))).collect();
    let subsets: Vec<&Subset> = rules.iter().flat_map(|rule| &rule.spec.subsets).collect();
    let Some(subset) = subsets.iter().find(|subset| subset.name == name) else {
        let defined = subsets.iter().map(|subset| subset.name.clone()).collect();
        return if rules.is_empty() { Place::Elsewhere } else { Place::Missing { host, defined } };
    };
    match region_of(facts, &host, subset) {
        Some(region) => Place::In { subset: name.to_owned(), region },
        None => Place::Elsewhere,
    }
}

/// The host as istiod completes it.
pub(super) fn full_destination(
    service: &Object<VirtualService>,
    destination: &Destination,
) -> String {
    resolve_short_name(&destination.host.to_ascii_lowercase(), service.metadata.namespace())
}

/// The one place a subset is in: by a topology label, or because all its endpoints are there and others are not.
fn region_of(facts: &Facts<'_>, host: &str, subset: &Subset) -> Option<String> {
    let label = [REGION_LABEL, ZONE_LABEL, CLUSTER_LABEL]
        .into_iter()
        .find_map(|label| subset.labels.get(label));
    if let Some(place) = label {
        return Some(place.clone());
    }
    let endpoints = &facts.services.get(host)?.endpoints;
    let all: BTreeSet<&str> =
        crate::compact::set(endpoints.iter().map(|it| it.locality.region.as_str()));
    let selected = endpoints.iter().filter(|it| selects(&subset.labels, &it.labels));
    let own: BTreeSet<&str> = crate::compact::set(selected.map(|it| it.locality.region.as_str()));
    match (own.first(), own.len(), all.len()) {
        (Some(region), 1, 2..) => Some((*region).to_owned()),
        _ => None,
    }
}
