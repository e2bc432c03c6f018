//! Measurements on the Envoy 1.40.0 binary that are told in prose: each is played by hand.

use std::collections::BTreeSet;
use std::time::Duration;

use libtest_mimic::Failed;
use mesh_failover_core::cluster::Address;
use mesh_failover_core::cluster::OutlierDetection;
use mesh_failover_core::host::HostId;
use mesh_failover_core::lb::host_set::{HealthFlags, Host, HostSet};
use mesh_failover_core::lb::merge_window::{Delivery, UpdateMergeWindow};
use mesh_failover_core::lb::priority_set::PrioritySet;
use mesh_failover_core::locality::Locality;
use mesh_failover_core::outlier::{Detector, DetectorConfig, HostResult};
use mesh_failover_core::sorted::SortedMap;
use mesh_failover_core::time::MonotonicTime;
use mesh_failover_core::units::OverprovisioningFactor;
use serde_json::Value;

use super::check;

/// What is played for one row.
pub struct Scenario {
    /// The row's `cluster`, or its `source` if it has none.
    pub about: &'static str,
    /// Why it is not played.
    pub out_of_scope: Option<&'static str>,
    /// The play.
    pub run: fn() -> Result<(), Failed>,
}

const SCENARIOS: [Scenario; 7] = [
    Scenario {
        about: "a:{h1 503,h2 503,h3 ok} b:{h4,h5,h6 ok} weights 50/50",
        out_of_scope: None,
        run: second_ejection_waits_for_the_merge_window,
    },
    Scenario { about: "5 hosts, 1 always 503", out_of_scope: None, run: ten_percent_of_five_hosts },
    Scenario {
        about: "same, always_eject_one_host true",
        out_of_scope: None,
        run: always_eject_one_host,
    },
    Scenario {
        about: "connection refused host, consecutive_5xx 3, non-split",
        out_of_scope: None,
        run: refused_connections_count_as_5xx,
    },
    Scenario {
        about: "connection refused host, split, consecutive_local_origin_failure 2",
        out_of_scope: None,
        run: refused_connections_count_apart,
    },
    Scenario {
        about: "max_pending_requests 0 -> 503 UO x10",
        out_of_scope: Some(
            "the HTTP router reports nothing to the detector: there is nothing to play",
        ),
        run: || Ok(()),
    },
    Scenario { about: "Envoy 1.40.0 EDS", out_of_scope: None, run: host_identity_across_eds },
];

/// The scenario of a row.
pub fn scenario(row: &Value) -> Option<&'static Scenario> {
    let about = row["cluster"].as_str().or(row["source"].as_str())?;
    SCENARIOS.iter().find(|scenario| scenario.about == about)
}

/// Every scenario belongs to a row of our own vectors.
pub fn nothing_stale(found: &BTreeSet<&'static str>) -> Result<(), Failed> {
    let stale: Vec<&str> = SCENARIOS
        .iter()
        .map(|scenario| scenario.about)
        .filter(|about| !found.contains(about))
        .collect();
    check("scenarios without a row", stale, Vec::new())
}

fn detector(hosts: u32, written: &OutlierDetection) -> Detector {
    let config = DetectorConfig::try_from(written).expect("valid");
    let mut detector = Detector::new(config, MonotonicTime::ZERO);
    (0..hosts).for_each(|host| detector.add_host(HostId(host)));
    detector
}

fn put_503(detector: &mut Detector, host: u32, at_ms: u64) {
    let now = MonotonicTime::from_millis(at_ms);
    detector.put_http_response_code(HostId(host), 503, now, &mut || 0);
}

fn second_ejection_waits_for_the_merge_window() -> Result<(), Failed> {
    let mut detector = detector(
        6,
        &OutlierDetection {
            consecutive_5xx: Some(3),
            interval: Some(Duration::from_secs(1)),
            base_ejection_time: Some(Duration::from_secs(2)),
            max_ejection_percent: Some(100),
            ..Default::default()
        },
    );
    let mut window = UpdateMergeWindow::default();
    let mut posted = Vec::new();
    for (host, at_ms) in [(0, 20), (1, 30), (0, 50), (1, 60), (0, 80), (1, 90)] {
        put_503(&mut detector, host, at_ms);
        while let Some(event) = detector.poll_event() {
            posted.push((event.host.0, window.on_update(true, event.at)));
        }
    }
    check("posted", posted, vec![(0, Delivery::Now), (1, Delivery::Later)])?;
    check("flagged at once", detector.is_ejected(HostId(1)), true)?;
    // The notes round the second ejection to 0.09 s and the end of its traffic to 1.06 s.
    let due = window.poll_timeout().ok_or("no timer")?;
    check("due", due, MonotonicTime::from_millis(1_090))
}

