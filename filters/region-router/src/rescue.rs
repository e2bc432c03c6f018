//! A second try in another region while the client waits: what the router allows, done.
//!
//! The failed answer is held back and the request sent once more, to the other region's cluster. Its answer takes the place of the
//! failed one; where there is none, or no better one, the failed one goes on as it was.
//!
//! In the response phase Envoy shows a filter no request headers, so those of a request that may be repeated are kept from the
//! beginning, and a small body on its way through: up to [`MOST_KEPT`] bytes in all. The oldest make room, and are then not repeated.
//! What the route changes afterwards (`rewrite`, `headers.request`) is not in what was kept.
//!
//! **Source**: Envoy source/extensions/common/wasm/context.cc `Context::decodeHeaders` (headers are gone after `Continue`);
//! proxy-wasm-cpp-host src/exports.cc `http_call` (the call belongs to the plugin, not to the stream that makes it); Envoy
//! source/common/http/filter_manager.cc `sendDirectLocalReply` (filters before this one do not see the second answer).

use std::time::Duration;

use mesh_failover_abi::{MapType, host};
use mesh_failover_core::router::{Choice, RequestHead, Rescue, is_hop_by_hop};
use mesh_failover_core::time::MonotonicTime;

use crate::REGION_HEADER;
use crate::worker::Worker;

/// Tells the client that its answer is a second one, and which region failed.
const RESCUED_FROM: &[u8] = b"x-mesh-rescued-from";

/// What the access log says of an answer that was replaced.
const DETAILS: &str = "rescued";

/// Bytes that a worker keeps at a time, and requests.
const MOST_KEPT: usize = 1 << 20;
const MOST_REQUESTS: usize = 1024;

/// Envoy ends every call in time; one that it forgets must not be remembered for ever.
const GRACE: Duration = Duration::from_secs(60);

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct Rescues {
    /// By number of the stream, ascending.
    kept: Vec<Kept>,
    bytes: usize,
    pending: Vec<Pending>,
}

/// A request, with its body so far.
#[derive(Debug)]
pub(crate) struct Kept {
    stream: u32,
    rescue: Rescue,
    headers: Vec<u8>,
    body: Vec<u8>,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.headers.len() + self.body.len()
    }
}

/// A second try that is not answered yet.
#[derive(Debug)]
struct Pending {
    token: u32,
    stream: u32,
    /// The first try and this one; `None` under another configuration, where a choice is another region's.
    tries: Option<(Choice, Choice)>,
    /// The name of the region that failed.
    from: String,
    most: u32,
    /// Whether the request was a HEAD.
    head: bool,
    until: MonotonicTime,
}

impl Rescues {
    /// Keeps this request, if it may be repeated.
    pub(crate) fn keep(
        &mut self,
        worker: &mut Worker,
        (stream, choice): (u32, Choice),
        end_of_stream: bool,
    ) {
        let Some(headers) = host::headers(MapType::HttpRequestHeaders) else { return };
        let rescue = worker.router().admit(choice, &head(&headers, end_of_stream));
        if !rescue.may_repeat(true) && !rescue.wants_body() {
            return;
        }
        // Short answers share one buffer, which must be free for the next.
        let kept = Kept { stream, rescue, headers: headers.to_vec(), body: Vec::new() };
        self.bytes += kept.bytes();
        let place = self.kept.partition_point(|one| one.stream < stream);
        self.kept.insert(place, kept);
        self.make_room();
    }

    /// A part of a body goes by.
    pub(crate) fn on_body(&mut self, stream: u32, size: usize, end_of_stream: bool) {
        let Some(mut one) = self.take(stream) else { return };
        one.rescue.on_body(size, end_of_stream);
        if !one.rescue.may_repeat(true) && !one.rescue.wants_body() {
            return;
        }
        if size > 0 {
            let Some(part) = host::request_body(size) else { return };
            one.body.extend(&*part);
        }
        self.bytes += one.bytes();
        let place = self.kept.partition_point(|other| other.stream < stream);
        self.kept.insert(place, one);
        self.make_room();
    }

    /// What was kept of a request; now it is no longer.
    pub(crate) fn take(&mut self, stream: u32) -> Option<Kept> {
        let place = self.kept.binary_search_by_key(&stream, |one| one.stream).ok()?;
        let kept = self.kept.remove(place);
        self.bytes -= kept.bytes();
        Some(kept)
    }

