//! Where a cluster's policy comes from: what a translation remembers so that it can be explained.

use super::destination_rule::Selected;
use super::push::Push;
use super::registry::Service;
use super::traffic_policy::{Layers, Level};
use super::{LbSetting, LbSettingSource};
use crate::manifest::{Place, Subset};

/// Where a cluster's policy comes from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin {
    /// Document of the DestinationRule that won; `None`: none applies.
    pub destination_rule: Option<usize>,
    /// The subset, if the cluster is one's.
    pub subset: Option<String>,
    /// Whether a `portLevelSettings` entry decided, which inherits nothing.
    pub port_level: bool,
    /// Why this rule won, in one sentence.
    pub why: String,
    /// Where the effective `outlierDetection` stands: in the rule, or in the mesh's default policy.
    pub outlier_detection: Option<Place>,
    /// Where the effective `loadBalancer` stands.
    pub load_balancer: Option<Place>,
    /// Where the effective `connectionPool` stands.
    pub connection_pool: Option<Place>,
    /// What decides priorities and weights.
    pub lb_setting: LbSetting,
    /// Who said so.
    pub lb_setting_source: LbSettingSource,
    /// Where it is said; `None`: by istiod's default.
    pub lb_setting_place: Option<Place>,
    /// Whether `failover`, `failoverPriority` and istiod's default failover work here: they need outlier detection.
    pub fails_over: bool,
    /// Where the service is first named.
    pub service: Option<Place>,
}

/// What an origin is found from.
pub(super) struct Sources<'a, 'b> {
    pub(super) push: &'b Push<'a>,
    pub(super) selected: Option<&'b Selected<'a, 'b>>,
    /// The subset with its document.
    pub(super) subset: Option<(&'a Subset, usize)>,
    pub(super) layers: &'b Layers,
    pub(super) service: &'b Service,
}

impl Sources<'_, '_> {
    /// Where the blocks of the policy stand, the mesh's defaults included.
    pub(super) fn origin(&self) -> Origin {
        let document = self.selected.map(|it| {
            let rule = it.rule;
            let of_policy = rule.policy.map_or(rule.document, |(_, document)| document);
            self.subset.map_or(of_policy, |(_, document)| document)
        });
        let why =
            || format!("no DestinationRule for it is visible from `{}`", self.push.proxy.namespace);
        let outlier = self.layers.level_of(|policy| policy.outlier_detection.is_some());
        let load_balancer = self.layers.level_of(|policy| policy.load_balancer.is_some());
        let pool = self.layers.level_of(|policy| policy.connection_pool.is_some());
        let block = |level, name| self.place(level, name);
        Origin {
            destination_rule: document,
            subset: self.subset.map(|(subset, _)| subset.name.clone()),
            port_level: self.layers.has_port_level(),
            why: self.selected.map_or_else(why, |selected| selected.why.clone()),
            outlier_detection: outlier
                .and_then(|level| block(level, "outlierDetection"))
                .or_else(|| self.of_mesh("outlierDetection", |it| it.outlier_detection.is_some())),
            load_balancer: load_balancer.and_then(|level| block(level, "loadBalancer")),
            connection_pool: pool
                .and_then(|level| block(level, "connectionPool"))
                .or_else(|| self.of_mesh("connectionPool", |it| it.connection_pool.is_some())),
            service: Some(self.service.place.clone()),
            ..Origin::default()
        }
    }

    fn place(&self, level: Level, block: &str) -> Option<Place> {
        let of_rule = || self.selected.and_then(|it| it.rule.policy).map(|(_, document)| document);
        let policy = "trafficPolicy".to_owned();
        let (document, path) = match level {
            Level::Rule => (of_rule()?, policy),
            Level::RulePort(index) => (of_rule()?, format!("{policy}.portLevelSettings[{index}]")),
            Level::Subset => self.subset_path("")?,
            Level::SubsetPort(index) => {
                self.subset_path(&format!(".portLevelSettings[{index}]"))?
            }
        };
        Some(Place { document, path: format!("spec.{path}.{block}") })
    }

    fn subset_path(&self, below: &str) -> Option<(usize, String)> {
        let (subset, document) = self.subset?;
        let rules = &self.push.manifests.destination_rules;
        let rule = rules.iter().find(|rule| rule.document == document)?;
        let index = rule.spec.subsets.iter().position(|it| it.name == subset.name)?;
        Some((document, format!("subsets[{index}].trafficPolicy{below}")))
    }

    fn of_mesh(
        &self,
        block: &str,
        has: impl Fn(&crate::manifest::TrafficPolicy) -> bool,
    ) -> Option<Place> {
        self.push.default_traffic_policy().filter(|policy| has(policy))?;
        let document = self.push.mesh_document?;
        Some(Place { document, path: format!("spec.defaultTrafficPolicy.{block}") })
    }
}

impl Origin {
    /// Records what decides priorities and weights.
    pub(super) fn decided_by(
        &mut self,
        (setting, source): (LbSetting, LbSettingSource),
        mesh_document: Option<usize>,
    ) {
        let of_rule = |field: &str| self.load_balancer.as_ref().map(|block| block.field(field));
        let of_mesh = |field: &str| {
            mesh_document.map(|document| Place { document, path: format!("spec.{field}") })
        };
        self.lb_setting_place = match source {
            LbSettingSource::RuleZoneAware => of_rule("zoneAwareLbSetting"),
            LbSettingSource::RuleLocality => of_rule("localityLbSetting"),
            LbSettingSource::MeshZoneAware => of_mesh("zoneAwareLbSetting"),
            LbSettingSource::MeshLocality => of_mesh("localityLbSetting"),
            LbSettingSource::Service => self.service.as_ref().map(|service| Place {
                document: service.document,
                path: "metadata.annotations".to_owned(),
            }),
            LbSettingSource::Nobody => None,
        };
        self.lb_setting = setting;
        self.lb_setting_source = source;
    }
}
