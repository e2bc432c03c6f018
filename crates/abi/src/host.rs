//! What a filter asks of Envoy, each call with an answer that cannot end the virtual machine.
//!
//! The SDK's own wrappers panic on a status they do not expect, on a header that is not UTF-8, and build the path of a property
//! anew for each call. A panic here would mean an error for every later request of the worker, so these calls go to the ABI
//! directly: whatever is not a plain success is `None`, `false` or a [`Refusal`].
//!
//! **Source**: Proxy-Wasm ABI 0.2.1; Envoy's answers by spec and by trial on 1.40.

#![allow(
    unsafe_code,
    reason = "the ABI is made of raw pointers; this is the only place that touches them"
)]

use std::ptr::null_mut;
use std::time::Duration;

use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType};

use crate::memory::Returned;

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const BAD_ARGUMENT: u32 = 2;
const INTERNAL_FAILURE: u32 = 10;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_property(p: *const u8, n: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
    fn proxy_http_call(
        upstream: *const u8,
        upstream_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout: u32,
        token: *mut u32,
    ) -> u32;
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_define_metric(form: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
}

/// Why Envoy does not make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has no cluster of that name.
    NoCluster,
    /// The cluster has no host to use.
    NoUsableHost,
    /// Anything else.
    Other,
}

fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Returned> {
    let (mut data, mut size) = (null_mut(), 0);
    if call(&raw mut data, &raw mut size) != OK {
        return None;
    }
    // SAFETY: Envoy has asked `malloc` for `size` bytes and filled them.
    Some(unsafe { Returned::new(data, size) })
}

/// Writes a line into Envoy's log.
pub fn log(level: LogLevel, text: &str) {
    // SAFETY: the text outlives the call. A log that fails has nowhere to say so.
    unsafe { proxy_log(level as u32, text.as_ptr(), text.len()) };
}

/// The wall clock, in nanoseconds since the Unix epoch.
#[must_use]
pub fn wall_time() -> u64 {
    let mut time = 0;
    // SAFETY: Envoy writes eight bytes.
    unsafe { proxy_get_current_time_nanoseconds(&raw mut time) };
    time
}

/// Starts the plugin's timer, which runs again and again.
#[must_use]
pub fn set_tick_period(period: Duration) -> bool {
    let millis = u32::try_from(period.as_millis()).unwrap_or(u32::MAX);
    // SAFETY: no memory is involved.
    unsafe { proxy_set_tick_period_milliseconds(millis) == OK }
}

/// A property; the parts of its path are separated by NUL.
#[must_use]
pub fn property(path: &[u8]) -> Option<Returned> {
    // SAFETY: the path outlives the call.
    returned(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// The `pluginConfig` that Envoy asks about in `on_configure`.
#[must_use]
pub fn plugin_configuration() -> Option<Returned> {
    buffer(BufferType::PluginConfiguration, usize::MAX)
}

/// A header; of several copies the first.
#[must_use]
pub fn header(map: MapType, key: &str) -> Option<Returned> {
    // SAFETY: the key outlives the call.
    returned(|data, size| unsafe {
        proxy_get_header_map_value(map as u32, key.as_ptr(), key.len(), data, size)
    })
}

/// Sets a request header; all its copies are replaced. Envoy then selects the route anew.
#[must_use]
pub fn replace_request_header(key: &str, value: &str) -> bool {
    let map = MapType::HttpRequestHeaders as u32;
    // SAFETY: both outlive the call.
    unsafe {
        proxy_replace_header_map_value(map, key.as_ptr(), key.len(), value.as_ptr(), value.len())
            == OK
    }
}

/// Removes all copies of a request header. Envoy then selects the route anew.
pub fn remove_request_header(key: &str) -> bool {
    let map = MapType::HttpRequestHeaders as u32;
    // SAFETY: the key outlives the call.
    unsafe { proxy_remove_header_map_value(map, key.as_ptr(), key.len()) == OK }
}

/// Adds a response header, beside copies that are there.
pub fn add_response_header(key: &str, value: &str) {
    let map = MapType::HttpResponseHeaders as u32;
    // SAFETY: both outlive the call.
    unsafe {
        proxy_add_header_map_value(map, key.as_ptr(), key.len(), value.as_ptr(), value.len())
    };
}

/// Answers the request at once, or takes the place of an answer that was held back. A callback must then return
/// [`proxy_wasm::types::Action::Pause`]. `details` is what the access log tells; no spaces.
#[must_use]
pub fn send_local_response(
    status: u32,
    details: &str,
    headers: &[(&[u8], &[u8])],
    body: &[u8],
) -> bool {
    const NO_GRPC_STATUS: i32 = -1;
    let headers = serialize(headers);
    // SAFETY: all inputs outlive the call.
    unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        ) == OK
    }
}

/// From here to the end of the callback calls are about this stream or plugin; `false`: it is over.
#[must_use]
pub fn on_behalf_of(context: u32) -> bool {
    // SAFETY: no memory is involved.
    unsafe { proxy_set_effective_context(context) == OK }
}

/// Lets an answer that was held back go on.
pub fn resume_response() {
    const RESPONSE: u32 = 1;
    // SAFETY: no memory is involved.
    unsafe { proxy_continue_stream(RESPONSE) };
}

