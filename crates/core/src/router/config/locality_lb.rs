//! From `localityLbSetting` to plans: where the traffic of clients at one place goes, in which order.
//!
//! - `distribute` gives the shares; alone, it is all: what it does not name gets nothing.
//! - `failover` beside it: while a region is out, its share goes to the target of its own entry, and on along the chain of entries
//!   (`a → b`, `b → c`). When no region with a share is left, the others serve in order.
//! - `failover` or nothing: nearest first: own zone, own region, then the chain of entries from the own region, then the others.
//! - `failoverPriority`: the others in order of the labels that agree, as istiod counts them.
//!
//! **Source**: Istio pilot/pkg/networking/core/loadbalancer/loadbalancer.go `applyLocalityWeights`, `applyLocalityFailover`,
//! `applyFailoverPriorities`, 1.31, except that Istio refuses `distribute` beside the others.

use super::codes::{INVALID, NOT_SUPPORTED};
use super::compile::Compiler;
use super::compiled::PlanPolicy;
use super::written::{DestinationConfig, LocalityLbSettingConfig};
use crate::locality::Locality;
use crate::manifest::Distribute;

const REGION_LABEL: &str = "topology.kubernetes.io/region";
const ZONE_LABEL: &str = "topology.kubernetes.io/zone";
const SUBZONE_LABEL: &str = "topology.istio.io/subzone";

/// A plan that names its regions.
#[derive(Debug, Default)]
pub(super) struct NamedPlan {
    pub(super) from: String,
    pub(super) shares: Vec<(String, u32)>,
    pub(super) next: Vec<Vec<String>>,
    pub(super) rest: Vec<Vec<String>>,
}

impl NamedPlan {
    /// Every region that is named.
    pub(super) fn regions(&self) -> impl Iterator<Item = &String> {
        let shares = self.shares.iter().map(|(name, _)| name);
        shares.chain(self.next.iter().flatten()).chain(self.rest.iter().flatten())
    }

    /// The plan with numbers for names.
    pub(super) fn numbered(&self, index: impl Fn(&String) -> u32) -> PlanPolicy {
        let all = |names: &Vec<String>| names.iter().map(&index).collect();
        PlanPolicy {
            from: self.from.clone(),
            shares: self.shares.iter().map(|(name, weight)| (index(name), *weight)).collect(),
            next: self.next.iter().map(all).collect(),
            rest: self.rest.iter().map(all).collect(),
        }
    }
}

/// `region`, `region/zone` or `region/zone/subzone`, without what stands for "any".
pub(super) fn region_name(written: &str) -> String {
    let mut locality = Locality::parse(written);
    for part in [&mut locality.zone, &mut locality.sub_zone] {
        if part == "*" {
            part.clear();
        }
    }
    locality.to_string()
}

/// Every region that the destination names.
pub(super) fn known_regions(
    written: &DestinationConfig,
    setting: &LocalityLbSettingConfig,
) -> Vec<String> {
    let shares = setting.distribute.iter().flat_map(|entry| &entry.to);
    let shares = shares.filter(|(_, weight)| **weight > 0).map(|(name, _)| name);
    let placed = written.subsets.keys().chain(written.hosts.keys());
    let named = written.regions.iter().chain(placed).chain(shares);
    let mut known: Vec<String> = named.map(|name| region_name(name)).collect();
    for entry in &setting.failover {
        for region in [&entry.from, &entry.to] {
            if !known.iter().any(|name| Locality::parse(name).region == *region) {
                known.push(region.clone());
            }
        }
    }
    sorted(known.iter().filter(|name| is_region_name(name)))
}

/// Each name once, ascending. Lists are short; a general sort is 5 kB of module.
pub(super) fn sorted<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut result: Vec<String> = Vec::new();
    for name in names {
        if let Err(place) = result.binary_search(name) {
            result.insert(place, name.clone());
        }
    }
    result
}

fn is_region_name(name: &str) -> bool {
    !name.contains('*') && !name.split('/').any(str::is_empty)
}

/// The plan for clients at `from`; `None`: no `distribute` fits, and there is nothing else.
pub(super) fn plan(
    from: &Locality,
    setting: &LocalityLbSettingConfig,
    known: &[String],
) -> Option<NamedPlan> {
    let fits = |entry: &&Distribute| from.matches(&Locality::parse(&entry.from));
    let entry = setting.distribute.iter().find(fits);
    let ordered = !setting.failover.is_empty() || !setting.failover_priority.is_empty();
    if entry.is_none() && !setting.distribute.is_empty() && !ordered {
        return None;
    }
    let mut plan = NamedPlan::default();
    if let Some(entry) = entry {
        let shares = entry.to.iter().filter(|(_, weight)| **weight > 0);
        plan.shares = shares.map(|(name, weight)| (region_name(name), *weight)).collect();
        let next = |(name, _): &(String, u32)| next_of(name, setting, known);
        plan.next = plan.shares.iter().map(next).collect();
    }
    let is_share = |name: &String| plan.shares.iter().any(|(share, _)| share == name);
    let others: Vec<(usize, &String)> = known
        .iter()
        .filter(|name| !is_share(name))
        .map(|name| (rank(from, &Locality::parse(name), setting), name))
        .collect();
    if ordered || entry.is_none() {
        let farthest = others.iter().map(|(rank, _)| *rank).max().unwrap_or(0);
        for rank in 0..=farthest {
            let tier = others.iter().filter(|(its, _)| *its == rank);
            let tier: Vec<String> = tier.map(|(_, name)| (*name).clone()).collect();
            if !tier.is_empty() {
                plan.rest.push(tier);
            }
        }
    }
    if plan.shares.is_empty() && !plan.rest.is_empty() {
        plan.shares = plan.rest.remove(0).into_iter().map(|name| (name, 1)).collect();
        plan.next = vec![Vec::new(); plan.shares.len()];
    }
    (!plan.shares.is_empty()).then_some(plan)
}

