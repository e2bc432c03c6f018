//! What outlier detection may do here, and what happens when it has done too much.

use super::cause::{Cause, Change, DefaultOf};
use super::shares::Model;
use super::{EjectionExplanation, PanicExplanation, Setting, Statement, Subject};
use crate::lb::priority::HostCounts;
use crate::manifest::GoDuration;
use crate::outlier::{ConfigError, DetectorConfig, EjectionType};
use crate::units::Percent;

impl Subject<'_> {
    /// How many hosts may be out at once.
    pub(super) fn ejection(
        &self,
        detector: Option<&Result<DetectorConfig, ConfigError>>,
        hosts: u64,
        ejectable: u64,
    ) -> EjectionExplanation {
        let text = match detector {
            None => "no outlier detection: failing hosts are never ejected, only discovery takes them away".to_owned(),
            Some(Err(error)) => format!("Envoy refuses the outlier detection: {error}"),
            Some(Ok(config)) => cap(config, hosts, ejectable) + &self.out_now(),
        };
        let cause = match detector {
            None => self.causes.missing(DefaultOf::Istio),
            Some(_) => self.outlier_field("maxEjectionPercent", DefaultOf::Envoy),
        };
        let percent = detector.and_then(|it| it.as_ref().ok());
        EjectionExplanation {
            ejectable,
            max_ejection_percent: percent.map(|config| config.max_ejection_percent().get()),
            statement: Statement { text, cause },
        }
    }

    fn out_now(&self) -> String {
        match self.ejected.len() {
            0 => String::new(),
            1 => "; 1 is out right now".to_owned(),
            more => format!("; {more} are out right now"),
        }
    }

    /// What happens with too few usable hosts.
    pub(super) fn panic(&self, model: &Model<'_>) -> PanicExplanation {
        let threshold = model.panic_threshold();
        let text = if threshold == Percent::ZERO {
            "never panics: with no usable host left, requests get 503 (flag UH)".to_owned()
        } else {
            panic_text(model, threshold)
        };
        // Without a block istiod sets 0 itself, or leaves Envoy's 50 %.
        let owner = if self.cluster.healthy_panic_threshold.is_none() {
            DefaultOf::Envoy
        } else {
            DefaultOf::Istio
        };
        let cause = self.outlier_field("minHealthPercent", owner);
        PanicExplanation {
            threshold_percent: threshold.get(),
            statement: Statement { text, cause },
        }
    }

    /// Envoy's settings, defaults included.
    pub(super) fn settings(&self, config: &DetectorConfig) -> Vec<Setting> {
        let mut settings = Vec::new();
        let mut add = |name, value: String, cause| settings.push(Setting { name, value, cause });
        let time = |time| GoDuration(time).to_string();
        let own = |field| self.outlier_field(field, DefaultOf::Envoy);
        add("interval", time(config.interval()), own("interval"));
        add("base_ejection_time", time(config.base_ejection_time()), own("baseEjectionTime"));
        let longest = time(config.max_ejection_time());
        add("max_ejection_time", longest, self.fixed(DefaultOf::Envoy));
        let percent = config.max_ejection_percent().to_string();
        add("max_ejection_percent", percent, own("maxEjectionPercent"));
        for (kind, [count, enforcing], field) in RUNS {
            let is_local = kind == EjectionType::ConsecutiveLocalOriginFailure;
            if is_local && !config.split_external_local_origin_errors() {
                continue;
            }
            let errors = config.consecutive(kind).unwrap_or_default().to_string();
            add(count, errors, own(field));
            add(enforcing, config.enforcing(kind).to_string(), own(field));
        }
        add(
            "split_external_local_origin_errors",
            config.split_external_local_origin_errors().to_string(),
            own("splitExternalLocalOriginErrors"),
        );
        let never = self.fixed(DefaultOf::Istio);
        let rate = config.enforcing(EjectionType::SuccessRate).to_string();
        add("enforcing_success_rate", rate, never);
        settings
    }

    fn outlier_field(&self, field: &str, owner: DefaultOf) -> Cause {
        self.causes.field(self.origin.outlier_detection.as_ref(), field, owner)
    }

    /// What comes with the block and has no field of its own.
    fn fixed(&self, owner: DefaultOf) -> Cause {
        let block = self.outlier_field("", owner);
        Cause { default_of: Some(owner), change: Some(Change::Nothing), ..block }
    }
}

/// Rules that count runs of errors: Envoy's names of the count and of what enforces it, Istio's field.
const RUNS: [(EjectionType, [&str; 2], &str); 3] = [
    (
        EjectionType::Consecutive5xx,
        ["consecutive_5xx", "enforcing_consecutive_5xx"],
        "consecutive5xxErrors",
    ),
    (
        EjectionType::ConsecutiveGatewayFailure,
        ["consecutive_gateway_failure", "enforcing_consecutive_gateway_failure"],
        "consecutiveGatewayErrors",
    ),
    (
        EjectionType::ConsecutiveLocalOriginFailure,
        ["consecutive_local_origin_failure", "enforcing_consecutive_local_origin_failure"],
        "consecutiveLocalOriginFailures",
    ),
];

fn cap(config: &DetectorConfig, hosts: u64, ejectable: u64) -> String {
    let percent = config.max_ejection_percent();
    let base = format!("up to {ejectable} of {hosts} hosts at once ({percent} of the cluster's)");
    if ejectable == 0 && hosts > 0 {
        let needed = 100_u64.div_ceil(hosts);
        return format!(
            "no host is ever ejected: one of {hosts} would already be more than {percent}; {needed} % allows one"
        );
    }
    base
}

fn panic_text(model: &Model<'_>, threshold: Percent) -> String {
    let balancer = model.now();
    let points = (0_u32..).zip(balancer.host_sets()).filter_map(|(priority, host_set)| {
        let counts = host_set.counts();
        let panics = |healthy: &u32| {
            HostCounts { healthy: *healthy, degraded: 0, ..counts }.is_host_set_in_panic(threshold)
        };
        let highest = (0..counts.total).rev().find(panics)?;
        Some(format!("priority {priority} from {highest} usable of {} on", counts.total))
    });
    let points: Vec<String> = points.collect();
    format!(
        "with fewer than {threshold} usable a priority uses all its hosts, healthy or not, unless the others can take \
         everything: {}",
        points.join(", ")
    )
}
