//! Everything beside `trafficPolicy`: defaults filled in, ranges checked.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::codes::INVALID;
use super::compile::Compiler;
use super::compiled::{AffinitySource, Failback, LatencyThreshold, Probe, SuccessThreshold};
use super::written::{AffinityConfig, FailbackConfig, HealthConfig, ProbeConfig, RescueConfig};
use crate::manifest::GoDuration;
use crate::router::level::{Level, Ramp};
use crate::router::rescue::RescuePolicy;

/// Windows and probes are looked at on ticks.
const SHORTEST: Duration = Duration::from_millis(100);

const SECOND: Duration = Duration::from_secs(1);

impl Compiler<'_> {
    pub(super) fn failback(&mut self, written: &FailbackConfig, path: &str) -> Failback {
        let time = written.minimum_healthy_time;
        let field = "failback.minimumHealthyTime";
        let minimum_healthy_time = self.time(time, Duration::ZERO, Duration::ZERO, path, field);
        let mut ramp = Ramp::default();
        if let Some(written) = &written.ramp {
            let field = "failback.ramp.duration";
            ramp.duration = self.time(written.duration, Duration::ZERO, SHORTEST, path, field);
            let field = "failback.ramp.startPercent";
            ramp.start =
                Level::new(100 * self.number(written.start_percent, 10, 1..=100, path, field));
            ramp.curve = written.curve;
        }
        Failback { minimum_healthy_time, ramp }
    }

    pub(super) fn health(
        &mut self,
        written: &HealthConfig,
        path: &str,
    ) -> (Option<SuccessThreshold>, Option<LatencyThreshold>) {
        const WINDOW: Duration = Duration::from_secs(10);
        let any = 1..=u32::MAX;
        let success = written.success_rate.as_ref().map(|written| {
            let field = "health.successRate.minimumPercent";
            SuccessThreshold {
                minimum_percent: self.number(written.minimum_percent, 0, 1..=100, path, field),
                window: self.time(
                    written.window,
                    WINDOW,
                    SHORTEST,
                    path,
                    "health.successRate.window",
                ),
                minimum_requests: self.number(
                    written.minimum_requests,
                    20,
                    any.clone(),
                    path,
                    "health.successRate.minimumRequests",
                ),
            }
        });
        let latency = written.latency.as_ref().map(|written| LatencyThreshold {
            threshold: self.time(
                written.threshold,
                Duration::ZERO,
                Duration::from_millis(1),
                path,
                "health.latency.threshold",
            ),
            percent: self.number(written.percent, 50, 1..=100, path, "health.latency.percent"),
            window: self.time(written.window, WINDOW, SHORTEST, path, "health.latency.window"),
            minimum_requests: self.number(
                written.minimum_requests,
                20,
                any,
                path,
                "health.latency.minimumRequests",
            ),
        });
        (success, latency)
    }

    pub(super) fn probe(&mut self, written: &ProbeConfig, host: &str, path: &str) -> Probe {
        let or =
            |text: &Option<String>, default: &str| text.as_deref().unwrap_or(default).to_owned();
        let any = 1..=u32::MAX;
        let mut expected = Vec::new();
        for (index, text) in written.expected_statuses.iter().enumerate() {
            let (from, to) = text.split_once('-').unwrap_or((text, text));
            match (from.trim().parse(), to.trim().parse()) {
                (Ok(from), Ok(to)) if (100..=to).contains(&from) && to < 600 => {
                    expected.push((from, to));
                }
                _ => self.error(
                    INVALID,
                    &[path, ".probe.expectedStatuses[", &index.to_string(), "]"],
                    &["`", text, "` is not a status or a range of statuses"],
                    "write `200` or `200-299`, for example",
                ),
            }
        }
        if written.expected_statuses.is_empty() {
            expected.push((200, 399));
        }
        let probe_path = or(&written.path, "/");
        if !probe_path.starts_with('/') {
            let message: &[&str] = &["`", &probe_path, "` is not a path"];
            self.error(INVALID, &[path, ".probe.path"], message, "begin it with `/`");
        }
        Probe {
            path: probe_path,
            host: or(&written.host, host),
            method: or(&written.method, "GET").to_ascii_uppercase(),
            interval: self.time(written.interval, 5 * SECOND, SHORTEST, path, "probe.interval"),
            timeout: self.time(written.timeout, SECOND, SHORTEST, path, "probe.timeout"),
            healthy_threshold: self.number(
                written.healthy_threshold,
                2,
                any.clone(),
                path,
                "probe.healthyThreshold",
            ),
            unhealthy_threshold: self.number(
                written.unhealthy_threshold,
                3,
                any,
                path,
                "probe.unhealthyThreshold",
            ),
            expected_statuses: expected,
        }
    }

    pub(super) fn affinity(
        &mut self,
        written: &AffinityConfig,
        path: &str,
    ) -> Option<AffinitySource> {
        let path = [path, ".affinity"].concat();
        match (&written.header, &written.cookie, written.source_address) {
            (Some(header), None, false) => {
                self.check_header(header, &[&path, ".header"].concat());
                Some(AffinitySource::Header(header.to_ascii_lowercase()))
            }
            (None, Some(cookie), false) => {
                if cookie.name.is_empty() || !cookie.name.bytes().all(is_token) {
                    let message: &[&str] = &["`", &cookie.name, "` is not the name of a cookie"];
                    self.error(INVALID, &[&path, ".cookie.name"], message, "");
                }
                Some(AffinitySource::Cookie(cookie.clone()))
            }
            (None, None, true) => Some(AffinitySource::SourceAddress),
            _ => {
                let message = &["one thing must tell users apart"];
                let help = "write one of `header`, `cookie` and `sourceAddress: true`";
                self.error(INVALID, &[&path], message, help);
                None
            }
        }
    }

    pub(super) fn rescue(&mut self, written: &RescueConfig, path: &str) -> RescuePolicy {
        let budget = &written.budget;
        let field = "rescue.budget.budgetInterval";
        RescuePolicy {
            methods: written.methods.iter().map(|method| method.to_ascii_uppercase()).collect(),
            max_body_bytes: written.max_body_bytes.unwrap_or(0),
            max_response_bytes: written.max_response_bytes.unwrap_or(1 << 20),
            timeout: self.time(written.timeout, 5 * SECOND, SHORTEST, path, "rescue.timeout"),
            percent: self.number(budget.percent, 20, 0..=100, path, "rescue.budget.percent"),
            floor: budget.min_retry_concurrency.unwrap_or(3),
            interval: self.time(budget.budget_interval, SECOND, SHORTEST, path, field),
        }
    }

    pub(super) fn time(
        &mut self,
        written: Option<GoDuration>,
        default: Duration,
        least: Duration,
        path: &str,
        field: &str,
    ) -> Duration {
        let time = written.map_or(default, |time| time.0);
        if time < least {
            let given = written.map_or_else(|| "nothing".to_owned(), |time| time.to_string());
            let help = ["write at least `", &GoDuration(least).to_string(), "`"].concat();
            self.error(INVALID, &[path, ".", field], &["`", &given, "` is too short"], &help);
        }
        time
    }

    fn number(
        &mut self,
        written: Option<u32>,
        default: u32,
        range: RangeInclusive<u32>,
        path: &str,
        field: &str,
    ) -> u32 {
        let number = written.unwrap_or(default);
        if !range.contains(&number) {
            let (least, most) = (range.start().to_string(), range.end().to_string());
            let help = ["write a number from ", &least, " to ", &most].concat();
            let message = ["`", &number.to_string(), "` is out of range"];
            self.error(INVALID, &[path, ".", field], &message, &help);
        }
        number
    }

    pub(super) fn check_header(&mut self, name: &str, path: &str) {
        if name.is_empty() || !name.bytes().all(is_token) {
            let message: &[&str] = &["`", name, "` is not the name of a header"];
            self.error(INVALID, &[path], message, "write `x-client-region`, for example");
        }
    }
}

/// RFC 9110 `tchar`.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}
