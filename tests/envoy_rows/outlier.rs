//! Rows about the outlier detector.

use std::time::Duration;

use libtest_mimic::Failed;
use mesh_failover_core::cluster::OutlierDetection;
use mesh_failover_core::host::HostId;
use mesh_failover_core::outlier::{
    Detector, DetectorConfig, HostResult, MonitorType, success_rate_ejection_threshold,
};
use mesh_failover_core::time::MonotonicTime;
use serde_json::Value;

use super::{check, floats, number};

/// The settings of a row; flags of enforcing percentages mean all or nothing.
pub fn written(config: &Value) -> OutlierDetection {
    let field = |name: &str| match config.get(name) {
        None => None,
        Some(Value::Bool(enforced)) => Some(if *enforced { 100 } else { 0 }),
        Some(value) => Some(number(value)),
    };
    let flag = |name: &str| config.get(name).map(|value| value.as_bool().expect("a flag"));
    let time = |name: &str| field(name).map(|millis| Duration::from_millis(millis.into()));
    OutlierDetection {
        consecutive_5xx: field("consecutive_5xx"),
        enforcing_consecutive_5xx: field("enforcing_consecutive_5xx"),
        consecutive_gateway_failure: field("consecutive_gateway_failure"),
        enforcing_consecutive_gateway_failure: field("enforcing_consecutive_gateway_failure"),
        split_external_local_origin_errors: flag("split").unwrap_or(false),
        consecutive_local_origin_failure: field("consecutive_local_origin_failure"),
        enforcing_consecutive_local_origin_failure: field(
            "enforcing_consecutive_local_origin_failure",
        ),
        interval: time("interval_ms"),
        base_ejection_time: time("base_ejection_time_ms"),
        max_ejection_time: time("max_ejection_time_ms"),
        max_ejection_time_jitter: time("max_ejection_time_jitter_ms"),
        max_ejection_percent: field("max_ejection_percent"),
        always_eject_one_host: flag("always_eject_one_host"),
        enforcing_success_rate: field("enforcing_success_rate"),
        enforcing_local_origin_success_rate: field("enforcing_local_origin_success_rate"),
        success_rate_minimum_hosts: field("success_rate_minimum_hosts"),
        success_rate_request_volume: field("success_rate_request_volume"),
        success_rate_stdev_factor: field("success_rate_stdev_factor"),
        failure_percentage_threshold: field("failure_percentage_threshold"),
        enforcing_failure_percentage: field("enforcing_failure_percentage"),
        enforcing_failure_percentage_local_origin: field(
            "enforcing_failure_percentage_local_origin",
        ),
        failure_percentage_minimum_hosts: field("failure_percentage_minimum_hosts"),
        failure_percentage_request_volume: field("failure_percentage_request_volume"),
        successful_active_health_check_uneject_host: flag(
            "successful_active_health_check_uneject_host",
        ),
        error_statuses: Vec::new(),
    }
}

/// Writing Envoy's defaults down must change nothing.
pub fn defaults(row: &Value) -> Result<(), Failed> {
    let config = |written: &OutlierDetection| DetectorConfig::try_from(written).expect("valid");
    check("defaults", config(&OutlierDetection::default()), config(&written(row)))
}

pub fn formula(row: &Value) -> Result<(), Failed> {
    if let Some(rates) = row.get("success_rates") {
        let factor = row["stdev_factor"].as_f64().expect("a factor") * 1000.0;
        let threshold = success_rate_ejection_threshold(&floats(rates), factor.round() as u32)
            .ok_or("no threshold")?;
        let expected = |name: &str| row[name].as_f64().expect("a number");
        check("mean", threshold.average, expected("expected_mean"))?;
        return check("threshold", threshold.ejection_threshold, expected("expected_threshold"));
    }
    let mut row = row.clone();
    if row["max_ejection_time"] == "unset" {
        row.as_object_mut().expect("a row").remove("max_ejection_time_ms");
    }
    let config = DetectorConfig::try_from(&written(&row));
    match row.get("expected_max_ejection_time_ms") {
        Some(expected) => {
            let config = config.map_err(|error| error.to_string())?;
            let expected = Duration::from_millis(number(expected).into());
            check("longest ejection", config.max_ejection_time(), expected)
        }
        None => match config {
            Ok(_) => Err("accepted what Envoy rejects".into()),
            Err(error) => {
                check("names the field", error.to_string().contains("`max_ejection_time`"), true)
            }
        },
    }
}

/// A detector, its clock, and the row's hosts.
struct Bench {
    detector: Detector,
    now: MonotonicTime,
    hosts: u32,
}

