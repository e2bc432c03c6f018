//! What the workers of a gateway share: every region's record, and who does the checks.
//!
//! Each worker runs the router in a virtual machine of its own. They meet in one value of bytes that anyone may replace.
//! States merge by taking the greater of each part, so it does not matter who hears of what first, how often, or whether an
//! update is lost: the next exchange brings it back.
//!
//! The bytes carry a version and a checksum. Whatever does not fit them counts as absent.
//!
//! **Units**: little-endian; times in nanoseconds.

use std::time::Duration;

use mesh_failover_sorted::SortedMap;

use super::drain::DrainRecord;
use super::record::{Reason, RegionRecord, RegionState};
use crate::time::MonotonicTime;

const MAGIC: [u8; 4] = *b"MFR\x02";

/// Records of regions that a worker has no policy for are dropped when they are this old.
const FORGET_AFTER: Duration = Duration::from_secs(3600);

/// A region of a destination.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegionKey {
    /// The destination's host.
    pub host: String,
    /// The destination's port.
    pub port: u16,
    /// The region.
    pub region: String,
}

/// Who does the checks, and until when it may. Ordered by `until`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease {
    /// When anyone may take over.
    pub until: MonotonicTime,
    /// When the holder was configured. A worker that was configured later takes over at once: after a reload, workers with the
    /// old configuration stay for minutes, and do not know what is new.
    pub configured_at: MonotonicTime,
    /// A worker's number.
    pub holder: u64,
}

/// Everything that is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharedState {
    /// The latest time that any writer had.
    pub written_at: MonotonicTime,
    /// Who does the checks.
    pub lease: Lease,
    /// What is known.
    pub records: SortedMap<RegionKey, RegionRecord>,
    /// What was asked to be drained, and no longer.
    pub drains: SortedMap<RegionKey, DrainRecord>,
}

impl SharedState {
    /// Takes the greater of each part. Commutative, associative, idempotent.
    pub fn merge(&mut self, other: &Self) {
        self.written_at = self.written_at.max(other.written_at);
        self.lease = self.lease.max(other.lease);
        greatest(&mut self.records, &other.records);
        greatest(&mut self.drains, &other.drains);
    }

    /// Drops old records that `keep` does not want.
    pub fn forget(&mut self, now: MonotonicTime, keep: impl Fn(&RegionKey) -> bool) {
        let keeps = |(key, record): (&RegionKey, &RegionRecord)| {
            now - record.at < FORGET_AFTER || keep(key)
        };
        if self.records.iter().all(keeps) {
            return;
        }
        for (key, record) in std::mem::take(&mut self.records) {
            if keeps((&key, &record)) {
                self.records.insert(key, record);
            }
        }
        for (key, record) in std::mem::take(&mut self.drains) {
            if now - record.at < FORGET_AFTER || keep(&key) {
                self.drains.insert(key, record);
            }
        }
    }

    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(64 + 96 * self.records.len());
        body.extend(self.written_at.as_nanos().to_le_bytes());
        body.extend(self.lease.until.as_nanos().to_le_bytes());
        body.extend(self.lease.configured_at.as_nanos().to_le_bytes());
        body.extend(self.lease.holder.to_le_bytes());
        body.extend(u32::try_from(self.records.len()).unwrap_or(0).to_le_bytes());
        for (key, record) in &self.records {
            put_key(&mut body, key);
            body.extend(record.epoch.to_le_bytes());
            body.extend(record.at.as_nanos().to_le_bytes());
            body.push(state_to_byte(record.state));
            body.extend(record.backoff.to_le_bytes());
            body.extend(record.until.as_nanos().to_le_bytes());
        }
        for (key, record) in &self.drains {
            put_key(&mut body, key);
            body.extend(record.epoch.to_le_bytes());
            body.extend(record.at.as_nanos().to_le_bytes());
            body.push(u8::from(record.drained));
            body.extend(record.from.to_le_bytes());
            body.extend(record.until.as_nanos().to_le_bytes());
        }
        let mut bytes = Vec::with_capacity(body.len() + 12);
        bytes.extend(MAGIC);
        bytes.extend(fnv_1a(body.iter().copied()).to_le_bytes());
        bytes.extend(body);
        bytes
    }

    /// From bytes; `None` if they are damaged or of another version.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&MAGIC)?;
        let sum = u64::from_le_bytes(take(&mut rest)?);
        if sum != fnv_1a(rest.iter().copied()) {
            return None;
        }
        let mut state = Self {
            written_at: take_time(&mut rest)?,
            lease: Lease {
                until: take_time(&mut rest)?,
                configured_at: take_time(&mut rest)?,
                holder: u64::from_le_bytes(take(&mut rest)?),
            },
            ..Self::default()
        };
        for _ in 0..u32::from_le_bytes(take(&mut rest)?) {
            let key = take_key(&mut rest)?;
            let record = RegionRecord {
                epoch: u32::from_le_bytes(take(&mut rest)?),
                at: take_time(&mut rest)?,
                state: state_from_byte(u8::from_le_bytes(take(&mut rest)?))?,
                backoff: u32::from_le_bytes(take(&mut rest)?),
                until: take_time(&mut rest)?,
            };
            state.records.insert(key, record);
        }
        while !rest.is_empty() {
            let key = take_key(&mut rest)?;
            let record = DrainRecord {
                epoch: u32::from_le_bytes(take(&mut rest)?),
                at: take_time(&mut rest)?,
                drained: u8::from_le_bytes(take(&mut rest)?) != 0,
                from: u32::from_le_bytes(take(&mut rest)?),
                until: take_time(&mut rest)?,
            };
            state.drains.insert(key, record);
        }
        Some(state)
    }
}

