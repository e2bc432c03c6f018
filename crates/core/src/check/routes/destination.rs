//! Where a route's destination is.

use mesh_failover_sorted::SortedSet;

use crate::check::facts::{Facts, full_host};
use crate::check::policies::place_of;
use crate::manifest::{Destination, Object, Subset};
use crate::translate::{Labels, is_subset_of, resolve_short_name, selects};

/// Where the endpoints of a destination are.
pub(super) enum Place {
    /// In one place only: all endpoints of the service, or those of its subset.
    In { subset: Option<String>, region: String },
    /// In several places, or nobody knows.
    Elsewhere,
    /// The DestinationRules of the host define other subsets only.
    Missing { host: String, defined: Vec<String> },
}

pub(super) fn place<T>(facts: &Facts<'_>, object: &Object<T>, destination: &Destination) -> Place {
    let host = full_destination(object, destination);
    let Some(name) = destination.subset.as_deref().filter(|name| !name.is_empty()) else {
        let region = only_region(facts, &host, None);
        return region.map_or(Place::Elsewhere, |region| Place::In { subset: None, region });
    };
    let rules = facts.manifests.destination_rules.iter();
    let rules: Vec<_> = rules.filter(|rule| is_subset_of(&host, &full_host(rule))).collect();
    let subsets: Vec<&Subset> = rules.iter().flat_map(|rule| &rule.spec.subsets).collect();
    let Some(subset) = subsets.iter().find(|subset| subset.name == name) else {
        let defined = subsets.iter().map(|subset| subset.name.clone()).collect();
        return if rules.is_empty() { Place::Elsewhere } else { Place::Missing { host, defined } };
    };
    match region_of(facts, &host, subset) {
        Some(region) => Place::In { subset: Some(name.to_owned()), region },
        None => Place::Elsewhere,
    }
}

/// The host as istiod completes it.
pub(super) fn full_destination<T>(object: &Object<T>, destination: &Destination) -> String {
    resolve_short_name(&destination.host.to_ascii_lowercase(), object.metadata.namespace())
}

/// The one place a subset is in: by a topology label, or because all its endpoints are there and others are not.
fn region_of(facts: &Facts<'_>, host: &str, subset: &Subset) -> Option<String> {
    let labels = Some(&subset.labels);
    place_of(subset).cloned().or_else(|| only_region(facts, host, labels))
}

/// The region of all endpoints that carry the labels, where others could be elsewhere: those of the service, or of the topology
/// where the whole service is asked about.
fn only_region(facts: &Facts<'_>, host: &str, labels: Option<&Labels>) -> Option<String> {
    let endpoints = &facts.services.get(host)?.endpoints;
    let regions = |labels: Option<&Labels>| -> SortedSet<&str> {
        let selected =
            endpoints.iter().filter(|it| labels.is_none_or(|wanted| selects(wanted, &it.labels)));
        SortedSet::from_iter(selected.map(|it| it.locality.region.as_str()))
    };
    let own = regions(labels);
    let all = if labels.is_some() { regions(None).len() } else { facts.regions.len() };
    match (own.first(), own.len(), all) {
        (Some(region), 1, 2..) => Some((*region).to_owned()),
        _ => None,
    }
}
