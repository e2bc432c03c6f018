//! Every traffic policy of a DestinationRule where it is written, with what it comes to in effect.

use crate::manifest::{
    DestinationRule, LoadBalancer, LocalityLoadBalancerSetting, Object, OutlierDetection,
    PortTrafficPolicy, Subset, TrafficPolicy,
};
use crate::translate::{CLUSTER_LABEL, REGION_LABEL, ZONE_LABEL, merge_traffic_policy};

/// A policy: the rule's, a subset's, or a port's of either.
pub(super) struct Level<'a> {
    pub(super) rule: &'a Object<DestinationRule>,
    /// Where it is written: `spec.trafficPolicy`, `spec.subsets[0].trafficPolicy.portLevelSettings[1]`.
    pub(super) path: String,
    /// Whose, if not the whole rule's.
    pub(super) subset: Option<&'a Subset>,
    /// For which port alone.
    pub(super) port: Option<u32>,
    /// Ports that have a policy of their own beside this one.
    others: Vec<u32>,
    /// What is written here.
    pub(super) own: TrafficPolicy,
    /// With what it takes over.
    pub(super) effective: TrafficPolicy,
}

/// Where the policy of the whole rule stands.
pub(super) const WHOLE: &str = "spec.trafficPolicy";

/// Every policy of a rule.
pub(super) fn levels(rule: &Object<DestinationRule>) -> Vec<Level<'_>> {
    let parent = rule.spec.traffic_policy.as_ref();
    let mut levels = Vec::new();
    if let Some(policy) = parent {
        add(&mut levels, rule, None, policy, WHOLE.to_owned());
    }
    for (index, subset) in rule.spec.subsets.iter().enumerate() {
        if let Some(policy) = &subset.traffic_policy {
            add(
                &mut levels,
                rule,
                Some(subset),
                policy,
                format!("spec.subsets[{index}].trafficPolicy"),
            );
        }
    }
    levels
}

fn add<'a>(
    levels: &mut Vec<Level<'a>>,
    rule: &'a Object<DestinationRule>,
    subset: Option<&'a Subset>,
    policy: &'a TrafficPolicy,
    path: String,
) {
    let parent = rule.spec.traffic_policy.as_ref();
    let effective = |port| match subset {
        Some(_) => merge_traffic_policy(parent, Some(policy), port).unwrap_or_default(),
        None => merge_traffic_policy(Some(policy), None, port).unwrap_or_default(),
    };
    let port_of = |level: &PortTrafficPolicy| level.port.as_ref().map(|port| port.number);
    levels.push(Level {
        rule,
        path: path.clone(),
        subset,
        port: None,
        others: policy.port_level_settings.iter().filter_map(port_of).collect(),
        own: policy.clone(),
        effective: effective(None),
    });
    for (index, level) in policy.port_level_settings.iter().enumerate() {
        levels.push(Level {
            rule,
            path: format!("{path}.portLevelSettings[{index}]"),
            subset,
            port: port_of(level),
            others: Vec::new(),
            own: TrafficPolicy {
                load_balancer: level.load_balancer.clone(),
                connection_pool: level.connection_pool.clone(),
                outlier_detection: level.outlier_detection.clone(),
                tls: level.tls.clone(),
                ..TrafficPolicy::default()
            },
            effective: effective(port_of(level)),
        });
    }
}

impl Level<'_> {
    /// Whether it decides for a service port.
    pub(super) fn is_for(&self, port: u32) -> bool {
        match self.port {
            Some(own) => own == port,
            None => !self.others.contains(&port),
        }
    }

    pub(super) fn outlier(&self) -> Option<&OutlierDetection> {
        self.effective.outlier_detection.as_ref()
    }

    pub(super) fn load_balancer(&self) -> Option<&LoadBalancer> {
        self.effective.load_balancer.as_ref()
    }

    /// The locality setting, unless it is switched off.
    pub(super) fn locality(&self) -> Option<&LocalityLoadBalancerSetting> {
        let setting = self.load_balancer()?.locality_lb_setting.as_ref()?;
        (setting.enabled != Some(false)).then_some(setting)
    }

    /// Where a block of the effective policy is written: here, or in the rule's policy it comes from.
    pub(super) fn written(&self, block: &str) -> String {
        let here = match block {
            "loadBalancer" => self.own.load_balancer.is_some(),
            "outlierDetection" => self.own.outlier_detection.is_some(),
            "connectionPool" => self.own.connection_pool.is_some(),
            _ => true,
        };
        let path = if here { self.path.as_str() } else { WHOLE };
        format!("{path}.{block}")
    }

    /// `localityLbSetting` of the effective policy.
    pub(super) fn locality_path(&self) -> String {
        format!("{}.localityLbSetting", self.written("loadBalancer"))
    }

    /// Only what is not taken over from the rule: so each thing is said where it is written, once.
    pub(super) fn owns(&self, block: &str) -> bool {
        self.written(block).starts_with(&self.path)
    }

    /// `subset` `` `v1` ``, `port 80`, or nothing for the whole rule, after a comma.
    pub(super) fn title(&self) -> String {
        let subset = self.subset.map(|subset| format!(" of subset `{}`", subset.name));
        let port = self.port.map(|port| format!(" for port {port}"));
        [subset, port].into_iter().flatten().collect()
    }
}

/// The place that a subset's labels hold it to.
pub(super) fn place_of(subset: &Subset) -> Option<&String> {
    let labels = [REGION_LABEL, ZONE_LABEL, CLUSTER_LABEL];
    labels.into_iter().find_map(|label| subset.labels.get(label))
}