pub fn sequence(row: &Value) -> Result<(), Failed> {
    let config = DetectorConfig::try_from(&written(&row["config"])).expect("valid");
    let mut bench = Bench {
        detector: Detector::new(config, MonotonicTime::ZERO),
        now: MonotonicTime::ZERO,
        hosts: 0,
    };
    for _ in 0..number(&row["hosts"]) {
        bench.add();
    }
    for (step, event) in row["events"].as_array().expect("events").iter().enumerate() {
        bench
            .play(event)
            .map_err(|failed| format!("step {step} {event}: {}", failed.message().unwrap_or("")))?;
    }
    Ok(())
}

impl Bench {
    fn add(&mut self) {
        self.detector.add_host(HostId(self.hosts));
        self.hosts += 1;
    }

    fn put(&mut self, host: u32, times: &Value, result: HostResult, code: Option<u16>) {
        let mut random = || zero();
        for _ in 0..number(times) {
            self.detector.put_result(HostId(host), result, code, self.now, &mut random);
        }
    }

    fn play(&mut self, event: &Value) -> Result<(), Failed> {
        let host = number(&event[1]);
        let code =
            |value: &Value| value.as_u64().map(|code| u16::try_from(code).expect("a status"));
        let response = |value: &Value| {
            let code = code(value).expect("a status");
            let failed = code >= 500;
            let result = if failed {
                HostResult::ExtOriginRequestFailed
            } else {
                HostResult::ExtOriginRequestSuccess
            };
            (result, Some(code))
        };
        match event[0].as_str().expect("a verb") {
            "add" => self.add(),
            "rm" => self.detector.remove_host(HostId(host)),
            "t" => self.now = MonotonicTime::from_millis(event[1].as_u64().expect("a time")),
            "sweep" => self.detector.sweep(self.now, &mut || zero()),
            "hc" => {
                let healthy = event[2].as_bool().expect("a flag");
                self.detector.on_host_check_complete(HostId(host), healthy, !healthy, self.now);
            }
            "r" => {
                let (result, code) = response(&event[3]);
                self.put(host, &event[2], result, code);
            }
            "rall" => {
                let (result, code) = response(&event[2]);
                (0..self.hosts).for_each(|host| self.put(host, &event[1], result, code));
            }
            "x" => self.put(host, &event[2], result(&event[3]), code(&event[4])),
            "xall" => (0..self.hosts)
                .for_each(|host| self.put(host, &event[1], result(&event[2]), code(&event[3]))),
            _ => return self.expect(event),
        }
        Ok(())
    }

    fn expect(&self, event: &Value) -> Result<(), Failed> {
        let detector = &self.detector;
        let monitor = || detector.monitor(HostId(number(&event[1]))).ok_or("no such host");
        match event[0].as_str().expect("a verb") {
            "ej" => {
                let ejected: Vec<Value> = detector
                    .monitors()
                    .filter(|(_, monitor)| monitor.is_ejected())
                    .map(|(host, _)| host.0.into())
                    .collect();
                check("ejected", &ejected, event[1].as_array().expect("hosts"))
            }
            "sr" => {
                let rate = monitor()?.success_rate(kind(&event[2]));
                check("success rate", rate.unwrap_or(-1.0), float(&event[3]))
            }
            "avg" => {
                let rate = detector.success_rate(kind(&event[1]));
                let rate =
                    rate.map_or((-1.0, -1.0), |rate| (rate.average, rate.ejection_threshold));
                check("mean and threshold", rate, (float(&event[2]), float(&event[3])))
            }
            "stat" => {
                let stats = serde_json::to_value(detector.stats()).expect("JSON");
                let name = format!("ejections_{}", event[1].as_str().expect("a name"));
                check(&name, stats.get(&name), Some(&event[2]))
            }
            "active" => {
                let active = detector.stats().ejections_active;
                check("active", active, u64::from(number(&event[1])))
            }
            "backoff" => check("back-off", monitor()?.eject_time_backoff(), number(&event[2])),
            other => Err(format!("`{other}` is not a verb that this test knows").into()),
        }
    }
}

/// No row leaves anything to chance: percentages are 0 or 100, and the only draw left is for a jitter of zero.
fn zero() -> u64 {
    0
}

fn float(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn kind(value: &Value) -> MonitorType {
    match value.as_str() {
        Some("e") => MonitorType::ExternalOrigin,
        Some("l") => MonitorType::LocalOrigin,
        other => panic!("no kind of success rate: {other:?}"),
    }
}

fn result(value: &Value) -> HostResult {
    match value.as_str().expect("a result") {
        "ExtOriginRequestFailed" => HostResult::ExtOriginRequestFailed,
        "ExtOriginRequestSuccess" => HostResult::ExtOriginRequestSuccess,
        "LocalOriginTimeout" => HostResult::LocalOriginTimeout,
        "LocalOriginConnectFailed" => HostResult::LocalOriginConnectFailed,
        "LocalOriginConnectSuccess" => HostResult::LocalOriginConnectSuccess,
        "LocalOriginConnectSuccessFinal" => HostResult::LocalOriginConnectSuccessFinal,
        other => panic!("no result: `{other}`"),
    }
}
