//! Envoy's logs, read.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A request that came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which one.
    pub number: usize,
    /// The status the client saw.
    pub status: u16,
    /// Envoy's response flags, `-` for none.
    pub flags: String,
    /// The endpoint that answered; `None`: Envoy did.
    pub endpoint: Option<String>,
}

/// An attempt that came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Of which request.
    pub number: usize,
    /// At which endpoint.
    pub endpoint: String,
}

/// An ejection or its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Ejection {
    /// Which Envoy's.
    pub envoy: u32,
    /// Of which cluster.
    pub cluster: String,
    /// Milliseconds since the start.
    pub at_ms: f64,
    /// Which endpoint.
    pub endpoint: String,
    /// Whether it was ejected, not taken back.
    pub ejected: bool,
}

struct Line<'a> {
    number: usize,
    status: u16,
    flags: &'a str,
    host: &'a str,
    details: &'a str,
    /// Who the answer says it is from.
    signed: &'a str,
}

/// What the region router says of an answer that another region's took the place of. **Source**: filters/region-router/src/rescue.rs `DETAILS`.
const RESCUED: &str = "rescued";

impl Line<'_> {
    fn endpoint(&self, names: &BTreeMap<String, String>) -> Option<String> {
        match self.details {
            "via_upstream" => names.get(self.host).cloned(),
            RESCUED => Some(self.signed.to_owned()),
            _ => None,
        }
    }
}

fn lines(log: &str) -> impl Iterator<Item = Result<Line<'_>>> {
    // What does not carry a number is the router's own.
    let ours = log.lines().filter(|line| !line.starts_with('-'));
    ours.map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().with_context(|| format!("a short line: {line}"));
        let (number, status, flags, host, details) = (next()?, next()?, next()?, next()?, next()?);
        let signed = next()?;
        Ok(Line {
            number: number.parse().with_context(|| format!("no number: {line}"))?,
            status: status.parse().unwrap_or(0),
            flags,
            host,
            details,
            signed,
        })
    })
}

pub(super) fn requests(log: &str, names: &BTreeMap<String, String>) -> Result<Vec<Request>> {
    let request = |line: Line<'_>| Request {
        number: line.number,
        status: line.status,
        flags: line.flags.to_owned(),
        endpoint: line.endpoint(names),
    };
    // A client that gave up at the end of the drill says nothing about the scenario.
    let gave_up = |line: &Result<Line<'_>>| line.as_ref().is_ok_and(|line| line.flags == "DC");
    lines(log).filter(|line| !gave_up(line)).map(|line| line.map(request)).collect()
}

/// Second tries that were answered: Envoy's router does not log a filter's own calls.
pub(super) fn rescues(log: &str, names: &BTreeMap<String, String>) -> Result<Vec<Attempt>> {
    let attempt = |line: Line<'_>| {
        let endpoint = line.endpoint(names).filter(|_| line.details == RESCUED)?;
        Some(Attempt { number: line.number, endpoint })
    };
    lines(log).filter_map(|line| line.map(attempt).transpose()).collect()
}

/// What a circuit breaker stopped is no attempt.
pub(super) fn attempts(log: &str, names: &BTreeMap<String, String>) -> Result<Vec<Attempt>> {
    let attempt = |line: Line<'_>| {
        let endpoint = names.get(line.host)?.clone();
        (!line.flags.split(',').any(|flag| flag == "UO"))
            .then_some(Attempt { number: line.number, endpoint })
    };
    lines(log).filter_map(|line| line.map(attempt).transpose()).collect()
}

/// **Source**: Envoy `data.cluster.v3.OutlierDetectionEvent`, v1.40, one JSON object a line.
pub(super) fn ejections(
    log: &str,
    envoy: u32,
    names: &BTreeMap<String, String>,
    began: SystemTime,
) -> Result<Vec<Ejection>> {
    let mut ejections = Vec::new();
    for line in log.lines() {
        let event: Value =
            serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        let ejected = match text("action") {
            // Not enforced means nothing happened.
            "EJECT" if event["enforced"] == false => continue,
            "EJECT" => true,
            "UNEJECT" => false,
            other => bail!("`{other}` is no action: {line}"),
        };
        let address = text("upstream_url");
        let Some(endpoint) = names.get(address) else { bail!("nobody is at {address}: {line}") };
        let at_ms = since(began, text("timestamp"))?;
        let cluster = text("cluster_name").to_owned();
        ejections.push(Ejection { envoy, cluster, at_ms, endpoint: endpoint.clone(), ejected });
    }
    Ok(ejections)
}

/// How long before `began` the clusters, and with them their detectors, were made.
pub(super) fn cluster_age(log: &str, began: SystemTime) -> Result<Duration> {
    let line = log.lines().find(|line| line.contains("loading ") && line.contains(" cluster(s)"));
    let line = line.context("Envoy's log does not say when it loaded its clusters")?;
    let stamp = line.trim_start_matches('[').split(']').next().unwrap_or_default();
    let millis = since(began, stamp)?;
    Ok(Duration::from_secs_f64((-millis / 1e3).max(0.0)))
}

/// Milliseconds from `began` to a time of day in UTC, `2026-11-24T06:20:01.123Z` or with a space between; at most half a day.
fn since(began: SystemTime, stamp: &str) -> Result<f64> {
    const DAY: f64 = 86_400_000.0;
    let time = stamp.split(['T', ' ']).nth(1).map(|time| time.trim_end_matches('Z'));
    let mut parts = time.unwrap_or_default().split(':').map(str::parse::<f64>);
    let mut part = || parts.next().and_then(Result::ok);
    let of_day = part().zip(part()).zip(part());
    let ((hours, minutes), seconds) = of_day.with_context(|| format!("`{stamp}` is not a time"))?;
    let of_day = (hours * 3600.0 + minutes * 60.0 + seconds) * 1e3;
    let began = began.duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64() * 1e3 % DAY;
    let difference = of_day - began;
    Ok(difference - (difference / DAY).round() * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_told_from_the_start_also_over_midnight() {
        let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        assert_eq!(since(at(1_500), "1970-01-01T00:00:02.750Z").unwrap(), 1_250.0);
        assert_eq!(since(at(86_400_000 - 500), "1970-01-02 00:00:01.000").unwrap(), 1_500.0);
        assert_eq!(since(at(86_400_000 + 500), "1970-01-01 23:59:59.500").unwrap(), -1_000.0);
        assert!(since(at(0), "yesterday").is_err());
    }
}