/// All headers of a map: see [`pairs`].
#[must_use]
pub fn headers(map: MapType) -> Option<Returned> {
    // SAFETY: no memory goes in.
    returned(|data, size| unsafe { proxy_get_header_map_pairs(map as u32, data, size) })
}

/// Replaces all headers of an answer that was held back, its `:status` among them.
#[must_use]
pub fn set_response_headers(headers: &[(&[u8], &[u8])]) -> bool {
    let headers = serialize(headers);
    let map = MapType::HttpResponseHeaders as u32;
    // SAFETY: the bytes outlive the call.
    unsafe { proxy_set_header_map_pairs(map, headers.as_ptr(), headers.len()) == OK }
}

/// The part of a request's body that has come.
#[must_use]
pub fn request_body(size: usize) -> Option<Returned> {
    buffer(BufferType::HttpRequestBody, size)
}

/// The body of an answer to a request of the filter's own.
#[must_use]
pub fn call_response_body(size: usize) -> Option<Returned> {
    buffer(BufferType::HttpCallResponseBody, size)
}

fn buffer(buffer: BufferType, size: usize) -> Option<Returned> {
    // SAFETY: no memory goes in.
    returned(|data, got| unsafe { proxy_get_buffer_bytes(buffer as u32, 0, size, data, got) })
}

/// A shared value and the number of its version; number 0 if there is none yet.
#[must_use]
pub fn shared_data(key: &str) -> Option<(Option<Returned>, u32)> {
    let (mut data, mut size, mut version) = (null_mut(), 0, 0);
    // SAFETY: the key outlives the call; Envoy writes the three results.
    let status = unsafe {
        let (data, size, version) = (&raw mut data, &raw mut size, &raw mut version);
        proxy_get_shared_data(key.as_ptr(), key.len(), data, size, version)
    };
    match status {
        NOT_FOUND => Some((None, 0)),
        // SAFETY: as in `returned`.
        OK => Some((Some(unsafe { Returned::new(data, size) }), version)),
        _ => None,
    }
}

/// Writes a shared value unless somebody has written since that version; version 0 always writes.
#[must_use]
pub fn set_shared_data(key: &str, value: &[u8], version: u32) -> bool {
    // SAFETY: both outlive the call.
    unsafe {
        proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version) == OK
    }
}

/// Sends a request to a cluster. Returns what `on_http_call_response` calls it.
///
/// # Errors
/// What Envoy finds out at once.
pub fn send(
    cluster: &str,
    headers: &[(&[u8], &[u8])],
    body: &[u8],
    timeout: Duration,
) -> Result<u32, Refusal> {
    let headers = serialize(headers);
    let no_trailers = serialize(&[]);
    let timeout = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
    let mut token = 0;
    // SAFETY: all inputs outlive the call; Envoy writes four bytes to the token.
    let status = unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            no_trailers.as_ptr(),
            no_trailers.len(),
            timeout,
            &raw mut token,
        )
    };
    match status {
        OK => Ok(token),
        BAD_ARGUMENT => Err(Refusal::NoCluster),
        INTERNAL_FAILURE => Err(Refusal::NoUsableHost),
        _ => Err(Refusal::Other),
    }
}

/// The number of a metric of this name; all workers that define it mean the same one. Each definition takes memory in Envoy anew.
#[must_use]
pub fn define_metric(form: MetricType, name: &str) -> Option<u32> {
    let mut id = 0;
    // SAFETY: the name outlives the call; Envoy writes four bytes.
    let status =
        unsafe { proxy_define_metric(form as u32, name.as_ptr(), name.len(), &raw mut id) };
    (status == OK).then_some(id)
}

/// Lets a counter grow. One that does not exist is left alone.
pub fn increment_metric(id: u32, by: u64) {
    // SAFETY: no memory is involved.
    unsafe { proxy_increment_metric(id, i64::try_from(by).unwrap_or(i64::MAX)) };
}

/// Sets a gauge, or adds a value to a histogram.
pub fn record_metric(id: u32, value: u64) {
    // SAFETY: no memory is involved.
    unsafe { proxy_record_metric(id, value) };
}

/// The pairs of a map that Envoy has written down: count, sizes, then names and values, each ended by NUL.
#[must_use]
pub fn pairs(bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let number = |at: usize| {
        let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, |bytes| u32::from_le_bytes(bytes) as usize)
    };
    let count = number(0);
    let mut at = 4 + 8 * count;
    let mut text = |size: usize| {
        let text = bytes.get(at..at + size).unwrap_or_default();
        at += size + 1;
        text
    };
    (0..count).map(|i| (text(number(4 + 8 * i)), text(number(8 + 8 * i)))).collect()
}

/// A header map as the ABI wants it: count, sizes, then names and values, each ended by NUL.
fn serialize(map: &[(&[u8], &[u8])]) -> Vec<u8> {
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = Vec::new();
    bytes.extend(u32::try_from(map.len()).unwrap_or(u32::MAX).to_le_bytes());
    for (name, value) in map {
        bytes.extend(length(name));
        bytes.extend(length(value));
    }
    for text in map.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(*text);
        bytes.push(0);
    }
    bytes
}