fn greatest<T: Copy + Ord>(own: &mut SortedMap<RegionKey, T>, other: &SortedMap<RegionKey, T>) {
    for (key, record) in other {
        match own.get_mut(key) {
            Some(known) => *known = (*known).max(*record),
            None => {
                own.insert(key.clone(), *record);
            }
        }
    }
}

/// Finds torn and foreign values; nobody is expected to forge one.
pub(super) fn fnv_1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn put_key(body: &mut Vec<u8>, key: &RegionKey) {
    put_text(body, &key.host);
    body.extend(key.port.to_le_bytes());
    put_text(body, &key.region);
}

fn take_key(rest: &mut &[u8]) -> Option<RegionKey> {
    Some(RegionKey {
        host: take_text(rest)?,
        port: u16::from_le_bytes(take(rest)?),
        region: take_text(rest)?,
    })
}

/// Texts are DNS names and region names: far below 64 KiB; a longer one is cut, at a character.
fn put_text(body: &mut Vec<u8>, text: &str) {
    let end = (0..=text.len().min(usize::from(u16::MAX))).rev().find(|&i| text.is_char_boundary(i));
    let text = text.get(..end.unwrap_or(0)).unwrap_or_default();
    body.extend(u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
    body.extend(text.as_bytes());
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn take_time(rest: &mut &[u8]) -> Option<MonotonicTime> {
    Some(MonotonicTime::from_nanos(u64::from_le_bytes(take(rest)?)))
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = u16::from_le_bytes(take(rest)?);
    let (head, tail) = rest.split_at_checked(usize::from(length))?;
    *rest = tail;
    String::from_utf8(head.to_vec()).ok()
}

/// The states by their byte. A new one goes to the end, with a new version in [`MAGIC`].
const STATES: [RegionState; 10] = [
    RegionState::Usable,
    RegionState::NoUsableHost,
    RegionState::NoCluster,
    RegionState::Recovering,
    RegionState::Ejected(Reason::Consecutive5xx),
    RegionState::Ejected(Reason::ConsecutiveGatewayErrors),
    RegionState::Ejected(Reason::ConsecutiveLocalOriginFailures),
    RegionState::Ejected(Reason::SuccessRate),
    RegionState::Ejected(Reason::Latency),
    RegionState::Ejected(Reason::Probe),
];

fn state_to_byte(state: RegionState) -> u8 {
    STATES.iter().zip(0_u8..).find(|(known, _)| **known == state).map_or(0, |(_, byte)| byte)
}

fn state_from_byte(byte: u8) -> Option<RegionState> {
    STATES.get(usize::from(byte)).copied()
}
