//! What becomes of a request on its way in.

use mesh_failover_abi::{MapType, host};
use mesh_failover_core::router::{
    Choice, CookieValue, Decision, DestinationId, Facts, UserKey, Wants,
};
use mesh_failover_core::time::MonotonicTime;

use crate::REGION_HEADER;
use crate::worker::Worker;

/// What is remembered of a request beside its region, where a feature needs it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extra {
    /// For a new user.
    pub(crate) cookie: Option<CookieValue>,
    /// When it came, if the time to the answer counts.
    pub(crate) came: Option<MonotonicTime>,
}

/// What became of a request.
pub(crate) enum Routed {
    /// It is left alone.
    Native,
    /// It goes to a region.
    To {
        choice: Choice,
        extra: Option<Extra>,
        /// Whether another gateway has sent it here: then it is not sent on, not even when it fails.
        hopped: bool,
    },
    /// It is answered already.
    Answered,
}

/// Reads what the destination wants to know, and acts on what the router decides.
pub(crate) fn route(worker: &mut Worker, id: DestinationId) -> Routed {
    let wants = worker.router().wants(id);
    if wants == Wants::default() {
        return decide(worker, id, &Facts::default(), None);
    }
    let read = |name: &str| host::header(MapType::HttpRequestHeaders, name);
    let client_region = wants.client_region.and_then(read);
    let user = wants.user.and_then(|key| match key {
        UserKey::Header(name) => read(name),
        UserKey::SourceAddress => host::property(b"source\0address"),
    });
    let hopped = wants.hops.is_some_and(|name| read(name).is_some());
    let hops = wants.hops.map(str::to_owned);
    let facts = Facts { client_region: client_region.as_deref(), user: user.as_deref(), hopped };
    decide(worker, id, &facts, hops.as_deref())
}

fn decide(worker: &mut Worker, id: DestinationId, facts: &Facts<'_>, hops: Option<&str>) -> Routed {
    match worker.router().decide(id, facts) {
        Decision::Native => {
            // Istio may send it to another gateway as well. Without the header it is no worse off than without `hops`.
            let _ = hops.map(|name| host::replace_request_header(name, "1"));
            Routed::Native
        }
        Decision::Fail(reason) => {
            let sent = host::send_local_response(503, "region_router", &[], reason.as_bytes());
            if sent { Routed::Answered } else { Routed::Native }
        }
        Decision::Region(route) => {
            let (choice, cookie) = (route.choice, route.cookie);
            if !host::replace_request_header(REGION_HEADER, route.region)
                || hops.is_some_and(|name| !host::replace_request_header(name, "1"))
            {
                return Routed::Native;
            }
            let came = worker.router().wants_latency(choice).then(|| worker.now());
            let extra = (cookie.is_some() || came.is_some()).then_some(Extra { cookie, came });
            Routed::To { choice, extra, hopped: facts.hopped }
        }
    }
}

/// Sets the cookie of a new user.
pub(crate) fn set_cookie(worker: &mut Worker, choice: Choice, value: &CookieValue) {
    if let Some(cookie) = worker.router().set_cookie(choice, value) {
        host::add_response_header("set-cookie", &cookie);
    }
}
