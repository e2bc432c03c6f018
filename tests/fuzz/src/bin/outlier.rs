//! Arbitrary operation sequences on the outlier detector: it never panics, never ejects beyond the cap, counts
//! what it flags, and its time never goes back.

#![no_main]

use std::collections::BTreeSet;
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mesh_failover_core::cluster::OutlierDetection;
use mesh_failover_core::host::HostId;
use mesh_failover_core::outlier::{Action, Detector, DetectorConfig, DetectorState, HostResult};
use mesh_failover_core::time::MonotonicTime;

#[derive(Debug, Arbitrary)]
struct Input {
    settings: Settings,
    operations: Vec<Operation>,
}

#[derive(Debug, Arbitrary)]
struct Settings {
    consecutive: u8,
    split: bool,
    interval_ms: u16,
    base_ms: u16,
    max_ms: Option<u16>,
    jitter_ms: u16,
    max_ejection_percent: u8,
    always_eject_one_host: bool,
    enforcing: u8,
    enforcing_success_rate: u8,
    enforcing_failure_percentage: u8,
    volume: u8,
    minimum_hosts: u8,
}

#[derive(Debug, Arbitrary)]
enum Operation {
    Add(u8),
    Remove(u8),
    Respond(u8, u16),
    Put(u8, u8, Option<u16>),
    HealthCheck(u8, bool, bool),
    Timer,
    Sweep,
    Forward(u16),
    Back(u16),
    Restore,
}

fuzz_target!(|input: Input| {
    let Ok(config) = DetectorConfig::try_from(&written(&input.settings)) else { return };
    // With both rules enforced Envoy counts an ejected host twice; see `Detector`.
    let counts_twice = input.settings.enforcing_success_rate > 0
        && input.settings.enforcing_failure_percentage > 0;
    let mut seed = 0_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed >> 16
    };
    let mut detector = Detector::new(config, MonotonicTime::ZERO);
    let mut now = MonotonicTime::from_millis(1 << 20);
    let mut last_event = MonotonicTime::ZERO;
    for operation in &input.operations {
        let removed = matches!(operation, Operation::Remove(_));
        apply(operation, &mut detector, &mut now, &mut random);
        let flagged: BTreeSet<HostId> = detector
            .monitors()
            .filter(|(_, monitor)| monitor.is_ejected())
            .map(|(host, _)| host)
            .collect();
        let active = detector.stats().ejections_active;
        if counts_twice {
            assert!(active >= flagged.len() as u64);
        } else {
            assert_eq!(active, flagged.len() as u64);
        }
        while let Some(event) = detector.poll_event() {
            assert!(event.at >= last_event, "time went back");
            last_event = event.at;
            if let Action::Eject { enforced: true, .. } = event.action {
                assert!(!removed && within_cap(&detector, flagged.len()), "beyond the cap");
            }
        }
    }
});

/// Right after an ejection: the cap holds unless it is the one host that may always go.
fn within_cap(detector: &Detector, flagged: usize) -> bool {
    let hosts = detector.monitors().count();
    let percent = usize::from(detector.config().max_ejection_percent().get());
    flagged * 100 <= percent * hosts || (detector.config().always_eject_one_host() && flagged <= 1)
}

fn apply(
    operation: &Operation,
    detector: &mut Detector,
    now: &mut MonotonicTime,
    random: &mut impl FnMut() -> u64,
) {
    let host = |id: &u8| HostId(u32::from(id % 16));
    match operation {
        Operation::Add(id) => detector.add_host(host(id)),
        Operation::Remove(id) => detector.remove_host(host(id)),
        Operation::Respond(id, code) => {
            detector.put_http_response_code(host(id), *code, *now, random);
        }
        Operation::Put(id, kind, code) => {
            detector.put_result(host(id), result(*kind), *code, *now, random);
        }
        Operation::HealthCheck(id, healthy, failed) => {
            detector.on_host_check_complete(host(id), *healthy, *failed, *now);
        }
        Operation::Timer => {
            detector.on_interval_timer(*now, random);
            assert!(detector.poll_timeout() > *now || !detector.on_interval_timer(*now, random));
            assert!(!detector.on_interval_timer(*now, random), "the second call does nothing");
        }
        Operation::Sweep => detector.sweep(*now, random),
        Operation::Forward(ms) => *now = *now + Duration::from_millis((*ms).into()),
        Operation::Back(ms) => {
            *now = MonotonicTime::from_millis(now.as_millis().saturating_sub((*ms).into()));
        }
        Operation::Restore => {
            let text = serde_json::to_string(detector.state()).expect("plain values");
            let state: DetectorState = serde_json::from_str(&text).expect("what was written");
            assert_eq!(&state, detector.state());
            *detector = Detector::from_state(detector.config().clone(), state);
        }
    }
}

fn result(kind: u8) -> HostResult {
    match kind % 6 {
        0 => HostResult::ExtOriginRequestFailed,
        1 => HostResult::ExtOriginRequestSuccess,
        2 => HostResult::LocalOriginTimeout,
        3 => HostResult::LocalOriginConnectFailed,
        4 => HostResult::LocalOriginConnectSuccess,
        _ => HostResult::LocalOriginConnectSuccessFinal,
    }
}

fn written(settings: &Settings) -> OutlierDetection {
    let time = |ms: u16| Some(Duration::from_millis(ms.into()));
    let number = |value: u8| Some(u32::from(value));
    OutlierDetection {
        consecutive_5xx: number(settings.consecutive),
        consecutive_gateway_failure: number(settings.consecutive),
        consecutive_local_origin_failure: number(settings.consecutive),
        split_external_local_origin_errors: settings.split,
        interval: time(settings.interval_ms),
        base_ejection_time: time(settings.base_ms),
        max_ejection_time: settings.max_ms.and_then(time),
        max_ejection_time_jitter: time(settings.jitter_ms),
        max_ejection_percent: number(settings.max_ejection_percent),
        always_eject_one_host: Some(settings.always_eject_one_host),
        enforcing_consecutive_5xx: number(settings.enforcing),
        enforcing_consecutive_gateway_failure: number(settings.enforcing),
        enforcing_consecutive_local_origin_failure: number(settings.enforcing),
        enforcing_success_rate: number(settings.enforcing_success_rate),
        enforcing_local_origin_success_rate: number(settings.enforcing_success_rate),
        enforcing_failure_percentage: number(settings.enforcing_failure_percentage),
        enforcing_failure_percentage_local_origin: number(settings.enforcing_failure_percentage),
        success_rate_request_volume: number(settings.volume),
        failure_percentage_request_volume: number(settings.volume),
        success_rate_minimum_hosts: number(settings.minimum_hosts),
        failure_percentage_minimum_hosts: number(settings.minimum_hosts),
        ..Default::default()
    }
}
