//! How a request ended: the status the client saw and the reasons Envoy gives for it.

use std::fmt;

use serde::{Serialize, Serializer};

/// Envoy's response flags.
///
/// **Source**: Envoy envoy/stream_info/stream_info.h `CoreResponseFlag`, v1.40; the bit is 1 << its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResponseFlags(u32);

impl ResponseFlags {
    /// No flag: the upstream answered.
    pub const NONE: Self = Self(0);
    /// No healthy upstream.
    pub const UH: Self = Self(2);
    /// Upstream request timeout.
    pub const UT: Self = Self(4);
    /// Upstream connection failure.
    pub const UF: Self = Self(32);
    /// Upstream connection termination.
    pub const UC: Self = Self(64);
    /// Upstream overflow: a circuit breaker.
    pub const UO: Self = Self(128);
    /// No route.
    pub const NR: Self = Self(256);
    /// Retry limit exceeded.
    pub const URX: Self = Self(32_768);
    /// No cluster.
    pub const NC: Self = Self(16_777_216);

    const NAMES: [(Self, &'static str); 8] = [
        (Self::UH, "UH"),
        (Self::UF, "UF"),
        (Self::UO, "UO"),
        (Self::NR, "NR"),
        (Self::URX, "URX"),
        (Self::NC, "NC"),
        (Self::UT, "UT"),
        (Self::UC, "UC"),
    ];

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These flags without `other`'s.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether any flag of `other` is set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The flag of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(flag, _)| *flag)
    }
}

/// As in an access log: `UF,URX`; `-` for none.
impl fmt::Display for ResponseFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Self::NAMES.iter().filter(|(flag, _)| self.intersects(*flag));
        let Some((_, first)) = names.next() else { return f.write_str("-") };
        f.write_str(first)?;
        names.try_for_each(|(_, name)| write!(f, ",{name}"))
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// The status the client saw.
    pub status: u16,
    /// Why Envoy answered itself, if it did.
    pub flags: ResponseFlags,
}

impl Outcome {
    /// What every request hopes for.
    pub const OK: Self = Self { status: 200, flags: ResponseFlags::NONE };

    /// The upstream's own answer.
    #[must_use]
    pub const fn upstream(status: u16) -> Self {
        Self { status, flags: ResponseFlags::NONE }
    }

    /// Envoy's answer.
    #[must_use]
    pub const fn local(status: u16, flags: ResponseFlags) -> Self {
        Self { status, flags }
    }

    /// Whether Envoy says so at once, without a host: it has none, or its circuit breakers allow no more.
    #[must_use]
    pub(crate) const fn is_refusal(self) -> bool {
        self.flags.intersects(ResponseFlags::UH.with(ResponseFlags::UO))
    }

    /// Whether the client would call it a failure.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.status >= 500 || self.flags.0 != 0 && self.status >= 400
    }

    /// Whether `kind` speaks of it: a response flag, a status, or `any` for every error.
    #[must_use]
    pub fn is(self, kind: &str) -> bool {
        match ResponseFlags::named(kind) {
            Some(flag) => self.flags.intersects(flag),
            None if kind == "any" => self.is_error(),
            None => kind.parse() == Ok(self.status),
        }
    }
}

/// `503 UF,URX`, or `503` if the upstream said so.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if self.flags == ResponseFlags::NONE { Ok(()) } else { write!(f, " {}", self.flags) }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_an_access_log() {
        let exhausted = Outcome::local(503, ResponseFlags::UF.with(ResponseFlags::URX));
        assert_eq!(exhausted.to_string(), "503 UF,URX");
        assert_eq!(Outcome::upstream(503).to_string(), "503");
        assert_eq!(ResponseFlags::NONE.to_string(), "-");
        for kind in ["UF", "URX", "503", "any"] {
            assert!(exhausted.is(kind), "{kind}");
        }
        assert!(!exhausted.is("UT") && !Outcome::OK.is("any") && Outcome::OK.is("200"));
    }
}