    fn make_room(&mut self) {
        while (self.bytes > MOST_KEPT || self.kept.len() > MOST_REQUESTS)
            && let Some(stream) = self.kept.first().map(|oldest| oldest.stream)
        {
            self.take(stream);
        }
    }

    /// Sends a request that failed at a region to another, if it may be. Returns whether its answer must wait.
    pub(crate) fn begin(
        &mut self,
        worker: &mut Worker,
        kept: Kept,
        failed: Choice,
        unreached: bool,
    ) -> bool {
        let Kept { stream, mut rescue, headers: raw, body } = kept;
        let now = worker.now();
        let Ok(replay) = worker.router().rescue(failed, &mut rescue, unreached, now) else {
            return false;
        };
        let mut headers = host::pairs(&raw);
        let head = headers.contains(&(b":method", b"HEAD"));
        let router = worker.router();
        let (Some(from), Some(region), Some(cluster)) =
            (router.region(failed), router.region(replay.choice), router.cluster(replay.choice))
        else {
            return false;
        };
        headers.retain(|(name, _)| {
            !is_hop_by_hop(name) && *name != b"expect" && *name != REGION_HEADER.as_bytes()
        });
        headers.push((REGION_HEADER.as_bytes(), region.as_bytes()));
        let Ok(token) = host::send(cluster, &headers, &body, replay.timeout) else { return false };
        self.pending.retain(|one| now < one.until);
        self.pending.push(Pending {
            token,
            stream,
            tries: Some((failed, replay.choice)),
            from: from.to_owned(),
            most: replay.max_response_bytes,
            head,
            until: now + replay.timeout + GRACE,
        });
        true
    }

    /// A call of the filter's own has ended. Returns whether it was a second try.
    pub(crate) fn end(
        &mut self,
        worker: &mut Worker,
        token: u32,
        status: Option<u16>,
        body: usize,
    ) -> bool {
        let place = self.pending.iter().position(|one| one.token == token);
        let Some(place) = place else { return false };
        let one = self.pending.swap_remove(place);
        if let Some((_, second)) = one.tries {
            let now = worker.now();
            worker.router().on_second_answer(second, status, now);
            worker.spread(now);
        }
        // A client that is gone waits for nothing.
        if host::on_behalf_of(one.stream) {
            let good = status.filter(|status| *status < 500 && body <= one.most as usize);
            if !good.is_some_and(|status| one.replace(status, body)) {
                host::resume_response();
            } else if let Some((first, _)) = one.tries {
                worker.router().on_rescued(first);
            }
        }
        true
    }

    /// What a choice means is another thing under another configuration; clients that wait go on waiting.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
        for one in &mut self.pending {
            one.tries = None;
        }
    }
}

impl Pending {
    /// Puts the second answer in the place of the first.
    fn replace(&self, status: u16, size: usize) -> bool {
        let Some(raw) = host::headers(MapType::HttpCallResponseHeaders) else { return false };
        let mut headers = host::pairs(&raw);
        headers.retain(|(name, _)| !is_hop_by_hop(name));
        headers.push((RESCUED_FROM, self.from.as_bytes()));
        if self.head {
            // Envoy takes the length from an answer of its own that has no body; that of the answer to a HEAD means another.
            let set = host::set_response_headers(&headers);
            if set {
                host::resume_response();
            }
            return set;
        }
        headers.retain(|(name, _)| !name.starts_with(b":") && *name != b"content-length");
        let body = if size > 0 { host::call_response_body(size) } else { None };
        let body = body.as_deref().unwrap_or_default();
        body.len() == size && host::send_local_response(u32::from(status), DETAILS, &headers, body)
    }
}

/// What the rules must know of a request.
fn head(raw: &[u8], end_of_stream: bool) -> RequestHead<'_> {
    let mut head = RequestHead { end_of_stream, ..RequestHead::default() };
    for (name, value) in host::pairs(raw) {
        match name {
            b":method" => head.method = value,
            b"upgrade" => head.upgrade = true,
            b"content-type" => head.grpc = value.starts_with(b"application/grpc"),
            _ => {}
        }
    }
    head
}
