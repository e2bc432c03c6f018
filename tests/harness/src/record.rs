//! What became of each request.

use std::collections::BTreeMap;
use std::time::Duration;

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// When it was due, since the load began. A late client is late in `duration`, not here.
    pub start: Duration,
    /// From when it was due until the answer was read or given up.
    pub duration: Duration,
    /// The phase in which it was due.
    pub phase: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An endpoint answered.
    Answered {
        /// Its status.
        status: u16,
        /// The endpoint's region.
        region: String,
        /// The endpoint's name.
        endpoint: String,
    },
    /// Envoy answered by itself.
    Local {
        /// Its status.
        status: u16,
    },
    /// No answer: the connection broke or time ran out.
    Lost(String),
}

impl Record {
    /// The region whose endpoint answered, whatever it said.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Answered { region, .. } => Some(region),
            _ => None,
        }
    }

    /// Whether the client got what it asked for.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Answered { status, .. } if status < 500)
    }

    /// When its answer was there, since the load began.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.start + self.duration
    }
}

/// How requests were shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shares {
    /// All requests.
    pub total: u64,
    /// Good answers by region.
    pub by_region: BTreeMap<String, u64>,
    /// Failed requests.
    pub failed: u64,
}

impl Shares {
    /// Counts records.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut shares = Self::default();
        for record in records {
            shares.total += 1;
            match record.region().filter(|_| record.is_ok()) {
                Some(region) => *shares.by_region.entry(region.to_owned()).or_default() += 1,
                None => shares.failed += 1,
            }
        }
        shares
    }

    /// A region's part of all requests, in percent; 0 of nothing.
    #[must_use]
    pub fn percent(&self, region: &str) -> f64 {
        let served = self.by_region.get(region).copied().unwrap_or_default();
        if self.total == 0 { 0.0 } else { 100.0 * served as f64 / self.total as f64 }
    }
}
