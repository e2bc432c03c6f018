//! What orders and weighs the localities, and what that means for each of them.

use super::cause::{Cause, Change, DefaultOf};
use super::shares::{self, Model};
use super::{LocalityExplanation, Statement, Subject, spill};
use crate::cluster::{LbPolicy, LocalityLbEndpoints};
use crate::locality::{Locality, lb_priority};
use crate::manifest::{Distribute, Failover};
use crate::translate::{
    LbSetting, LbSettingSource, Proxy, claiming_key, deciding_label, distribute_entry,
    failover_entry,
};

/// What decides about localities.
enum Decides<'a> {
    /// Nothing: one priority, all endpoints alike.
    Nothing(&'static str),
    /// Shares of the entry that fits the gateway.
    Shares(usize, &'a Distribute),
    /// `distribute` is there, but no entry is for this gateway.
    NoShares,
    /// Labels, in this order.
    Labels(&'a [String]),
    /// Regions, with the entry that fits the gateway's.
    Regions(Option<(usize, &'a Failover)>),
}

impl Subject<'_> {
    fn decides(&self) -> Decides<'_> {
        let place = &self.proxy.locality;
        let (setting, forced) = match &self.origin.lb_setting {
            LbSetting::None => return Decides::Nothing("locality load balancing is off"),
            LbSetting::ZoneAware(setting) if setting.enabled == Some(false) => {
                return Decides::Nothing("zone-aware load balancing is switched off");
            }
            LbSetting::ZoneAware(setting) if !setting.failover_priority.is_empty() => {
                return Decides::Labels(&setting.failover_priority);
            }
            LbSetting::ZoneAware(setting) => {
                return Decides::Regions(failover_entry(place, &setting.failover));
            }
            LbSetting::Locality { setting, force } => (setting, *force),
        };
        if !setting.distribute.is_empty() {
            return match distribute_entry(place, &setting.distribute) {
                Some((index, entry)) => Decides::Shares(index, entry),
                None => Decides::NoShares,
            };
        }
        if !self.origin.fails_over && !forced {
            return Decides::Nothing(
                "without `outlierDetection` there is no failover between localities",
            );
        }
        if !setting.failover_priority.is_empty() {
            return Decides::Labels(&setting.failover_priority);
        }
        Decides::Regions(failover_entry(place, &setting.failover))
    }

    /// What decides priorities and weights, in one sentence.
    pub(super) fn balancing(&self) -> Statement {
        let (text, field) = match self.decides() {
            Decides::Nothing(why) => {
                (format!("{why}: one priority, every endpoint counts alike"), String::new())
            }
            Decides::Shares(index, entry) => (
                format!(
                    "`distribute` from `{}`, the first entry that fits the gateway: fixed shares; what no key names gets nothing",
                    entry.from
                ),
                format!("distribute[{index}]"),
            ),
            Decides::NoShares => (
                format!(
                    "no `from` of `distribute` fits the gateway at `{}`: shares follow the number of endpoints, and there is no failover order",
                    self.proxy.locality
                ),
                "distribute".to_owned(),
            ),
            Decides::Labels(_) => (
                "`failoverPriority`: endpoints that share more leading labels with the gateway go first"
                    .to_owned(),
                "failoverPriority".to_owned(),
            ),
            Decides::Regions(Some((index, entry))) => (
                format!("`failover` from `{}` to `{}`: nearest first, then `{}`, then all others", entry.from, entry.to, entry.to),
                format!("failover[{index}]"),
            ),
            Decides::Regions(None) => (
                "default failover: the same sub-zone first, then the zone, the region, everything else"
                    .to_owned(),
                String::new(),
            ),
        };
        let by = match self.origin.lb_setting_source {
            LbSettingSource::Service => " (the service's own `trafficDistribution`)",
            LbSettingSource::MeshZoneAware | LbSettingSource::MeshLocality => " (mesh-wide)",
            _ => "",
        };
        Statement { text: format!("{text}{by}"), cause: self.setting(&field) }
    }

    /// A field of the setting that decides. Without a setting of its own the line to blame is the outlier detection that switches the
    /// default on, or the rule in which it is missing.
    pub(super) fn setting(&self, field: &str) -> Cause {
        let Some(place) = &self.origin.lb_setting_place else {
            let default_of = Some(DefaultOf::Istio);
            return match &self.origin.outlier_detection {
                Some(block) => {
                    let block = self.causes.of(block.document, &block.path);
                    Cause { default_of, change: Some(Change::Field), ..block }
                }
                None => self.causes.missing(DefaultOf::Istio),
            };
        };
        if self.origin.lb_setting_source == LbSettingSource::Service {
            return self.causes.of(place.document, &place.path);
        }
        let below = if field.is_empty() { place.clone() } else { place.field(field) };
        self.causes.place(Some(&below))
    }

    /// How a host is chosen once priority and locality are.
    pub(super) fn policy(&self) -> Statement {
        let (name, field) = match &self.cluster.lb_policy {
            LbPolicy::RoundRobin { .. } => ("ROUND_ROBIN: hosts in turn", "simple"),
            LbPolicy::LeastRequest { .. } => {
                ("LEAST_REQUEST: the less busy of two drawn hosts", "simple")
            }
            LbPolicy::Random => ("RANDOM: any host", "simple"),
            LbPolicy::RingHash { .. } => {
                ("RING_HASH: consistent hashing on a ring", "consistentHash")
            }
            LbPolicy::Maglev { .. } => ("MAGLEV: consistent hashing by table", "consistentHash"),
            LbPolicy::ClusterProvided => ("the address the client asked for", "simple"),
        };
        let block = self.origin.load_balancer.as_ref();
        let cause = self.causes.field(block, field, DefaultOf::Istio);
        Statement { text: name.to_owned(), cause }
    }

    /// Every locality, by priority, in istiod's order within.
    /// `ejectable`: so many more hosts may be ejected.
    pub(super) fn localities(&self, model: &Model<'_>, ejectable: u64) -> Vec<LocalityExplanation> {
        let groups = &self.cluster.load_assignment.endpoints;
        let now = model.shares(0, 0);
        let explained = groups.iter().enumerate().map(|(index, group)| {
            let healthy = shares::healthy(group);
            let spill = spill::find(model, (index, group), &now);
            let reaches = |unhealthy: u32| unhealthy > 0 && u64::from(unhealthy) <= ejectable;
            LocalityExplanation {
                locality: shares::name(group),
                priority: group.priority.0,
                weight: group.load_balancing_weight.filter(|_| self.cluster.locality_weighted),
                endpoints: group.lb_endpoints.iter().map(|it| it.name.clone()).collect(),
                healthy,
                ejected: group
                    .lb_endpoints
                    .iter()
                    .filter(|endpoint| self.ejected.contains(&endpoint.address))
                    .map(|endpoint| endpoint.name.clone())
                    .collect(),
                share: now.get(index).copied().unwrap_or(0.0),
                because: self.because(group),
                ejection_can_spill: spill.as_ref().is_some_and(|spill| reaches(spill.unhealthy)),
                ejection_can_empty: reaches(healthy),
                spill,
                without_it: model.named(&model.shares(index, healthy)),
            }
        });
        let mut explained: Vec<_> = explained.collect();
        mesh_failover_sorted::sort_by_key(&mut explained, |locality| locality.priority);
        explained
    }

    /// Why a group of endpoints has its priority and weight.
    fn because(&self, group: &LocalityLbEndpoints) -> Statement {
        let place = group.locality.clone().unwrap_or_default();
        let (text, field) = match self.decides() {
            Decides::Nothing(_) | Decides::NoShares => {
                ("counts by its endpoints".to_owned(), String::new())
            }
            Decides::Shares(index, entry) => shares_because(index, entry, &place),
            Decides::Labels(labels) => labels_because(self.proxy, labels, group),
            Decides::Regions(entry) => regions_because(entry, &self.proxy.locality, &place),
        };
        Statement { text, cause: self.setting(&field) }
    }
}

fn shares_because(index: usize, entry: &Distribute, place: &Locality) -> (String, String) {
    match claiming_key(entry, place) {
        Some((key, percent)) => {
            let path =
                crate::manifest::Path::from(vec![crate::manifest::Segment::Key(key.to_owned())]);
            let key_path = path.to_string();
            let dot = if key_path.starts_with('[') { "" } else { "." };
            (format!("`{key}: {percent}`"), format!("distribute[{index}].to{dot}{key_path}"))
        }
        None => ("no key names it: it gets nothing".to_owned(), format!("distribute[{index}].to")),
    }
}

fn labels_because(
    proxy: &Proxy,
    wanted: &[String],
    group: &LocalityLbEndpoints,
) -> (String, String) {
    let list = "failoverPriority".to_owned();
    if proxy.labels.is_empty() {
        return ("the gateway has no labels to compare".to_owned(), list);
    }
    let first = group.lb_endpoints.first();
    let differs = first.and_then(|it| deciding_label(proxy, wanted, &it.labels));
    match differs.and_then(|index| Some((index, wanted.get(index)?))) {
        Some((index, label)) => (
            format!("differs in `{label}`: priority {}", group.priority.0),
            format!("{list}[{index}]"),
        ),
        None => ("differs in no label".to_owned(), list),
    }
}

fn regions_because(
    entry: Option<(usize, &Failover)>,
    own: &Locality,
    place: &Locality,
) -> (String, String) {
    let near = match lb_priority(own, place) {
        0 => "the gateway's own sub-zone",
        1 => "the gateway's zone",
        2 => "the gateway's region",
        _ => "",
    };
    match entry {
        _ if !near.is_empty() => (near.to_owned(), String::new()),
        Some((index, entry)) if entry.to == place.region => {
            ("where `failover` leads".to_owned(), format!("failover[{index}].to"))
        }
        Some((index, _)) => {
            ("not where `failover` leads: last".to_owned(), format!("failover[{index}]"))
        }
        None => ("another region".to_owned(), String::new()),
    }
}
