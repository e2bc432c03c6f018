//! Memory for Envoy's answers.
//!
//! Envoy calls `malloc` and copies the answer there. Nearly all answers are a cluster's name or a status: they
//! go to one buffer that is free again when the [`Returned`] is dropped, usually before the next host call. What is longer, or comes while the buffer
//! is in use, is allocated.

#![allow(unsafe_code, reason = "the ABI hands out raw pointers; what is done to them is here")]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, UnsafeCell};
use std::ops::Deref;
use std::ptr::{null_mut, slice_from_raw_parts};

/// A cluster's name has up to 253 bytes of host, a subset and a port.
const SHORT: usize = 512;

struct Short {
    bytes: UnsafeCell<[u8; SHORT]>,
    in_use: Cell<bool>,
}

// SAFETY: a Proxy-Wasm machine has one thread.
unsafe impl Sync for Short {}

static BUFFER: Short = Short { bytes: UnsafeCell::new([0; SHORT]), in_use: Cell::new(false) };

#[unsafe(export_name = "filter_malloc")]
extern "C" fn malloc(size: usize) -> *mut u8 {
    if size <= SHORT && !BUFFER.in_use.get() {
        return BUFFER.bytes.get().cast();
    }
    // SAFETY: the size is above zero: Envoy does not ask for memory for nothing, and zero would fit above unless the buffer is in use.
    layout(size.max(1)).map_or(null_mut(), |layout| unsafe { alloc(layout) })
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size, 1).ok()
}

/// How large the machine's memory is. It never shrinks. 0 outside of WebAssembly.
#[must_use]
pub fn memory_bytes() -> u64 {
    #[cfg(target_arch = "wasm32")]
    let pages = core::arch::wasm32::memory_size::<0>();
    #[cfg(not(target_arch = "wasm32"))]
    let pages = 0;
    const PAGE: u64 = 65_536;
    pages as u64 * PAGE
}

/// Bytes that Envoy has put into the module's memory.
#[derive(Debug)]
pub struct Returned {
    data: *mut u8,
    size: usize,
}

impl Returned {
    /// Takes over what a host call has returned. Envoy returns null for no bytes.
    ///
    /// # Safety
    /// `data` is null or comes from `malloc`, which was asked for `size` bytes, and is taken over once, before the next host call.
    pub(crate) unsafe fn new(data: *mut u8, size: usize) -> Self {
        if is_short(data) {
            BUFFER.in_use.set(true);
        }
        Self { data, size }
    }
}

fn is_short(data: *mut u8) -> bool {
    data == BUFFER.bytes.get().cast()
}

impl Deref for Returned {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: see `new`; while `self` lives nobody else has this memory.
        unsafe { &*slice_from_raw_parts(self.data, self.size) }
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        if is_short(self.data) {
            BUFFER.in_use.set(false);
        } else if let Some(layout) = layout(self.size).filter(|_| !self.data.is_null()) {
            // SAFETY: see `new`; it was allocated with this layout.
            unsafe { dealloc(self.data, layout) };
        }
    }
}
