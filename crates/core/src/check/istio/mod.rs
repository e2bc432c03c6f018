//! Istio's own validation, with its own messages: what the webhook rejects and what it warns of.
//!
//! **Source**: Istio pkg/config/validation/agent/validation.go, pkg/config/validation/validation.go, 1.31.
//!
//! **Units**: messages are Istio's, letter by letter, so that a user finds them in a search.

mod domain;
mod gateway;
mod headers;
mod http_route;
mod l4;
mod matching;
mod object;
mod quoted;
mod regex;
mod scope;
mod tls;
mod unreachable;
mod virtual_service;
mod wasm;

pub(crate) use gateway::gateway;
pub(crate) use object::destination_rule;
pub(crate) use virtual_service::{WILDCARD_ON_MESH, virtual_service};
pub(crate) use wasm::extension;

use std::time::Duration;

use crate::manifest::{
    Failover, GoDuration, LocalityLoadBalancerSetting, OutlierDetection,
    ZoneAwareLoadBalancerSetting,
};
use crate::translate::{REGION_LABEL, SUBZONE_LABEL, ZONE_LABEL};

/// Whether istiod is heard about what has little to do with regions, too: not where size counts.
pub(super) const WHOLE: bool = cfg!(feature = "whole-istiod");

/// What a validation found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validation {
    /// Reasons to reject, in Istio's order.
    pub errors: Vec<String>,
    /// What is accepted but suspicious.
    pub warnings: Vec<String>,
}

impl Validation {
    fn error(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
    }
}

/// One message about a field of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) path: String,
    /// Istio's words.
    pub(crate) message: String,
    /// Accepted all the same.
    pub(crate) is_warning: bool,
}

impl Said {
    fn error(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), is_warning: false }
    }

    fn warning(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), is_warning: true }
    }
}

/// The warning that istiod gives for a whole rule and drops for subsets and ports.
pub(crate) const WITHOUT_OUTLIER_DETECTION: &str =
    "outlier detection policy must be provided for failover";
/// The warning about `consecutiveErrors`.
pub(crate) const CONSECUTIVE_ERRORS: &str = "outlier detection consecutive errors is deprecated, \
                                             use consecutiveGatewayErrors or consecutive5xxErrors instead";

/// `ValidateLocalityLbSetting`.
#[must_use]
pub fn validate_locality_lb_setting(
    setting: Option<&LocalityLoadBalancerSetting>,
    outlier_detection: Option<&OutlierDetection>,
) -> Validation {
    let mut found = Validation::default();
    let Some(setting) = setting else { return found };
    if !setting.distribute.is_empty() && !setting.failover.is_empty() {
        found.error("can not simultaneously specify 'distribute' and 'failover'");
        return found;
    }
    let label = topology_label(&setting.failover_priority);
    if let Some(label) = label.filter(|_| !setting.failover.is_empty()) {
        found.error(format!(
            "can not simultaneously set 'failover' and topology label '{label}' in 'failover_priority'"
        ));
        return found;
    }
    for entry in &setting.distribute {
        if entry.to.values().any(|weight| !(1..=100).contains(weight)) {
            found.error("locality weight must be in range [1, 100]");
            return found;
        }
        let total: u64 = entry.to.values().map(|&weight| u64::from(weight)).sum();
        if total != 100 {
            found.error(format!("total locality weight {total} != 100"));
            return found;
        }
        found.errors.extend(validate_localities(entry.to.keys()).err());
    }
    let from = setting.distribute.iter().map(|entry| &entry.from);
    found.errors.extend(validate_localities(from).err());
    warn_without_outlier_detection(
        &mut found,
        &setting.failover,
        &setting.failover_priority,
        outlier_detection,
    );
    check_failover(
        &mut found,
        &setting.failover,
        [
            "locality lb failover settings must specify different regions",
            "locality lb failover only specify region",
            "locality lb failover region should not contain '*' wildcard",
        ],
    );
    found
}

/// `validateZoneAwareLbSetting` (1.31).
#[must_use]
pub fn validate_zone_aware_lb_setting(
    setting: Option<&ZoneAwareLoadBalancerSetting>,
    outlier_detection: Option<&OutlierDetection>,
) -> Validation {
    let mut found = Validation::default();
    let Some(setting) = setting else { return found };
    if let Some(label) = topology_label(&setting.failover_priority) {
        found.error(format!(
            "'failover_priority' for zone aware lb must not use topology label '{label}'; \
             region- and zone-level routing are handled automatically"
        ));
        return found;
    }
    warn_without_outlier_detection(
        &mut found,
        &setting.failover,
        &setting.failover_priority,
        outlier_detection,
    );
    check_failover(
        &mut found,
        &setting.failover,
        [
            "zone aware lb failover settings must specify different regions",
            "zone aware lb failover only specifies region; \
             zone and subzone failover are handled automatically",
            "zone aware lb failover region should not contain '*' wildcard",
        ],
    );
    found
}