/// Regions that `failover` leads to from here, nearest first.
fn chain<'a>(from: &'a str, setting: &'a LocalityLbSettingConfig) -> Vec<&'a str> {
    let mut reached = vec![from];
    let mut done = 0;
    while let Some(region) = reached.get(done).copied() {
        for entry in setting.failover.iter().filter(|entry| entry.from == region) {
            if !reached.contains(&entry.to.as_str()) {
                reached.push(&entry.to);
            }
        }
        done += 1;
    }
    reached.remove(0);
    reached
}

fn next_of(name: &str, setting: &LocalityLbSettingConfig, known: &[String]) -> Vec<String> {
    let own = Locality::parse(name).region;
    let targets = chain(&own, setting);
    let of = |region: &&str| {
        let region = (*region).to_owned();
        known.iter().filter(move |name| Locality::parse(name).region == region)
    };
    targets.iter().flat_map(of).cloned().collect()
}

/// How far a region is from a place: lower is nearer.
fn rank(from: &Locality, target: &Locality, setting: &LocalityLbSettingConfig) -> usize {
    if !setting.failover_priority.is_empty() {
        let agrees = |label: &&String| agrees(label, from, target);
        let labels = &setting.failover_priority;
        return labels.len() - labels.iter().take_while(agrees).count();
    }
    let same = |own: &str, other: &str| own.is_empty() || other.is_empty() || own == other;
    if target.region != from.region {
        let chain = chain(&from.region, setting);
        let place = chain.iter().position(|region| *region == target.region);
        return 3 + place.unwrap_or(chain.len());
    }
    if !same(&from.zone, &target.zone) {
        2
    } else {
        usize::from(!same(&from.sub_zone, &target.sub_zone))
    }
}

/// Whether a label of `failoverPriority` is the same at both places; `label=value` asks the target alone.
fn agrees(label: &str, from: &Locality, target: &Locality) -> bool {
    let (label, value) = label.split_once('=').map_or((label, None), |(l, v)| (l, Some(v)));
    let part = |place: &Locality| match label {
        REGION_LABEL => place.region.clone(),
        ZONE_LABEL => place.zone.clone(),
        _ => place.sub_zone.clone(),
    };
    part(target) == value.map_or_else(|| part(from), str::to_owned)
}

impl Compiler<'_> {
    /// Everything that is wrong with the setting, whichever gateway it concerns.
    pub(super) fn check_setting(&mut self, setting: &LocalityLbSettingConfig, path: &str) {
        for (index, entry) in setting.distribute.iter().enumerate() {
            self.check_distribute(entry, &[path, ".distribute[", &index.to_string(), "]"].concat());
        }
        for (index, entry) in setting.failover.iter().enumerate() {
            for (name, region) in [("from", &entry.from), ("to", &entry.to)] {
                if region.is_empty() || region.contains(['*', '/']) {
                    let path: &[&str] = &[path, ".failover[", &index.to_string(), "].", name];
                    let message: &[&str] = &["`", region, "` is not the name of a region"];
                    self.error(INVALID, path, message, "write `europe-west1`, for example");
                }
            }
            if entry.from == entry.to {
                let path: &[&str] = &[path, ".failover[", &index.to_string(), "].to"];
                let message: &[&str] = &["`", &entry.to, "` cannot stand in for itself"];
                self.error(INVALID, path, message, "write another region");
            }
        }
        for (index, label) in setting.failover_priority.iter().enumerate() {
            let name = label.split('=').next().unwrap_or_default();
            if ![REGION_LABEL, ZONE_LABEL, SUBZONE_LABEL].contains(&name) {
                self.error(
                    NOT_SUPPORTED,
                    &[path, ".failoverPriority[", &index.to_string(), "]"],
                    &["the router does not know the label `", name, "` of its regions"],
                    "write `topology.kubernetes.io/region`, `topology.kubernetes.io/zone` or `topology.istio.io/subzone`",
                );
            }
        }
    }

    fn check_distribute(&mut self, entry: &Distribute, path: &str) {
        if entry.from.is_empty() {
            let help = "write the gateway's region, or `*`";
            self.error(INVALID, &[path, ".from"], &["`from` is missing"], help);
        }
        let mut seen: Vec<(String, &str)> = Vec::new();
        for key in entry.to.keys() {
            let name = region_name(key);
            if !self.check_region(key, &[path, ".to"].concat()) {
                continue;
            }
            if let Some((_, other)) = seen.iter().find(|(known, _)| *known == name) {
                let message: &[&str] = &["`", other, "` and `", key, "` are the same region"];
                self.error(INVALID, &[path, ".to"], message, "write one of them");
            } else {
                seen.push((name, key));
            }
        }
        let sum: u64 = entry.to.values().map(|weight| u64::from(*weight)).sum();
        if sum != 100 {
            let message: &[&str] = &["the shares add up to `", &sum.to_string(), "`"];
            self.error(INVALID, &[path, ".to"], message, "make them 100, as Istio asks");
        }
    }

    /// Whether the text names a region or zone.
    pub(super) fn check_region(&mut self, written: &str, path: &str) -> bool {
        let good = is_region_name(&region_name(written));
        if !good {
            let message: &[&str] = &["`", written, "` is not the name of a region"];
            let help = "write `europe-west1` or `europe-west1/europe-west1-b`, for example";
            self.error(NOT_SUPPORTED, &[path], message, help);
        }
        good
    }
}