fn ten_percent_of_five_hosts() -> Result<(), Failed> {
    let written = OutlierDetection { consecutive_5xx: Some(3), ..Default::default() };
    let mut detector = detector(5, &written);
    (0..100).for_each(|request| put_503(&mut detector, 0, request));
    let stats = detector.stats();
    check("enforced", stats.ejections_enforced_total, 0)?;
    check("5xx", stats.ejections_detected_consecutive_5xx, 33)?;
    check("gateway", stats.ejections_detected_consecutive_gateway_failure, 20)?;
    check("overflow", stats.ejections_overflow, 53)
}

fn always_eject_one_host() -> Result<(), Failed> {
    let mut detector = detector(
        5,
        &OutlierDetection {
            consecutive_5xx: Some(3),
            always_eject_one_host: Some(true),
            ..Default::default()
        },
    );
    let mut seen = 0;
    while !detector.is_ejected(HostId(0)) && seen < 100 {
        put_503(&mut detector, 0, seen);
        seen += 1;
    }
    check("503s seen", seen, 3)?;
    check("enforced", detector.stats().ejections_enforced_total, 1)
}

fn refuse(detector: &mut Detector, times: u32) {
    for _ in 0..times {
        let (result, now) = (HostResult::LocalOriginConnectFailed, MonotonicTime::ZERO);
        detector.put_result(HostId(0), result, None, now, &mut || 0);
    }
}

fn refused_connections_count_as_5xx() -> Result<(), Failed> {
    let mut detector = detector(
        5,
        &OutlierDetection {
            consecutive_5xx: Some(3),
            max_ejection_percent: Some(100),
            ..Default::default()
        },
    );
    refuse(&mut detector, 2);
    check("after 2", detector.is_ejected(HostId(0)), false)?;
    refuse(&mut detector, 1);
    check("after 3", detector.stats().ejections_enforced_consecutive_5xx, 1)
}

fn refused_connections_count_apart() -> Result<(), Failed> {
    let mut detector = detector(
        5,
        &OutlierDetection {
            split_external_local_origin_errors: true,
            consecutive_local_origin_failure: Some(2),
            max_ejection_percent: Some(100),
            ..Default::default()
        },
    );
    refuse(&mut detector, 1);
    check("after 1", detector.is_ejected(HostId(0)), false)?;
    refuse(&mut detector, 1);
    let stats = detector.stats();
    check("after 2", stats.ejections_enforced_consecutive_local_origin_failure, 1)
}

fn host(id: u32, weight: u32, locality: &str) -> Host {
    Host {
        id: HostId(id),
        address: Address { host: "10.0.0.1".to_owned(), port: id as u16 },
        locality: Locality::parse(locality),
        weight,
        flags: HealthFlags::default(),
        last_hc_pass_time: None,
    }
}

fn priorities(priorities: Vec<Vec<Host>>) -> PrioritySet {
    PrioritySet::from_host_sets(
        priorities.into_iter().map(|hosts| {
            HostSet::new(hosts, &SortedMap::new(), None, OverprovisioningFactor::DEFAULT)
        }),
    )
}

/// The same id keeps what the caller keeps it for; a new id starts anew.
fn host_identity_across_eds() -> Result<(), Failed> {
    let written = OutlierDetection { max_ejection_percent: Some(100), ..Default::default() };
    let mut detector = detector(2, &written);
    (0..5).for_each(|request| put_503(&mut detector, 0, request));
    let mut before = priorities(vec![vec![host(0, 1, "a"), host(1, 1, "a")]]);
    before.set_health_flags(HostId(0), HealthFlags::FAILED_OUTLIER_CHECK, true);
    let healthy = |after: &mut PrioritySet| -> Vec<usize> {
        after.carry_over(&before);
        after.host_sets().iter().map(|host_set| host_set.healthy_hosts().len()).collect()
    };

    let mut reweighted = priorities(vec![vec![host(0, 7, "a"), host(1, 1, "a")]]);
    check("healthy after a change of weight", healthy(&mut reweighted), vec![1])?;
    let mut moved = priorities(vec![vec![host(1, 1, "a")], vec![host(0, 1, "a")]]);
    check("healthy after a move to priority 1", healthy(&mut moved), vec![1, 0])?;
    check("ejected as before", detector.is_ejected(HostId(0)), true)?;

    // Another locality, or gone and back: a new host to Envoy, so a new id here.
    let mut elsewhere = priorities(vec![vec![host(2, 1, "b"), host(1, 1, "a")]]);
    check("healthy after a change of locality", healthy(&mut elsewhere), vec![2])?;
    detector.remove_host(HostId(0));
    check("active without the host", detector.stats().ejections_active, 0)?;
    detector.add_host(HostId(2));
    let backoff = detector.monitor(HostId(2)).map(|monitor| monitor.eject_time_backoff());
    check("back-off of the new host", backoff, Some(0))
}
