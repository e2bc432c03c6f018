//! The Proxy-Wasm ABI 0.2.1 as this project's filters use it.
//!
//! **Why not the SDK's dispatcher.** Envoy enters the virtual machine once for each callback that a module exports, and once more
//! for each answer that it copies into the module's memory. The SDK exports the birth and death of every stream, keeps a boxed
//! context for it in a hash map, and allocates each answer. Here a module exports what it handles and nothing else, a filter keeps what it must know
//! of a stream itself, and short answers land in one buffer (`memory`). The SDK's types are used as they are.
//!
//! **How a filter is made.** It implements [`Filter`] and names its callbacks in [`export!`]. Every export carries
//! the prefix `filter_`, so that it does not clash with the SDK's own; `cargo xtask filter` removes all
//! exports without the prefix, and the prefix.
//!
//! **Source**: Proxy-Wasm ABI 0.2.1; proxy-wasm-cpp-host src/context.cc and src/wasm.cc: a callback that is not
//! exported is skipped, a stream needs no `proxy_on_context_create`. Envoy 1.40.

#[doc(hidden)]
pub mod entry;
pub mod host;
mod memory;

pub use memory::{Returned, memory_bytes};
pub use proxy_wasm::types::{Action, BufferType, LogLevel, MapType, MetricType};

/// A filter: one value for each virtual machine, that is for each of Envoy's workers.
///
/// Several plugins may share a machine, and a plugin whose configuration changes lives beside its
/// successor for a while: `root` is the number of a plugin, `stream` that of a request.
pub trait Filter: Default {
    /// A plugin starts or changes. `false` makes Envoy refuse the configuration and keep the one before.
    fn on_configure(&mut self, _root: u32) -> bool {
        true
    }

    /// The plugin's timer has run out.
    fn on_tick(&mut self, _root: u32) {}

    /// A request's headers have come.
    fn on_request_headers(&mut self, _stream: u32, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// A response's headers have come, from upstream or from Envoy itself.
    fn on_response_headers(&mut self, _stream: u32, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// A part of a request's body has come; meanwhile it is [`host::request_body`]. It goes on upstream whatever is done here.
    fn on_request_body(&mut self, _stream: u32, _size: usize, _end_of_stream: bool) {}

    /// A request of the filter's own has ended, with so many headers and bytes of body; none of the former: there is no answer. Its headers are
    /// `HttpCallResponseHeaders` meanwhile. It may have been sent for a stream: Envoy gives it to the plugin all the same,
    /// and what follows for the stream must be said [`host::on_behalf_of`] it.
    fn on_http_call_response(&mut self, _root: u32, _token: u32, _size: (usize, usize)) {}
}
