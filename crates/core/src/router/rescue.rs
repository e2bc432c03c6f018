//! A second try in another region, before the client sees the error of the first.
//!
//! **What may be repeated**: idempotent methods (RFC 9110 §9.2.2) without a body; methods that the user lists, with a body that
//! was small enough to keep; anything kept whole that never reached an upstream. **What never is**: upgrades and `CONNECT`, gRPC (its answer
//! ends in trailers, which a replaced answer cannot carry), a body that was too long, a request that was repeated already.
//!
//! **The budget**: in any `budgetInterval` as many second tries as `percent` of the requests begun in it, and at least
//! `minRetryConcurrency`, for each worker. So an outage of everything does not double the load on what is left.
//!
//! **Source**: Envoy `RetryBudget` (`budget_percent`, `min_retry_concurrency`, `budget_interval`), v1.40. DIFFERENCE: tries are counted from their
//! begin over the interval, not while they are active: a filter does not hear of every end.
//!
//! ```
//! use mesh_failover_core::router::{RequestHead, Rescue};
//!
//! let get = RequestHead { method: b"GET", end_of_stream: true, ..RequestHead::default() };
//! assert!(Rescue::admit(&[], 0, &get).may_repeat(false));
//! let post = RequestHead { method: b"POST", ..RequestHead::default() };
//! let mut rescue = Rescue::admit(&["POST".to_owned()], 1024, &post);
//! assert!(!rescue.may_repeat(false), "the body is not here yet");
//! rescue.on_body(1000, true);
//! assert!(rescue.may_repeat(false));
//! ```

use std::time::Duration;

use super::state::Choice;

/// What a destination says about second tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RescuePolicy {
    pub(super) methods: Vec<String>,
    pub(super) max_body_bytes: u32,
    pub(super) max_response_bytes: u32,
    pub(super) timeout: Duration,
    pub(super) percent: u32,
    pub(super) floor: u32,
    pub(super) interval: Duration,
}

/// What the head of a request says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestHead<'a> {
    /// Its method.
    pub method: &'a [u8],
    /// Whether nothing follows.
    pub end_of_stream: bool,
    /// Whether it asks for another protocol.
    pub upgrade: bool,
    /// Whether its content type is a gRPC one.
    pub grpc: bool,
}

/// Whether one request may be tried again, as far as is known of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rescue {
    repeat: Repeat,
    complete: bool,
    /// Bytes of body that may still come.
    room: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Repeat {
    #[default]
    Never,
    IfUnreached,
    Always,
}

/// Why there is no second try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The destination has no `rescue`.
    NotConfigured,
    /// The request cannot be repeated safely, or was.
    NotRepeatable,
    /// The budget is used up.
    OverBudget,
    /// No other region would take it.
    NoRegion,
}

/// A second try to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// Where.
    pub choice: Choice,
    /// How long its answer is waited for.
    pub timeout: Duration,
    /// A longer answer is given up.
    pub max_response_bytes: u32,
}

impl Rescue {
    /// The rules for a request with this head. `methods` may be repeated with a body of up to `max_body_bytes`.
    #[must_use]
    pub fn admit(methods: &[String], max_body_bytes: u32, head: &RequestHead<'_>) -> Self {
        let idempotent: [&[u8]; 6] = [b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"];
        let listed = methods.iter().any(|method| method.as_bytes() == head.method);
        let never = head.upgrade
            || head.grpc
            || head.method == b"CONNECT"
            || !head.end_of_stream && max_body_bytes == 0;
        let repeat = if never {
            Repeat::Never
        } else if listed || head.end_of_stream && idempotent.contains(&head.method) {
            Repeat::Always
        } else {
            Repeat::IfUnreached
        };
        Self { repeat, complete: head.end_of_stream, room: max_body_bytes }
    }

    /// Whether the body must be kept.
    #[must_use]
    pub fn wants_body(&self) -> bool {
        !self.complete && self.repeat != Repeat::Never
    }

    /// A part of the body has come. Afterwards ask [`Rescue::wants_body`] whether to keep on keeping it.
    pub fn on_body(&mut self, bytes: usize, end_of_stream: bool) {
        match u32::try_from(bytes).ok().and_then(|bytes| self.room.checked_sub(bytes)) {
            Some(room) => {
                self.room = room;
                self.complete |= end_of_stream;
            }
            None => self.repeat = Repeat::Never,
        }
    }

    /// Whether it may be tried again now. `unreached`: Envoy gave it to no upstream.
    #[must_use]
    pub fn may_repeat(&self, unreached: bool) -> bool {
        self.complete
            && match self.repeat {
                Repeat::Never => false,
                Repeat::IfUnreached => unreached,
                Repeat::Always => true,
            }
    }

    /// It is being repeated: not again.
    pub(super) const fn spend(&mut self) {
        self.repeat = Repeat::Never;
    }
}

/// Whether a header belongs to one connection and must not be copied to another.
///
/// **Source**: RFC 9110 §7.6.1. What `connection` names besides is Envoy's to remove on the way in.
#[must_use]
pub fn is_hop_by_hop(name: &[u8]) -> bool {
    let own: [&[u8]; 8] = [
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"proxy-authenticate",
    ];
    own.contains(&name)
}
