//! Scalars as Kubernetes and Istio write them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Written;

/// A duration in Go's syntax: `250ms`, `1m30s`, `1.5h`. A bare number has no unit and is an error.
///
/// **Source**: Go `time.ParseDuration`, through which istiod's decoder reads protobuf durations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(pub Duration);

impl GoDuration {
    /// Reads Go's syntax; `None` for anything else and for negative durations.
    ///
    /// ```
    /// use mesh_failover_core::manifest::GoDuration;
    /// use std::time::Duration;
    ///
    /// assert_eq!(GoDuration::parse("1m30s"), Some(GoDuration(Duration::from_secs(90))));
    /// assert_eq!(GoDuration::parse("1.5h"), Some(GoDuration(Duration::from_secs(5_400))));
    /// assert_eq!(GoDuration::parse("10"), None, "no unit");
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('+').unwrap_or(text);
        if text == "0" {
            return Some(Self(Duration::ZERO));
        }
        let mut rest = text;
        let mut nanos = 0_u128;
        while !rest.is_empty() {
            let (number, after) = split_where(rest, |c| !c.is_ascii_digit() && c != '.');
            let (unit, after) = split_where(after, |c| c.is_ascii_digit() || c == '.');
            nanos = nanos.checked_add(scaled(number, unit_nanos(unit)?)?)?;
            rest = after;
        }
        if text.is_empty() {
            return None;
        }
        // Go's durations are signed 64-bit nanoseconds.
        let nanos = u64::try_from(nanos).ok().filter(|n| i64::try_from(*n).is_ok())?;
        Some(Self(Duration::from_nanos(nanos)))
    }
}

fn split_where(text: &str, at: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(at).unwrap_or(text.len()))
}

fn unit_nanos(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `number` (digits with at most one point) times `scale`, fractions of a nanosecond cut off.
fn scaled(number: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
    let fraction = fraction.get(..fraction.len().min(18))?;
    let divisor = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let whole = digits(whole)?.checked_mul(scale)?;
    whole.checked_add(digits(fraction)?.checked_mul(scale)? / divisor)
}

impl From<Duration> for GoDuration {
    fn from(value: Duration) -> Self {
        Self(value)
    }
}

/// The shortest whole-unit form: `1h`, `90s`, `250ms`.
impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Written(self.0).fmt(f)
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            let message =
                "is not a duration; write a number with a unit, for example `30s` or `250ms`";
            serde::de::Error::custom(format_args!("`{text}` {message}"))
        })
    }
}

/// In a document it is text, whatever it holds in memory.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for GoDuration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GoDuration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A duration in Go's syntax: `250ms`, `1m30s`, `1.5h`.",
            "pattern": r"^\+?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$",
            "examples": ["30s", "250ms"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, nanos: Option<u64>) {
        assert_eq!(GoDuration::parse(text).map(|d| d.0), nanos.map(Duration::from_nanos), "{text}");
    }

    #[test]
    fn reads_what_go_reads() {
        check("0", Some(0));
        check("0s", Some(0));
        check("1s", Some(1_000_000_000));
        check("1m30s", Some(90_000_000_000));
        check("1.5h", Some(5_400_000_000_000));
        check(".5s", Some(500_000_000));
        check("1.s", Some(1_000_000_000));
        check("100us", Some(100_000));
        check("100µs", Some(100_000));
        check("+5ms", Some(5_000_000));
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in ["", "10", "s", ".s", "1.2.3s", "1 s", "1d", "-", "+", "1s2", "9999999h"] {
            check(text, None);
        }
    }

    #[test]
    fn is_written_in_the_largest_whole_unit() {
        for (text, written) in [("60s", "1m"), ("90s", "90s"), ("1500ms", "1500ms"), ("0", "0s")] {
            assert_eq!(GoDuration::parse(text).unwrap().to_string(), written);
        }
    }
}