/// What both settings ask of `failover`: different regions, no zone, no wildcard; in the words of each.
fn check_failover(
    found: &mut Validation,
    failover: &[Failover],
    [same, zone, wildcard]: [&str; 3],
) {
    for entry in failover {
        if entry.from == entry.to {
            found.error(same);
        }
        if names_zone(entry) {
            found.error(zone);
        }
        if has_wildcard(entry) {
            found.error(wildcard);
        }
    }
}

/// `validateLocalities`: stops at the first error. The order of the localities matters, as it does in Istio: a
/// wildcard after the specific locality goes unnoticed.
///
/// # Errors
/// Istio's message.
pub fn validate_localities<'a>(
    localities: impl IntoIterator<Item = &'a String>,
) -> Result<(), String> {
    let mut seen: Vec<Vec<&str>> = Vec::new();
    for locality in localities {
        let segments: Vec<&str> = locality.splitn(3, '/').collect();
        let wildcards = locality.matches('*').count();
        if wildcards > 1 || wildcards == 1 && !locality.ends_with('*') {
            return Err(format!(
                "locality {locality} wildcard '*' number can not exceed 1 and must be in the end"
            ));
        }
        if segments.iter().any(|segment| segment.is_empty()) {
            return Err(format!(
                "locality {locality} must not contain empty region/zone/subzone info"
            ));
        }
        if seen.iter().any(|earlier| overlaps(earlier, &segments)) {
            return Err(format!("locality {locality} overlap with previous specified ones"));
        }
        seen.push(segments);
    }
    Ok(())
}

/// Whether one is the other, a prefix of it, or a wildcard that stood before it.
fn overlaps(earlier: &[&str], later: &[&str]) -> bool {
    for pair in earlier.iter().zip(later) {
        match pair {
            (&"*", _) => return true,
            (one, other) if one != other => return false,
            _ => {}
        }
    }
    true
}

/// `validateOutlierDetection`.
#[must_use]
pub fn validate_outlier_detection(block: Option<&OutlierDetection>) -> Validation {
    let mut found = Validation::default();
    let Some(block) = block else { return found };
    if block.consecutive_errors.is_some_and(|errors| errors != 0) {
        found.warnings.push(CONSECUTIVE_ERRORS.to_owned());
    }
    let split = block.split_external_local_origin_errors == Some(true);
    if !split && block.consecutive_local_origin_failures.is_some_and(|failures| failures > 0) {
        found.error(
            "outlier detection consecutive local origin failures is specified, \
             but split external local origin errors is set to false",
        );
    }
    for duration in [block.interval, block.base_ejection_time].into_iter().flatten() {
        found.errors.extend(validate_duration(duration).err());
    }
    for percent in [block.max_ejection_percent, block.min_health_percent].into_iter().flatten() {
        if !(0..=100).contains(&percent) {
            found.error(format!("percentage {percent} is not in range 0..100"));
        }
    }
    found
}

/// `ValidateDuration`.
fn validate_duration(GoDuration(duration): GoDuration) -> Result<(), String> {
    if duration < Duration::from_millis(1) {
        return Err("duration must be greater than 1ms".to_owned());
    }
    if !duration.subsec_nanos().is_multiple_of(1_000_000) {
        return Err("only durations to ms precision are supported".to_owned());
    }
    Ok(())
}

fn warn_without_outlier_detection(
    found: &mut Validation,
    failover: &[Failover],
    failover_priority: &[String],
    outlier_detection: Option<&OutlierDetection>,
) {
    let orders = !failover.is_empty() || !failover_priority.is_empty();
    if orders && outlier_detection.is_none() {
        found.warnings.push(WITHOUT_OUTLIER_DETECTION.to_owned());
    }
}

/// Only bare labels are noticed: `topology.kubernetes.io/region=x` slips through.
fn topology_label(failover_priority: &[String]) -> Option<&String> {
    let topology = [REGION_LABEL, ZONE_LABEL, SUBZONE_LABEL];
    failover_priority.iter().find(|spec| topology.contains(&spec.as_str()))
}

fn names_zone(entry: &Failover) -> bool {
    entry.from.contains('/') || entry.to.contains('/')
}

fn has_wildcard(entry: &Failover) -> bool {
    entry.from.contains('*') || entry.to.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_after_the_specific_locality_goes_unnoticed() {
        let check = |localities: &[&str], valid: bool| {
            let owned: Vec<String> = localities.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(validate_localities(&owned).is_ok(), valid, "{localities:?}");
        };
        check(&["a", "*"], true);
        check(&["*", "a"], false);
        check(&["a/b/c", "a"], false);
        check(&["a/b/c", "a/*"], true);
        check(&["a", "b", "a/b"], false);
    }
}
