//! Where Envoy enters the module.

#![allow(unsafe_code, reason = "an export is unsafe by name; nothing else here is")]

use std::cell::RefCell;

use crate::Filter;

/// The filter behind the callbacks. Envoy never enters a machine twice at a time; were it to, the inner call would be left without an answer.
#[derive(Debug, Default)]
pub struct Instance<F>(RefCell<Option<F>>);

impl<F: Filter> Instance<F> {
    /// Nothing is made before the first callback.
    #[must_use]
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }

    /// Calls the filter.
    pub fn with<T>(&self, otherwise: T, call: impl FnOnce(&mut F) -> T) -> T {
        match self.0.try_borrow_mut() {
            Ok(mut filter) => call(filter.get_or_insert_with(F::default)),
            Err(_) => otherwise,
        }
    }
}

/// Says which ABI the module speaks.
#[unsafe(export_name = "filter_proxy_abi_version_0_2_1")]
extern "C" fn abi_version() {}

/// Exports the callbacks of a filter: its type, then the names of those that it handles.
///
/// ```ignore
/// mesh_failover_abi::export!(DoNothing: on_configure, on_request_headers);
/// ```
#[macro_export]
macro_rules! export {
    ($filter:ty: $($callback:ident),+ $(,)?) => {
        thread_local! {
            static FILTER: $crate::entry::Instance<$filter> =
                const { $crate::entry::Instance::new() };
        }
        $($crate::export!(@$callback $filter);)+
    };
    (@on_configure $filter:ty) => {
        #[unsafe(export_name = "filter_proxy_on_configure")]
        extern "C" fn on_configure(root: u32, _size: usize) -> bool {
            FILTER.with(|it| it.with(false, |f| $crate::Filter::on_configure(f, root)))
        }
    };
    (@on_tick $filter:ty) => {
        #[unsafe(export_name = "filter_proxy_on_tick")]
        extern "C" fn on_tick(root: u32) {
            FILTER.with(|it| it.with((), |f| $crate::Filter::on_tick(f, root)));
        }
    };
    (@on_request_headers $filter:ty) => {
        #[unsafe(export_name = "filter_proxy_on_request_headers")]
        extern "C" fn on_request_headers(
            stream: u32,
            _count: usize,
            end_of_stream: bool,
        ) -> $crate::Action {
            FILTER.with(|it| {
                it.with($crate::Action::Continue, |f| {
                    $crate::Filter::on_request_headers(f, stream, end_of_stream)
                })
            })
        }
    };
    (@on_request_body $filter:ty) => {
        #[unsafe(export_name = "filter_proxy_on_request_body")]
        extern "C" fn on_request_body(
            stream: u32,
            size: usize,
            end_of_stream: bool,
        ) -> $crate::Action {
            FILTER.with(|it| {
                it.with((), |f| {
                    $crate::Filter::on_request_body(f, stream, size, end_of_stream);
                });
            });
            $crate::Action::Continue
        }
    };
    (@on_response_headers $filter:ty) => {
        #[unsafe(export_name = "filter_proxy_on_response_headers")]
        extern "C" fn on_response_headers(
            stream: u32,
            _count: usize,
            end_of_stream: bool,
        ) -> $crate::Action {
            FILTER.with(|it| {
                it.with($crate::Action::Continue, |f| {
                    $crate::Filter::on_response_headers(f, stream, end_of_stream)
                })
            })
        }
    };
    (@on_http_call_response $filter:ty) => {
        #[unsafe(export_name = "filter_proxy_on_http_call_response")]
        extern "C" fn on_http_call_response(
            root: u32,
            token: u32,
            headers: usize,
            body_size: usize,
            _trailers: usize,
        ) {
            FILTER.with(|it| {
                it.with((), |f| {
                    $crate::Filter::on_http_call_response(f, root, token, (headers, body_size))
                });
            });
        }
    };
}
